"""Sidecars: what they hold, what they notice, and how one is followed back."""

import hashlib
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from failures.commands import audit
from failures.runtime.provenance import ProvenanceError, check, digest, installed, read, record, sidecar
from project import ROOT

UNREADABLE = r"fig1\.csv: provenance record results/provenance/tables/fig1\.csv\.json is missing or unreadable; delete"
TABLE, MODELS = Path("results/tables/fig1.csv"), Path("results/runs/models")


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Models, a table that was made of them, and records of both."""
    monkeypatch.chdir(tmp_path)
    MODELS.mkdir(parents=True)
    (MODELS / "seed_0.keras").write_text("weights")
    (MODELS / ".snakemake_timestamp").write_text("now")
    TABLE.parent.mkdir()
    TABLE.write_text("step\n1\n")
    make([], MODELS, rule="train", seeds=[0])
    make([MODELS], TABLE, rule="fig1_table", n=3)
    return tmp_path


def make(inputs, output, rule, **params):
    record(
        SimpleNamespace(
            rule=rule, wildcards={"problem": "d5"}, params=params | {"code": "code=1"}, input=inputs, output=[output]
        )
    )


def test_a_sidecar_says_how_its_artifact_was_made(results):
    assert sidecar(TABLE) == Path("results/provenance/tables/fig1.csv.json")
    text = sidecar(TABLE).read_text()
    made = json.loads(text)
    assert made["sha256"] == hashlib.sha256(b"step\n1\n").hexdigest()
    assert made["inputs"] == {str(MODELS): digest(MODELS)}
    assert (made["rule"], made["code"], made["parameters"]) == ("fig1_table", "code=1", {"n": 3})
    assert {"keras", "numpy", "pandas", "python"} <= made["versions"].keys()
    assert str(results) not in text


def test_files_of_the_project_have_the_same_names_wherever_it_lies(results):
    claims = os.path.relpath(ROOT / "workflow/claims.yaml")
    make([claims, MODELS], TABLE, rule="claims_table")
    assert set(read(TABLE)["inputs"]) == {"workflow/claims.yaml", str(MODELS)}
    (results / "given.csv").touch()
    make([results / "given.csv"], TABLE, rule="claims_table")
    assert set(read(TABLE)["inputs"]) == {"given.csv"}


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        ("results/test/tables/a.csv", "results/provenance/test/tables/a.csv.json"),
        ("mine/results/tables/a.csv", "mine/results/provenance/tables/a.csv.json"),
    ],
)
def test_sidecars_lie_beside_their_artifacts(artifact, expected):
    assert sidecar(artifact) == Path(expected)


@pytest.mark.parametrize("path", ["tables/a.csv", "results", "../results/project/workflow/published.csv"])
def test_what_is_no_artifact_has_no_sidecar(path):
    with pytest.raises(ValueError, match="not an artifact; pass a path below results/"):
        sidecar(path)
    check([path])


def test_the_digest_of_a_folder_is_that_of_its_names_and_contents(results):
    inner = hashlib.sha256(b"weights").hexdigest()
    assert digest(MODELS) == hashlib.sha256(f"{inner}  seed_0.keras\n".encode()).hexdigest()
    (MODELS / ".snakemake_timestamp").write_text("later")
    check([MODELS, TABLE])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda: TABLE.write_text("step\n2\n"), "fig1.csv: changed since rule fig1_table made it"),
        (lambda: (MODELS / "seed_0.keras").write_text("weight"), "models: changed"),
        (lambda: (MODELS / "seed_0.keras").rename(MODELS / "seed_1.keras"), "models: changed"),
        (lambda: (MODELS / "seed_1.keras").touch(), "models: changed"),
        (lambda: sidecar(TABLE).unlink(), UNREADABLE),
        (lambda: sidecar(TABLE).write_text('{"sha'), UNREADABLE),
        (lambda: sidecar(TABLE).write_text("[]"), UNREADABLE),
    ],
)
def test_a_reader_notices_any_change(results, damage, words):
    damage()
    with pytest.raises(ProvenanceError, match=words) as caught:
        check(["elsewhere/published.csv", MODELS, TABLE])
    assert "\n" not in str(caught.value)


def test_verify_removes_what_is_bad_and_nothing_else(results, capsys):
    assert audit.main(["verify"]) == 0
    assert capsys.readouterr().out == "2 artifacts match their records.\n"
    TABLE.write_text("cut of")
    litter = TABLE.with_name(f".node-17-{'a' * 32}.fig1.csv")
    litter.touch()
    own, log = TABLE.with_name("mine.csv"), Path("results/logs/fig1.log")
    log.parent.mkdir()
    for path in (own, log, Path("results/README.md")):
        path.touch()
    assert audit.main(["verify"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "removed results/tables/fig1.csv: differs from its record",
        f"removed {litter}: partial output of an interrupted job",
        "kept results/tables/mine.csv: no provenance record, not checked",
        "1 artifact matches its record; the next run recreates removed artifacts.",
    ]
    assert not TABLE.exists()
    assert not sidecar(TABLE).exists()
    assert own.exists()
    assert log.exists()
    assert audit.main(["verify"]) == 0


def test_tables_that_were_made_from_it_go_too_and_models_stay(results, capsys):
    """Snakemake makes a missing file again only if another missing file needs it."""
    instances = Path("results/instances/seeds.csv")
    instances.parent.mkdir()
    instances.write_text("seed")
    make([], instances, rule="draw")
    make([instances], MODELS, rule="train", seeds=[0])
    make([MODELS], TABLE, rule="fig1_table", n=3)
    instances.write_text("sea")
    assert audit.main(["verify"]) == 1
    assert capsys.readouterr().out.splitlines()[:2] == [
        "removed results/instances/seeds.csv: differs from its record",
        "removed results/tables/fig1.csv: depends on a damaged artifact",
    ]
    assert MODELS.is_dir()


def test_the_chain_goes_back_to_the_beginning(results, capsys):
    assert audit.main(["chain", str(TABLE)]) == 0
    first, parameter, versions, models = capsys.readouterr().out.splitlines()
    assert first.startswith("results/tables/fig1.csv: ok, sha256 ")
    assert parameter == "  parameter n = 3"
    assert "numpy" in versions
    assert models == f"  results/runs/models: ok, sha256 {digest(MODELS)[:12]}, rule train (code=1)"
    (MODELS / "seed_0.keras").write_text("other")
    make([], MODELS, rule="train", seeds=[1])
    audit.main(["chain", str(TABLE)])
    assert f"  results/runs/models: rewritten after {TABLE} was made" in capsys.readouterr().out.splitlines()


def test_a_file_that_nobody_recorded_is_one_line(results, capsys):
    for path in ("results/none.csv", "Snakefile"):
        assert audit.main(["chain", path]) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert audit.main(["chain", ""]) == 2
    assert audit.main([]) == 2
    assert read("results/none.csv") is None


def test_the_version_of_an_imported_package_is_the_one_it_states(results, monkeypatch):
    """Another search path can hold a module of another version than the installed package."""
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(__version__="1.2.3"))
    monkeypatch.setitem(sys.modules, "seaborn", None)
    make([], TABLE, rule="fig1_table", n=3)
    versions = read(TABLE)["versions"]
    assert versions["tensorflow-cpu"] == "1.2.3"
    assert versions["seaborn"] == installed("seaborn")
    assert "tensorflow" not in versions
