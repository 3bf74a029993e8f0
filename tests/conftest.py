"""Shared by all tests: TensorFlow with one thread, the finished workflow, and what may run at the same time."""

import fcntl
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from failures.engine.tensorflow_setup import configure_tensorflow

configure_tensorflow(threads=1)

from project import Project

# Tests that run something in the folder of the finished workflow, or copy all of it.
IN_FINISHED = ("test_page", "test_costs_target", "test_reruns", "test_tutorial", "test_workflow")

# A process with few tests left gets others, which then wait for the one that it runs: the longest has short ones there.
WITH_CHAOS = ("test_chaos", "test_machines")


class Groups(LoadScopeScheduling):
    """Tests that share something run one after the other: the private cluster, the folder of the finished workflow, a
    module's fixtures."""

    def _split_scope(self, nodeid):
        path = Path(nodeid.split("::")[0])
        if path.parent.name == "cluster":
            return "cluster"
        if path.stem in WITH_CHAOS:
            return "chaos"
        return "finished" if path.stem in IN_FINISHED else str(path)


def pytest_xdist_make_scheduler(config, log):
    """For `pytest -n 2`."""
    return Groups(config, log)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, request):
    """The project with everything made, at the tests' scale; once for all processes of tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "finished"
    with open(folder.with_suffix(".lock"), "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if lock.read():
            return Project(folder)
        folder.mkdir(exist_ok=True)
        project = Project.copied_to(folder)
        project.run()
        lock.write("finished")
        return project
