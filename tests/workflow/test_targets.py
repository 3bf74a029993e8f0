"""Targets of the command line, in dry runs: names, the paper's variant, status and costs."""

import re
from collections import Counter

import pandas as pd
import pytest

from failures.commands import plan
from failures.commands.status import jobs, render
from failures.packages import families
from project import RESULTS, ROOT

FIGURES = sorted(path.stem for path in (ROOT / "workflow/failures").glob("*/*/figures/*.py") if path.stem != "__init__")


def test_targets_read_well(recorded):
    listed = recorded.run("--list-target-rules").stdout.split()
    tables = [f"{name}_table" for name in FIGURES]
    costs = {"costs", "costs_table", "costs_rules_table", "costs_scaling_table", "page"}
    assert set(listed) == {"all", *families(), "comparisons", "claims", *FIGURES, *tables, "lines_pool", *costs}
    assert recorded.plan("fig1", "--forceall").keys() == {"parity_instances", "parity_train", "fig1_table", "fig1"}
    assert recorded.plan(f"{RESULTS}/figures/parity_size.pdf", "--force") == {"parity_size": 1}


@pytest.mark.parametrize("overlay", [None, "config.yaml"])
def test_the_text_has_results_of_its_own(recorded, overlay):
    output = recorded.fork("--dry-run", "--quiet=progress", "variant=paper", overlay=overlay)
    made = set(re.findall(r"results/\S+?/figures/fig1\.pdf", output))
    assert made == {f"{RESULTS}/paper/figures/fig1.pdf"}
    assert recorded.plan("variant=paper", overlay=overlay)["parity_train"] == 14


def test_status_counts_what_is_left(recorded):
    summary = recorded.run("--summary").stdout
    table = jobs(pd.read_csv(pd.io.common.StringIO(summary), sep="\t"))
    assert len(table) == 131
    assert table["done"].all()
    lines = render(table).splitlines()
    assert lines[0] == "131 of 131 jobs finished."
    assert lines[-1].split() == ["total", "131", "0"]


def test_the_plan_in_short_has_every_job_with_its_reason(recorded):
    overlay = recorded.overlay("wide.yaml", {"parity": {"learners": {"relu": {"width": 7}}}})
    planned = list(plan.jobs(recorded.fork("--dry-run", overlay=overlay)))
    assert Counter(job.rule for job in planned) == recorded.plan(overlay=overlay)
    trainings = {job.reason for job in planned if job.rule == "parity_train"}
    assert trainings == {"changed: settings"}
    assert {job.reason for job in planned if job.kind == "figures"} == {"follows from other jobs"}


def test_costs_are_part_of_nothing_else(recorded):
    assert not [rule for rule in recorded.plan("--forceall") if rule.startswith("costs")]


def test_costs_of_a_part(recorded):
    """The key `families` selects the figures whose costs are reported."""
    plan = recorded.plan("costs", "--forceall", "families=['periodic']")
    assert {"costs_table", "costs", "linear_periodic", "periodic_train"} <= plan.keys()
    assert not [rule for rule in plan if rule.split("_")[0] in set(families()) - {"periodic"}]
