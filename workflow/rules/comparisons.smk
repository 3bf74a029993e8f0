# Extensions of the paper across families: figures depth_training and optimisers.
# Each family selects its own runs in the configuration, under FAMILY/depth_training and FAMILY/optimisers.
from failures.reporting.comparisons.scales import BUILT, SCALES


def joint_settings(family, figure, keys):
    """Return the size of every problem and these keys, where present, of every learner that a figure selects."""
    learners, selected = config[family]["learners"], at(f"{family}/{figure}/learners")
    return {
        "problems": selected_problems(family, figure, SCALES[family].size),
        "learners": {name: {key: learners[name][key] for key in keys if key in learners[name]} for name in selected},
    }


for name, keys in {"depth_training": BUILT, "optimisers": ["optimizer"]}.items():
    parts = [family for family in config["families"] if config[family].get(name) is not None]
    if parts:
        register_figure(
            "comparisons",
            name,
            inputs={
                f"{kind}_{family}": selected_runs(family, name, file)
                for family in parts
                for kind, file in (("runs", "runs.csv"), ("history", "history.parquet"))
            },
            settings={"families": {family: joint_settings(family, name, keys) for family in parts}},
        )
