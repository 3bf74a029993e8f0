"""The page of `make bench`: medians, ratios and targets."""

import json

import pytest

from benchmarks import report, targets
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


def test_rates_are_medians_and_ratios_the_engines(raw):
    page = report.render(raw, "## Notes\n\nWhy.\n")
    assert "| `parity_d5` | 8,000 | 2,000 (4.00x) | - | - | 16,000 (0.50x) |" in page
    assert "- PyTorch: eager mode; convolutions in the channels-last layout (not installed: `make peers`)" in page
    assert "Machine: abacus, 2 cores.\nVersions: Keras 3.\n" in page
    assert page.endswith("Why.\n")


def test_verdicts_follow_from_the_numbers(raw):
    found = {target: (shown, met) for target, shown, met in targets.verdicts(raw)}
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
    """Targets of the notes end the table and count like the others; what is not measured does not count."""
    rows = "| full run: under 2 h | 1:44 h | yes |\n| memory: under 1 GB | 2 GB | **no** |\n"
    page = report.render(raw, f"| target | measured | met |\n| --- | --- | --- |\n{rows}\n## Notes\n\n| a | b |\n")
    opening, table = page.split("## Targets")
    assert "The engine trains 1.8 to 5 times as fast as the authors' style." in opening
    assert f"{table.split('## Training')[0].count('| yes |')} of 15 measured targets are met." in opening
    assert "These targets are not met:\n\n- *training, if" in opening
    assert opening.count(" Measured: ") == 4
    assert "\n- *memory: under 1 GB*. Measured: 2 GB.\n" in opening
    assert "The last 2 targets come from the last section" in table
    assert "| workflow, dry run: under 1 GB | 0.20 GB | yes |\n| full run: under 2 h | 1:44 h | yes |\n" in table
    assert page.endswith("\n\n## Notes\n\n| a | b |\n")


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
