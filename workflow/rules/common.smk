# Code that all rules share: the validated configuration, the results folder, experiments, and helpers for parameters.
from functools import cache

import yaml

from failures.config.experiments import blocks, block_seeds, pick
from failures.config.launch import check_directory, check_limits, check_path, check_storage
from failures.config.registry import KERAS, Figure, Registry, Table, no_sources
from failures.config.layers import read_layers, results_folder
from failures.config.schema import validate
from failures.config.types import ConfigError
from failures.engine import architectures
from failures.packages import families, folder, package
from failures.runtime import environment, forkserver, snakemake_runs
from failures.runtime.fingerprint import fingerprint
from failures.runtime.provenance import installed
from failures.runtime.terminal import Messages


def note(text):
    """Print a line, once: jobs run this code, too."""
    if workflow.is_main_process:
        Messages(sys.stderr).write(f"{text}\n")


# Jobs ignore environment variables that would change results; in a module, they keep the importing workflow's path.
ignored = environment.prepare_jobs(
    WORKFLOW, Path(workflow.workdir_init), as_module=not workflow.modifier.is_main_snakefile()
)
if ignored:
    note(ignored)
if workflow.modifier.is_main_snakefile():
    snakemake_runs.watch(workflow)
# In a module with `config:`, that mapping is the only overlay.
if workflow.modifier.skip_configfile and not workflow.modifier.is_main_snakefile():
    overlays, given = (), config
else:
    overlays, given = workflow.config_settings.configfiles, workflow.config_settings.config
try:
    if workflow.is_main_process:
        check_limits(workflow.resource_settings)
    for place in (RULES.parent, WORKFLOW):
        check_path(place)
    check_directory(Path.cwd())
    check_storage(
        workflow.storage_settings.default_storage_provider, map(str, workflow.storage_settings.shared_fs_usage)
    )
    # Rebind `config` rather than modify it: in a module, the mapping belongs to the importing workflow.
    config = validate(read_layers(WORKFLOW.parent, overlays, given, note))
except ConfigError as error:
    sys.exit(str(error))
for place in (".", "results"):
    if not workflow.dryrun and os.path.exists(place) and not os.access(place, os.W_OK):
        sys.exit(f"folder '{os.path.abspath(place)}' is not writable; choose another with --directory FOLDER")
# Read by profiles, whose own relative paths start at the working directory.
os.environ.update(FAILURES_ROOT=str(WORKFLOW.parent))

# Rules files of the families that have a block in the configuration.
RULES_FILES = [str(WORKFLOW / "rules" / f"{name}.smk") for name in families() if config[name] is not None]
SCRIPTS = WORKFLOW / "scripts"
RESULTS = results_folder(config)
# Note printed on figures at a reduced scale or with another variant.
NOTE = "; ".join(
    [f"{config['scale']} scale, not the paper's"] * (config["scale"] != "full")
    + ["settings of the paper's text"] * (config["variant"] != "code")
)
# Families and other groups whose figures `all` makes.
PARTS = [*config["families"], "comparisons", "claims"]
# A relative path, so that moving the project triggers no reruns.
PUBLISHED = os.path.relpath(WORKFLOW / "resources/published/curves.csv")


onstart:
    # With a limit on jobs per second, Snakemake's scheduler polls every second, and each started job adds another poll
    # per second. After an hour polling takes half a core. Local runs need no limit; clusters keep it.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
        # In environments of conda, jobs have a Python of their own.
        if not workflow.deployment_settings.deployment_method:
            forkserver.start(
                {
                    "tensorflow": "failures.engine.tensorflow_setup:import_keras",
                    "figures": "failures.artifacts.style",
                }
            )
    else:
        options.check_requests(workflow.dag.needrun_jobs())
    if workflow.is_main_process:
        snakemake_runs.begin(workflow, RESULTS)


onsuccess:
    snakemake_runs.end()


pathvars:
    results=RESULTS,
    logs=f"{RESULTS}/logs",
    benchmarks=f"{RESULTS}/benchmarks",


wildcard_constraints:
    problem="[a-z][a-z0-9_]*",
    learner="[a-z][a-z0-9_]*",
    block="[0-9]+-[0-9]+",
    experiment="[a-z][a-z0-9_]*",
    networks="[a-z][a-z0-9_]*",


# Training, analyses and figures; the rules files of the families register them.
registry = Registry(
    config, {name: config[name]["experiments"] for name in families() if config[name] is not None}, RESULTS
)


def architecture(family):
    """Return a function of the wildcards for the code of the learner's architecture; see `code`."""
    return lambda wildcards: architectures.sources(config[family]["learners"][wildcards.learner]["architecture"])


def code(script, *modules, sources=no_sources):
    """Return a parameter function for the fingerprint of a script, of modules and of all that they import.

    The fingerprint is computed on demand: the Snakemake process of a cluster job reads only its own rules' code.

    Args:
        script: file name in workflow/scripts.
        modules: names of modules.
        sources: function of the wildcards that returns further modules, or paths of files.
    """
    compute = cache(lambda *further: fingerprint(SCRIPTS / script, *modules, *further))
    return lambda wildcards: compute(*sources(wildcards))


def versions(*packages):
    """Return the installed versions of packages by name."""
    return {package: installed(package) for package in packages}


def doubling(first):
    """Return a resource function (MB or minutes) that doubles the value per retry."""
    return lambda wildcards, attempt: first * 2 ** (attempt - 1)


def training_memory(training):
    """Return a resource function for the memory of a training job in MB, which doubles per retry."""
    return lambda wildcards, attempt: training.megabytes(wildcards.problem, wildcards.learner) * 2 ** (attempt - 1)
