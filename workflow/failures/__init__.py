"""The library behind the workflow; importable without Snakemake.

Importing this package, `failures.config.schema.schema` or any figure or table module does not import TensorFlow.
"""
