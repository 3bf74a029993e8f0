# Self-contained HTML report of all results: target page. It is not part of `all`, because it shows run times.
# Kinds of the figures by name, by group.
PAGE = {
    group: {name: figure.kind for name, figure in registry.figures.items() if figure.group == group}
    for group in PARTS
    if group != "comparisons" or any(figure.group == group for figure in registry.figures.values())
}
PAGE_FIGURES = [name for names in PAGE.values() for name in names]
LIBRARY = os.path.relpath(WORKFLOW / "failures")
VENDOR = os.path.relpath(WORKFLOW / "resources/vendor")


rule page:
    # Render results/index.html.
    input:
        figures=expand("<results>/figures/{name}.png", name=[*PAGE_FIGURES, "costs"]),
        tables=expand("<results>/tables/{name}.csv", name=PAGE_FIGURES),
        costs="<results>/tables/costs.csv",
        costs_rules="<results>/tables/costs_rules.csv",
        costs_scaling="<results>/tables/costs_scaling.csv",
        captions=sorted({os.path.relpath(registry.figures[name].caption) for name in PAGE_FIGURES}),
        costs_caption=os.path.relpath(registry.figures["costs"].caption),
        texts=[os.path.relpath(folder(group) / "page.yaml") for group in PAGE if group != "claims"],
        templates=[f"{LIBRARY}/reporting/page/{name}.html.jinja" for name in ("page", "macros")],
        styles=[
            f"{VENDOR}/pico/pico.classless.min.css",
            f"{VENDOR}/sortable/sortable-base.min.css",
            f"{LIBRARY}/reporting/page/page.css",
        ],
        scripts=[f"{VENDOR}/sortable/{name}.min.js" for name in ("sortable", "sortable.a11y")],
    output:
        "<results>/index.html",
    log:
        "<logs>/page.log",
    benchmark:
        "<benchmarks>/page.jsonl"
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    resources:
        mem_mb=doubling(400),
        runtime=doubling(5),
    params:
        settings={
            "root": RESULTS,
            "figures": PAGE,
            "config": dict(config),
            "note": NOTE,
            "versions": versions("snakemake", "jinja2", "docutils"),
        },
        code=code("render.py"),
    script:
        "../scripts/render.py"
