"""Shared by all tests: TensorFlow with one thread, and the finished workflow."""

import pytest

from failures.jobs import configure_tensorflow

configure_tensorflow(threads=1)

from project import Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The project with everything made, at the tests' scale."""
    project = Project.copied_to(tmp_path_factory.mktemp("finished"))
    project.run()
    return project
