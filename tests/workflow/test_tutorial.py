"""docs/tutorial.md does what it says; section 6 is in test_module.py."""

import re
import shutil

import pandas as pd
import pytest

from project import RESULTS, ROOT, Project
from tutorial import SMALL, blocks, follow, run, words, write_files


@pytest.fixture
def project(finished, tmp_path):
    """A finished copy of the project, with an overlay that keeps the training of fig1 short."""
    copy = Project(tmp_path / "failures")
    shutil.copytree(finished.folder, copy.folder)
    copy.overlay(SMALL, {"parity": {"experiments": {"fig1": {"problems": ["d10"]}}}})
    return copy


def followed(part, project):
    """What the blocks of a part print; every word that the tutorial shows of it must be there."""
    done = follow(part, project.folder)
    assert done
    for block, printed in done:
        missing = words(block.shown or "") - words(printed)
        assert not missing, f"{block.text}\nprints no {missing}:\n{printed}"
    return [printed for _, printed in done]


def test_every_part_is_known():
    assert list(dict.fromkeys(block.part for block in blocks())) == [
        *("first", "change", "tables", "model", "learner", "module", "library")
    ]
    text = (ROOT / "docs/tutorial.md").read_text()
    assert len(re.findall(r"^<!-- \w+.* -->$", text, re.M)) == len(blocks()), "a comment is followed by a block"
    for target in re.findall(r"\]\(([^):]+)\)", text):
        assert (ROOT / "docs" / target).exists(), target


def test_1_a_first_figure(project):
    (project.results / "figures/fig1.pdf").unlink()
    (shown,) = re.findall(r"^Job stats:.*?^total +8$", (ROOT / "docs/tutorial.md").read_text(), re.M | re.S)
    assert counts(shown).keys() == project.plan("fig1", "--forceall", overlay=SMALL, cores=1).keys()
    made, _, again = followed("first", project)
    assert re.search(r"^(\d) of \1 steps \(100%\) done$", made, re.M)
    assert (project.results / "figures/fig1.pdf").is_file()
    assert "Nothing to be done" in again


def test_2_one_number(project):
    plan, _, compared = followed("change", project)
    assert re.search(r"before: .*'learning_rate': 0.01\b.* now: .*'learning_rate': 0.03\b", plan)
    assert counts(plan) == {"parity_train": 1, "fig1_table": 1, "fig1": 1}
    assert f"{RESULTS}/tables/fig1.csv" in compared
    before, after = (pd.read_csv(project.folder / name) for name in ("before.csv", f"{RESULTS}/tables/fig1.csv"))
    curves = [
        table.query("n_features == 10 and part == 'curve'")["accuracy_median"].tolist() for table in (before, after)
    ]
    assert curves[0] != curves[1]


def test_3_a_table(project):
    table, history = followed("tables", project)
    assert table.split()[:2] == ["n_features", "step"]
    assert re.search(r"^0 .*\d$", history, re.M)


def test_4_a_model(project):
    (printed,) = followed("model", project)
    exact, table = re.findall(r"accuracy .* ([.\d]+)", printed)
    assert float(exact) == float(table) == 1.0


def test_5_a_learner(project):
    plan, _, table = followed("learner", project)
    assert counts(plan) == {"parity_train": 1, "my_tanh_table": 1, "my_tanh": 1}
    assert "learner=tanh_deep" in plan
    assert "learner=relu" not in plan
    assert re.search(r"^tanh_deep +[.\d]+$", table, re.M)


def test_7_without_snakemake(project):
    training, drawing = write_files("library", project.folder)
    printed = run(training, project.folder)
    assert not words(training.shown) - words(printed)
    assert printed.splitlines()[-1] == "the workflow's accuracies again: True"
    run(drawing, project.folder)
    assert (project.folder / "fig1.png").stat().st_size > 10_000


def counts(output):
    """Jobs by rule, of the last plan in what Snakemake printed."""
    table = re.findall(r"^job +count\n[- ]+\n(.*?)^total", output, re.M | re.S)[-1]
    return {rule: int(count) for rule, count in (line.split() for line in table.splitlines())}
