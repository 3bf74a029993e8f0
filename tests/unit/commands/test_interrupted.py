"""Which run `make resume` continues: that of the options, or the one that was interrupted."""

import json
import subprocess
import sys

import pytest

from failures.commands.interrupted import ResumeError, resumptions
from failures.runtime import snakemake_runs

PREVIEW = ["--cores", "2", "--config", "scale=preview", "--", "fig1"]


def record(folder, options, name="host-1", results="results/preview"):
    """Write the record of a run that was started in a folder, and return its path."""
    path = folder / snakemake_runs.FOLDER / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    fields = {"options": options, "folder": str(folder), "results": results, "host": "host", "process": 1}
    path.write_text(json.dumps(fields))
    return path


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_options_the_interrupted_run_is_resumed(here):
    path = record(here, PREVIEW)
    (run,) = resumptions(["snakemake"])
    place = ["--directory", str(here)]
    assert run.command == ["snakemake", "--cores", "2", "--config", "scale=preview", *place, "--", "fig1"]
    assert (run.folder, run.records) == (here, (path,))


def test_other_options_follow_those_of_the_interrupted_run(here, monkeypatch):
    record(here / "there", PREVIEW)
    (run,) = resumptions(["python", "-m", "snakemake", "--cores", "1", "-d", "there", "--"])
    place = ["-d", "there", "--directory", str(here / "there")]
    assert run.command[:3] == ["python", "-m", "snakemake"]
    assert run.command[3:] == [*PREVIEW[:4], "--cores", "1", *place, "--", "fig1"]


@pytest.mark.parametrize(
    "options",
    [["--config", "scale=preview"], ["--config=scale=preview", "--", "fig4"], ["-C", "scale=preview", "variant=code"]],
)
def test_options_with_the_same_configuration_are_taken_as_they_are(here, options):
    path = record(here, PREVIEW)
    (run,) = resumptions(["snakemake", *options])
    assert (run.command, run.records) == (["snakemake", *options], (path,))


@pytest.mark.parametrize(
    "options", [["--", "fig1"], ["--config", "scale=test"], ["--configfile", "mine.yaml", "--config", "scale=preview"]]
)
def test_another_configuration_than_the_interrupted_one_is_refused(here, options):
    record(here, PREVIEW)
    (here / "mine.yaml").write_text("seeds: [0]\n")
    with pytest.raises(ResumeError, match="is `snakemake --cores 2 --config scale=preview -- fig1`, which has another"):
        list(resumptions(["snakemake", *options]))


def test_without_options_and_without_a_record_nothing_is_planned(here):
    with pytest.raises(ResumeError, match=rf"no interrupted run is recorded in {here}: start one with `make preview`"):
        list(resumptions(["snakemake", "--cores", "2"]))
    assert [run.command for run in resumptions(["snakemake", *PREVIEW])] == [["snakemake", *PREVIEW]]


def test_two_interrupted_runs_are_both_resumed(here):
    record(here, PREVIEW)
    record(here, ["--cores", "1"], "host-2", "results")
    assert [run.command[:3] for run in resumptions(["snakemake"])] == [
        ["snakemake", "--cores", "2"],
        ["snakemake", "--cores", "1"],
    ]


def test_a_run_whose_record_is_locked_is_active(here):
    path = record(here, PREVIEW)
    code = f"import fcntl; file = open({str(path)!r}, 'r+'); fcntl.lockf(file, fcntl.LOCK_EX); print(1, flush=True)"
    holder = subprocess.Popen([sys.executable, "-c", f"{code}; input()"], stdin=-1, stdout=-1)
    try:
        holder.stdout.readline()
        with pytest.raises(ResumeError, match=r"still running in .* \(process 1 on host\)"):
            list(resumptions(["snakemake"]))
    finally:
        holder.communicate()
    assert len(list(resumptions(["snakemake"]))) == 1


def test_an_unknown_option_is_one_line(here):
    with pytest.raises(ResumeError, match=r"^snakemake --core-s 2: .*core-s.*$"):
        list(resumptions(["snakemake", "--core-s", "2"]))
