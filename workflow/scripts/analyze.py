"""Compute what needs networks or takes long, once, for the tables that are made from it."""

from importlib import import_module

from failures.files import write_table
from failures.jobs import configure_tensorflow, start

start(snakemake.log[0])
params = snakemake.params
configure_tensorflow(params.threads["threads"])
analysis = import_module(params.module)
write_table(analysis.analyze(dict(snakemake.input.items()), **params.settings), snakemake.output[0])
