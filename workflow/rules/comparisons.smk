# Extensions of the paper across families: figures depth_training and optimisers.
# Each family selects its own runs in the experiment of the same name.
from failures.reporting.comparisons.scales import BUILT, SCALES

for name, keys in {"depth_training": BUILT, "optimisers": ["optimizer", "stream"]}.items():
    parts = {
        family: registry.experiments[family][name]
        for family in config["families"]
        if name in registry.experiments[family]
    }
    if parts:
        registry.add_figure(
            "comparisons",
            name,
            inputs={
                f"{file}_{family}": part.files(file) for family, part in parts.items() for file in ("runs", "history")
            },
            settings={
                "families": {
                    family: {"problems": part.problems(SCALES[family].size), "learners": part.learners(*keys)}
                    for family, part in parts.items()
                }
            },
        )
