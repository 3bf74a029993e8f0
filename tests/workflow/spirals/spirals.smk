# Two spirals. Figure spiral_accuracy.


register_figure(
    "spirals",
    "spiral_accuracy",
    inputs={"history": selected_runs("spirals", "spiral_accuracy", "history.parquet")},
    settings={},
)


rule spirals_instances:
    # Draw the angle of every replicate.
    output:
        "<results>/instances/spirals/{problem}/seeds_{block}.csv",
    log:
        "<logs>/instances/spirals/{problem}/seeds_{block}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        module="failures.families.spirals.problem",
        problem=select("spirals/problems/{problem}", "n_turns"),
        variant=f"variant={config['variant']}",
        seeds=block_seeds("spirals"),
        code=code("draw_instances.py", "failures.families.spirals.problem"),
    script:
        "../scripts/draw_instances.py"


rule spirals_train:
    # Train one learner on a block of replicates.
    input:
        instances="<results>/instances/spirals/{problem}/seeds_{block}.csv",
    output:
        history="<results>/runs/spirals/{problem}/{learner}/seeds_{block}/history.parquet",
        runs="<results>/runs/spirals/{problem}/{learner}/seeds_{block}/runs.csv",
        models=directory("<results>/runs/spirals/{problem}/{learner}/seeds_{block}/models"),
    log:
        "<logs>/runs/spirals/{problem}/{learner}/seeds_{block}.log",
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    params:
        module="failures.families.spirals.training",
        checkpoints=f"{RESULTS}/checkpoints",
        problem=select("spirals/problems/{problem}", "n_turns", "n_steps", "evaluate_every", "checkpoint_every"),
        learner=lookup(dpath="{learner}", within=config["spirals"]["learners"]),
        xla={"xla": config["xla"]},
        code=code("train.py", "failures.families.spirals.training"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/train.py"
