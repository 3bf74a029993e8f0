"""Tables and figures of the curves family: numbers written by hand, figures through what they drew."""

import numpy as np
import pandas as pd
import pytest

from failures.families.curves.figures import condition_numbers as numbers_figure
from failures.families.curves.figures import conditioning_rates as rates_figure
from failures.families.curves.figures import curve_errors as errors_figure
from failures.families.curves.figures import fig6 as fig6_figure
from failures.families.curves.tables import condition_numbers as numbers_table
from failures.families.curves.tables import conditioning_rates as rates_table
from failures.families.curves.tables import curve_errors as errors_table
from failures.families.curves.tables import fig6 as fig6_table

pytestmark = pytest.mark.usefixtures("look")


def test_decoded_curves_and_their_errors(tmp_path):
    table = pd.DataFrame({"curve": [0, 0, 1, 1], "point": [0, 1, 0, 1], "original": [1.0, 2.0, 2.0, 0.0]})
    table = table.assign(learner="linear", step=7, decoded=[1.0, 1.0, np.nan, np.nan])
    table.to_csv(tmp_path / "decoded.csv", index=False)
    table = fig6_table.tabulate({"decoded": tmp_path / "decoded.csv"})
    assert table["error"].tolist()[:2] == pytest.approx([0.2, 0.2])
    (axis,) = fig6_figure.draw(table[table["curve"] == 0]).axes
    original, decoded = axis.lines[:2]
    assert original.get_xydata().tolist() == [[0, 1], [1, 2]]
    assert decoded.get_xydata().tolist() == [[0, 1], [1, 1]]
    assert axis.texts[0].get_text() == "relative error 0.2"


@pytest.fixture
def errors(tmp_path):
    """Two runs whose errors are told at two steps of one tenth of a decade, and at one of another."""
    rows = [
        ("pieces", "linear", f"seed_{seed}", seed, step, metric, value * (1 + seed))
        for metric, scale in (("error", 1.0), ("breakpoint_error", 10.0))
        for seed in (0, 1)
        for step, value in ((0, scale), (1000, 3 * scale), (1001, 1 * scale))
    ]
    columns = ["problem", "learner", "trial", "seed", "step", "metric", "value"]
    pd.DataFrame(rows, columns=columns).to_parquet(tmp_path / "history.parquet")
    runs = pd.DataFrame({"learner": "linear", "problem": "few", "n_curves": [10, 10, 30, 30]})
    runs = runs.assign(final_error=[1.0, 3.0, 0.1, 0.3], final_breakpoint_error=0.5)
    runs.to_csv(tmp_path / "runs.csv", index=False)
    return errors_table.tabulate({"history": [tmp_path / "history.parquet"], "runs": [tmp_path / "runs.csv"]})


def test_errors_over_replicates_of_medians_over_evaluations(errors):
    training, samples = (errors[errors["stage"] == stage] for stage in ("training", "samples"))
    assert training["step"].tolist() == [0, 1001]
    assert training["error_median"].tolist() == pytest.approx([1.5, 3])
    assert training["breakpoint_error_median"].tolist() == pytest.approx([15, 30])
    assert samples["n_curves"].tolist() == [10, 30]
    assert samples["error_median"].tolist() == pytest.approx([2, 0.2])
    assert errors["n_replicates"].eq(2).all()


def test_errors_are_drawn_against_updates_and_curves(errors):
    axes = errors_figure.draw(errors).axes
    assert axes[0].lines[0].get_xydata().tolist() == [[1, 1.5], [1002, 3]]
    np.testing.assert_allclose(axes[2].lines[0].get_xydata(), [[10, 2], [30, 0.2]])


def test_condition_numbers_grow_by_their_exponents(tmp_path):
    table = numbers_table.tabulate({}, [100, 200, 400], 100, 200, 0)
    exponents = table[table["quantity"] == "exponent"].set_index(["matrix", "distribution"])["value"]
    assert exponents["decoder", ""] == pytest.approx(4, abs=0.05)
    assert exponents["convolution", "slopes"] == pytest.approx(3, abs=0.15)
    assert exponents["convolution", "uniform"] == pytest.approx(3, abs=0.05)
    numbers = table[table["quantity"] == "condition_number"].set_index(["matrix", "distribution", "n_points"])["value"]
    numbers = numbers.sort_index()
    assert (numbers["conditioned"] < 1.5).all()
    assert numbers["conditioned_float32", "uniform", 400] > 100
    table.to_csv(tmp_path / "table.csv", index=False)
    (axis,) = numbers_figure.draw(pd.read_csv(tmp_path / "table.csv")).axes
    decoder = numbers["decoder", ""]
    np.testing.assert_allclose(axis.lines[0].get_ydata(), decoder, rtol=1e-6)
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels[0].startswith("linear learner: $n^{3.9")


def test_rates_of_gradient_descent():
    table = rates_table.tabulate({}, [10, 12], 10, [1.0, 2.1], 20)
    parts = table.set_index(["part", "method"]).sort_index()
    closed, simulated = (parts.loc[("descent", name)].set_index("x")["value"] for name in ("closed_form", "simulation"))
    np.testing.assert_allclose(simulated, closed, rtol=1e-6)
    stochastic = parts.loc[("descent", "stochastic")].set_index("x")["value"]
    np.testing.assert_allclose(stochastic, closed.loc[stochastic.index], rtol=0.1)
    threshold = parts.loc[("threshold", "simulation")].set_index("x")["value"]
    assert threshold[1.0] < 4 < 1e6 < threshold[2.1]
    counts = table[table["part"] == "iterations"].set_index(["learner", "method", "x"])["value"].sort_index()
    assert counts["linear", "simulation", 10] == counts["linear", "closed_form", 10]
    assert (counts["linear", "bound"] <= counts["linear", "closed_form"]).all()
    assert (counts["conditioned_slopes", "closed_form"] <= 2).all()
    descent, divergence, iterations = rates_figure.draw(table).axes
    assert len(descent.lines) == 3
    assert divergence.lines[0].get_xdata().tolist() == [1.0, 2.1]
    labels = ["linear", "Theorem 3", "convolution", "(curves of the text)", "conditioned"]
    assert sorted(text.get_text() for text in iterations.texts) == sorted(labels)
