"""Options of Snakemake: nothing that Snakemake drops in silence is let through, and every other option is."""

import sys
from types import SimpleNamespace

import pytest

from failures.config import options
from failures.config.options import check_options, check_requests, check_targets
from failures.config.types import ConfigError

PROFILE = "cores: 1\ndefault-resources: {mem_mb: 800, runtime: 10, turn: 1}\nconfig: {scale: preview}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two overlays and a profile."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"a.yaml": "scale: test\n", "b.yaml": "threads: 2\n", "empty.yaml": "# a: 1\n"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "profiles/own").mkdir(parents=True)
    (tmp_path / "profiles/own/profile.yaml").write_text(PROFILE)
    return tmp_path


REFUSED = {
    "--configfile a.yaml --configfile b.yaml": "--configfile is given 2 times, and Snakemake keeps only the last",
    "--configfile=a.yaml --configfiles b.yaml": "write it once: --configfile a.yaml b.yaml",
    "--config scale=test -nC threads=2": "write it once: --config scale=test threads=2",
    "-R fig1 --forcerun fig2": "--forcerun is given 2 times, and Snakemake keeps only the last; write it once",
    "--config scale=test scale=preview": "--config: 'scale' is given twice",
    "--config scale=test fig1": "--config: 'fig1' must be KEY=VALUE, such as scale=preview; if it is a target",
    "--configfile a.yaml fig1": "--configfile: 'fig1' is no file; if it is a target, write targets behind two dashes",
    "--configfile c.yaml": "c.yaml: no such file",
    "--configfile profiles": "profiles: is a folder; give a file in it",
    "--configfile empty.yaml": "empty.yaml: has no keys; write at least one",
    "--workflow-profile own --default-resources slurm_account=me": "--default-resources mem_mb=800 runtime=10 turn=1",
    "--workflow-profile own --config variant=paper": "--config on the command line replaces all of `config` in",
    "--profile profiles/own --config variant=paper": "add what it drops: --config scale=preview",
}


@pytest.mark.parametrize("arguments", REFUSED)
def test_what_snakemake_would_drop_is_refused(folder, arguments):
    with pytest.raises(ConfigError) as caught:
        check_options(arguments.split())
    assert REFUSED[arguments] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "--configfile a.yaml b.yaml --config scale=test threads=2 -- fig1 fig2",
        "--cores 2 --cores 3 --quiet all --quiet rules",
        "--configfile a.yaml -n -- fig1",
        "--profile one --profile two",
        "--workflow-profile own --default-resources mem_mb=900 runtime=5 turn=1 slurm_account=me",
        "--workflow-profile own --config scale=test variant=paper",
        "--workflow-profile none --config variant=paper",
    ],
)
def test_other_options_pass(folder, arguments):
    check_options(arguments.split())
    with pytest.raises(ConfigError, match=r"^--forcerun is given 2 times"):
        check_options(["-R", "fig1", "-R", "fig2", *arguments.split()])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "default-resource: {mem_mb: 800}",
            "default-resource: Snakemake ignores this key; did you mean 'default-resour",
        ),
        ("set-resource: {a: {mem_mb: 800}}", "Snakemake ignores this key; did you mean 'set-resource"),
        ("jobs: {a: 1}", "jobs: Snakemake ignores this key; it takes no mapping"),
        ("cores: [1", ", line "),
    ],
)
def test_a_key_of_a_profile_that_snakemake_drops_is_refused(folder, line, words):
    path = folder / "profiles/own/profile.yaml"
    path.write_text(f"{line}\n")
    with pytest.raises(ConfigError) as caught:
        check_options(["--workflow-profile", "own"])
    assert words in str(caught.value)
    assert str(caught.value).startswith("profiles/own/profile.yaml")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("-- fig8", "target 'fig8': no rule has this name or makes this file; similar: fig1"),
        ("-- figure1", "similar: fig1"),
        ("-- out/fgi1.pdf", "target 'out/fgi1.pdf': no rule has this name or makes this file; similar: out/fig1.pdf"),
        ("-- xyz", "target 'xyz': no rule has this name or makes this file; `snakemake --list-target-rules` lists"),
        ("-R train1", "--forcerun: 'train1': no rule has this name or makes this file; similar: train"),
        ("--set-resources trian:mem_mb=5", "--set-resources: 'trian': no rule has this name; similar: train"),
        ("-R train --set-threads train=2 -- fig1 out/fig1.pdf", None),
    ],
)
def test_similar_targets_are_named(monkeypatch, arguments, line):
    monkeypatch.setattr(sys, "argv", ["snakemake", *arguments.split()])
    given = (["fig1", "train"], ["out/fig1.pdf"], "out/fig1.pdf".__eq__)
    if line is None:
        check_targets(*given)
        return
    with pytest.raises(SystemExit) as caught:
        check_targets(*given)
    assert line in str(caught.value.code)


def test_programs_that_use_snakemake_s_api_are_not_checked(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["program", "--config", "nonsense"])
    options.check()
    check_targets([], [], lambda file: False)
    monkeypatch.setattr(sys, "argv", ["snakemake", "--config", "nonsense"])
    with pytest.raises(SystemExit, match="--config: 'nonsense' must be KEY=VALUE"):
        options.check()


def test_a_job_for_a_cluster_requests_memory_and_run_time():
    def job(local, **resources):
        return SimpleNamespace(is_local=local, resources=resources, rule=SimpleNamespace(name="mine"))

    check_requests([job(True), job(False, mem_mb=1, runtime=2)])
    with pytest.raises(SystemExit, match="rule mine: sets no mem_mb and no runtime; add it to its `resources`"):
        check_requests([job(False)])
    with pytest.raises(SystemExit, match="rule mine: sets no runtime;"):
        check_requests([job(False, mem_mb=1)])
