"""Faults that leave the nodes of a cluster alone: each a function of the cluster and of the run that it disturbs."""

import os
import signal


def cancelled(cluster, victim, profile="slurm"):
    """The job is cancelled while it trains."""
    victim.start(profile=profile)
    cluster.slurm("scancel", running(cluster, victim))
    victim.finish()
    assert "Trying to restart" in victim.output()


def cancelled_without_the_plugin(cluster, victim):
    """The same, by sbatch and scancel alone."""
    cancelled(cluster, victim, "generic-cluster")


def over_its_memory(cluster, victim):
    """The job asks for too little memory, and for enough the second time."""
    victim.start("--set-resources=parity_train:mem_mb=400*attempt**2", profile="slurm")
    victim.finish()
    assert victim.output().count("Trying to restart") == 1


def over_its_time(cluster, victim):
    """The job asks for a minute, and is stopped for longer than that; eight minutes the second time."""
    victim.start("--set-resources=parity_train:runtime=attempt**3", profile="slurm")
    job = running(cluster, victim)
    cluster.signal(signal.SIGSTOP, f"SLURM_JOB_ID={job}")
    victim.wait_for(lambda: job not in cluster.queue(victim.folder, "R"))
    victim.finish()
    assert "Trying to restart" in victim.output()


def driver_killed(cluster, victim, profile="slurm"):
    """Snakemake is killed, and its job goes on without it."""
    victim.start(profile=profile)
    first = running(cluster, victim)
    victim.pause()
    os.killpg(victim.process.pid, signal.SIGKILL)
    victim.process.wait()
    assert cluster.queue(victim.folder, "R") == [first]
    done = victim.resume(profile)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "JobState=CANCELLED" in cluster.slurm("scontrol", "show", "job", first)
    assert cluster.queue(victim.folder) == []


def driver_killed_without_the_plugin(cluster, victim):
    """The same, by sbatch, and by the profile's commands."""
    driver_killed(cluster, victim, "generic-cluster")


def on_a_card(cluster, victim):
    """No fault: the job asks for one of the cards that the nodes count, and gets it."""
    victim.start(profile="slurm-gpu")
    assert "gres:gpu:1" in cluster.slurm("scontrol", "show", "job", running(cluster, victim))
    victim.finish()


TOGETHER = [over_its_time, over_its_memory, cancelled, cancelled_without_the_plugin]
TOGETHER += [driver_killed, driver_killed_without_the_plugin]


def running(cluster, victim):
    """Number of the victim's job, once it runs."""
    victim.wait_for(lambda: cluster.queue(victim.folder, "R"))
    return cluster.queue(victim.folder, "R")[0]
