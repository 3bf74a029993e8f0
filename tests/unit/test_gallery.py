"""The gallery: every figure of the workflow, in the order of README's table."""

import pandas as pd
import pytest

from failures.page import gallery
from project import ROOT

README = (ROOT / "README.md").read_text()
LIBRARY = ROOT / "workflow/failures"


def test_readme_lists_every_figure():
    captions = {path.stem for path in LIBRARY.glob("*/figures/*.rst")}
    assert set(gallery.figures(README)) == captions | {"costs"}


def test_a_figure_has_its_picture_caption_and_command(tmp_path):
    table = {
        "tuple_length": 2,
        "learner": "end_to_end",
        "problem": "k2",
        "seed": [0, 1],
        "learnt_at": [301, float("inf")],
    }
    table |= {"success": 0.5, "success_low": 0.1, "success_high": 0.9, "n_replicates": 2}
    pd.DataFrame(table).to_csv(tmp_path / "success.csv", index=False)
    readme = (
        "| figure | target | shows |\n|---|---|---|\n| Success rate | `success` | x |\n| `make test` | `test` | y |\n"
    )
    text = gallery.render(readme, tmp_path)
    assert text.count("\n## ") == 1
    assert "](gallery/success.png)\n\n**" in text
    assert "1 of 2" in text
    assert text.endswith("\n`snakemake --cores 8 -- success`\n")


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"success\.csv"):
        gallery.render("| Success rate | `success` | x |\n", tmp_path)
