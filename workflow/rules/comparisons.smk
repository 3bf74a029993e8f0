# Extensions of the paper across families: figures depth_training and optimisers.
# Each family selects its own runs in the experiment of the same name.
from failures.reporting.comparisons.scales import BUILT, SCALES


def joint_settings(experiment, keys):
    """Return the size of every selected problem and these keys, where present, of every selected learner."""
    learners = config[experiment.family]["learners"]
    return {
        "problems": experiment.problems(SCALES[experiment.family].size),
        "learners": {
            name: pick(learners[name], *(key for key in keys if key in learners[name]))
            for name in experiment["learners"]
        },
    }


for name, keys in {"depth_training": BUILT, "optimisers": ["optimizer"]}.items():
    parts = [get_experiment(family, name) for family in config["families"] if name in experiments(family)]
    if parts:
        register_figure(
            "comparisons",
            name,
            inputs={f"runs_{part.family}": part.runs for part in parts}
            | {f"history_{part.family}": part.history for part in parts},
            settings={"families": {part.family: joint_settings(part, keys) for part in parts}},
        )
