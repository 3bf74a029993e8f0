"""A private Slurm cluster, and a run that tests disturb."""

import pytest
import slurm
from victim import TARGET, Victim


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    try:
        slurm.install()
        cluster = slurm.Cluster(tmp_path_factory.mktemp("slurm"))
    except slurm.Unavailable as error:
        pytest.skip(str(error))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """Artifacts of the victim's run on this machine, without a cluster."""
    project = Victim.copied_to(tmp_path_factory.mktemp("undisturbed"))
    project.run(TARGET, overlay="victim.yaml")
    return project.artifacts()


@pytest.fixture
def victim(tmp_path):
    return Victim.copied_to(tmp_path)
