"""What every family must offer. A new family is picked up by itself."""

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import failures
from failures.commands.columns import section_of, sections
from failures.config.schema import load
from failures.engine.blocks import train_block
from failures.packages import families, folder, package
from failures.runtime.fingerprint import imports
from project import ROOT

PACKAGE = Path(failures.__file__).parent
FIGURES = [
    (path.parents[1].name, path.stem) for path in sorted(PACKAGE.glob("*/*/figures/*.py")) if path.stem != "__init__"
]

COSTS = [path.stem for path in sorted((PACKAGE / "reporting/costs/tables").glob("costs*.py"))]


@pytest.mark.parametrize("family", families())
def test_a_family_has_a_file_a_block_at_every_scale_and_a_rules_file(family):
    assert list(yaml.safe_load((ROOT / f"config/families/{family}.yaml").read_text())) == [family]
    for scale in ("preview", "test"):
        assert family in yaml.safe_load((ROOT / f"config/scales/{scale}.yaml").read_text()), scale
    assert (ROOT / f"workflow/rules/{family}.smk").is_file()
    assert import_module(package(family)).__doc__
    assert [name for other, name in FIGURES if other == family]


@pytest.mark.parametrize(("family", "figure"), FIGURES)
def test_a_figure_has_a_table_a_drawing_and_a_caption(family, figure):
    tabulate = import_module(f"{package(family)}.tables.{figure}").tabulate
    draw = import_module(f"{package(family)}.figures.{figure}").draw
    assert next(iter(inspect.signature(tabulate).parameters)) == "inputs"
    assert list(inspect.signature(draw).parameters) == ["table", "note"]
    assert "Returns" in tabulate.__doc__
    # What it says: tests/unit/reporting/test_captions.py.
    assert (folder(family) / "figures" / f"{figure}.rst").is_file()


@pytest.mark.parametrize("family", families())
def test_a_family_has_texts_for_the_page(family):
    text = yaml.safe_load((folder(family) / "page.yaml").read_text())
    assert text.keys() == {"title", "section", "question", "answer"}
    assert text["question"].endswith("?")
    assert len(text["answer"].split()) <= 60


def test_costs_have_tables_a_drawing_and_a_caption():
    """They belong to no family, and look like one's figures."""
    assert "costs" not in families()
    for name in COSTS:
        tabulate = import_module(f"failures.reporting.costs.tables.{name}").tabulate
        assert next(iter(inspect.signature(tabulate).parameters)) == "inputs"
        assert "Returns" in tabulate.__doc__
    draw = import_module("failures.reporting.costs.figure").draw
    assert list(inspect.signature(draw).parameters) == ["rules", "scaling", "note"]
    assert (PACKAGE / "reporting/costs/figure.rst").is_file()


def drawn(family, problem):
    """Draw the instances of a problem."""
    draw = import_module(f"{package(family)}.problem").draw_instances
    return draw(**{key: problem[key] for key in inspect.signature(draw).parameters})


@pytest.mark.parametrize("family", families())
def test_the_columns_of_instances_are_those_described(family):
    """A kind of problem may lack some; `rate_factor` is added for a learner."""
    problems = load(ROOT, scale="test")[family]["problems"]
    made = {column for problem in problems.values() for column in drawn(family, problem).columns}
    assert made | {"rate_factor"} == set(section_of(f"instances/{family}/p/seeds_0-9.csv").names)


@pytest.mark.parametrize("family", families())
def test_training_follows_the_protocol(family, tmp_path):
    """Train the first problem of the tests' configuration, whole, and look at what comes out."""
    block = load(ROOT, scale="test")[family]
    name, problem = next(iter(block["problems"].items()))
    learner_name, learner = next(iter(block["learners"].items()))
    problem = problem | {"n_steps": 40, "evaluate_every": 10, "checkpoint_every": 20}
    instances = drawn(family, problem).head(2)
    training = import_module(f"{package(family)}.training").Training(problem, learner)
    keys = {"problem": name, "learner": learner_name}
    paths = [tmp_path / part for part in ("history.parquet", "runs.csv", "models", "checkpoints")]
    train_block(training, keys, instances, *paths, identity="test")
    history, runs = pd.read_parquet(paths[0]), pd.read_csv(paths[1])
    path = f"runs/{family}/{name}/{learner_name}/seeds_0-9"
    assert list(history.columns) == section_of(f"{path}/history.parquet").names
    described = [
        section.names for section in sections() if section.kind == "Metrics" and family in section.module.parts
    ]
    assert list(history["metric"].unique()) in described
    assert history["step"].unique().tolist() == [0, 10, 20, 30, 39]
    assert np.isfinite(history["value"]).all()
    assert runs["trial"].tolist() == instances["trial"].tolist()
    assert (runs["status"] == "ok").all()
    # Snapshots of earlier steps are named after their model; each trial has its model at the end.
    models = {path.stem for path in paths[2].iterdir()}
    assert set(instances["trial"]) <= models
    assert {re.sub(r"\.(initial|step_\d+)$", "", model) for model in models} == set(instances["trial"])
    assert not paths[3].exists()


def test_what_plans_or_draws_does_not_import_tensorflow():
    modules = [
        "failures.config.schema",
        "failures.runtime.fingerprint",
        "failures.commands.status",
        "failures.commands.reference",
        "failures.commands.columns",
    ]
    modules += [f"{package(family)}.{part}.{name}" for family, name in FIGURES for part in ("tables", "figures")]
    modules += [f"{package(family)}.{part}" for family in families() for part in ("config", "problem")]
    modules += [
        "failures.reporting.page.render",
        "failures.reporting.costs.figure",
        *(f"failures.reporting.costs.tables.{name}" for name in COSTS),
    ]
    code = f"import sys, {', '.join(modules)}; sys.exit(bool({{'tensorflow', 'keras'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=False, env={"PYTHONPATH": str(PACKAGE.parent)})
    assert done.returncode == 0


# Parts of the package that each part may import; `config.types` is a part of its own, with
# `words` and `memory`, and each family is.
DIRECTIONS = {
    "failures": set(),
    "packages": set(),
    "runtime": set(),
    "artifacts": {"runtime"},
    "engine": {"artifacts", "runtime"},
    "config.types": {"engine"},
    "config": {"config.types", "engine", "packages"},
    "families": {"artifacts", "config.types", "engine", "runtime"},
    "reporting": {"artifacts", "config.types", "engine", "packages", "runtime"},
    "commands": {"artifacts", "config", "config.types", "packages", "reporting", "runtime"},
}


def part(module):
    """Part of the package that a module belongs to, such as runtime, config.types or families.parity."""
    _, *names = module.split(".")
    if names[:1] == ["config"] and names[1:2] in (["types"], ["words"], ["memory"]):
        return "config.types"
    depth = 2 if names[:1] == ["families"] else 1
    return ".".join(names[:depth]) or "failures"


def foreign(module, imported):
    """Imported modules that a module must not import. Parent packages, which have no code, do not count."""
    own = part(module)
    parents = {"failures", "failures.config", "failures.families", "failures.reporting"}
    allowed = {own} | DIRECTIONS["families" if own.startswith("families.") else own]
    return {name for name in imported - parents if part(name) not in allowed}


def test_imports_point_from_families_to_shared_modules():
    found = {}
    for path in PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        found[module] = imports(path)
    assert {module: foreign(module, names) for module, names in found.items() if foreign(module, names)} == {}
    # Imports of every kind are seen.
    assert "failures.config.types" in found["failures.families.parity.config"]
    assert "failures.engine.training" in found["failures.families.steps.training"]
    assert "failures.runtime.jobs" in found["failures.engine.training"]


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("failures.families.parity.training", "failures.families.lines.problem"),
        ("failures.families.parity.tables.fig1", "failures.reporting.caption_numbers"),
        ("failures.families.parity.config", "failures.config.schema"),
        ("failures.engine.training", "failures.families.parity.objective"),
        ("failures.engine.learners", "failures.config.types"),
        ("failures.artifacts.tables", "failures.families.parity.problem"),
        ("failures.artifacts.tables", "failures.engine.learners"),
        ("failures.config.types", "failures.families.parity.config"),
        ("failures.config.types", "failures.config.schema"),
        ("failures.config.schema", "failures.families.parity.config"),
        ("failures.runtime.jobs", "failures.artifacts.write"),
        ("failures.runtime.jobs", "failures.packages"),
        ("failures.reporting.page.render", "failures.families.parity.problem"),
        ("failures.reporting.page.render", "failures.commands.status"),
    ],
)
def test_an_import_in_another_direction_is_found(module, imported):
    assert foreign(module, {imported}) == {imported}


def test_nobody_imports_commands():
    paths = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk"), *(ROOT / "workflow/scripts").glob("*.py")]
    paths += [path for path in PACKAGE.rglob("*.py") if path.parent.name != "commands"]
    assert len(paths) > 100
    for path in paths:
        assert "failures.commands" not in path.read_text(), path
