"""CONTRIBUTING's recipe, followed: one folder, one rules file and one block of configuration make a family."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from project import Project

pytestmark = pytest.mark.slow
TOY = Path(__file__).parent / "spirals"


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the project with the family of `tests/workflow/spirals`, and nothing else changed."""
    project = Project.copied_to(tmp_path_factory.mktemp("extended"))
    shutil.copytree(TOY / "spirals", project.folder / "workflow/failures/families/spirals")
    shutil.copy(TOY / "spirals.smk", project.folder / "workflow/rules")
    project.edit("config.yaml", lambda text: text + (TOY / "spirals.yaml").read_text())
    return project


def test_a_new_family_runs(extended):
    extended.run("spirals")
    results = extended.results
    assert {path.name for path in (results / "figures").iterdir()} == {
        f"spiral_accuracy.{suffix}" for suffix in ("pdf", "svg", "png")
    }
    table = pd.read_csv(results / "tables/spiral_accuracy.csv")
    assert table["n_replicates"].eq(2).all()
    assert table["accuracy_median"].iloc[-1] > 0.8


def test_it_is_part_of_everything_and_changes_no_other_family(extended):
    plan = extended.plan()
    assert "fig1" in plan
    assert not [rule for rule in plan if rule.startswith("spiral")]


def test_its_configuration_is_checked(extended):
    overlay = extended.overlay("config/wrong.yaml", lambda block: block.update(spirals={"turns": 1}))
    done = extended.run("--dry-run", overlay=overlay, check=False)
    assert done.returncode != 0
    assert "config: spirals.turns: unknown key" in done.stdout + done.stderr


def test_a_new_learner_trains_alone(extended):
    """Run after the whole family is made: a second learner adds its own job and redraws the figure."""

    def add(block):
        block["spirals"] = {
            "learners": {"tanh": {"width": 8, "activation": "tanh"}},
            "spiral_accuracy": {"learners": ["relu", "tanh"]},
        }

    plan = extended.plan("spiral_accuracy", overlay=extended.overlay("config/tanh.yaml", add))
    assert plan == {"spirals_train": 1, "spiral_accuracy_table": 1, "spiral_accuracy": 1}
