# Computing cost: target costs. It is not part of `all`, because its content depends on run times.
COSTS = {
    "costs": {
        "inputs": {"figures": figure_files(*PARTS)},
        "settings": {"logs": f"{RESULTS}/logs", "benchmarks": f"{RESULTS}/benchmarks"},
    },
    "costs_rules": {"inputs": {"jobs": f"{RESULTS}/tables/costs.csv"}, "settings": {}},
    "costs_scaling": {
        "inputs": {"jobs": f"{RESULTS}/tables/costs.csv"},
        "settings": {"cores": [1, 2, 4, 8, 16]},
    },
}


for name, table in COSTS.items():

    rule:
        name:
            f"{name}_table"
        input:
            **table["inputs"],
        output:
            f"<results>/tables/{name}.csv",
        log:
            f"<logs>/tables/{name}.log",
        benchmark:
            f"<benchmarks>/tables/{name}.jsonl"
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        resources:
            mem_mb=doubling(400),
            runtime=doubling(5),
        params:
            module=f"failures.reporting.costs.tables.{name}",
            settings=table["settings"],
            code=code("tabulate.py", f"failures.reporting.costs.tables.{name}"),
        script:
            "../scripts/tabulate.py"


rule costs:
    # Draw CPU time per rule, wall time against cores, and requested memory.
    input:
        rules="<results>/tables/costs_rules.csv",
        scaling="<results>/tables/costs_scaling.csv",
    output:
        "<results>/figures/costs.pdf",
        "<results>/figures/costs.svg",
        report(
            "<results>/figures/costs.png",
            caption="../failures/reporting/costs/figure.rst",
            category="costs",
            labels={"figure": "costs", "scale": config["scale"]},
        ),
    log:
        "<logs>/figures/costs.log",
    benchmark:
        "<benchmarks>/figures/costs.jsonl"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(400),
        runtime=doubling(5),
    params:
        module="failures.reporting.costs.figure",
        style=config["style"] | {"note": NOTE},
        numbers=caption_numbers("failures.reporting.costs.figure"),
        code=code("draw.py", "failures.reporting.costs.figure"),
    script:
        "../scripts/draw.py"
