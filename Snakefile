# Failures of Gradient-Based Deep Learning: the whole reproduction as one workflow.
#
# Every figure NAME is made in the same steps; each family has one rules file in workflow/rules/:
#
#   config.yaml
#   -> <results>/instances/FAMILY/PROBLEM/seeds_BLOCK.csv                            targets
#   -> <results>/runs/FAMILY/PROBLEM/LEARNER/seeds_BLOCK/{history.parquet,runs.csv,models/}
#   -> <results>/tables/NAME.csv                                                     rule NAME_table
#   -> <results>/figures/NAME.{pdf,svg,png}                                          rule NAME
#
# <results> is results/, or results/SCALE/ and results/paper/ for other scales and the text's variant.
# Targets: all, every family (parity), every figure (fig1, parity_size), costs, page, every file.
from snakemake.utils import min_version

min_version("9.27")


configfile: workflow.current_basedir.join("config.yaml").get_path_or_uri(secret_free=True)


include: "workflow/rules/common.smk"


for rules_file in RULES_FILES:

    include: rules_file


include: "workflow/rules/beyond.smk"
include: "workflow/rules/verdicts.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/costs.smk"
include: "workflow/rules/page.smk"


rule all:
    default_target: True
    input:
        figure_files(*PARTS),
    localrule: True
