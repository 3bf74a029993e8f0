# Code that all rules share: the validated configuration, the results folder, and helpers for inputs and parameters.
import os
import re
import sys
from functools import cache, reduce
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml
from snakemake.utils import update_config

RULES = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
WORKFLOW = RULES.resolve().parent  # through a symbolic link, the plan is the same
sys.path.insert(0, str(WORKFLOW))

from failures.config.schema import ConfigError, validate
from failures.packages import families, folder, package
from failures.runtime.fingerprint import fingerprint

for place in (RULES.parent, WORKFLOW):
    if re.search(r"\s", str(place)):
        sys.exit(f"path '{place}' contains white space, so Snakemake cannot run its scripts; move the project folder")
# Snakemake ignores `configfile:` when this workflow is imported as a module with `config:`.
# Load config.yaml explicitly in that case and apply the given configuration as an overlay.
if workflow.modifier.skip_configfile:
    given, config = config, yaml.safe_load((WORKFLOW.parent / "config.yaml").read_text("utf-8"))
    update_config(config, given)
try:
    # Rebind `config` rather than modify it: in a module, the mapping belongs to the importing workflow.
    config = validate(config, workflow.configfiles)
except ConfigError as error:
    sys.exit(str(error))
for place in (".", "results"):
    if not workflow.dryrun and os.path.exists(place) and not os.access(place, os.W_OK):
        sys.exit(f"folder '{os.path.abspath(place)}' is not writable; choose another with --directory FOLDER")
# Environment variables for the scripts. By default, NumPy's matrix products use all cores and ignore `threads`.
# The thread count also changes the rounding, so it is fixed to one.
LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# In a module, keep the PYTHONPATH of the importing workflow.
OTHERS = [] if workflow.modifier.is_main_snakefile() else os.environ.get("PYTHONPATH", "").split(os.pathsep)
os.environ.update(
    dict.fromkeys(LIBRARIES, "1"),
    PYTHONPATH=os.pathsep.join(dict.fromkeys([str(WORKFLOW), *filter(None, OTHERS)])),
    # Read by profiles, whose own relative paths start at the working directory.
    FAILURES_ROOT=str(WORKFLOW.parent),
)

# Rules files of the families that have a block in the configuration.
RULES_FILES = [str(WORKFLOW / "rules" / f"{name}.smk") for name in families() if config[name] is not None]
SCRIPTS = WORKFLOW / "scripts"
RESULTS = "/".join(
    ["results"] + [config["scale"]] * (config["scale"] != "full") + [config["variant"]] * (config["variant"] != "code")
)
# Note printed on figures at a reduced scale or with another variant.
NOTE = "; ".join(
    [f"{config['scale']} scale, not the paper's"] * (config["scale"] != "full")
    + ["settings of the paper's text"] * (config["variant"] != "code")
)
# Families and other groups whose figures `all` makes.
PARTS = [*config["families"], "comparisons", "claims"]
BLOCK_SIZE = 10
# A relative path, so that moving the project triggers no reruns.
PUBLISHED = os.path.relpath(WORKFLOW / "resources/published/curves.csv")
FIGURES = {}  # figures by name, filled by `register_figure`


onstart:
    # With a limit on jobs per second, Snakemake's scheduler polls every second, and each started job adds another poll
    # per second. After an hour polling takes half a core. Local runs need no limit; clusters keep it.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


pathvars:
    results=RESULTS,
    logs=f"{RESULTS}/logs",
    benchmarks=f"{RESULTS}/benchmarks",


wildcard_constraints:
    problem="[a-z][a-z0-9_]*",
    learner="[a-z][a-z0-9_]*",
    block="[0-9]+-[0-9]+",


def at(dpath):
    """Look up a slash-separated path, such as parity/problems/d5, in the configuration.

    Snakemake's `lookup` also does this, but traverses the whole configuration, which takes 10 ms per call.
    """
    return reduce(lambda block, key: block[key], dpath.split("/"), config)


def register_figure(family, name, inputs, settings):
    """Register a figure; figures.smk generates its two rules, NAME_table and NAME.

    Args:
        family: family or group of the figure, such as parity or comparisons.
        name: name of the figure, such as fig1.
        inputs: input files of the table, by the keys that `tabulate` reads.
        settings: further arguments of `tabulate` in tables/NAME.py of its package.
    """
    FIGURES[name] = {"family": family, "inputs": inputs, "settings": settings}


def figure_files(*families):
    """Return the files of all figures of these families."""
    return [
        f"{RESULTS}/figures/{name}.{suffix}"
        for name, figure in FIGURES.items()
        for suffix in ("pdf", "svg", "png")
        if figure["family"] in families
    ]


def blocks(seeds):
    """Return the names of the fixed blocks that contain these seeds, such as 0-9."""
    starts = sorted({seed // BLOCK_SIZE * BLOCK_SIZE for seed in seeds})
    return [f"{start}-{start + BLOCK_SIZE - 1}" for start in starts]


def block_seeds(family):
    """Return a parameter function for the sorted seeds of a block; their order in the configuration has no effect."""

    def seeds(wildcards):
        selected = config[family]["problems"][wildcards.problem]["seeds"]
        return {"seeds": sorted(seed for seed in selected if wildcards.block in blocks([seed]))}

    return seeds


def run_files(family, problem, learner, file):
    """Return the paths of a file, such as runs.csv, in all blocks of a problem and learner."""
    return [
        f"{RESULTS}/runs/{family}/{problem}/{learner}/seeds_{block}/{file}"
        for block in blocks(config[family]["problems"][problem]["seeds"])
    ]


def selected_runs(family, figure, file):
    """Return the paths of a file, such as runs.csv, in all blocks that a figure selects.

    Args:
        figure: path of the figure's settings in the family, such as NAME or NAME/trained.
    """
    selected = at(f"{family}/{figure}")
    return [
        path
        for problem in selected["problems"]
        for learner in selected["learners"]
        for path in run_files(family, problem, learner, file)
    ]


def all_blocks(family, file):
    """Return an input function for a file, such as runs.csv, in all blocks of the wildcards' problem and learner."""
    return lambda wildcards: run_files(family, wildcards.problem, wildcards.learner, file)


def selected_instances(family, figure):
    """Return the instance tables of all problems that a figure selects."""
    return [
        f"{RESULTS}/instances/{family}/{problem}/seeds_{block}.csv"
        for problem in at(f"{family}/{figure}/problems")
        for block in blocks(config[family]["problems"][problem]["seeds"])
    ]


def selected_problems(family, figure, *keys):
    """Return these keys of every problem that a figure selects."""
    problems, selected = config[family]["problems"], at(f"{family}/{figure}/problems")
    return {name: {key: problems[name][key] for key in keys} for name in selected}


def selected_learners(family, figure, *keys):
    """Return these keys of every learner that a figure selects."""
    learners, selected = config[family]["learners"], at(f"{family}/{figure}/learners")
    return {name: {key: learners[name][key] for key in keys} for name in selected}


def select(dpath, *keys):
    """Return a parameter function for these keys of a mapping in the configuration, so that other keys cause no rerun.

    Snakemake compares parameters by value and ignores their names. The value is therefore a mapping with the keys.
    """
    return lambda wildcards: {key: at(f"{dpath.format(**wildcards)}/{key}") for key in keys}


def combine(*parameters):
    """Return a parameter function that merges several parameter functions."""
    return lambda wildcards: {key: value for part in parameters for key, value in part(wildcards).items()}


def named(wildcard):
    """Return a parameter function for a wildcard's value, under the key `name`."""
    return lambda wildcards: {"name": wildcards[wildcard]}


def code(script, *modules):
    """Return a parameter function for the code fingerprint of a script, of these modules and of all that they import.

    The fingerprint is evaluated on demand: the Snakemake process of a cluster job reads only its own rules' code.
    """
    made = cache(lambda: f"code={fingerprint(SCRIPTS / script, *modules)}")
    return lambda wildcards: made()


def versions(*packages):
    """Return the installed versions of packages; None where a package is missing, as in the base of --sdm conda."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def doubling(first):
    """Return a resource function (MB or minutes) that doubles the value per retry."""
    return lambda wildcards, attempt: first * 2 ** (attempt - 1)
