"""Draw the samples that all runs of a family share and save them as a NumPy array."""

from failures.runtime import environment, forkserver

environment.clean()
forkserver.delegate("figures")

from importlib import import_module

import numpy as np

from failures.runtime.files import atomic
from failures.runtime.jobs import job, work

with job(snakemake):
    problem = import_module(snakemake.params.module)
    with work():
        pool = problem.draw_pool(**snakemake.params.settings)
    with atomic(snakemake.output[0]) as private:
        np.save(private, pool)
