"""The page of `make bench`: medians, ratios and targets."""

import json

import pandas as pd
import pytest

from benchmarks import machine, report, runs, targets
from benchmarks.__main__ import main
from project import ROOT


def cells(**rates):
    """Contenders whose median rate over three rounds is given; None: not installed."""
    return {
        name: None if rate is None else {"seconds": 1.0, "rates": [rate, rate / 2, rate * 3]}
        for name, rate in rates.items()
    }


@pytest.fixture
def raw():
    """Invented measurements."""
    rows = {
        "parity_d5": cells(engine=8000.0, authors=2000.0, pytorch=None, jax_scan=16000.0),
        "steps_end_to_end": cells(engine=900.0, authors=500.0, pytorch=None, jax_scan=300.0),
        "lines_k4": cells(engine=10.0, authors=2.0, pytorch=2.5, jax_scan=1.0),
    }
    training = {
        name: {"threads": 1, "batch": 200, "tuple_length": None, "contenders": row} for name, row in rows.items()
    }
    training["lines_k4"]["tuple_length"] = 4
    return {
        "machine": {"processor": "abacus", "cores": "2", "Keras": "3"},
        "training": training,
        "peak": {"1": 50.0},
        "generators": {"rates": {"loop": [10.0], "code": [500.0], "paper": [450.0]}},
        "signal": {"cpu": 30.0, "n_tuples": 500, "tuple_lengths": [1, 2]},
        "workflow": {
            name: {"seconds": [seconds] * 3, "memory": 2e8, "jobs": 1}
            for name, seconds in (("no-op", 2.0), ("figure", 7.0), ("plan", 20.0))
        },
    }


def judged(raw):
    """What was measured, and whether it meets the target, by target."""
    return {target: (shown, met) for target, shown, met in targets.verdicts(raw)}


def test_the_versions_are_those_of_the_lock():
    described = machine.describe()
    for title in machine.PACKAGES:
        assert described[title][0].isdigit(), title


def test_rates_are_medians_and_ratios_the_engines(raw):
    page = report.render(raw, "## Notes\n\nWhy.\n")
    assert "| `parity_d5` | 8,000 | 2,000 (4.00x) | - | - | 16,000 (0.50x) |" in page
    assert "- PyTorch: eager mode; convolutions in the channels-last layout (not installed: `make peers`)" in page
    assert "Machine: abacus, 2 cores.\nVersions: Keras 3.\n" in page
    assert page.endswith("Why.\n")


def test_verdicts_follow_from_the_numbers(raw):
    found = judged(raw)
    fast = "training, if a step of the authors' style takes under 1 ms: at least 4x the speed of that style"
    assert found[fast] == ("lowest 4.00x (`parity_d5`)", True)
    slow = "training, if a step of the authors' style takes 1 ms or more: at least 2x the speed of that style"
    assert found[slow] == ("lowest 1.80x (`steps_end_to_end`); below the target: 1 of 2 rows", False)
    peers = ("lowest 0.50x (`parity_d5`); below the target: 1 of 3 rows", False)
    assert found["training, every row: at least 0.8x the speed of PyTorch or JAX, whichever is faster"] == peers
    most = "training, more than half of the rows: at least as fast as both PyTorch and JAX"
    assert found[most] == ("2 of 3 rows", True)
    assert found["generator of lines: at least 40x the speed of the loop in the authors' scripts"] == ("45x", True)
    signal = "signal-to-noise ratio: under 15 min of CPU time for 20 sets of initial weights"
    assert found[signal] == ("10.0 min", True)
    assert found["workflow, one figure: under 6 s"] == ("7.0 s", False)


def test_the_page_opens_with_the_answer(raw):
    """What is not measured does not count."""
    page = report.render(raw, "## Notes\n\n| a | b |\n")
    opening, table = page.split("## Targets")
    assert "The engine trains 1.8 to 5 times as fast as the authors' style." in opening
    assert f"{table.split('## Training')[0].count('| yes |')} of 15 measured targets are met." in opening
    assert "These targets are not met:\n\n- *training" in opening
    assert opening.count(" Measured: ") == 4
    assert "| full run, two cores: at most 1:45 h | - | not measured |\n" in table
    assert page.endswith("\n\n## Notes\n\n| a | b |\n")


def test_an_earlier_build_is_compared_by_medians(raw):
    raw["earlier"] = {
        "commit": "1731150",
        "rates": {
            "lines_k3": {"now": [13.0, 14.0, 50.0], "earlier": [10.0, 9.0, 30.0]},
            "lines_k4": {"now": [6.0, 6.0, 6.0], "earlier": [5.0, 5.0, 5.0]},
        },
        "signal": {"now": [20.0], "earlier": [30.0]},
        "jobs": {"now": [1.0, 2.0], "earlier": [4.0, 4.0]},
    }
    found = judged(raw)
    slow = "lines, k = 3 and 4: at least 1.3x the speed of the earlier build"
    assert found[slow] == ("lowest 1.20x (`lines_k4`); below the target: 1 of 2 rows", False)
    assert found["overhead of a short training job: at most half of the earlier build's CPU time"] == ("0.38x", True)
    signal = "signal-to-noise ratios of `fig5`: at most half of the earlier build's CPU time"
    assert found[signal] == ("0.67x", False)
    page = report.render(raw, "")
    assert "| `lines_k3`, steps per second | 10.0 | 14.0 | 1.40x |" in page
    assert "CPU seconds outside of its steps | 4.00 | 1.50 | 2.67x |" in page


def test_a_run_is_judged_by_its_costs(raw, tmp_path):
    costs(tmp_path / "tables", wall=6301.0)
    costs(tmp_path / "preview/tables", wall=359.0)
    raw["runs"] = runs.measure(tmp_path)
    found = judged(raw)
    assert found["preview, two cores: at most 6 min"] == ("6.0 min", True)
    assert found["full run, two cores: at most 1:45 h"] == ("105.0 min", False)
    assert found["full run: at most 200 min of CPU time"] == ("183.3 min", True)
    assert found["full run, eight cores, simulated: at most 1.2 times the lower bound"] == ("1.18", True)
    assert found["full run: peak memory of a job at most 1.3 GB"] == ("1.31 GB (`lines_train`)", False)
    signal = "full run, signal-to-noise figures: at most half of the 21 min of CPU time of an earlier run"
    assert found[signal] == ("8.3 min", True)
    requests = "full run: each rule requests at least its peak memory, and at most 1.5 times its peak plus 300 MB"
    assert found[requests] == ("not `lines_initial_signal`", False)
    page = report.render(raw, "")
    assert "| full | 8 | 183.3 min | 90 % | 105.0 min | - | 27.0 min | 1.18 |" in page
    assert "| `lines_initial_signal` | 8.3 min | 8.3 min |" in page


def costs(folder, wall):
    """Write the tables of the target `costs` for an invented run of two rules."""
    folder.mkdir(parents=True)
    rules = [
        ("lines_train", 3, 10_500.0, 1250.0, "ok"),
        ("lines_initial_signal", 5, 500.0, 600.0, "much"),
        ("all", 8, 11_000.0, None, None),
    ]
    table = pd.DataFrame(rules, columns=["rule", "n_jobs", "cpu_s", "memory_mb", "memory"])
    table.assign(loop_share=0.9).to_csv(folder / "costs_rules.csv", index=False)
    scaling = [("simulated", 8, 1620.0, 1375.0), ("measured", 2, wall, 5500.0)]
    table = pd.DataFrame(scaling, columns=["part", "cores", "wall_s", "bound_s"])
    table.to_csv(folder / "costs_scaling.csv", index=False)


def test_a_dense_step_is_compared_with_the_engine(raw):
    dense, engine = targets.peak_times(raw)["lines_k4"]
    operations = 200 * (4 * (2 * 627_200 + 3 * (2_508_800 + 78_400 + 10_000 + 200)) + 3 * (800 + 200))
    assert dense == pytest.approx(operations / 50e9 * 1000)
    assert engine == 100.0


def test_nothing_measured_is_no_verdict(raw):
    nothing = {"machine": raw["machine"]}
    assert all(met is None for _, _, met in targets.verdicts(nothing))
    assert "## Training" not in report.render(nothing, "")


def test_the_page_is_written_again_without_measuring(raw, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw.json").write_text(json.dumps(raw))
    main(["--from", "raw.json", "--output", "page.md"])
    assert (tmp_path / "page.md").read_text() == report.render(raw, "")


def test_the_page_shows_the_stored_measurements():
    raw = json.loads((ROOT / "docs/benchmarks.json").read_text())
    notes = (ROOT / "docs/benchmarks_notes.md").read_text()
    assert (ROOT / "docs/benchmarks.md").read_text() == report.render(raw, notes)
