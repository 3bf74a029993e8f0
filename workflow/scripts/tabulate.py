"""Compute the table of a figure from its input artifacts and write it."""

from failures.runtime import environment, forkserver

environment.clean()
forkserver.delegate("figures")

from importlib import import_module

from failures.artifacts.write import write_table
from failures.runtime.jobs import job, work

with job(snakemake):
    module = import_module(snakemake.params.module)
    with work():
        table = module.tabulate(dict(snakemake.input.items()), **snakemake.params.settings)
    write_table(table, snakemake.output[0])
