"""Benchmarks of the training engine, the generator of lines and the workflow: ``make bench``."""
