"""Training objectives of further kinds of problems, beside that of Figure 1."""
