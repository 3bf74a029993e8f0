"""Grid Engine: the same bytes as on this machine, after every fault; memory is reserved, and too much is refused."""

import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from cluster.victim import TARGET, Victim
from project import ROOT, Project

PROFILE = "gridengine"
QUICK = "--latency-wait=10"
# The jobs of two families alone, unless CLUSTER=all.
WHOLE = os.environ.get("CLUSTER") == "all"
TARGETS = ["all"] if WHOLE else ["curves", "steps"]
JOBS = 19 if WHOLE else 3


def family_run(cell, folder):
    """No fault: the workflow."""
    project = Project.copied_to(folder)
    return project, project.run(*TARGETS, QUICK, profile=PROFILE, environment=cell.environment)


def victim_in(cell, folder):
    victim = Victim.copied_to(folder)
    victim.environment = cell.environment
    return victim


def request(victim, options=""):
    """Write default options of qsub for the jobs that are submitted in the victim's folder from now on."""
    (victim.folder / ".sge_request").write_text(f"{options}\n")


def waiting(cell, victim):
    """Start the victim with a job that is held, and return the id of the job."""
    request(victim, "-h")
    # The memory does not double: a busy machine has little.
    victim.launch("--retries=3", "--set-resources=parity_train:mem_mb=900", QUICK, profile=PROFILE)
    victim.wait_for(lambda: cell.queue(victim.folder, "hqw"))
    return cell.queue(victim.folder)[0]


def deleted_and_out_of_memory(cell, folder):
    """The job is deleted while it waits; the next one gets too little memory; the third is deleted while it runs."""
    victim = victim_in(cell, folder)
    first = waiting(cell, victim)
    request(victim, "-l h_vmem=1500M")
    cell.run("qdel", first)
    victim.wait_for(lambda: cell.queue(victim.folder) not in ([], [first]))
    [second] = cell.queue(victim.folder)
    request(victim)
    victim.wait_for(lambda: victim.seen)
    [third] = cell.queue(victim.folder)
    cell.run("qdel", third)
    victim.finish()
    assert victim.output().count("Trying to restart") == 3
    assert f"job id {first} not found" in cell.run("qacct", "-j", first, check=False)
    assert re.search(r"^exit_status +1 *$", cell.run("qacct", "-j", second), re.M)
    assert re.search(r"^exit_status +137 ", cell.run("qacct", "-j", third), re.M)
    assert not list(victim.folder.glob("core*"))
    return victim.artifacts()


def driver_killed_while_its_job_waits(cell, folder):
    """Snakemake is killed. `make resume` deletes the job, also if no program knows it any more."""
    victim = victim_in(cell, folder)
    waiting(cell, victim)
    request(victim)
    kill(victim)
    resume(cell, victim, ended=1)
    # The job in the old log is gone: qdel refuses it.
    for marker in (victim.folder / ".snakemake/gridengine").iterdir():
        marker.unlink()
    resume(cell, victim, ended=1)
    # It counts as failed from now on.
    resume(cell, victim, ended=0)
    return victim.artifacts()


def driver_killed_while_its_job_runs(cell, folder):
    """Snakemake is killed, and its job goes on without it."""
    victim = victim_in(cell, folder)
    victim.start(QUICK, profile=PROFILE)
    victim.pause()
    [first] = cell.queue(victim.folder, "r")
    kill(victim)
    assert cell.queue(victim.folder, "r") == [first]
    resume(cell, victim, ended=1)
    assert re.search(r"^exit_status +137 ", cell.run("qacct", "-j", first), re.M)
    return victim.artifacts()


def kill(victim):
    os.killpg(victim.process.pid, signal.SIGKILL)
    victim.process.wait()


def resume(cell, victim, ended):
    done = victim.resume(PROFILE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Jobs of an earlier run ended: {ended}." in done.stdout
    assert cell.queue(victim.folder) == []


FAULTS = [deleted_and_out_of_memory, driver_killed_while_its_job_waits, driver_killed_while_its_job_runs]


@pytest.fixture(scope="module")
def runs(cell, finished, undisturbed, tmp_path_factory):
    """The workflow's run and those with a fault, all at once; most of their time is waiting."""
    runs = [family_run, *FAULTS]
    with ThreadPoolExecutor(len(runs)) as pool:
        yield {run: pool.submit(run, cell, tmp_path_factory.mktemp(run.__name__)) for run in runs}


def test_memory_is_reserved_per_slot_and_times_may_be_long(cell, tmp_path):
    (tmp_path / ".snakemake").mkdir()
    (tmp_path / "job.sh").write_text("sleep 300\n")
    settings = yaml.safe_load((ROOT / f"profiles/{PROFILE}/profile.v9+.yaml").read_text())
    command = settings["cluster-generic-submit-cmd"].replace("{resources.mem_mb}", "3501")
    command = command.replace("{threads}", "2").replace("{resources.runtime}", "90")
    first, second = (cell.run("sh", "-c", f"{command} job.sh", folder=tmp_path).strip() for _ in range(2))
    asked = cell.describe(first)
    assert "mem_free=1751M" in asked
    assert "h_rt=5400" in asked
    until_runs(cell, tmp_path, first)
    assert cell.queue(tmp_path, "qw") == [second]
    cell.run("qdel", first)
    until_runs(cell, tmp_path, second)
    cell.run("qdel", second)


def until_runs(cell, folder, job, seconds=120):
    for _ in range(seconds * 2):
        if job in cell.queue(folder, "r"):
            return
        time.sleep(0.5)
    raise TimeoutError(cell.describe(job))


def test_a_job_that_fits_on_no_host_is_refused(cell, tmp_path):
    victim = victim_in(cell, tmp_path)
    much = ["--set-resources=parity_train:mem_mb=7000", "--retries=1"]
    done = victim.run(
        TARGET, *much, QUICK, overlay="victim.yaml", profile=PROFILE, environment=cell.environment, check=False
    )
    assert done.returncode == 1
    assert (done.stdout + done.stderr).count("Unable to run job: error: no suitable queues") == 2
    assert cell.queue(tmp_path) == []


def test_grid_engine_gives_the_same_bytes(cell, finished, runs):
    project, done = runs[family_run].result()
    made, expected = project.artifacts(), finished.artifacts()
    assert "figures/step_learners.svg" in made
    assert made == (expected if WHOLE else {name: expected[name] for name in made})
    submitted = re.findall(r"external jobid '(\d+)'", done.stdout + done.stderr)
    # Short learners share jobs; none was submitted twice.
    assert len(submitted) == JOBS
    assert cell.queue(project.folder) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_with_a_fault_ends_with_the_same_bytes(runs, undisturbed, fault):
    assert runs[fault].result() == undisturbed
