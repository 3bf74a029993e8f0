"""What the jobs record of themselves, and the target that makes a figure of it."""

import json

import pandas as pd
import pytest

KEYS = {"rule", "wildcards", "input", "output", "threads", "mem_mb"}
KEYS |= {"start", "end", "cpu_s", "loop_cpu_s", "memory_mb"}
COSTS = ("costs", "costs_rules", "costs_scaling")


@pytest.fixture(scope="module")
def costs(finished):
    """The artifacts before the target costs was made, and the tables that it made."""
    before = finished.artifacts(costs=True)
    finished.run("costs")
    tables = finished.results / "tables"
    return before, {name: pd.read_csv(tables / f"{name}.csv") for name in COSTS}


def test_every_log_ends_with_a_record(finished):
    logs = sorted((finished.results / "logs").rglob("*.log"))
    assert len(logs) > 100
    for log in logs:
        record = json.loads(log.read_text().splitlines()[-1])
        assert record.keys() == KEYS, log
        assert record["output"], log
        for path in [*record["input"], *record["output"]]:
            assert (finished.folder / path).exists(), path
        assert 0 < record["loop_cpu_s"] < record["cpu_s"], log
        assert record["start"] < record["end"]
        assert 20 < record["memory_mb"] < 4000


def test_costs_of_all_jobs_are_made_once(finished, costs):
    before, tables = costs
    after = finished.artifacts(costs=True)
    assert {name: content for name, content in after.items() if name in before} == before
    made = {f"tables/{name}.csv" for name in COSTS} | {f"figures/costs.{suffix}" for suffix in ("pdf", "svg", "png")}
    assert set(after) - set(before) <= made <= set(after)
    done = finished.run("costs")
    assert "Nothing to be done" in done.stdout + done.stderr
    assert finished.artifacts(costs=True) == after
    jobs = tables["costs"]
    logs = finished.results / "logs"
    mine = {*(f"tables/{name}" for name in COSTS), "figures/costs", "page"}
    names = {log.relative_to(logs).with_suffix("").as_posix() for log in logs.rglob("*.log")}
    # All jobs but those of the target itself, and what no figure needs.
    assert set(jobs["job"]) == names - mine
    assert set(jobs["kind"]) == {"training", "analysis", "instances", "table", "figure"}


def test_costs_add_up(costs):
    tables = costs[1]
    jobs, rules, scaling = (tables[name] for name in COSTS)
    whole = rules[rules["rule"] == "all"].squeeze()
    assert whole["n_jobs"] == len(jobs)
    assert whole["cpu_s"] == pytest.approx(jobs["cpu_s"].sum())
    times = scaling[scaling["part"] == "simulated"].set_index("cores")["wall_s"]
    assert times[1] == pytest.approx(jobs["wall_s"].sum())
    assert times.is_monotonic_decreasing
    assert times[16] >= jobs["wall_s"].max()
    assert scaling.loc[scaling["part"] == "measured", "cores"].item() == 2
