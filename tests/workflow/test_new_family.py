"""CONTRIBUTING's recipe, followed: a folder, a rules file and a configuration file make a family."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from project import Project

pytestmark = pytest.mark.slow
TOY = Path(__file__).parent / "spirals"
# Block of the family in the files of the reduced scales.
SIZES = "spirals: {experiments: {spiral_accuracy: {problems: {one_turn: {n_steps: 1000}}}}}\n"


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the project with the family of `tests/workflow/spirals`, and nothing else changed."""
    project = Project.copied_to(tmp_path_factory.mktemp("extended"))
    shutil.copytree(TOY / "spirals", project.folder / "workflow/failures/families/spirals")
    shutil.copy(TOY / "spirals.smk", project.folder / "workflow/rules")
    shutil.copy(TOY / "spirals.yaml", project.folder / "config/families")
    for scale in ("preview", "test"):
        project.edit(f"config/scales/{scale}.yaml", lambda text: text + SIZES)
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
    overlay = extended.overlay("wrong.yaml", {"spirals": {"turns": 1}})
    done = extended.run("--dry-run", overlay=overlay, check=False)
    assert done.returncode != 0
    assert "config: spirals.turns: unknown key" in done.stdout + done.stderr


def test_a_new_learner_trains_alone(extended):
    """Runs after the whole family is made: a second learner adds its own job and redraws the figure."""
    selected = {"spiral_accuracy": {"learners": ["relu", "tanh"]}}
    block = {"learners": {"tanh": {"width": 8, "activation": "tanh"}}, "experiments": selected}
    plan = extended.plan("spiral_accuracy", overlay=extended.overlay("mine.yaml", {"spirals": block}))
    assert plan == {"spirals_train": 1, "spiral_accuracy_table": 1, "spiral_accuracy": 1}


def test_an_experiment_of_the_users_own_is_drawn_beside_it(extended):
    overlay = extended.overlay("mine.yaml", {"spirals": {"experiments": {"mine": {"like": "spiral_accuracy"}}}})
    plan = extended.plan("spiral_accuracy", "mine", overlay=overlay)
    assert plan == {"mine_table": 1, "mine": 1}
