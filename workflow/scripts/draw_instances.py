"""Draw the instances of a problem for one block of replicates and write them as a table."""

from importlib import import_module

from failures.artifacts.write import write_table
from failures.engine.rates import with_rate_factors
from failures.runtime.jobs import job, work

with job(snakemake):
    params = snakemake.params
    variant = params.variant.removeprefix("variant=")
    problem = import_module(params.module)
    with work():
        instances = problem.draw_instances(
            snakemake.wildcards.problem, **params.problem, **params.seeds, variant=variant
        )
    instances = with_rate_factors(instances, **params.get("rates", {}))
    write_table(instances, snakemake.output[0])
