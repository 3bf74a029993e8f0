"""The gallery: every figure of the workflow, in the order of README's table."""

import numpy as np
import pandas as pd
import pytest

from failures.reporting.page import gallery
from project import ROOT

README = (ROOT / "README.md").read_text()
LIBRARY = ROOT / "workflow/failures"


def test_readme_lists_every_figure():
    captions = {path.stem for path in LIBRARY.glob("*/*/figures/*.rst")}
    assert set(gallery.figures(README)) == captions | {"costs"}


@pytest.fixture
def tables(tmp_path):
    """A folder with the table of the figure success."""
    table = {"tuple_length": 2, "learner": "end_to_end", "problem": "k2", "seed": [0, 1], "learnt_at": [301, np.inf]}
    table |= {"success": 0.5, "success_low": 0.1, "success_high": 0.9, "n_replicates": 2}
    pd.DataFrame(table).to_csv(tmp_path / "success.csv", index=False)
    return tmp_path


TABLE = "| figure | target | shows |\n|---|---|---|\n| Success rate | `success` | x |\n| `make test` | `test` | y |\n"


def test_a_figure_has_its_picture_caption_and_command(tables):
    text = gallery.render(TABLE, tables, ["success"])
    assert text.count("\n## ") == 1
    assert "](gallery/success.png)\n\n**" in text
    assert "1 of 2" in text
    assert text.endswith("\n`snakemake --cores 8 -- success`\n")


def test_some_figures_are_updated_and_the_others_keep_their_sections(tables):
    readme = TABLE + "| Figure 1 | `fig1` | z |\n"
    before = "# Gallery\n\n## Figure 1\n\nas it was\n\n## Gone\n\nold\n"
    text = gallery.render(readme, tables, ["success"], before)
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Success rate", "## Figure 1"]
    assert text.endswith("## Figure 1\n\nas it was\n")
    with pytest.raises(ValueError, match="the gallery lacks fig1"):
        gallery.render(readme, tables, ["success"])


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"success\.csv"):
        gallery.render(TABLE, tmp_path, ["success"])


def test_the_gallery_in_docs_has_every_figure_and_its_picture():
    page = (ROOT / "docs/gallery.md").read_text()
    for target, name in gallery.figures(README).items():
        assert f"\n## {name}\n" in page
        assert f"(gallery/{target}.png)" in page
        assert (ROOT / f"docs/gallery/{target}.png").is_file()
