# Computing cost: target costs. It is not part of `all`, because its content depends on run times.
for name, inputs, settings in (
    ("costs", {"figures": figure_files(*PARTS)}, {"logs": f"{RESULTS}/logs", "benchmarks": f"{RESULTS}/benchmarks"}),
    ("costs_rules", {"jobs": f"{RESULTS}/tables/costs.csv"}, {}),
    ("costs_scaling", {"jobs": f"{RESULTS}/tables/costs.csv"}, {"cores": [1, 2, 4, 8, 16]}),
):
    TABLES[name] = {"module": f"{package('costs')}.tables.{name}", "inputs": inputs, "settings": settings}
# CPU time per rule, wall time against cores, and requested memory.
FIGURES["costs"] = {
    "group": "costs",
    "kind": "costs",
    "tables": ["costs_rules", "costs_scaling"],
    "module": f"{package('costs')}.figure",
    "caption": folder("costs") / "figure.rst",
}
