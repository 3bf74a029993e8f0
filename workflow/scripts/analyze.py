"""Analyse networks (gradients, predictions) and write the results as a table."""

from failures.runtime import environment, forkserver

environment.clean()
forkserver.delegate("tensorflow")

from importlib import import_module

from failures.artifacts.write import write_table
from failures.engine.tensorflow_setup import configure_tensorflow
from failures.runtime.jobs import job, work

with job(snakemake):
    params = snakemake.params
    configure_tensorflow(snakemake.threads)
    analysis = import_module(params.module)
    with work():
        table = analysis.analyze(dict(snakemake.input.items()), **params.settings)
    write_table(table, snakemake.output[0])
