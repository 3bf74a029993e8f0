"""States of cluster jobs, as the profiles' scripts print them for Snakemake; programs stand for the schedulers'."""

import os
import subprocess
import time

import pytest

from project import ROOT

SCRIPTS = {
    "gridengine": "gridengine/status.sh",
    "slurm": "generic-cluster/status-slurm.sh",
    "pbs": "generic-cluster/status-pbs.sh",
}
QUEUED = "job-ID prior name user state\n-----\n     17 0.5 failures me r 11/28\n      7 0.5 failures me {} 11/28\n"
NOT_FOUND = "error: job id 7 not found"
RECORD = "jobnumber 7\nfailed {}\nexit_status {}\n"


@pytest.fixture
def ask(tmp_path):
    """Return a function that runs the script of a scheduler for job 7."""

    def ask(scheduler, **programs):
        """Give each program's output and exit code; returns the script's output, messages and exit code."""
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name, (output, code) in programs.items():
            (folder / f"{name}.txt").write_text(f"{output}\n" if output else "")
            (folder / name).write_text(f"#!/bin/sh\ncat {folder}/{name}.txt; exit {code}\n")
            (folder / name).chmod(0o755)
        script = ROOT / "profiles" / SCRIPTS[scheduler]
        environment = os.environ | {"PATH": f"{folder}:/usr/bin:/bin"}
        done = subprocess.run([script, "7"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.stdout.strip(), done.stderr.strip(), done.returncode

    return ask


@pytest.mark.parametrize(
    ("scheduler", "programs", "state"),
    [
        ("gridengine", {"qstat": (QUEUED.format("qw"), 0)}, "running"),
        ("gridengine", {"qstat": (QUEUED.format("r"), 0)}, "running"),
        ("gridengine", {"qstat": (QUEUED.format("Eqw"), 0), "qdel": ("", 0)}, "failed"),
        ("gridengine", {"qstat": ("", 0), "qacct": (RECORD.format(0, 0), 0)}, "success"),
        ("gridengine", {"qstat": ("", 0), "qacct": (RECORD.format(0, 1), 0)}, "failed"),
        ("gridengine", {"qstat": ("", 0), "qacct": (RECORD.format("100 : assumedly after job", 137), 0)}, "failed"),
        # A job that was requeued has two records.
        ("gridengine", {"qstat": ("", 0), "qacct": (RECORD.format(25, 99) + RECORD.format(0, 0), 0)}, "success"),
        ("gridengine", {"qstat": ("", 0), "qacct": (RECORD.format(0, 0) + RECORD.format(0, 1), 0)}, "failed"),
        # A master that does not answer says nothing about the job.
        ("gridengine", {"qstat": ("", 1), "qacct": (NOT_FOUND, 1)}, "running"),
        ("slurm", {"scontrol": ("JobId=7 JobState=RUNNING Reason=None", 0)}, "running"),
        ("slurm", {"scontrol": ("JobId=7 JobState=COMPLETED Reason=None", 0)}, "success"),
        ("slurm", {"scontrol": ("JobId=7 JobState=CANCELLED Reason=None", 0)}, "failed"),
        ("slurm", {"scontrol": ("slurm_load_jobs error: Invalid job id specified", 1)}, "failed"),
        ("slurm", {"scontrol": ("slurm_load_jobs error: Unable to contact slurm controller", 1)}, "running"),
        ("pbs", {"qstat": ("    job_state = R", 0)}, "running"),
        ("pbs", {"qstat": ("    job_state = F\n    Exit_status = 0", 0)}, "success"),
        ("pbs", {"qstat": ("    job_state = F\n    Exit_status = 271", 0)}, "failed"),
        ("pbs", {"qstat": ("qstat: Unknown Job Id 7.server", 153)}, "failed"),
        ("pbs", {"qstat": ("Connection refused", 111)}, "running"),
    ],
)
def test_the_state_is_that_of_the_scheduler(ask, scheduler, programs, state):
    output, _, code = ask(scheduler, **programs)
    assert (output, code) == (state, 0)


@pytest.mark.parametrize(("scheduler", "program"), [("gridengine", "qstat"), ("slurm", "scontrol"), ("pbs", "qstat")])
def test_a_machine_without_the_scheduler_is_an_error(ask, scheduler, program):
    output, _, code = ask(scheduler, **{program: ("", 127)})
    assert (output, code) == ("", 127)


def test_a_job_that_grid_engine_does_not_list_for_a_minute_has_failed(ask, tmp_path):
    gone = {"qstat": ("", 0), "qacct": (NOT_FOUND, 1)}
    marker = tmp_path / ".snakemake/gridengine/7"
    assert ask("gridengine", **gone)[0] == "running"
    assert time.time() - int(marker.read_text()) < 30
    marker.write_text(str(int(time.time()) - 61))
    assert ask("gridengine", **gone)[0] == "failed"
    # The time starts anew once the job is listed.
    assert ask("gridengine", qstat=(QUEUED.format("r"), 0))[0] == "running"
    assert not marker.exists()
    assert ask("gridengine", **gone)[0] == "running"
    assert ask("gridengine", qacct=(RECORD.format(0, 0), 0))[0] == "success"
    assert not marker.exists()


def test_an_accounting_file_that_cannot_be_read_is_an_error_and_no_failed_job(ask, tmp_path):
    gone = {"qstat": ("", 0), "qacct": ("/cell/accounting: Permission denied\nno jobs running since startup", 1)}
    assert ask("gridengine", **gone)[0] == "running"
    (tmp_path / ".snakemake/gridengine/7").write_text(str(int(time.time()) - 61))
    output, message, code = ask("gridengine", **gone)
    assert (output, code) == ("", 1)
    assert message == (
        "qacct cannot read the accounting file, which holds the exit codes of jobs: "
        "/cell/accounting: Permission denied; no jobs running since startup"
    )
