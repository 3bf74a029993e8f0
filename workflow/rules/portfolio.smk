# Section 3, portfolio. Figures fig4, estimator_variance and portfolio_rates.


register_figure(
    "portfolio",
    "fig4",
    inputs={
        "history": selected_runs("portfolio", "fig4", "history.parquet"),
        "published": PUBLISHED,
    },
    settings={"problems": selected_problems("portfolio", "fig4", "n_stocks", "n_features")},
)
register_figure(
    "portfolio",
    "estimator_variance",
    inputs={
        "initial": f"{RESULTS}/gradients/portfolio/initial.csv",
        "history": selected_runs("portfolio", "estimator_variance/trained", "history.parquet"),
    },
    settings={"problems": selected_problems("portfolio", "estimator_variance/trained", "n_stocks")},
)
register_figure(
    "portfolio",
    "portfolio_rates",
    inputs={"runs": selected_runs("portfolio", "portfolio_rates", "runs.csv")},
    settings={
        "problems": selected_problems("portfolio", "portfolio_rates", "n_stocks"),
        "learners": selected_learners("portfolio", "portfolio_rates", "method", "optimizer"),
    },
)


rule portfolio_instances:
    # Draw the labels of each replicate: the stock that rises in each state.
    output:
        "<results>/instances/portfolio/{problem}/seeds_{block}.csv",
    log:
        "<logs>/instances/portfolio/{problem}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/instances/portfolio/{problem}/seeds_{block}.jsonl"
    # Short, and training waits for it: schedule first.
    priority: 3
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(400),
        runtime=doubling(5),
    params:
        module="failures.families.portfolio.problem",
        problem=select("portfolio/problems/{problem}", "n_features", "n_stocks"),
        variant=f"variant={config['variant']}",
        seeds=block_seeds("portfolio"),
        rates=select("portfolio/problems/{problem}", "rate_factors"),
        code=code("draw_instances.py", "failures.families.portfolio.problem"),
    script:
        "../scripts/draw_instances.py"


rule portfolio_train:
    # Train one learner on the labels of one block of replicates.
    input:
        instances="<results>/instances/portfolio/{problem}/seeds_{block}.csv",
    output:
        history="<results>/runs/portfolio/{problem}/{learner}/seeds_{block}/history.parquet",
        runs="<results>/runs/portfolio/{problem}/{learner}/seeds_{block}/runs.csv",
        models=directory("<results>/runs/portfolio/{problem}/{learner}/seeds_{block}/models"),
    log:
        "<logs>/runs/portfolio/{problem}/{learner}/seeds_{block}.log",
    benchmark:
        "<benchmarks>/runs/portfolio/{problem}/{learner}/seeds_{block}.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1400),
        runtime=doubling(20),
    params:
        module="failures.families.portfolio.training",
        checkpoints=f"{RESULTS}/checkpoints",
        problem=select(
            "portfolio/problems/{problem}",
            *["n_features", "n_stocks", "n_steps", "evaluate_every", "evaluation", "checkpoint_every"],
        ),
        learner=lookup(dpath="{learner}", within=config["portfolio"]["learners"]),
        xla={"xla": config["xla"]},
        code=code("train.py", "failures.families.portfolio.training"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/train.py"


rule portfolio_moments:
    # Compute the second moments of both gradient estimators at initialisation, by number of stocks.
    output:
        "<results>/gradients/portfolio/initial.csv",
    log:
        "<logs>/gradients/portfolio/initial.log",
    benchmark:
        "<benchmarks>/gradients/portfolio/initial.jsonl"
    conda:
        "../../envs/training.yaml"
    threads: config["threads"]
    resources:
        mem_mb=doubling(1800),
        runtime=doubling(10),
    params:
        module="failures.families.portfolio.analyses.moments",
        settings=select(
            "portfolio/estimator_variance/initial",
            *["n_features", "n_stocks", "n_samples", "seeds"],
        ),
        code=code("analyze.py", "failures.families.portfolio.analyses.moments"),
        versions=versions("tensorflow-cpu", "tensorflow", "keras", "numpy"),
    script:
        "../scripts/analyze.py"
