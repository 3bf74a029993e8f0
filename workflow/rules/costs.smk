# Computing cost: target costs. It is not part of `all`, because its content depends on run times.
for name, inputs, settings in (
    (
        "costs",
        {"figures": registry.figure_files(*PARTS)},
        {"logs": f"{RESULTS}/logs", "benchmarks": f"{RESULTS}/benchmarks"},
    ),
    ("costs_rules", {"jobs": f"{RESULTS}/tables/costs.csv"}, {}),
    ("costs_scaling", {"jobs": f"{RESULTS}/tables/costs.csv"}, {"cores": [1, 2, 4, 8, 16]}),
):
    registry.tables[name] = Table(f"{package('costs')}.tables.{name}", inputs, settings)
# CPU time per rule, wall time against cores, and requested memory.
registry.figures["costs"] = Figure(
    "costs", "costs", f"{package('costs')}.figure", folder("costs") / "figure.rst", ["costs_rules", "costs_scaling"]
)
