"""Train one learner on all trials of one block of replicates."""

from failures.runtime import environment, forkserver

environment.clean()
forkserver.delegate("tensorflow")

from importlib import import_module
from pathlib import Path

import pandas as pd

from failures.engine.tensorflow_setup import configure_tensorflow
from failures.runtime.jobs import job

with job(snakemake):
    params, wildcards, output = snakemake.params, snakemake.wildcards, snakemake.output
    settings = params.settings
    configure_tensorflow(snakemake.threads)

    from failures.engine.blocks import train_block

    # Further inputs of the family, such as the pool of images.
    further = {name: file for name, file in snakemake.input.items() if name != "instances"}
    training = import_module(params.module).Training(settings["problem"], settings["learner"], **further)
    training.trainer.xla &= settings["xla"]
    train_block(
        training,
        keys={"problem": wildcards.problem, "learner": wildcards.learner},
        trials=pd.read_csv(snakemake.input.instances, dtype={"target": str, "other": str}),
        history=Path(output.history),
        runs=Path(output.runs),
        models=Path(output.models),
        checkpoints=Path(params.checkpoints, *Path(output.models).parent.parts[-4:]),
        identity=[settings, params.code, params.versions],
    )
