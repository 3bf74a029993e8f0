"""A disk that is full, results that cannot be written, and results that were damaged."""

import os
import subprocess
import sys

import pytest

from project import RESULTS, Project

MOMENTS = {"before any result": 60, "at the first log": 200, "while it trains": 400}  # kB of space


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of its own, and a function that sets its size in kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False).returncode != 0:
        pytest.skip("file systems can be mounted by root alone")

    def resize(kilobytes):
        subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", folder], check=True)

    yield folder, resize
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_full_disk_is_one_clear_error_and_the_run_goes_on_when_there_is_room(finished, small_disk, moment):
    folder, resize = small_disk
    resize(MOMENTS[moment])
    done = finished.run("fig1", "target_blindness", directory=folder, check=False)
    assert done.returncode != 0
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    for name, content in finished.artifacts(folder).items():
        assert content == finished.artifacts()[name], f"{name} is half written"
    resize(20_000)
    finished.run("fig1", "target_blindness", "--unlock", directory=folder)
    finished.run("fig1", "target_blindness", directory=folder)
    made = finished.artifacts(folder)
    assert made == {name: finished.artifacts()[name] for name in made}
    assert {"figures/fig1.pdf", "figures/target_blindness.png"} <= made.keys()


@pytest.mark.parametrize("read_only", [".", "results"])
def test_a_folder_that_cannot_be_written_is_one_line(finished, small_disk, read_only):
    folder, resize = small_disk
    resize(20_000)
    (folder / "results").mkdir()
    place = folder / read_only
    subprocess.run(["mount", "--bind", place, place], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", place], check=True)
    try:
        done = finished.run("fig1", directory=folder, check=False)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)
    assert done.returncode != 0
    assert [line for line in done.stderr.splitlines() if "is not writable" in line] == done.stderr.splitlines()[-1:]
    assert "Traceback" not in done.stderr
    assert not list((folder / "results").iterdir())


@pytest.mark.slow
def test_a_damaged_artifact_stops_its_readers_until_verify_removes_it(finished, tmp_path):
    """What a bad disk or an editor does: the date stays, the content does not."""
    project = Project.copied_to(tmp_path)
    project.run("fig1")
    history = project.results / "runs/parity/d5/relu/seeds_0-9/history.parquet"
    expected, stat = history.read_bytes(), history.stat()
    history.write_bytes(expected[:-9] + bytes(9))
    os.utime(history, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    done = project.run("--forcerun=fig1_table", "fig1", check=False)
    assert done.returncode != 0
    assert "history.parquet: changed since rule parity_train made it; remove it with `make verify`" in done.stderr
    assert "Traceback" not in done.stderr
    lines = audit("verify", project).stdout.splitlines()
    assert lines[0] == f"removed {history.relative_to(tmp_path)}: differs from its record"
    assert f"removed {RESULTS}/figures/fig1.pdf: depends on a damaged artifact" in lines
    assert project.plan("fig1")["parity_train"] == 1
    project.run("fig1")
    assert history.read_bytes() == expected
    assert audit("verify", project).returncode == 0
    chain = audit("chain", project, f"{RESULTS}/figures/fig1.pdf").stdout
    assert f"{RESULTS}/instances/parity/d5/seeds_0-9.csv: ok" in chain


def audit(command, project, *arguments):
    """One of the commands of `failures.commands.audit`, in a project."""
    return subprocess.run(
        [sys.executable, "-m", "failures.commands.audit", command, *arguments],
        cwd=project.folder,
        env=os.environ | {"PYTHONPATH": "workflow"},
        capture_output=True,
        text=True,
        check=False,
    )
