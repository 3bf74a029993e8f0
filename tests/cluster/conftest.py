"""A private Slurm cluster, and a run that tests disturb."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from cluster import gridengine, slurm
from cluster.daemons import Unavailable
from cluster.faults import TOGETHER, on_a_card
from cluster.victim import TARGET, Victim


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    try:
        slurm.install()
        # Of what tests run at the same time these take longest: they go first, with all that they start.
        with suppress(PermissionError):
            os.nice(-5)
        cluster = slurm.Cluster(tmp_path_factory.mktemp("slurm"), tmp_path_factory.getbasetemp())
    except Unavailable as error:
        pytest.skip(str(error))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def cell(tmp_path_factory):
    """A private Grid Engine cell."""
    try:
        gridengine.install()
        cell = gridengine.Cell(tmp_path_factory.mktemp("gridengine"), tmp_path_factory.getbasetemp())
    except Unavailable as error:
        pytest.skip(str(error))
    yield cell
    cell.stop()


@pytest.fixture(scope="session")
def undisturbed(shared):
    """Artifacts of the victim's run on this machine, without a cluster."""

    def complete(project):
        Victim(project.folder).run(TARGET, overlay="victim.yaml")

    return shared("undisturbed", complete).artifacts()


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
