import json

import pandas as pd
import pytest

from failures.commands.status import activity, jobs, render


def test_time_left_comes_from_progress_then_earlier_runs_then_the_rule(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = "results/runs/parity/{}/relu/seeds_0-9"

    def write(path, text):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    for name, seconds in (("d5", 40.0), ("d10", 60.0)):
        write(f"results/benchmarks/runs/parity/{name}/relu/seeds_0-9.jsonl", json.dumps({"s": seconds}) + "\n")
    write("results/logs/runs/parity/d30/relu/seeds_0-9.log", "d30/relu: 1/9 steps (11%), 100 steps/s, 7 s left\n")
    plans = {"d5": "no update", "d10": "update pending", "d30": "update pending", "d50": "update pending"}
    rows = [
        (f"{run.format(name)}/{file}", "parity_train", plan)
        for name, plan in plans.items()
        for file in ("history.parquet", "models")
    ]
    rows.append(("results/tables/fig1.csv", "fig1_table", "update pending"))
    table = jobs(pd.DataFrame(rows, columns=["output_file", "rule", "plan"]))
    training = table[table["rule"] == "parity_train"]
    assert sorted(training["seconds"]) == [0, 7, 50, 60]
    lines = render(table, " (running)").splitlines()
    assert lines[0] == (
        "1 of 5 jobs finished, 4 remaining (running); more than 117 s left on one core: 1 of them have no estimate yet."
    )
    assert lines[-1].split() == ["total", "1", "4", ">", "117", "s"]


@pytest.mark.parametrize(
    ("done", "seconds", "summary", "total"),
    [
        (True, [0.0, 0.0], "2 of 2 jobs finished.", []),
        (False, [None, None], "0 of 2 jobs finished, 2 remaining; no estimate of the time left before", ["?"]),
        (False, [4.0, 8.0], "0 of 2 jobs finished, 2 remaining; about 12 s left on one core.", ["12", "s"]),
    ],
)
def test_an_estimate_is_never_less_than_what_is_known(done, seconds, summary, total):
    table = pd.DataFrame({"rule": ["a", "b"], "done": done, "seconds": pd.Series(seconds, dtype=float)})
    lines = render(table).splitlines()
    assert lines[0].startswith(summary)
    assert lines[-1].split()[3:] == total


def test_status_reports_an_interrupted_run_of_these_results(tmp_path):
    record = tmp_path / ".snakemake/failures/host-1.json"
    record.parent.mkdir(parents=True)
    fields = {"options": [], "folder": "/", "results": "results/preview", "host": "host", "process": 1}
    record.write_text(json.dumps(fields))
    assert activity(tmp_path, "results/preview") == " (interrupted: `make resume` continues)"
    assert activity(tmp_path, "results") == ""
