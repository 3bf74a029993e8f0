# What the paper left out, over several families at once. Figures depth_training and optimisers; every family brings runs
# of its own, selected in its block under the figure's name.
from failures.beyond.scales import BUILT, SCALES


def joint_settings(family, figure, keys):
    """Size of each problem and these keys of each learner, as far as it has them, that a family's part selects."""
    learners, selected = config[family]["learners"], at(f"{family}/{figure}/learners")
    return {
        "problems": selected_problems(family, figure, SCALES[family].size),
        "learners": {name: {key: learners[name][key] for key in keys if key in learners[name]} for name in selected},
    }


for name, keys in {"depth_training": BUILT, "optimisers": ["optimizer"]}.items():
    parts = [family for family in config["families"] if config[family].get(name) is not None]
    if parts:
        register_figure(
            "beyond",
            name,
            inputs={
                f"{kind}_{family}": selected_runs(family, name, file)
                for family in parts
                for kind, file in (("runs", "runs.csv"), ("history", "history.parquet"))
            },
            settings={"families": {family: joint_settings(family, name, keys) for family in parts}},
        )
