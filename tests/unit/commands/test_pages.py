"""Pages of a finished run: without one, `make claims` and `make gallery` change nothing."""

import shutil

import pandas as pd
import pytest

from failures.commands import claims
from failures.commands.places import places
from page import gallery
from project import ROOT


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "results", "docs"),
    [
        ([], "results", "docs"),
        (["--config", "scale=full", "variant=code"], "results", "docs"),
        (["--config", "scale=preview"], "results/preview", "results/preview/docs"),
        (["--config", "scale=test", "variant=paper"], "results/test/paper", "results/test/paper/docs"),
        (["--configfile", "a.yaml", "b.yaml"], "results/mine", "results/mine/docs"),
        (["--configfile", "a.yaml", "--config", "scale=test"], "results/test", "results/test/docs"),
        (["--configfile", "a.yaml"], "results", "results/docs"),
    ],
)
def test_pages_of_another_configuration_leave_the_projects_alone(here, words, results, docs):
    (here / "a.yaml").write_text("seeds: [0]\n")
    (here / "b.yaml").write_text("scale: mine\n")
    place = places(words)
    assert (str(place.results), str(place.docs)) == (results, docs)


@pytest.mark.parametrize("main", [claims.main, gallery.main])
@pytest.mark.parametrize("words", [[], ["--config", "scale=preview"]])
def test_without_a_finished_run_nothing_is_written(here, main, words):
    (here / "docs").mkdir()
    with pytest.raises(SystemExit, match="missing, so nothing was written; finish the run first: make reproduce"):
        main(words)
    assert [path.name for path in here.rglob("*") if path.is_file()] == ["README.md"]


def test_a_figure_without_its_table_is_missing(here):
    (here / "results/figures").mkdir(parents=True)
    (here / "results/figures/fig1.png").touch()
    with pytest.raises(SystemExit, match=r"^results/tables/fig1.csv: missing"):
        gallery.main(["--", "fig1"])


def test_claims_of_a_preview_link_to_the_project(here):
    table = here / "results/preview/tables/claims.csv"
    table.parent.mkdir(parents=True)
    row = {"scale": "preview", "family": "parity", "claim": "c", "source": "s", "at_least": 1.0, "at_most": None}
    pd.DataFrame([row | {"finding": "f", "verdict": "reproduced"}]).to_csv(table)
    claims.main(["--config", "scale=preview"])
    page = (here / "results/preview/docs/claims.md").read_text()
    assert "[workflow/claims.yaml](../../../workflow/claims.yaml)" in page
    assert "from `results/preview/tables/claims.csv`" in page
    assert not (here / "docs").exists()
