"""The plan of `make plan`: jobs and reasons of a dry run on one screen."""

import pytest

from failures.commands.plan import WIDTH, Job, jobs, reason, render

PARAMS = "Params have changed since last execution: Union of exclusive params before and now across all output: "
DRY_RUN = """\
Building DAG of jobs...
[Sat Nov 28 08:48:28 2026]
rule parity_train:
    input: results/instances/parity/d5/seeds_0-9.csv
    output: results/runs/parity/d5/relu/seeds_0-9/history.parquet, results/runs/parity/d5/relu/seeds_0-9/runs.csv
    jobid: 2
    reason: Updated input files: results/instances/parity/d5/seeds_0-9.csv
    resources: tmpdir=/tmp
[Sat Nov 28 08:48:28 2026]
localrule fig1_table:
    input: results/runs/parity/d5/relu/seeds_0-9/history.parquet
    output: results/tables/fig1.csv
    reason: Input files updated by another job: results/runs/parity/d5/relu/seeds_0-9/history.parquet
[Sat Nov 28 08:48:28 2026]
rule all:
    input: results/figures/fig1.pdf
    reason: Input files updated by another job: results/figures/fig1.pdf
"""


def test_jobs_of_a_dry_run():
    assert list(jobs(DRY_RUN)) == [
        Job("parity_train", "parity_train", "an input is newer"),
        Job("fig1_table", "tables", "follows from other jobs"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Missing output files: a, b; Input files updated by another job: c", "no output yet"),
        (f"{PARAMS}before: '0123456789ab' now: 'ba9876543210' ", "changed: code"),
        (f"{PARAMS}before: {{'width': 2}} now: {{'width': 3}} ", "changed: settings"),
        (
            f"{PARAMS}before: {{'keras': '3.1', 'numpy': '2.0'}} now: {{'keras': '3.2'}} ",
            "changed: versions of packages",
        ),
        (f"{PARAMS}before: {{'a': 2}},'0123456789ab' now: {{'a': 3}},'ba9876543210' ", "changed: code, settings"),
        ("Set of input files has changed since last execution", "changed: list of inputs"),
        ("Forced execution", "forced by an option"),
        ("Incomplete output files: a", "was interrupted"),
    ],
)
def test_reasons_in_words(text, words):
    assert reason(text) == words


def test_a_plan_of_all_figures_fits_on_a_screen():
    plan = [Job(f"figure_{n}", "figures", "no output yet") for n in range(33)]
    plan += [Job(f"figure_{n}_table", "tables", "no output yet") for n in range(33)]
    plan += [Job("parity_train", "parity_train", "changed: code")] * 35
    lines = render(plan).splitlines()
    assert lines[0] == "101 jobs would run."
    assert lines[3].split() == ["35", "parity_train", "changed:", "code"]
    assert len(lines) < 20
    assert max(map(len, lines)) <= WIDTH
    assert render([]) == "Nothing to run: all results are up to date."
