"""Shared by all tests: TensorFlow with one thread, projects with results, marks, and what may run at the same time."""

import fcntl
import os

import pytest
from xdist.scheduler import LoadScopeScheduling

from failures.engine.tensorflow_setup import configure_tensorflow

configure_tensorflow(threads=1)
# The words of `make test WORKERS=2` are not those of the `make` that a test starts.
for name in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES"):
    os.environ.pop(name, None)

from project import SMALL, Project

# Every test that uses one of these fixtures has this mark.
MARKS = {"finished": "slow", "cluster": "cluster", "cell": "cluster", "browser": "browser"}
# Modules that share the folder of one project, or the long run of test_chaos, run one after the other.
GROUPS = {
    "recorded": ("test_reruns", "test_bad_input", "test_targets", "test_profiles", "test_any_config", "test_launch"),
    "finished": ("test_page", "test_costs_target", "test_tutorial", "test_workflow", "test_notebook"),
    # xdist gives a process its next tests before its last one ends. The tests that wait for test_chaos must be short.
    "chaos": ("test_chaos", "test_machines"),
    # The private cell needs none of the private Slurm.
    "gridengine": ("test_gridengine", "test_daemons"),
}
GROUP_OF = {module: group for group, modules in GROUPS.items() for module in modules}


class Groups(LoadScopeScheduling):
    """Runs tests that share something in one process: the private cluster, a project, or a module's fixtures."""

    def _split_scope(self, nodeid):
        *folders, module = nodeid.split("::")[0].removesuffix(".py").split("/")
        return GROUP_OF.get(module, "cluster" if folders[-1:] == ["cluster"] else f"{folders}/{module}")


def pytest_xdist_make_scheduler(config, log):
    """Use the groups for `pytest -n 2`."""
    return Groups(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark tests by their fixtures, before `-m` selects. The quick tests of workflows take longest and go first."""
    for item in items:
        for fixture, mark in MARKS.items():
            if fixture in item.fixturenames:
                item.add_marker(mark)
    slow = ("slow", "cluster", "browser", "chaos")
    items.sort(key=lambda item: item.path.parent.name != "workflow" or any(map(item.get_closest_marker, slow)))


@pytest.fixture(scope="session")
def shared(tmp_path_factory, request):
    """Return a function that copies the project and completes the copy, once for all processes of tests."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if hasattr(request.config, "workerinput") else base

    def project(name, complete, targets=()):
        folder = base / name
        with open(folder.with_suffix(".lock"), "a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.seek(0)
            if lock.read():
                return Project(folder, targets)
            folder.mkdir(exist_ok=True)
            copy = Project.copied_to(folder, targets)
            complete(copy)
            lock.write("complete")
            return copy

    return project


@pytest.fixture(scope="session")
def finished(shared):
    """The project after a run of the whole workflow."""
    return shared("finished", Project.make)


@pytest.fixture(scope="session")
def small(shared):
    """The project after a run of a few figures."""
    return shared("small", Project.make, SMALL)


@pytest.fixture(scope="session")
def recorded(shared):
    """The project with empty outputs that Snakemake takes for those of a finished run; for dry runs."""
    return shared("recorded", Project.record)


@pytest.fixture(params=["small", pytest.param("finished", marks=pytest.mark.slow)])
def made(request):
    """The project after a run: of a few figures, and of the whole workflow."""
    return request.getfixturevalue(request.param)
