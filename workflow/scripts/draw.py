"""Draw a figure from its tables and save it."""

from failures.runtime import environment, forkserver

environment.clean()
forkserver.delegate("figures")

from importlib import import_module

import pandas as pd

from failures.artifacts.style import apply, save
from failures.runtime.jobs import job, work

with job(snakemake):
    settings = snakemake.params.settings
    apply(settings["palette"])
    module = import_module(snakemake.params.module)
    tables = [pd.read_csv(table) for table in snakemake.input]
    with work():
        save(module.draw(*tables, note=settings["note"]), snakemake.output, dpi=settings["dpi"])
