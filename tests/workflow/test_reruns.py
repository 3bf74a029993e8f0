"""What reruns after an edit: exactly the rules that depend on what was edited."""

import queue
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import reduce

import pytest

from failures.config.layers import merge
from project import Project
from reruns import EDITS, OVERLAYS, with_claims


@pytest.fixture(scope="module")
def plans(recorded, tmp_path_factory):
    """Plans after each edit and with each overlay, computed in two copies of the project at once.

    All edits and overlays that should rerun nothing share one plan, which must be empty.
    """
    copies = queue.Queue()
    for name in ("left", "right"):
        folder = tmp_path_factory.mktemp(name) / "project"
        shutil.copytree(recorded.folder, folder)
        copies.put(Project(folder))

    def plan(changes):
        project = copies.get()
        try:
            with edited(project, [EDITS[what][:2] for what in changes if what in EDITS]):
                overlay = reduce(merge, [OVERLAYS[what][0] for what in changes if what in OVERLAYS], {})
                return project.plan(overlay=project.overlay("mine.yaml", overlay))
        finally:
            copies.put(project)

    expected = {what: case[-1] for what, case in (EDITS | OVERLAYS).items()}
    nothing = [what for what, rules in expected.items() if not rules]
    trials = [nothing, *([what] for what, rules in expected.items() if rules)]
    with ThreadPoolExecutor(2) as pool:
        planned = pool.map(plan, trials)
        return {what: rules for trial, rules in zip(trials, planned, strict=True) for what in trial}


@contextmanager
def edited(project, edits):
    """Edit files, and restore them."""
    before = {name: (project.folder / name).read_bytes() for name, _ in edits}
    try:
        for name, change in edits:
            project.edit(name, change)
        yield
    finally:
        for name, content in before.items():
            (project.folder / name).write_bytes(content)


def test_nothing_runs_without_an_edit(recorded):
    assert recorded.plan() == {}


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_reruns_what_depends_on_it(plans, what):
    assert plans[what] == with_claims(EDITS[what][-1])


@pytest.mark.parametrize("what", OVERLAYS)
def test_an_overlay_reruns_what_uses_its_values(plans, what):
    assert plans[what] == with_claims(OVERLAYS[what][-1])


def test_a_link_to_the_project_reruns_nothing(recorded, tmp_path):
    (tmp_path / "link").symlink_to(recorded.folder)
    assert recorded.plan(f"--snakefile={tmp_path}/link/Snakefile") == {}
