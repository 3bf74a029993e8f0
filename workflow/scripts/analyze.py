"""Compute what needs networks or takes long, once, for the tables that are made from it."""

from importlib import import_module

from failures.files import write_table
from failures.jobs import configure_tensorflow, job, work

with job(snakemake):
    params = snakemake.params
    configure_tensorflow(snakemake.threads)
    analysis = import_module(params.module)
    with work():
        table = analysis.analyze(dict(snakemake.input.items()), **params.settings)
    write_table(table, snakemake.output[0])
