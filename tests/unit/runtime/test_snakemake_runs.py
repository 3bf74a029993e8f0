"""Records of runs: what a run writes about itself."""

import errno
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from failures.runtime import snakemake_runs
from failures.runtime.snakemake_runs import begin, end, is_active, read
from failures.runtime.terminal import Messages


def workflow(folder, **settings):
    """Return what a record reads of Snakemake's object."""
    settings = {"configfiles": [], "config": {}, "config_args": None} | settings
    return SimpleNamespace(
        rundir=str(folder),
        main_snakefile="/project/Snakefile",
        config_settings=SimpleNamespace(**settings),
        resource_settings=SimpleNamespace(cores=2),
        dag_settings=SimpleNamespace(targets={"fig1"}),
    )


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("program", ["/venv/bin/snakemake", "/lib/snakemake/__main__.py"])
def test_a_run_records_its_command_until_it_succeeds(here, monkeypatch, program):
    monkeypatch.setattr(sys, "argv", [program, "--cores", "2", "--", "fig 1"])
    begin(workflow("/from"), "results")
    ((path, run),) = read(here).items()
    assert (run.options, run.folder, run.results) == (("--cores", "2", "--", "fig 1"), "/from", "results")
    assert is_active(path)
    end()
    assert read(here) == {}


def test_options_of_a_run_that_another_program_started(here, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/home/me/wrapper.py"])
    config = {"scale": "test", "seeds": [0, 1]}
    words = ["--snakefile", "/project/Snakefile", "--directory", str(here), "--cores", "2", "--configfile"]
    begin(workflow("/from", configfiles=["mine.yaml"], config=config, config_args=["scale=test"]), "results/test")
    (run,) = read(here).values()
    assert list(run.options) == [*words, "/from/mine.yaml", "--config", "scale=test", "--", "fig1"]
    end()
    # Words of a command line cannot express every value: Snakemake reads numbers in lists as strings.
    begin(workflow("/from", configfiles=["mine.yaml"], config=config), "results/test")
    (run,) = read(here).values()
    assert list(run.options)[:-3] == [*words, "/from/mine.yaml"]
    assert yaml.safe_load(Path(run.options[-3]).read_text()) == config
    end()
    assert list((here / snakemake_runs.FOLDER).iterdir()) == []


def test_a_new_run_replaces_an_interrupted_one_with_the_same_results(here, monkeypatch):
    for results, options in (("results", "--first"), ("results/test", "--second"), ("results", "--third")):
        monkeypatch.setattr(sys, "argv", ["snakemake", options])
        monkeypatch.setattr(snakemake_runs.platform, "node", lambda name=options: name)
        begin(workflow(here), results)
        for file in snakemake_runs._held.values():
            file.close()
        snakemake_runs._held.clear()
    assert sorted(run.options for run in read(here).values()) == [("--second",), ("--third",)]


def test_a_damaged_record_is_left_out(here):
    (here / snakemake_runs.FOLDER).mkdir(parents=True)
    (here / snakemake_runs.FOLDER / "host-1.json").write_text("{")
    assert read(here) == {}


class Gone(io.StringIO):
    """A terminal that is gone: the system refuses to write to it."""

    def write(self, text):
        raise OSError(errno.EIO, text)

    def flush(self):
        raise OSError(errno.EIO, "flush")


def test_messages_that_nobody_can_read_are_dropped():
    stream = io.StringIO()
    Messages(stream).write("kept")
    assert stream.getvalue() == "kept"
    stream.close()
    for unusable in (Gone(), stream):
        Messages(unusable).write("lost")
        Messages(unusable).flush()
    assert not Messages(Gone()).isatty()
