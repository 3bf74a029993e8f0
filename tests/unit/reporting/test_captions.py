"""Captions: templates that become a title, HTML and Markdown, with numbers from the figure's table."""

import copy
import sys
import types
from importlib import import_module

import pandas as pd
import pytest

from failures.artifacts.formats import interval, listed, number, percent
from failures.reporting.caption_numbers import Numbers
from failures.reporting.captions import read_caption
from project import ROOT

LIBRARY = ROOT / "workflow/failures"
CAPTIONS = sorted([*LIBRARY.glob("*/*/figures/*.rst"), LIBRARY / "reporting/costs/figure.rst"])


@pytest.fixture
def drawing(monkeypatch, tmp_path):
    """A module that draws a figure, with one number of its table, and the table's path."""
    module = types.ModuleType("drawing")
    module.numbers = lambda table: {"largest": number(table["value"].max())}
    monkeypatch.setitem(sys.modules, "drawing", module)
    pd.DataFrame({"value": [0.25, 0.5]}).to_csv(tmp_path / "table.csv", index=False)
    return Numbers("drawing", str(tmp_path / "table.csv"))


def test_a_caption_is_a_title_and_html(tmp_path):
    path = tmp_path / "caption.rst"
    path.write_text("**What it\nshows.** Look *here*, at ``a < b`` and <b>.\n")
    caption = read_caption(path)
    assert caption.title == "What it shows."
    assert "<em>here</em>" in caption.body
    assert "a &lt; b" in caption.body
    assert "&lt;b&gt;" in caption.body
    assert "shows" not in caption.body


@pytest.mark.parametrize(
    "text",
    [
        "No title.",
        "**Title.** text\n\nanother paragraph",
        "**Title.** *open",
        "**Title.** |x|\n\n.. |x| raw:: html\n\n   <b>x</b>",
        ".. include:: caption.rst",
        "",
    ],
)
def test_other_captions_are_refused_with_the_files_name(tmp_path, text):
    path = tmp_path / "caption.rst"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"caption\.rst"):
        read_caption(path)


def test_the_error_names_the_mistake_in_a_caption(tmp_path):
    (tmp_path / "caption.rst").write_text("**Title.** *open\n")
    with pytest.raises(ValueError, match="Inline emphasis start-string without end-string"):
        read_caption(tmp_path / "caption.rst")


def test_a_caption_shows_numbers_of_its_table(tmp_path, drawing):
    path = tmp_path / "caption.rst"
    path.write_text("{% set numbers = snakemake.params.numbers %}\n**Title.** At most {{ numbers.largest }}.\n")
    assert "At most 0.5." in read_caption(path, drawing).body


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("**Title.** {{ snakemake.params.numbers.smallest }}", r"drawing\.numbers has no 'smallest'; it has largest"),
        ("**Title.** {{ unknown }}", "'unknown' is undefined"),
        ("**Title.** {% if %}", "Expected an expression"),
    ],
)
def test_a_number_that_is_unknown_is_an_error_and_not_empty_text(tmp_path, drawing, text, error):
    path = tmp_path / "caption.rst"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"caption\.rst: .*{error}"):
        read_caption(path, drawing)


def test_numbers_read_their_table_at_first_use_and_travel_to_other_processes(tmp_path):
    numbers = Numbers("no_such_module", str(tmp_path / "missing.csv"))
    assert copy.deepcopy(numbers)._tables == (str(tmp_path / "missing.csv"),)
    with pytest.raises(ModuleNotFoundError):
        _ = numbers.anything


def test_a_caption_as_markdown_keeps_its_marks_and_no_others(tmp_path):
    path = tmp_path / "caption.rst"
    path.write_text("**Title.** See *this*, ``2^d`` and E\\ :sub:`x` of a_b [1] <i>.\n")
    assert read_caption(path).markdown == r"See *this*, `2^d` and E<sub>x</sub> of a\_b \[1\] \<i\>."


def test_a_caption_with_a_link_is_refused(tmp_path):
    path = tmp_path / "caption.rst"
    path.write_text("**Title.** `here <https://example.org>`_ it is\n")
    with pytest.raises(ValueError, match="caption cannot hold the element 'reference'"):
        read_caption(path)


@pytest.mark.parametrize("path", CAPTIONS, ids=lambda path: path.stem)
def test_every_caption_has_a_title_and_the_numbers_that_it_shows(path):
    """With numbers of a run they are rendered in tests/workflow/test_workflow.py."""
    text = path.read_text()
    title = text.removeprefix("{% set numbers = snakemake.params.numbers %}\n")
    assert title.startswith("**")
    assert len(title.split()) > 30
    # An empty number at the beginning of a line would leave it indented.
    assert not [line for line in text.splitlines() if line.startswith("{{")]
    if title != text:
        module = ".".join(("failures", *path.relative_to(LIBRARY).with_suffix("").parts))
        assert import_module(module).numbers.__doc__


def test_numbers_as_text():
    values = [0, 0.0302, 12345.6, 7.5e-4, -0.5, float("nan"), float("inf")]
    assert [number(value) for value in values] == ["0", "0.0302", "12,346", "7.5e−4", "−0.5", "?", "∞"]
    assert interval(0.61, 0.52, 0.7) == "0.61 [0.52, 0.7]"
    assert [percent(share) for share in (0, 0.004, 1 / 3, float("nan"))] == ["0 %", "0.4 %", "33 %", "?"]
    assert [listed(values) for values in ([5], [5, 10], ["a", "b", "c"])] == ["5", "5 and 10", "a, b and c"]
