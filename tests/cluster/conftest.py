"""A private Slurm cluster, and a run that tests disturb."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from cluster import slurm
from cluster.faults import TOGETHER, on_a_card
from cluster.victim import TARGET, Victim


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    try:
        slurm.install()
        # Of what tests run at the same time these take longest: they go first, with all that they start.
        with suppress(PermissionError):
            os.nice(-5)
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


@pytest.fixture(scope="session")
def together(cluster, undisturbed, tmp_path_factory):
    """Artifacts that runs with the faults TOGETHER, and one on a card, end with; most of their time is waiting."""

    def suffer(fault, folder):
        victim = Victim.copied_to(folder)
        fault(cluster, victim)
        return victim.artifacts()

    disturbed = [*TOGETHER, on_a_card]
    pool = ThreadPoolExecutor(len(disturbed))
    yield {fault: pool.submit(suffer, fault, tmp_path_factory.mktemp(fault.__name__)) for fault in disturbed}
    pool.shutdown()
