# Shared by all families: the validated configuration, where results go, and what rules depend on.
import os
import re
import sys
from functools import cache, reduce
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml
from snakemake.utils import update_config

WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
sys.path.insert(0, str(WORKFLOW))

from failures import config as settings
from failures.fingerprint import fingerprint

if re.search(r"\s", str(WORKFLOW)):
    sys.exit(f"The path '{WORKFLOW}' has a space, which Snakemake cannot run scripts from; move the folder.")
# Used as a module with a `config:`, Snakemake passes over `configfile:`; what is given is an overlay there, too.
if workflow.modifier.skip_configfile:
    given, config = config, yaml.safe_load((WORKFLOW.parent / "config.yaml").read_text("utf-8"))
    update_config(config, given)
try:
    # No change of the mapping in place: as a module's it belongs to the workflow around this one.
    config = settings.validate(config, workflow.configfiles)
except settings.ConfigError as error:
    sys.exit(str(error))
for folder in (".", "results"):
    if not workflow.dryrun and os.path.exists(folder) and not os.access(folder, os.W_OK):
        sys.exit(f"'{os.path.abspath(folder)}' cannot be written; choose another place with --directory FOLDER")
# For the scripts. NumPy's products of matrices would take all cores, whatever a job was granted, and other digits.
LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
# Rules around a module keep their own path.
OTHERS = [] if workflow.modifier.is_main_snakefile() else os.environ.get("PYTHONPATH", "").split(os.pathsep)
os.environ.update(
    dict.fromkeys(LIBRARIES, "1"),
    PYTHONPATH=os.pathsep.join(dict.fromkeys([str(WORKFLOW), *filter(None, OTHERS)])),
    # For profiles, which know no path but that of the working directory.
    FAILURES_ROOT=str(WORKFLOW.parent),
)

# The families that have a block in the configuration.
RULES_FILES = [str(WORKFLOW / "rules" / f"{name}.smk") for name in settings.families() if config[name] is not None]
SCRIPTS = WORKFLOW / "scripts"
RESULTS = "/".join(
    ["results"] + [config["scale"]] * (config["scale"] != "full") + [config["variant"]] * (config["variant"] != "code")
)
# Figures of another scale or variant say so.
NOTE = "; ".join(
    [f"{config['scale']} scale, not the paper's"] * (config["scale"] != "full")
    + ["settings of the paper's text"] * (config["variant"] != "code")
)
# Parts of the project whose figures `all` makes.
PARTS = [*config["families"], "beyond", "verdicts"]
BLOCK_SIZE = 10
# Relative, so that moving the project reruns nothing.
PUBLISHED = os.path.relpath(WORKFLOW / "resources/published/curves.csv")
FIGURES = {}  # filled by the families' rules files


onstart:
    # Snakemake's limit of jobs started a second has it look for more to start every second, and once more a second for
    # every job that it ever started: half a core after an hour. One machine needs no limit; clusters keep it.
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
    """What the configuration has at these keys, such as parity/problems/d5.

    Snakemake's `lookup` does the same by walking all of the configuration, ten milliseconds each time.
    """
    return reduce(lambda block, key: block[key], dpath.split("/"), config)


def register_figure(family, name, inputs, settings):
    """Make a figure known; figures.smk makes its two rules, NAME_table and NAME.

    inputs: the files its table is computed from, by the names that `tabulate` knows them under.
    settings: keyword arguments of `tabulate` (failures.FAMILY.tables.NAME).
    """
    FIGURES[name] = {"family": family, "inputs": inputs, "settings": settings}


def figure_files(*families):
    """The files of all figures of these families."""
    return [
        f"{RESULTS}/figures/{name}.{suffix}"
        for name, figure in FIGURES.items()
        for suffix in ("pdf", "svg", "png")
        if figure["family"] in families
    ]


def blocks(seeds):
    """Names of the fixed blocks that the seeds lie in, such as 0-9."""
    starts = sorted({seed // BLOCK_SIZE * BLOCK_SIZE for seed in seeds})
    return [f"{start}-{start + BLOCK_SIZE - 1}" for start in starts]


def block_seeds(family):
    """Parameter with the replicates of a block, sorted: their order in the configuration means nothing."""

    def seeds(wildcards):
        selected = config[family]["problems"][wildcards.problem]["seeds"]
        return {"seeds": sorted(seed for seed in selected if wildcards.block in blocks([seed]))}

    return seeds


def run_files(family, problem, learner, file):
    """This file of all blocks of a problem and learner."""
    return [
        f"{RESULTS}/runs/{family}/{problem}/{learner}/seeds_{block}/{file}"
        for block in blocks(config[family]["problems"][problem]["seeds"])
    ]


def selected_runs(family, figure, file):
    """This file of all runs that a figure of a family selects; figure: its block, such as NAME or NAME/trained."""
    selected = at(f"{family}/{figure}")
    return [
        path
        for problem in selected["problems"]
        for learner in selected["learners"]
        for path in run_files(family, problem, learner, file)
    ]


def all_blocks(family, file):
    """Input function: this file of all blocks of the wildcards' problem and learner."""
    return lambda wildcards: run_files(family, wildcards.problem, wildcards.learner, file)


def selected_instances(family, figure):
    """The tables of instances of all problems that a figure of a family selects."""
    return [
        f"{RESULTS}/instances/{family}/{problem}/seeds_{block}.csv"
        for problem in at(f"{family}/{figure}/problems")
        for block in blocks(config[family]["problems"][problem]["seeds"])
    ]


def selected_problems(family, figure, *keys):
    """These keys of all problems that a figure of a family selects."""
    problems, selected = config[family]["problems"], at(f"{family}/{figure}/problems")
    return {name: {key: problems[name][key] for key in keys} for name in selected}


def selected_learners(family, figure, *keys):
    """These keys of all learners that a figure of a family selects."""
    learners, selected = config[family]["learners"], at(f"{family}/{figure}/learners")
    return {name: {key: learners[name][key] for key in keys} for name in selected}


def select(dpath, *keys):
    """Parameter with just these keys of a mapping of the configuration, so that other keys rerun nothing.

    Snakemake compares parameters by value, without their names: the keys stay inside the value.
    """
    return lambda wildcards: {key: at(f"{dpath.format(**wildcards)}/{key}") for key in keys}


def combine(*parameters):
    """Parameter with the keys of several."""
    return lambda wildcards: {key: value for part in parameters for key, value in part(wildcards).items()}


def named(wildcard):
    """Parameter with the name that a wildcard stands for."""
    return lambda wildcards: {"name": wildcards[wildcard]}


def code(script, *modules):
    """Parameter that changes when the meaning of a script of ours, or of a module behind it, changes.

    A function, so that a cluster job's Snakemake, with few jobs of its own, need not read the code of all rules.
    """
    made = cache(lambda: f"code={fingerprint(SCRIPTS / script, *modules)}")
    return lambda wildcards: made()


def versions(*packages):
    """Parameter with the installed versions of packages (None: not installed, as with --sdm conda)."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def doubling(first):
    """Resource (MB, minutes) that doubles with every further attempt."""
    return lambda wildcards, attempt: first * 2 ** (attempt - 1)
