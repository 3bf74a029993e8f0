"""Figures through what they drew, not through their pixels."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from failures.artifacts import style
from failures.families.parity.figures import fig1, parity_size

pytestmark = pytest.mark.usefixtures("look")


@pytest.fixture
def fig1_table():
    ours = pd.DataFrame({"part": "curve", "learner": "relu", "n_features": 5, "step": [0, 50, 99]})
    ours = ours.assign(accuracy_median=[0.5, 0.8, 1.0], accuracy_p10=[0.4, 0.7, 0.9], accuracy_p90=[0.6, 0.9, 1.0])
    published = pd.DataFrame(
        {"part": "published", "learner": None, "n_features": 5, "step": [0, 60], "accuracy_median": [0.5, 0.9]}
    )
    steps = [51, 100, 100, 100, 51, 51, 51, 100, 100, None]
    runs = pd.DataFrame({"part": "run", "learner": "relu", "n_features": 5, "seed": range(10), "steps": steps})
    return pd.concat([ours, runs, published], ignore_index=True)


def test_fig1_draws_the_median_the_band_and_the_published_curve(fig1_table):
    figure = fig1.draw(fig1_table)
    for axis in figure.axes:
        lines = {line.get_label(): line.get_xydata() for line in axis.lines}
        assert lines["d = 5"].tolist() == [[0, 0.5], [50, 0.8], [99, 1.0]]
        assert any(np.array_equal(line.get_xydata(), [[0, 0.5], [60, 0.9]]) for line in axis.lines)
        band = axis.collections[0].get_paths()[0].vertices
        assert {(50.0, 0.7), (50.0, 0.9)} <= {tuple(point) for point in band.tolist()}
    assert [axis.get_xscale() for axis in figure.axes] == ["linear", "log"]


def test_fig1_names_published_curves_only_if_it_draws_them(fig1_table):
    for table, published in ((fig1_table, True), (fig1_table[fig1_table["part"] != "published"], False)):
        labels = [text.get_text() for text in fig1.draw(table).axes[1].get_legend().get_texts()]
        assert ("published" in labels) == published
        assert fig1.numbers(table) == {"solved": "9 of 10 at d = 5", "published": "yes" * published}


def test_fig1_names_learners_where_there_are_several(fig1_table):
    table = pd.concat([fig1_table, fig1_table.assign(learner="deep").query("part != 'published'")])
    assert fig1.numbers(table)["solved"].startswith("9 of 10 at d = 5 (deep ReLU) and ")


def test_a_note_is_on_the_figure_and_only_then(fig1_table):
    texts = [fig1.draw(fig1_table, note=note).get_suptitle() for note in ("preview scale", "")]
    assert texts == ["Preview scale", ""]


def test_parity_size_draws_medians_and_marks_runs_that_did_not_get_there():
    sizes = pd.DataFrame({"subset_size": [1, 1, 1, 2, 2, 2], "steps": [10, 20, 40, 100, np.nan, np.nan]})
    table = sizes.assign(learner="relu", n_features=5, encoding="signed", threshold=0.9, n_steps=1000, seed=0)
    (axis,) = parity_size.draw(table).axes
    drawn = [line.get_xydata().tolist() for line in axis.lines]
    assert [[1.0, 20.0], [2.0, float("inf")]] in drawn
    assert [[2.0, 1250.0], [2.0, 1250.0]] in drawn
    assert parity_size.numbers(table) == {"thresholds": "90"}


def test_files_have_the_same_bytes(tmp_path, fig1_table):
    for name in ("one", "two"):
        paths = [tmp_path / f"{name}.{suffix}" for suffix in ("pdf", "svg", "png")]
        style.save(fig1.draw(fig1_table), paths, dpi=80)
    for suffix in ("pdf", "svg", "png"):
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()
    assert len(list(tmp_path.iterdir())) == 6


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(KeyError, match="gif"):
        style.save(plt.figure(), [tmp_path / "figure.gif"], dpi=80)


def test_names_in_svg_do_not_depend_on_last_digits():
    """Matplotlib hashes coordinates; the solver of the layout has other last digits in every fourth process."""
    template = '<g clip-path="url(#{0})"/><use xlink:href="#{1}"/><clipPath id="{0}"/><path id="{1}"/><p id="Sans-2"/>'
    texts = [template.format(*names) for names in (("p2728b0d38e", "m5aefeab88a"), ("pd1cd8e9f8f", "m000000000a"))]
    one, two = map(style._numbered, texts)
    assert one == two == template.format("p1", "m2")
