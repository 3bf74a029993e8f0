"""Shared by all tests: TensorFlow with one thread."""

from failures.jobs import configure_tensorflow

configure_tensorflow(threads=1)
