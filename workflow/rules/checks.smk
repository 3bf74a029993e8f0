# Checks before Snakemake reads config.yaml: the options, and the syntax of the files.
import os
import sys
from pathlib import Path

RULES = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
WORKFLOW = RULES.resolve().parent  # through a symbolic link, the plan is the same
sys.path.insert(0, str(WORKFLOW))

from failures.config import options
from failures.config.files import read_yaml
from failures.config.types import ConfigError

if workflow.is_main_process and workflow.modifier.is_main_snakefile():
    options.check(workflow.workdir_init)
try:
    read_yaml(WORKFLOW.parent / "config.yaml")
except ConfigError as error:
    sys.exit(str(error))
