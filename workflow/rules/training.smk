try:
    registry.check_memory()
except ConfigError as error:
    sys.exit(str(error))

# Rules FAMILY_instances and FAMILY_train of every registered family.
for family, training in registry.trainings.items():

    rule:
        # Draw the instances of one block of replicates: the targets to train on.
        name:
            f"{family}_instances"
        output:
            f"<results>/instances/{family}/{{problem}}/seeds_{{block}}.csv",
        log:
            f"<logs>/instances/{family}/{{problem}}/seeds_{{block}}.log",
        benchmark:
            f"<benchmarks>/instances/{family}/{{problem}}/seeds_{{block}}.jsonl"
        wildcard_constraints:
            problem="|".join(config[family]["problems"]),
        # Short, and training waits for it: schedule first.
        priority: 3
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        resources:
            mem_mb=doubling(400),
            runtime=doubling(5),
        params:
            module=f"{package(family)}.problem",
            settings=training.instance_settings,
            code=code("draw_instances.py", f"{package(family)}.problem"),
        script:
            "../scripts/draw_instances.py"

    rule:
        # Train one learner on the instances of one block of replicates.
        name:
            f"{family}_train"
        input:
            **training.inputs,
            instances=f"<results>/instances/{family}/{{problem}}/seeds_{{block}}.csv",
        output:
            history=f"<results>/runs/{family}/{{problem}}/{{learner}}/seeds_{{block}}/history.parquet",
            runs=f"<results>/runs/{family}/{{problem}}/{{learner}}/seeds_{{block}}/runs.csv",
            models=directory(f"<results>/runs/{family}/{{problem}}/{{learner}}/seeds_{{block}}/models"),
        log:
            f"<logs>/runs/{family}/{{problem}}/{{learner}}/seeds_{{block}}.log",
        benchmark:
            f"<benchmarks>/runs/{family}/{{problem}}/{{learner}}/seeds_{{block}}.jsonl"
        wildcard_constraints:
            problem="|".join(config[family]["problems"]),
            learner="|".join(config[family]["learners"]),
        priority: training.priority
        conda:
            "../../envs/training.yaml"
        threads: config["threads"]
        resources:
            mem_mb=training_memory(training),
            runtime=doubling(training.minutes),
        params:
            module=f"{package(family)}.training",
            checkpoints=f"{RESULTS}/checkpoints",
            settings=training.settings,
            code=code("train.py", f"{package(family)}.training", sources=training.sources),
            versions=versions(*KERAS),
        script:
            "../scripts/train.py"
