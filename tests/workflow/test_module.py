"""The workflow as a Snakemake module of another repository (docs/tutorial.md, section 6)."""

import os
import re
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from project import RESULTS, SCALE, Project
from tutorial import blocks, run, words, write_files

pytestmark = pytest.mark.slow
WITHOUT_PREFIX = """
module failures:
    snakefile:
        "../failures/Snakefile"


use rule * from failures exclude all
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone in which nothing was made, beside which other repositories lie."""
    return Project.copied_to(tmp_path_factory.mktemp("repositories") / "failures")


@pytest.fixture
def other(clone, request):
    """Another repository, with the tutorial's files at the tests' scale."""
    folder = clone.folder.parent / request.node.name
    folder.mkdir()
    write_files("module", folder)
    settings = yaml.safe_load((folder / "settings.yaml").read_text())
    settings["failures"] |= {"scale": SCALE}
    settings["failures"]["parity"]["experiments"]["elimination"] |= {"n_features": [5], "trials": 20}
    (folder / "settings.yaml").write_text(yaml.safe_dump(settings))
    return folder


def snakemake(folder, *arguments, **environment):
    """Run Snakemake in a folder."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    environment = os.environ | environment
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def change(folder, **settings):
    """Change keys of the block `failures` in the settings of a repository."""
    path = folder / "settings.yaml"
    block = yaml.safe_load(path.read_text())
    block["failures"] |= settings
    path.write_text(yaml.safe_dump(block))


def test_another_repository_makes_a_table_and_plans_a_figure(clone, other):
    planning, making = (block for block in blocks("module") if block.file is None)
    plan, made = run(planning, other), run(making, other)
    assert not words(planning.shown) - words(plan)
    assert "failures_parity_train" in plan
    assert f"{RESULTS}/figures/my_fig1.png" in plan
    assert not words(making.shown) - words(made)
    table = pd.read_csv(other / RESULTS / "tables/elimination.csv")
    assert table["trials"].eq(20).all()
    assert (other / "summary.csv").read_text().splitlines()[1] == f"5,5,{table['share'][0]:g}"
    assert (other / "results/provenance/test/tables/elimination.csv.json").is_file()
    assert [path.name for path in (clone.folder / "results").iterdir()] == ["README.md"]
    assert not (clone.folder / ".snakemake").exists()


def test_its_configuration_is_an_overlay_and_stays_its_own(other):
    change(other, seeds=[0, 10, 20])
    snakefile = other / "Snakefile"
    snakefile.write_text(
        snakefile.read_text() + '\n\nprint("keys", *config["failures"], *failures.config["families"])\n'
    )
    done = snakemake(other, "-n", "failures_my_fig1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^failures_parity_train +3$", done.stdout + done.stderr, re.M), "a job for every ten seeds"
    (keys,) = set(re.findall(r"^keys (.*)$", done.stdout, re.M))
    assert keys == "parity scale seeds curves lines parity periodic portfolio steps"


def test_a_bad_value_ends_with_one_line(other):
    change(other, variant="text")
    done = snakemake(other, "-n")
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith("config: variant = 'text'")


def test_without_a_prefix_the_command_line_configures_it(other):
    (other / "Snakefile").write_text(WITHOUT_PREFIX)
    done = snakemake(other, "-n", "--config", f"scale={SCALE}", "--", "fig1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^parity_train +2$", done.stdout, re.M)
    assert f"{RESULTS}/figures/fig1.png" in done.stdout


def test_other_rules_keep_their_path(clone, other):
    rule = '\n\nrule path:\n    output:\n        "path.txt",\n    shell:\n        "echo $PYTHONPATH > {output}"\n'
    (other / "Snakefile").write_text((other / "Snakefile").read_text() + rule)
    done = snakemake(other, "path.txt", PYTHONPATH="mine")
    assert done.returncode == 0, done.stderr
    assert (other / "path.txt").read_text() == f"{clone.folder / 'workflow'}{os.pathsep}mine\n"
