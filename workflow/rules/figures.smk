# Rules of the registered figures: NAME_table computes a table, NAME draws it. One target per group, such as parity.
from failures.reporting.caption_numbers import Numbers


def caption_numbers(module):
    """Return a parameter function for the numbers of a caption in Snakemake's report; a change of it reruns nothing.

    Args:
        module: name of the module that draws the figure.
    """
    return lambda wildcards, input: Numbers(module, *map(str, input))


for group in sorted({figure.group for figure in registry.figures.values()} - registry.figures.keys()):

    rule:
        name:
            group
        input:
            registry.figure_files(group),
        localrule: True


for name, table in registry.tables.items():

    rule:
        name:
            f"{name}_table"
        input:
            **table.inputs,
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
            module=table.module,
            settings=table.settings,
            code=code("tabulate.py", table.module),
        script:
            "../scripts/tabulate.py"


for name, figure in registry.figures.items():

    rule:
        name:
            name
        input:
            [f"<results>/tables/{table}.csv" for table in figure.tables],
        output:
            f"<results>/figures/{name}.pdf",
            f"<results>/figures/{name}.svg",
            report(
                f"<results>/figures/{name}.png",
                caption=str(figure.caption),
                category=figure.group,
                labels={"figure": name, "scale": config["scale"]},
            ),
        log:
            f"<logs>/figures/{name}.log",
        benchmark:
            f"<benchmarks>/figures/{name}.jsonl"
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        resources:
            mem_mb=doubling(400),
            runtime=doubling(5),
        params:
            module=figure.module,
            settings=config["style"] | {"note": NOTE},
            numbers=caption_numbers(figure.module),
            code=code("draw.py", figure.module),
        script:
            "../scripts/draw.py"
