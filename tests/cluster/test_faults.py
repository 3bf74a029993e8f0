"""What can happen to a job on a cluster: each time the run ends with the bytes of an undisturbed one, by itself."""

import pytest

from cluster.faults import TOGETHER, running


@pytest.mark.parametrize("fault", TOGETHER)
def test_a_job_that_fails_is_submitted_again_and_goes_on(together, undisturbed, fault):
    assert together[fault].result() == undisturbed


def test_a_drained_node_ends_its_job_and_gets_no_other(cluster, victim, undisturbed):
    victim.start(profile="slurm")
    node = cluster.node(running(cluster, victim))
    cluster.slurm("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    victim.finish()
    cluster.slurm("scontrol", "update", f"nodename={node}", "state=resume")
    cluster.wait_until_idle()
    assert "Trying to restart" not in victim.output()
    assert victim.artifacts() == undisturbed


@pytest.mark.parametrize("profile", ["slurm", "generic-cluster"])
def test_a_node_that_dies_takes_no_run_with_it(cluster, victim, undisturbed, profile):
    victim.start(profile=profile)
    node = cluster.node(running(cluster, victim))
    cluster.kill(node)
    victim.finish()
    cluster.start("slurmd", "-N", node)
    cluster.wait_until_idle()
    assert victim.artifacts() == undisturbed
