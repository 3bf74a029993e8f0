"""The Makefile: every target and variable is documented, and nothing that is given is ignored."""

import os
import re
import subprocess

import pytest

from project import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
README = (ROOT / "README.md").read_text()
TARGETS = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)[0].split()
VARIABLES = ["SCALE", "VARIANT", "CONFIG", "TARGETS", "CORES", "PROFILE", "OPTIONS"]
VARIABLES += ["FILE", "TESTS", "WORKERS", "KILLS", "BENCH", "PYTHON", "VENV"]


def make(*words, **environment):
    """Run make without set-up; with `-n`, it prints the commands only."""
    inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = ["make", "--no-print-directory", "-o", ".venv/.ready", *words]
    return subprocess.run(command, cwd=ROOT, env=inherited | environment, capture_output=True, text=True, check=False)


def test_help_lists_every_target_and_variable_in_short_lines():
    lines = make("help").stdout.splitlines()
    first = [line.split()[0] for line in lines[1:] if line.strip() and not line.startswith(" ")]
    assert first == [*[target for target in re.findall(r"^([a-z-]+):.* ## ", MAKEFILE, re.M)], *VARIABLES]
    assert set(TARGETS) == set(first) - set(VARIABLES)
    assert max(map(len, lines)) <= 100


def test_readme_names_every_target_and_variable():
    for target in set(TARGETS) - {"help"}:
        assert re.search(rf"`make {target}[` ]", README), target
    assert "`make help`" in README
    for variable in VARIABLES:
        assert f"{variable}=" in README, variable


def test_words_are_those_of_the_makefile():
    assert re.search(r"^WORDS := \$\(CONFIGURATION\) (.*)$", MAKEFILE, re.M)[1].split() == VARIABLES[3:]


@pytest.mark.parametrize("target", ["reproduce", "preview", "plan", "report", "status", "resume"])
def test_runs_take_the_same_variables(target):
    given = ["CONFIG=config.yaml config/scales/test.yaml", "VARIANT=paper", "TARGETS=fig1 fig4", "OPTIONS=--keep-going"]
    done = make("-n", target, *given, "CORES=3", *["SCALE=preview"] * (target != "preview"))
    assert done.returncode == 0, done.stderr
    words = done.stdout.splitlines()[-1].split()
    text = " ".join(words)
    assert "--cores 3" in text
    assert "--configfile config.yaml config/scales/test.yaml --config scale=preview variant=paper" in text
    assert words[-3:] == ["--", "fig1", "fig4"]
    assert "--keep-going" in words
    cluster = make("-n", target, "PROFILE=slurm").stdout
    assert "--workflow-profile profiles/slurm/" in cluster
    assert "--cores" not in cluster


def test_resume_passes_only_what_is_given():
    assert make("-n", "resume").stdout.split()[-2:] == [".venv/bin/snakemake", "--"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["reproduce", "TARGET=fig1"], "TARGET = 'fig1': unknown variable; did you mean one of: TARGETS"),
        (["reproduce", "PROFILES=slurm"], "PROFILES = 'slurm': unknown variable; did you mean one of: PROFILE"),
        (["preview", "OPTION=-k"], "OPTION = '-k': unknown variable; did you mean one of: OPTIONS"),
        (["preview", "CORE=2"], "CORE = '2': unknown variable; did you mean one of: CORES"),
        (["preview", "cores=2"], "cores = '2': unknown variable; did you mean one of: CORES"),
        (["preview", "XLA=false"], "XLA = 'false': unknown variable; did you mean one of: SCALE VARIANT"),
        (["verify", "TARGETS=fig1"], "TARGETS = 'fig1': `make verify` does not read it"),
        (["claims", "TARGETS=fig1"], "TARGETS = 'fig1': `make claims` does not read it"),
        (["reproduce", "CORES=-1"], "CORES = '-1': must be `all` or a whole number of at least 1"),
        (["reproduce", "CORES=0"], "CORES = '0': must be"),
        (["reproduce", "CORES=00"], "CORES = '00': must be"),
        (["reproduce", "CORES=2.5"], "CORES = '2.5': must be"),
        (["reproduce", "CORES=2 3"], "CORES = '2 3': must be"),
        (["reproduce", "CORES="], "CORES = '': must be"),
        (["reproduce", "PROFILE=slurm", "CORES=2"], "CORES = '2': the profile slurm sets the number of jobs itself"),
        (["reproduce", "PROFILE=slrum"], "PROFILE = 'slrum' must be one of: default"),
        (["preview", "SCALE=full"], "SCALE = 'full': `make preview` has the scale preview"),
        (["plan", "CONFIG=config.yaml none.yaml"], "CONFIG = 'config.yaml none.yaml': there is no file none.yaml"),
        (["chaos", "KILLS=-1"], "KILLS = '-1': must be a whole number"),
        (["test", "WORKERS=two"], "WORKERS = 'two': must be a whole number"),
    ],
)
def test_a_wrong_variable_is_refused_in_one_line(words, message):
    done = make("-n", *words)
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert message in line


def test_variables_that_decide_results_do_not_come_from_the_environment():
    done = make("-n", "reproduce", SCALE="preview", CONFIG="none.yaml")
    assert "environment variables SCALE CONFIG are ignored" in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[-1].split() == [".venv/bin/snakemake", "--cores", "all", "--"]
