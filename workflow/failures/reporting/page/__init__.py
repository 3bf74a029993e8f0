"""Self-contained HTML report of all results."""
