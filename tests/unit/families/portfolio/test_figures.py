"""Tables and figures of the portfolio family: numbers written by hand, figures through what they drew."""

import numpy as np
import pandas as pd
import pytest

from failures.families.portfolio.figures import estimator_variance as variance_figure
from failures.families.portfolio.figures import fig4 as loss_figure
from failures.families.portfolio.figures import portfolio_rates as rates_figure
from failures.families.portfolio.tables import estimator_variance as variance_table
from failures.families.portfolio.tables import fig4 as loss_table
from failures.families.portfolio.tables import portfolio_rates as rates_table

pytestmark = pytest.mark.usefixtures("look")
PROBLEMS = {"k10": {"n_stocks": 10, "n_features": 1000}}


def history(path, values):
    """A history of two replicates at steps 0 and 100; values: metric -> (seed 0, seed 1) for each step."""
    rows = [
        ("k10", "end_to_end", f"rate_1_seed_{seed}", seed, step, metric, pair[seed])
        for metric, pairs in values.items()
        for step, pair in zip((0, 100), pairs, strict=True)
        for seed in (0, 1)
    ]
    columns = ["problem", "learner", "trial", "seed", "step", "metric", "value"]
    pd.DataFrame(rows, columns=columns).to_parquet(path)
    return [path]


@pytest.fixture
def loss(tmp_path):
    """A table of the loss, beside a published curve of its k and one of another."""
    values = {"loss": [(-0.1, -0.2), (-0.8, -1.0)], "sampled_loss": [(-0.15, 0.0), (-0.7, 0.0)]}
    rows = [(4, f"k={k} end-to-end", "loss", step, -0.3) for k in (10, 2000) for step in (0, 100)]
    published = pd.DataFrame(rows, columns=["figure", "series", "quantity", "x", "value"])
    published.to_csv(tmp_path / "published.csv", index=False)
    return {"history": history(tmp_path / "history.parquet", values), "published": tmp_path / "published.csv"}


def test_exact_loss_over_replicates_beside_the_sampled_and_the_published(loss):
    table = loss_table.tabulate(loss, PROBLEMS)
    ours, published = (table[table["source"] == source] for source in ("ours", "published"))
    assert ours["loss_median"].tolist() == pytest.approx([-0.15, -0.9])
    assert ours["loss_p10"].tolist() == pytest.approx([-0.19, -0.98])
    assert ours["sampled_loss"].tolist() == [-0.15, -0.7]
    assert published[["learner", "n_stocks", "step", "sampled_loss"]].to_numpy().tolist() == [
        ["end_to_end", 10, 0, -0.3],
        ["end_to_end", 10, 100, -0.3],
    ]


def test_published_curves_stay_away_from_another_market(loss):
    table = loss_table.tabulate(loss, {"k10": {"n_stocks": 10, "n_features": 50}})
    assert set(table["source"]) == {"ours"}


def test_a_panel_has_the_exact_the_sampled_and_the_published_loss(loss):
    (axis,) = loss_figure.draw(loss_table.tabulate(loss, PROBLEMS)).axes
    median, sampled, published = axis.lines[:3]
    np.testing.assert_allclose(median.get_xydata(), [[0, -0.15], [100, -0.9]])
    assert sampled.get_xydata().tolist() == [[0, -0.15], [100, -0.7]]
    assert published.get_xydata().tolist() == [[0, -0.3], [100, -0.3]]
    assert axis.get_title(loc="left") == "k = 10"


@pytest.fixture
def variance(tmp_path):
    """Ratios 10 and 20 along training (sampled: half), and before it for one stock and ten."""
    pairs = {"moment_end_to_end": [(4.0, 4.0), (8.0, 8.0)], "moment_decomposition": [(0.4, 0.4), (0.4, 0.4)]}
    pairs |= {"sampled_moment_end_to_end": [(2.0, 2.0), (4.0, 4.0)], "sampled_moment_decomposition": [(0.4, 0.4)] * 2}
    initial = pd.DataFrame({"n_stocks": [1, 10], "seed": 0} | {name: [1e-9, 0.3] for name in pairs})
    initial["moment_end_to_end"] = [0.0, 3.0]
    initial["moment_decomposition"] = [0.0, 0.3]
    initial.to_csv(tmp_path / "initial.csv", index=False)
    inputs = {"initial": tmp_path / "initial.csv", "history": history(tmp_path / "history.parquet", pairs)}
    return variance_table.tabulate(inputs, PROBLEMS)


def test_ratios_of_moments(variance):
    trained = variance[variance["stage"] == "trained"]
    assert trained["ratio_median"].tolist() == pytest.approx([10, 20])
    assert trained["sampled_ratio_median"].tolist() == pytest.approx([5, 10])
    assert trained["n_replicates"].eq(2).all()
    one, ten = variance[variance["stage"] == "initial"].itertuples()
    assert pd.isna(one.ratio_median)
    assert pd.isna(one.sampled_ratio_median)
    assert ten.ratio_median == pytest.approx(10)


def test_the_closed_form_lies_on_k_and_one_stock_is_not_drawn(variance):
    before, along = variance_figure.draw(variance).axes
    guide, exact = before.lines[:2]
    assert guide.get_xydata().tolist() == [[10, 10]]
    np.testing.assert_allclose(exact.get_xydata(), [[10, 10]])
    np.testing.assert_allclose(along.lines[0].get_xydata(), [[0, 10], [100, 20]])


def test_final_losses_against_the_learning_rate(tmp_path):
    runs = pd.DataFrame({"rate_factor": [0.1, 0.1, 3.0, 3.0], "seed": [0, 1, 0, 1]})
    runs = runs.assign(problem="k10", learner="sgd", final_loss=[-0.2, -0.4, -1.0, -1.0], final_wrong=[0, 0, 1, 0.5])
    runs.to_csv(tmp_path / "runs.csv", index=False)
    learners = {"sgd": {"method": "decomposition", "optimizer": {"name": "SGD", "learning_rate": 0.1}}}
    table = rates_table.tabulate({"runs": [tmp_path / "runs.csv"]}, PROBLEMS, learners)
    assert table["learning_rate"].tolist() == [0.01, 0.3]
    assert table["loss_median"].tolist() == pytest.approx([-0.3, -1.0])
    assert table["wrong_median"].tolist() == pytest.approx([0, 0.75])
    assert table["n_replicates"].eq(2).all()
    loss, wrong = rates_figure.draw(table).axes
    np.testing.assert_allclose(loss.lines[0].get_xydata(), [[0.01, -0.3], [0.3, -1.0]])
    np.testing.assert_allclose(wrong.lines[0].get_xydata(), [[0.01, 0], [0.3, 0.75]])
