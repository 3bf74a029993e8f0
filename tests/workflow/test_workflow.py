"""The workflow from the command line: targets, resuming, other folders, bad input."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from failures.commands.columns import section_of, sections
from failures.commands.status import jobs, render
from failures.families.parity.problem import cube, parse_target
from failures.packages import families
from failures.reporting.captions import figure_caption
from project import ROOT

FIGURES = sorted(path.stem for path in (ROOT / "workflow/failures").glob("*/*/figures/*.py") if path.stem != "__init__")
RUN = "runs/parity/d5/relu/seeds_0-9"


def test_everything_is_made(finished):
    made = set(finished.artifacts())
    for name in FIGURES:
        assert {f"tables/{name}.csv", *(f"figures/{name}.{suffix}" for suffix in ("pdf", "svg", "png"))} <= made
    assert {f"{RUN}/history.parquet", f"{RUN}/runs.csv", f"{RUN}/models/seed_0.keras"} <= made
    assert not list((finished.folder / "results/test/checkpoints").rglob("*.npz"))


@pytest.mark.parametrize("name", FIGURES)
def test_every_caption_shows_the_numbers_of_the_run(finished, name):
    (path,) = (ROOT / "workflow/failures").glob(f"*/*/figures/{name}.rst")
    caption = figure_caption(path, [str(finished.folder / f"results/test/tables/{name}.csv")])
    assert not re.search(r"\bnan\b|\bNone\b|(?<![\w)])\?", caption.markdown)


def test_a_history_is_what_the_configuration_asked_for(finished):
    history = pd.read_parquet(finished.folder / "results/test" / RUN / "history.parquet")
    assert history.columns.tolist() == ["problem", "learner", "trial", "seed", "step", "metric", "value"]
    assert history["seed"].unique().tolist() == [0, 1]
    assert history["step"].unique().tolist() == [*range(0, 20_000, 200), 19_999]
    assert set(history["metric"]) == {"accuracy", "loss"}


def test_saved_models_give_the_accuracy_of_the_table(finished):
    """Instances, histories and models belong together: recompute an exact accuracy from the saved model."""
    folder = finished.folder / "results/test/runs/parity/d5_sizes_signed/relu/seeds_0-9"
    runs = pd.read_csv(folder / "runs.csv", dtype={"target": str})
    assert len(runs) == 6
    for run in runs.itertuples():
        model = keras.models.load_model(folder / f"models/{run.trial}.keras", safe_mode=True)
        assert type(model).__module__.startswith("keras."), "a plain Keras model"
        bits = cube(3)
        labels = (-1.0) ** (bits @ parse_target(run.target))
        scores = model.predict((1 - 2 * bits).astype("float32"), verbose=0)[:, 0]
        assert run.final_accuracy == pytest.approx(np.mean(labels * scores > 0))


def test_every_artifact_is_free_of_this_machine(finished):
    secrets = (str(finished.folder).encode(), str(ROOT).encode(), str(Path.home()).encode() + b"/")
    for name, content in finished.artifacts().items():
        assert not any(secret in content for secret in secrets), name


def test_a_job_needs_less_memory_than_it_may(finished):
    records = pd.read_json(finished.folder / f"results/test/benchmarks/{RUN}.jsonl", lines=True)
    assert 0 < records["max_rss"].max() < 1200


def test_targets_read_well(finished):
    listed = finished.run("--list-target-rules").stdout.split()
    tables = [f"{name}_table" for name in FIGURES]
    others = {"portfolio_moments", "lines_pool", "lines_accuracy", "lines_depth_signal", "lines_fooling"}
    costs = {"costs", "costs_table", "costs_rules_table", "costs_scaling_table", "page"}
    assert set(listed) == {"all", *families(), "comparisons", "claims", *FIGURES, *tables, *others, *costs}
    assert finished.plan("fig1", "--forceall").keys() == {"parity_instances", "parity_train", "fig1_table", "fig1"}
    assert finished.plan("results/test/figures/parity_size.pdf", "--force") == {"parity_size": 1}


@pytest.mark.parametrize(
    "overlay", ["config/test.yaml config/paper.yaml", "config.yaml config/test.yaml config/paper.yaml"]
)
def test_the_text_has_results_of_its_own(finished, overlay):
    output = finished.run("--dry-run", "--quiet=progress", overlay=overlay).stdout
    made = set(re.findall(r"results/\S+?/figures/fig1\.pdf", output))
    assert made == {"results/test/paper/figures/fig1.pdf"}
    assert finished.plan(overlay=overlay)["parity_train"] == 14


def test_status_counts_what_is_left(finished):
    summary = finished.run("--summary").stdout
    table = jobs(pd.read_csv(pd.io.common.StringIO(summary), sep="\t"))
    assert len(table) == 131
    assert table["done"].all()
    assert render(table).splitlines()[-1].split() == ["total", "131", "0", "0:00:00"]


def test_killed_in_another_folder_on_one_core_it_ends_with_the_same_bytes(finished, tmp_path):
    """SIGKILL to the whole process group at random moments of the training, resumed each time."""
    command = finished.command(f"results/test/{RUN}/history.parquet", cores=1, directory=tmp_path)
    checkpoints = tmp_path / "results/test/checkpoints/parity/d5/relu/seeds_0-9"
    rng = random.Random(1)
    done = [0]
    for _ in range(2):
        process = subprocess.Popen(command, cwd=finished.folder, start_new_session=True, stderr=subprocess.DEVNULL)
        while process.poll() is None and _evaluations(checkpoints) <= done[-1]:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.2))
        assert process.poll() is None, "the run ended before it could be killed"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        done.append(_evaluations(checkpoints))
        shutil.rmtree(tmp_path / ".snakemake/locks")  # what `snakemake --unlock` does, without its start-up
    assert done == sorted(set(done)), "every run went on where the one before was killed"
    subprocess.run(command, cwd=finished.folder, check=True, capture_output=True)
    expected = {name: content for name, content in finished.artifacts().items() if name.startswith(RUN)}
    assert len(expected) == 4
    for name, content in expected.items():
        assert (tmp_path / "results/test" / name).read_bytes() == content, name


def test_tables_and_figures_have_the_same_bytes_again(finished):
    before = finished.artifacts()
    finished.run("--forcerun=fig1_table", "--forcerun=parity_size_table", cores=1)
    assert finished.artifacts() == before


def _evaluations(folder):
    """Evaluations that the checkpoints in a folder hold."""
    total = 0
    for path in folder.glob("[!.]*.npz"):
        with np.load(path) as saved:
            total += len(saved["evaluations"])
    return total


def test_a_path_with_a_space_is_refused_with_one_line(tmp_path):
    folder = tmp_path / "a space"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    done = subprocess.run(["make", "help"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1
    assert "contains white space, so Snakemake cannot run its scripts" in done.stderr
    for name in ("Snakefile", "config.yaml", "workflow"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, folder / name)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "-n"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "contains white space, so Snakemake cannot run its scripts" in done.stderr.splitlines()[-1]


def test_the_columns_of_every_artifact_are_those_described(finished):
    results, made, described = finished.folder / "results/test", {}, {}
    for path in sorted([*results.rglob("*.csv"), *results.rglob("*.parquet")]):
        name = str(path.relative_to(results))
        section = section_of(name)
        columns = set((pd.read_csv if path.suffix == ".csv" else pd.read_parquet)(path).columns)
        names = set(section.names)
        if path.name == "runs.csv":
            folder, metrics = path.parent, pd.read_parquet(path.with_name("history.parquet"))["metric"].unique()
            instances = results / "instances" / folder.relative_to(results / "runs").parents[1] / f"{folder.name}.csv"
            names = names - {"final_METRIC"} | {f"final_{metric}" for metric in metrics}
            names |= set(pd.read_csv(instances).columns)
            assert columns == names, name
            columns = names = set(section.names)
        assert columns <= names, name
        described[section.subject] = names
        made.setdefault(section.subject, set()).update(columns)
    assert made == described
    costs = {"tables/costs.csv", "tables/costs_rules.csv", "tables/costs_scaling.csv"}
    assert {section.subject for section in sections() if section.kind == "Columns"} - costs <= made.keys()
