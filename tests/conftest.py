"""Shared by all tests: TensorFlow with one thread, the finished workflow, and what may run at the same time."""

import fcntl

import pytest

from failures.jobs import configure_tensorflow

configure_tensorflow(threads=1)

from project import ROOT, Project


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Groups of tests that share something, for `pytest -n 2 --dist loadgroup`: the private cluster, the folder of the
    finished workflow, a module's fixtures."""
    for item in items:
        path = item.path.relative_to(ROOT / "tests")
        group = {"cluster": "cluster", "unit": path.stem}.get(path.parts[0], "workflow")
        item.add_marker(pytest.mark.xdist_group(group))


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
