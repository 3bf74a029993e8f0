"""Results of a run: complete, documented, reproducible byte by byte, and resumed after a kill."""

import os
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from failures.commands.columns import section_of, sections
from failures.families.parity.problem import cube, parse_target
from failures.reporting.captions import figure_caption
from project import RESULTS, ROOT

FIGURES = {
    path.stem: path for path in sorted((ROOT / "workflow/failures").glob("*/*/figures/*.py")) if path.stem != "__init__"
}
RUN = "runs/parity/d5/relu/seeds_0-9"


def figures(project):
    """Return the names of the figures that a project has made."""
    return [name for name in FIGURES if not project.targets or name in project.targets]


def test_everything_is_made(made):
    artifacts = set(made.artifacts())
    for name in figures(made):
        assert {f"tables/{name}.csv", *(f"figures/{name}.{suffix}" for suffix in ("pdf", "svg", "png"))} <= artifacts
    assert {f"{RUN}/history.parquet", f"{RUN}/runs.csv", f"{RUN}/models/seed_0.keras"} <= artifacts
    assert not list((made.results / "checkpoints").rglob("*.npz"))


def test_a_second_run_does_nothing(made):
    before = made.artifacts()
    done = made.make()
    assert "Nothing to be done" in done.stdout + done.stderr
    assert made.artifacts() == before


def test_every_caption_shows_the_numbers_of_the_run(made):
    for name in figures(made):
        path = FIGURES[name].with_suffix(".rst")
        caption = figure_caption(path, [str(made.results / f"tables/{name}.csv")]).markdown
        assert not re.search(r"\bnan\b|\bNone\b|(?<![\w)])\?", caption), name


def test_a_history_is_what_the_configuration_asked_for(made):
    history = pd.read_parquet(made.results / RUN / "history.parquet")
    assert history.columns.tolist() == ["problem", "learner", "trial", "seed", "step", "metric", "value"]
    assert history["seed"].unique().tolist() == [0, 1]
    assert history["step"].unique().tolist() == [*range(0, 20_000, 200), 19_999]
    assert set(history["metric"]) == {"accuracy", "loss"}


def test_saved_models_give_the_accuracy_of_the_table(finished):
    """Instances, histories and models belong together: recompute an exact accuracy from the saved model."""
    folder = finished.results / "runs/parity/d5_sizes_signed/relu/seeds_0-9"
    runs = pd.read_csv(folder / "runs.csv", dtype={"target": str})
    assert len(runs) == 6
    for run in runs.itertuples():
        model = keras.models.load_model(folder / f"models/{run.trial}.keras", safe_mode=True)
        assert type(model).__module__.startswith("keras."), "a plain Keras model"
        bits = cube(3)
        labels = (-1.0) ** (bits @ parse_target(run.target))
        scores = model.predict((1 - 2 * bits).astype("float32"), verbose=0)[:, 0]
        assert run.final_accuracy == pytest.approx(np.mean(labels * scores > 0))


def test_every_artifact_is_free_of_this_machine(made):
    secrets = (str(made.folder).encode(), str(ROOT).encode(), str(Path.home()).encode() + b"/")
    for name, content in made.artifacts().items():
        assert not any(secret in content for secret in secrets), name


def test_a_job_needs_less_memory_than_it_may(made):
    records = pd.read_json(made.results / f"benchmarks/{RUN}.jsonl", lines=True)
    assert 0 < records["max_rss"].max() < 1200


def test_killed_in_another_folder_on_one_core_it_ends_with_the_same_bytes(finished, tmp_path):
    """SIGKILL to the whole process group at random moments of the training, resumed each time."""
    command = finished.command(f"{RESULTS}/{RUN}/history.parquet", cores=1, directory=tmp_path)
    checkpoints = tmp_path / RESULTS / "checkpoints/parity/d5/relu/seeds_0-9"
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
        assert (tmp_path / RESULTS / name).read_bytes() == content, name


@pytest.mark.parametrize("table", ["fig1_table", pytest.param("parity_size_table", marks=pytest.mark.slow)])
def test_tables_and_figures_have_the_same_bytes_again(request, table):
    project = request.getfixturevalue("small" if table == "fig1_table" else "finished")
    before = project.artifacts()
    done = project.run(f"--forcerun={table}", *project.targets, cores=1)
    assert re.search(rf"^{table} +1$", done.stdout + done.stderr, re.M)
    assert project.artifacts() == before


def _evaluations(folder):
    """Evaluations that the checkpoints in a folder hold."""
    total = 0
    for path in folder.glob("[!.]*.npz"):
        with np.load(path) as saved:
            total += len(saved["evaluations"])
    return total


def test_the_columns_of_every_artifact_are_those_described(finished):
    results, made, described = finished.results, {}, {}
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
