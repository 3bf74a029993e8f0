"""Who still works in a folder, and what is done about it."""

import os
import subprocess
import sys
import time

import pytest

from failures.commands import resume

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def start(tmp_path):
    """Start a process in the folder that looks like what its command line says."""
    started = []

    def start(*words):
        process = subprocess.Popen([sys.executable, "-c", SLEEP, *words], cwd=tmp_path)
        started.append(process)
        until = time.monotonic() + 10
        while not resume.psutil.Process(process.pid).cmdline() and time.monotonic() < until:
            time.sleep(0.01)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_scripts_that_go_on_without_their_snakemake_are_ended(tmp_path, start):
    script = start(str(tmp_path / ".snakemake/scripts/tmp1.train.py"))
    other = start("something else")
    assert resume.end_jobs(tmp_path) == 1
    assert script.wait(10) != 0
    assert other.poll() is None
    assert resume.end_jobs(tmp_path) == 0


def test_a_run_that_goes_on_is_left_alone(tmp_path, start, monkeypatch, capsys):
    script = start(str(tmp_path / ".snakemake/scripts/tmp1.train.py"))
    leader = resume.psutil.Process(start("leader").pid)
    monkeypatch.setattr(resume, "_is_snakemake", lambda command: command[-1] == "leader")
    monkeypatch.chdir(tmp_path)
    assert resume.main(["snakemake"]) == 1
    assert capsys.readouterr().err == (
        f"Snakemake is still running in {tmp_path} (process {leader.pid}); "
        "wait until it ends, or stop it and run `make resume` again\n"
    )
    assert script.poll() is None


@pytest.mark.parametrize(
    ("command", "is_snakemake"),
    [
        ([".venv/bin/python", ".venv/bin/snakemake", "--cores", "2"], True),
        (["snakemake"], True),
        (["python", "-m", "snakemake", "-n"], True),
        (["python", "-X", "dev", "-m", "snakemake", "-n"], True),
        (["/opt/tools/bin/python3", "/opt/tools/bin/snakemake"], True),
        (["vim", "Snakefile"], False),
        (["python", "-m", "failures.commands.resume", "snakemake"], False),
        ([], False),
    ],
)
def test_snakemake_is_known_by_its_command_line(command, is_snakemake):
    assert resume._is_snakemake(command) is is_snakemake


def test_a_program_with_another_name_that_logs_a_run_is_known(tmp_path, start):
    """Programs that use Snakemake's API, and wrappers, keep the log of the run open."""
    log = tmp_path / ".snakemake/log/1.snakemake.log"
    log.parent.mkdir(parents=True)
    program = subprocess.Popen(
        [sys.executable, "-c", f"file = open({str(log)!r}, 'w'); print(1, flush=True); {SLEEP}"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
    )
    try:
        program.stdout.readline()
        with pytest.raises(resume.ResumeError, match=rf"still running in {tmp_path} \(process {program.pid}\)"):
            resume.end_jobs(tmp_path)
    finally:
        program.kill()
        program.wait()
        program.stdout.close()
    assert resume.end_jobs(tmp_path) == 0


@pytest.mark.parametrize(
    ("options", "folder"),
    [
        ([], "."),
        (["--directory", "a"], "a"),
        (["-n", "--directory=b", "--", "fig1"], "b"),
        (["-d", "a"], "a"),
        (["-da"], "a"),
        (["--direct", "a"], "a"),
        (["--config", "scale=test", "-d", "b", "--", "fig1"], "b"),
    ],
)
def test_the_working_directory_is_the_commands(tmp_path, monkeypatch, options, folder):
    monkeypatch.chdir(tmp_path)
    assert resume.working_directory(["snakemake", *options]) == (tmp_path / folder).resolve()


def test_slurm_jobs_of_this_folder_alone_are_cancelled(tmp_path, monkeypatch):
    """With programs that stand for Slurm's."""
    logs, bin = tmp_path / ".snakemake/log", tmp_path / "bin"
    logs.mkdir(parents=True)
    bin.mkdir()
    (logs / "1.snakemake.log").write_text("SLURM run ID: aaa\n")
    (logs / "2.snakemake.log").write_text("something\nSLURM run ID: bbb\n")
    (tmp_path / "queue").write_text("1 aaa\n2 ccc\n3 bbb\n")
    (bin / "squeue").write_text(f"#!/bin/sh\ncat {tmp_path}/queue\n")
    (bin / "scancel").write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/cancelled; echo "2 ccc" >{tmp_path}/queue\n')
    for program in bin.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin}:{os.environ['PATH']}")
    assert resume.end_jobs(tmp_path) == 2
    assert (tmp_path / "cancelled").read_text() == "1 3\n"
    (bin / "squeue").write_text("#!/bin/sh\necho no controller >&2; exit 1\n")
    with pytest.raises(resume.ResumeError, match=r"squeue failed with exit code 1: no controller; jobs"):
        resume.end_jobs(tmp_path)


@pytest.fixture
def scheduler(tmp_path, monkeypatch):
    """Programs that stand for a scheduler's, and a log of three runs: a job has ended, one waits, one is unknown."""
    logs, folder = tmp_path / ".snakemake/log", tmp_path / "profiles/mine"
    logs.mkdir(parents=True)
    folder.mkdir(parents=True)
    (logs / "1.snakemake.log").write_text("Submitted job 3 with external jobid '7'.\n")
    (logs / "2.snakemake.log").write_text("Submitted group job a-b with external jobid '8.host'.\n")
    (logs / "3.snakemake.log").write_text("Submitted job 3 with external jobid '9'.\n")
    for name, state in {"7": "success", "8.host": "running", "9": "failed", "10": "running"}.items():
        (tmp_path / name).write_text(state)
    # Relative: the commands run in the folder of the run, as Snakemake runs them.
    (tmp_path / "status").write_text('#!/bin/sh\ncat "$1"\n')
    (tmp_path / "cancel").write_text('#!/bin/sh\necho "$@" >>cancelled; for job; do echo failed >"$job"; done\n')
    for program in ("status", "cancel"):
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PLACE", str(tmp_path))
    (folder / "profile.v9+.yaml").write_text(
        "cluster-generic-status-cmd: $PLACE/status\ncluster-generic-cancel-cmd: $PLACE/cancel\n"
    )
    return resume.profile(["snakemake", "--workflow-profile", str(folder), "--", "fig1"])


def test_jobs_of_cluster_generic_are_cancelled_by_its_profiles_commands(tmp_path, scheduler):
    assert resume.end_jobs(tmp_path, scheduler) == 1
    assert (tmp_path / "cancelled").read_text() == "8.host\n"
    assert resume.end_jobs(tmp_path, scheduler) == 0
    assert resume.end_jobs(tmp_path, resume.profile(["snakemake", "--cores", "2"])) == 0


def test_the_exit_code_of_the_cancel_command_does_not_count(tmp_path, scheduler):
    """Grid Engine's qdel fails if one of several jobs has just ended."""
    with (tmp_path / "cancel").open("a") as program:
        program.write("echo 'denied: job \"8\" does not exist'; exit 1\n")
    assert resume.end_jobs(tmp_path, scheduler) == 1
    assert resume.end_jobs(tmp_path, scheduler) == 0


@pytest.mark.parametrize(
    ("name", "program", "reason"),
    [
        (
            "cancel",
            "echo no master; exit 1",
            r"running after 0 s: 8.host \(.*/cancel: no master\); end",
        ),
        ("cancel", None, r"cancel cannot be run: No such file or directory; jobs of the earlier run may still"),
        ("status", "echo no accounting file; exit 1", r"status failed with exit code 1: no accounting file; jobs of"),
        ("status", None, r"status cannot be run: No such file or directory; jobs of the earlier run may still"),
    ],
)
def test_a_scheduler_that_does_not_answer_ends_in_one_line(tmp_path, scheduler, monkeypatch, name, program, reason):
    monkeypatch.setattr(resume, "WAIT", 0)
    if program is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(f"#!/bin/sh\n{program}\n")
    with pytest.raises(resume.ResumeError, match=reason) as error:
        resume.end_jobs(tmp_path, scheduler)
    assert "\n" not in str(error.value)
