"""Draw the instances of a problem for one block of replicates and write the table of trials."""

from failures.runtime import environment, forkserver

environment.clean()
forkserver.delegate("figures")

from importlib import import_module

from failures.artifacts.write import write_table
from failures.engine.rates import with_rate_factors
from failures.runtime.jobs import job, work

with job(snakemake):
    problem = import_module(snakemake.params.module)
    settings = dict(snakemake.params.settings)
    rate_factors = settings.pop("rate_factors", (1.0,))
    with work():
        instances = problem.draw_instances(**settings)
    instances = with_rate_factors(instances, rate_factors)
    write_table(instances, snakemake.output[0])
