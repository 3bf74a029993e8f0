"""What the workflow costs, told from the logs and benchmarks of its jobs; no family, and no part of `all`."""
