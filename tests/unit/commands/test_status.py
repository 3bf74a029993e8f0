import json

import pandas as pd

from failures.commands.status import jobs, render


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
    lines = render(table).splitlines()
    assert lines[-1].split()[:5] == ["total", "1", "4", "117", "s"]
    assert lines[-1].endswith("(excludes jobs of unknown duration: 1)")
