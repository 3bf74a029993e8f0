"""Tables and figures of the periodic family: numbers written by hand, figures through what they drew."""

import numpy as np
import pandas as pd
import pytest

from failures.families.periodic.figures import linear_periodic as training_figure
from failures.families.periodic.figures import linear_periodic_variance as variance_figure
from failures.families.periodic.tables import linear_periodic as training_table
from failures.families.periodic.tables import linear_periodic_variance as variance_table

pytestmark = pytest.mark.usefixtures("look")


@pytest.fixture
def training(tmp_path):
    """Two replicates of a wave and of the linear target, at steps 0 and 10, tabulated."""
    runs = pd.DataFrame(
        [(f"{wave}_{seed}", wave, 0.5, seed) for wave in ("cosine", "linear") for seed in (0, 1)],
        columns=["trial", "wave", "norm", "seed"],
    ).assign(problem="d5", learner="relu")
    runs.to_csv(tmp_path / "runs.csv", index=False)
    history = runs.merge(pd.DataFrame({"step": [0, 10]}), how="cross").assign(metric="unexplained")
    history["value"] = [1.0, 0.9, 1.2, 0.7, 1.0, 0.1, 1.0, 0.3]
    noise = history.assign(metric="loss", value=7.0)
    pd.concat([history, noise]).drop(columns=["wave", "norm"]).to_parquet(tmp_path / "history.parquet")
    inputs = {"history": [tmp_path / "history.parquet"], "runs": [tmp_path / "runs.csv"]}
    return training_table.tabulate(inputs, {"d5": {"n_features": 5}})


def test_unexplained_variance_over_replicates(training):
    assert training["n_features"].eq(5).all()
    assert training["n_replicates"].eq(2).all()
    medians = training.set_index(["wave", "step"])["unexplained_median"]
    assert medians.to_dict() == pytest.approx(
        {("cosine", 0): 1.1, ("cosine", 10): 0.8, ("linear", 0): 1.0, ("linear", 10): 0.2}
    )
    assert training["unexplained_p90"].tolist() == pytest.approx([1.18, 0.88, 1.0, 0.28])


def test_a_panel_has_the_wave_and_the_linear_target(training):
    (axis,) = training_figure.draw(training).axes
    lines = {line.get_linestyle(): line.get_xydata().tolist() for line in axis.lines[1:]}
    assert lines == {"-": [[1, 1.1], [11, 0.8]], "--": [[1, 1.0], [11, 0.2]]}
    assert axis.get_title(loc="left") == "r = 0.5"
    assert len(axis.collections) == 2


def test_the_caption_has_the_final_medians(training):
    ends = "0.8 for the cosine and 0.2 for the linear target (r = 0.5, d = 5)"
    assert training_figure.numbers(training) == {"ends": ends}


@pytest.fixture
def variance(tmp_path):
    """Two networks whose variance is exp(-2 d) r^-3 times 1 and 3, and estimates with errors."""
    exact = [
        ("relu", seed, d, wave, norm, "quadrature", factor * np.exp(-2 * d) * norm**-3.0, np.nan, 10.0)
        for seed, factor in ((0, 1), (1, 3))
        for wave in ("cosine", "square")
        for d in range(2, 9)
        for norm in {1.0, 2.0, 4.0, *np.linspace(4.1, 8, 9), np.sqrt(d)}
    ]
    sampled = [
        ("tanh", seed, 2, wave, norm, "monte_carlo", value, 0.3, 10.0)
        for seed in (0, 1)
        for wave in ("cosine", "square")
        for norm, value in ((1.0, 5.0 + seed), (2.0, 0.2), (4.0, -0.2))
    ]
    columns = ["learner", "seed", "n_features", "wave", "norm", "method"]
    table = pd.DataFrame([*exact, *sampled], columns=[*columns, "variance", "standard_error", "gradient_square"])
    for learner, rows in table.groupby("learner"):
        rows.to_csv(tmp_path / f"{learner}.csv", index=False)
    inputs = {"gradients": [tmp_path / "relu.csv", tmp_path / "tanh.csv"]}
    return variance_table.tabulate(inputs, [2, 8], [1.0, 2.0, 4.0])


def test_variances_are_means_over_networks_relative_to_the_gradient(variance):
    rows = variance[(variance["quantity"] == "variance") & (variance["wave"] == "cosine")]
    exact = rows[(rows["method"] == "quadrature") & (rows["line"] == "dimension") & (rows["norm"] == 2)]
    np.testing.assert_allclose(exact["value"], 0.2 * np.exp(-2.0 * np.arange(2, 9)) / 8)
    assert exact["standard_error"].isna().all()
    sampled = rows[(rows["method"] == "monte_carlo") & (rows["line"] == "norm")].set_index("norm")
    assert sampled["value"].tolist() == pytest.approx([0.55, 0.02, -0.02])
    error = 0.03 / np.sqrt(2)
    assert sampled["standard_error"].tolist() == pytest.approx([error] * 3)
    assert np.isnan(sampled.loc[1.0, "upper_limit"])
    assert sampled["upper_limit"].tolist()[1:] == pytest.approx([0.02 + 2 * error, 2 * error])


def test_slopes_are_those_of_the_lines(variance):
    slopes = variance[(variance["quantity"] == "slope") & (variance["wave"] == "square")]
    assert set(slopes["method"]) == {"quadrature"}
    by_line = {line: rows for line, rows in slopes.groupby("line")}
    assert by_line["dimension"]["norm"].tolist() == [1.0, 2.0, 4.0]
    assert by_line["dimension"]["value"].tolist() == pytest.approx([-2, -2, -2])
    assert by_line["norm"]["n_features"].tolist() == [2, 8]
    assert by_line["norm"]["value"].tolist() == pytest.approx([-3, -3])
    d = np.arange(2.0, 9)
    assert by_line["both"]["value"].item() == pytest.approx(np.polyfit(d, -2 * d - 1.5 * np.log(d), 1)[0])
    assert (slopes["standard_error"] < 0.05).all()


def test_a_slope_is_fitted_where_the_fall_is_steep():
    points = pd.DataFrame({"n_features": [2, 5, 19, 20, 30], "norm": 1.0})
    assert variance_table._fitted("dimension", points).tolist() == [True, True, True, False, False]
    points = pd.DataFrame({"n_features": 3, "norm": [0.5, 1.9, 2.0, 8.0]})
    assert variance_table._fitted("norm", points).tolist() == [False, False, True, True]


def test_variance_is_drawn_against_d_and_r(variance):
    figure = variance_figure.draw(variance)
    assert len(figure.axes) == 4
    against_d, against_r = figure.axes[:2]
    lines = [line.get_xydata() for line in against_d.lines]
    expected = np.stack([np.arange(2, 9), 0.2 * np.exp(-2.0 * np.arange(2, 9))], axis=1)
    assert any(line.shape == expected.shape and np.allclose(line, expected) for line in lines)
    labels = [text.get_text() for text in against_d.get_legend().get_texts()]
    assert labels[:3] == [f"r = {norm}: −2.000 ± 0.000" for norm in (1, 2, 4)]
    assert labels[-1].startswith("r = √d: −2.")
    labels = [text.get_text() for text in against_r.get_legend().get_texts()]
    assert labels == [f"d = {d}: −3.000 ± 0.000" for d in (2, 8)]
    triangles = [line.get_xydata() for line in against_r.lines if line.get_marker() == "v" and len(line.get_xydata())]
    assert len(np.concatenate(triangles)) == 2
    assert {axis.get_yscale() for axis in figure.axes} == {"log"}
    kinds = ["quadrature", "Monte Carlo: tanh", "upper limit"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == kinds
    exact = variance_figure.draw(variance[variance["method"] == "quadrature"])
    assert [text.get_text() for text in exact.legends[0].get_texts()] == ["quadrature"]
