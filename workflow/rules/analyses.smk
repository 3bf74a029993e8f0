# Rules of the registered analyses: gradients and predictions of networks.
for name, analysis in registry.analyses.items():

    rule:
        name:
            name
        input:
            **analysis.files,
        output:
            f"<results>/{analysis.output}.csv",
        log:
            f"<logs>/{analysis.output}.log",
        benchmark:
            f"<benchmarks>/{analysis.output}.jsonl"
        wildcard_constraints:
            experiment="|".join(analysis.experiments),
            problem="|".join(analysis.family.settings["problems"]),
            learner="|".join(analysis.family.settings["learners"]),
        localrule: analysis.local
        conda:
            "../../envs/training.yaml"
        threads: config["threads"]
        resources:
            mem_mb=doubling(analysis.memory),
            runtime=doubling(analysis.minutes),
        params:
            module=analysis.module,
            settings=analysis.settings,
            code=code("analyze.py", analysis.module, sources=analysis.sources),
            versions=versions(*KERAS, *analysis.packages),
        script:
            "../scripts/analyze.py"
