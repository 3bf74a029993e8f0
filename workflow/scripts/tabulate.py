"""Compute the table of a figure from the artifacts of its runs."""

from importlib import import_module

from failures.files import write_table
from failures.jobs import start

start(snakemake.log[0])
module = import_module(snakemake.params.module)
write_table(module.tabulate(dict(snakemake.input.items()), **snakemake.params.settings), snakemake.output[0])
