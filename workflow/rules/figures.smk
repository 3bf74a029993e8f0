from failures.reporting.caption_numbers import Numbers


def caption_numbers(module):
    """Parameter with the numbers that a figure's caption shows in Snakemake's report; a change of it reruns nothing.

    module: the module that draws the figure.
    """
    return lambda wildcards, input: Numbers(module, *map(str, input))


# One target per family, and two rules per figure: NAME_table computes the table, NAME draws it.
for family in sorted({figure["family"] for figure in FIGURES.values()} - FIGURES.keys()):

    rule:
        name:
            family
        input:
            figure_files(family),
        localrule: True


for name, figure in FIGURES.items():
    tables, figures = (f"{package(figure['family'])}.{part}.{name}" for part in ("tables", "figures"))

    rule:
        name:
            f"{name}_table"
        input:
            **figure["inputs"],
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
            module=tables,
            settings=figure["settings"],
            code=code("tabulate.py", tables),
        script:
            "../scripts/tabulate.py"

    rule:
        name:
            name
        input:
            table=f"<results>/tables/{name}.csv",
        output:
            f"<results>/figures/{name}.pdf",
            f"<results>/figures/{name}.svg",
            report(
                f"<results>/figures/{name}.png",
                caption=str(folder(figure["family"]) / f"figures/{name}.rst"),
                category=figure["family"],
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
            module=figures,
            style=config["style"] | {"note": NOTE},
            numbers=caption_numbers(figures),
            code=code("draw.py", figures),
        script:
            "../scripts/draw.py"
