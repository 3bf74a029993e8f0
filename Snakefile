# Reproduction of "Failures of Gradient-Based Deep Learning" (2017) as one workflow.
#
# Each family of experiments has one rules file, workflow/rules/FAMILY.smk. Most figures follow this chain:
#
#   config.yaml
#   -> <results>/instances/FAMILY/PROBLEM/seeds_BLOCK.csv                            targets
#   -> <results>/runs/FAMILY/PROBLEM/LEARNER/seeds_BLOCK/{history.parquet,runs.csv,models/}
#   -> <results>/tables/NAME.csv                                                     rule NAME_table
#   -> <results>/figures/NAME.{pdf,svg,png}                                          rule NAME
#
# <results> is results/ at scale `full` and results/SCALE/ otherwise. The variant `paper` appends paper/.
# A target is `all`, a family (parity), a figure (fig1, parity_size), `costs`, `page` or a file.
import sys

from snakemake.sourcecache import LocalSourceFile
from snakemake.utils import min_version

min_version("9.27")
if not isinstance(workflow.current_basedir, LocalSourceFile):
    sys.exit(
        f"the workflow cannot run from {workflow.current_basedir}, because its jobs import a library of the same "
        "repository: clone the repository and name the Snakefile of the clone (docs/tutorial.md, section 6)"
    )


include: "workflow/rules/checks.smk"


configfile: workflow.current_basedir.join("config.yaml").get_path_or_uri(secret_free=True)


include: "workflow/rules/common.smk"


for rules_file in RULES_FILES:

    include: rules_file


include: "workflow/rules/comparisons.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/costs.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/analyses.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/page.smk"


rule all:
    default_target: True
    input:
        registry.figure_files(*PARTS),
    localrule: True


if workflow.is_main_process and workflow.modifier.is_main_snakefile():
    options.check_targets(
        [rule.name for rule in workflow.rules],
        [str(file) for rule in workflow.rules if not rule.has_wildcards() for file in rule.products()],
        lambda file: any(rule.is_producer(file) for rule in workflow.rules),
    )
