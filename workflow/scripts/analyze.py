"""Run an analysis of networks (gradients, predictions) and write its result table."""

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
