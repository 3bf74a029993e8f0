"""The configuration reference and the JSON schema follow the code."""

import json
import re

import jsonschema
import pytest
import yaml

from failures.commands.reference import documents
from failures.config.schema import load
from project import ROOT

FILES = [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*/*.yaml"))]


def test_the_reference_is_up_to_date():
    for path, text in documents().items():
        assert path.read_text() == text, f"{path.name} is out of date: run `make reference`"


def test_every_key_is_described():
    reference = next(text for path, text in documents().items() if path.suffix == ".md")
    rows = [line.strip("|").split("|") for line in reference.splitlines() if line.startswith("| `")]
    assert len(rows) > 25
    for key, allowed, default, meaning in rows:
        assert all(cell.strip() for cell in (allowed, default, meaning)), key


def test_every_link_of_the_reference_has_its_heading():
    reference = next(text for path, text in documents().items() if path.suffix == ".md")
    headings = {re.sub(r"[^\w -]", "", line[3:].lower()).replace(" ", "-") for line in reference.splitlines()}
    links = re.findall(r"\]\(#([^)]+)\)", reference)
    assert len(links) > 25
    assert set(links) <= headings


@pytest.fixture(scope="module")
def checker():
    """The JSON schema that editors use."""
    schema = next(text for path, text in documents().items() if path.suffix == ".json")
    return jsonschema.Draft202012Validator(json.loads(schema))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_editors_accept_every_file(checker, path):
    assert not [error.message for error in checker.iter_errors(yaml.safe_load(path.read_text()))]


@pytest.mark.parametrize(
    "text",
    [
        "parity: {learners: {relu: {widht: 3}}}",
        "parity: {experiments: {fig1: {problems: {d5: {n_feature: 3}}}}}",
        "parity: {experiments: {mine: {learners: [relu]}}}",
        "parity: {fig1: {learners: [relu]}}",
        "steps: {learners: {slope: {kind: [flat, flatt]}}}",
        "seed: [0]",
    ],
)
def test_editors_mark_errors(checker, text):
    assert list(checker.iter_errors(yaml.safe_load(text)))


def _blocks():
    """Return the YAML blocks of config/README.md that are whole overlays."""
    text = (ROOT / "config/README.md").read_text()
    return [block for block in re.findall(r"```yaml\n(.*?)```", text, re.S) if "parity:" in block]


@pytest.mark.parametrize("block", _blocks())
def test_the_overlays_of_the_readme_are_valid(checker, tmp_path, block):
    block = block.replace("        d5: {n_features: 5} ", "        d5: {n_steps: 60000} ")
    (tmp_path / "mine.yaml").write_text(block)
    assert not list(checker.iter_errors(yaml.safe_load(block)))
    assert load(ROOT, tmp_path / "mine.yaml")


def test_the_readme_shows_what_it_says(tmp_path):
    first, _, own = _blocks()
    (tmp_path / "first.yaml").write_text(first)
    (tmp_path / "own.yaml").write_text(own)
    parity = load(ROOT, tmp_path / "first.yaml", tmp_path / "own.yaml")["parity"]
    assert parity["learners"]["relu"]["optimizer"]["learning_rate"] == 0.03
    assert parity["learners"]["wide"]["optimizer"]["learning_rate"] == 0.03
    assert parity["problems"]["d10"]["n_steps"] == 100_000
    assert parity["problems"]["d10"]["evaluate_every"] == 50
    assert parity["problems"]["d5"]["n_steps"] == 50_000
    assert parity["experiments"]["my_gelu"] == {
        "like": "fig1",
        "problems": ["d5", "d10", "d30"],
        "learners": ["relu", "gelu"],
    }
    assert parity["experiments"]["fig1"]["learners"] == ["relu"]
