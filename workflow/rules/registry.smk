# Registries that the rules files of the families fill. training.smk, analyses.smk and figures.smk make the rules.
TRAININGS = {}  # arguments of the rules FAMILY_instances and FAMILY_train, by family
ANALYSES = {}  # arguments of the rules of analyses, by rule
TABLES = {}  # arguments of the rules NAME_table, by name
FIGURES = {}  # arguments of the rules NAME, by name
KERAS = ("tensorflow-cpu", "tensorflow", "keras", "numpy")


def register_training(family, instances, problem, memory, minutes, priority=0, inputs={}, sources=lambda wildcards: ()):
    """Register a family; training.smk makes the rules FAMILY_instances and FAMILY_train.

    Args:
        family: name of the family.
        instances: keys of a problem that the drawing of instances uses.
        problem: keys of a problem that training uses.
        memory: memory of a training job in MB.
        minutes: longest run time of a training job.
        priority: priority of training jobs; jobs with a higher one start first.
        inputs: further input files of training, by the argument of `Training` in training.py of the family.
        sources: function of the wildcards that returns further modules, which the learner uses.
    """

    def configured(wildcards):
        return config[family]["problems"][wildcards.problem]

    TRAININGS[family] = {
        "inputs": inputs,
        "instances": lambda wildcards: pick(configured(wildcards), *instances)
        | {"seeds": block_seeds(configured(wildcards)["seeds"], wildcards.block), "variant": config["variant"]},
        "training": lambda wildcards: {
            "problem": pick(configured(wildcards), *problem),
            "learner": config[family]["learners"][wildcards.learner],
            "xla": config["xla"],
        },
        "memory": memory,
        "minutes": minutes,
        "priority": priority,
        "sources": sources,
    }


def register_analysis(
    family,
    kind,
    name,
    analysis,
    output,
    settings,
    memory,
    minutes,
    inputs={},
    packages=(),
    local=False,
    sources=lambda wildcards: (),
):
    """Register an analysis, such as gradients or predictions of networks; analyses.smk makes its rule.

    Args:
        family: name of the family.
        kind: kind of the experiments that use the analysis; without such an experiment there is no rule.
        name: name of the rule.
        analysis: module in the folder `analyses` of the family.
        output: path of the table below the results folder, without suffix; {experiment} is an experiment of the kind.
        settings: function of the wildcards that returns the further arguments of `analyze`.
        memory: memory of a job in MB.
        minutes: longest run time of a job.
        inputs: files, or functions of the wildcards, by the keys that `analyze` reads.
        packages: packages that the analysis uses beside TensorFlow, Keras and NumPy.
        local: whether jobs take seconds and run where Snakemake runs.
        sources: function of the wildcards that returns further modules, which the learner uses.
    """
    if names := [experiment.name for experiment in experiments_like(family, kind)]:
        ANALYSES[name] = {
            "module": f"{package(family)}.analyses.{analysis}",
            "output": output,
            "inputs": inputs,
            "experiments": names,
            "settings": settings,
            "memory": memory,
            "minutes": minutes,
            "packages": (*KERAS, *packages),
            "local": local,
            "sources": sources,
        }


def trained_networks(family):
    """Return input functions for the runs and the models that the experiment of the wildcards selects."""
    return {
        "runs": lambda wildcards: get_experiment(family, wildcards.experiment).runs,
        "models": lambda wildcards: get_experiment(family, wildcards.experiment).models,
    }


def register_kind(family, kind, inputs, settings=lambda experiment: {}):
    """Register the figures of all experiments of a kind.

    Args:
        family: name of the family.
        kind: name of the kind, of its modules in `tables` and `figures` of the family, and of its caption.
        inputs: function of an experiment that returns the input files by the keys that `tabulate` reads.
        settings: function of an experiment that returns the further arguments of `tabulate`.
    """
    for experiment in experiments_like(family, kind):
        register_figure(family, experiment.name, inputs(experiment), settings(experiment), kind)


def register_figure(group, name, inputs, settings, kind=None):
    """Register a figure; figures.smk makes its two rules, NAME_table and NAME.

    Args:
        group: family or group of the figure, such as parity or comparisons.
        name: name of the figure.
        inputs: input files of the table by the keys that `tabulate` reads.
        settings: further arguments of `tabulate`.
        kind: name of the modules and of the caption; the name of the figure by default.
    """
    kind = kind or name
    TABLES[name] = {"module": f"{package(group)}.tables.{kind}", "inputs": inputs, "settings": settings}
    FIGURES[name] = {
        "group": group,
        "kind": kind,
        "tables": [name],
        "module": f"{package(group)}.figures.{kind}",
        "caption": folder(group) / f"figures/{kind}.rst",
    }


def figure_files(*groups):
    """Return the files of all figures of these groups."""
    return [
        f"{RESULTS}/figures/{name}.{suffix}"
        for name, figure in FIGURES.items()
        for suffix in ("pdf", "svg", "png")
        if figure["group"] in groups
    ]
