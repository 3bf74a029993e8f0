"""What can happen to a job on a cluster: each time the run ends with the bytes of an undisturbed one, by itself."""

import os
import signal
import subprocess

import pytest

PROFILES = ["slurm", "generic-cluster"]


def running(cluster, victim):
    """Number of the job that runs, once it does."""
    victim.wait_for(lambda: cluster.queue().get("R"))
    return cluster.queue()["R"][0]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_cancelled_job_is_submitted_again(cluster, victim, undisturbed, profile):
    victim.start(profile=profile)
    cluster.slurm("scancel", running(cluster, victim))
    victim.finish()
    assert "Trying to restart" in victim.output()
    assert victim.artifacts() == undisturbed


def test_a_drained_node_ends_its_job_and_gets_no_other(cluster, victim, undisturbed):
    victim.start(profile="slurm")
    job = running(cluster, victim)
    node = cluster.slurm("squeue", "-h", "-j", job, "-o", "%N").strip()
    cluster.slurm("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    victim.finish()
    cluster.slurm("scontrol", "update", f"nodename={node}", "state=resume")
    cluster.wait_until_idle()
    assert victim.artifacts() == undisturbed


@pytest.mark.parametrize("profile", PROFILES)
def test_a_node_that_dies_takes_no_run_with_it(cluster, victim, undisturbed, profile):
    victim.start(profile=profile)
    job = running(cluster, victim)
    node = cluster.slurm("squeue", "-h", "-j", job, "-o", "%N").strip()
    cluster.kill(node)
    victim.finish()
    cluster.start("slurmd", "-N", node)
    cluster.wait_until_idle()
    assert victim.artifacts() == undisturbed


def test_a_job_over_its_memory_gets_more(cluster, victim, undisturbed):
    memory = "--set-resources=parity_train:mem_mb=400*attempt**2"
    victim.start(memory, profile="slurm")
    victim.finish()
    assert victim.output().count("Trying to restart") == 1
    assert victim.artifacts() == undisturbed


def test_a_job_over_its_time_gets_more(cluster, victim, undisturbed):
    victim.start("--set-resources=parity_train:runtime=attempt**3", profile="slurm")
    job = running(cluster, victim)
    # It runs too short to reach a minute, the least that Slurm counts: stop it for a while.
    for process in cluster.steps("n1") + cluster.steps("n2"):
        os.kill(process, signal.SIGSTOP)
    victim.wait_for(lambda: job not in cluster.queue().get("R", []))
    victim.finish()
    assert "Trying to restart" in victim.output()
    assert victim.artifacts() == undisturbed


@pytest.mark.parametrize("profile", PROFILES)
def test_a_killed_snakemake_is_resumed(cluster, victim, undisturbed, profile):
    victim.start(profile=profile)
    first = running(cluster, victim)
    os.killpg(victim.process.pid, signal.SIGKILL)
    victim.process.wait()
    assert first in cluster.queue()["R"], "the job goes on without its Snakemake"
    done = victim.resume(profile)
    assert done.returncode == 0, done.stdout + done.stderr
    assert victim.artifacts() == undisturbed
    assert cluster.queue() == {}
    assert subprocess.run(["pgrep", "-f", str(victim.folder)], check=False, capture_output=True).stdout == b""
