"""Computing cost of the workflow, from the logs and benchmarks of its jobs; not part of the target `all`."""
