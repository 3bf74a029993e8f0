"""Tables of the parity family from histories written by hand."""

import numpy as np
import pandas as pd
import pytest

from failures.artifacts.tables import first_step_reaching, published_curves, replicate_band
from failures.families.parity.tables import fig1, parity_size


def history(path, problem, curves):
    """Write a history with one trial a curve, evaluated at steps 0, 10, 20, ..."""
    rows = [
        (problem, "relu", f"seed_{seed}", seed, 10 * index, metric, value if metric == "accuracy" else 0.1)
        for seed, curve in enumerate(curves)
        for index, value in enumerate(curve)
        for metric in ("accuracy", "loss")
    ]
    columns = ["problem", "learner", "trial", "seed", "step", "metric", "value"]
    pd.DataFrame(rows, columns=columns).to_parquet(path)
    return path


def test_band_is_median_and_percentiles():
    values = np.arange(11.0)
    band = replicate_band(pd.DataFrame({"step": 3, "accuracy": values}), ["step"], "accuracy")
    assert band.iloc[0].to_dict() == {
        "step": 3,
        "accuracy_median": 5,
        "accuracy_p10": 1,
        "accuracy_p90": 9,
        "n_replicates": 11,
    }


def test_first_step_is_the_first_even_if_lost_again():
    rows = pd.DataFrame({"run": [1, 1, 1, 2, 2], "step": [0, 10, 20, 0, 10], "accuracy": [0.5, 0.95, 0.8, 0.5, 0.6]})
    steps = first_step_reaching(rows, ["run"], "accuracy", 0.9)
    assert steps.loc[(1,)].item() == 10
    assert np.isnan(steps.loc[(2,)].item())


def test_fig1_table(tmp_path):
    inputs = {
        "history": [
            history(tmp_path / "a.parquet", "d5", [[0.5, 1.0, 0.9], [0.4, 0.6, 1.0]]),
            history(tmp_path / "b.parquet", "d10", [[0.5, 0.5, 0.5], [0.5, 0.5, 0.6]]),
        ],
        "published": tmp_path / "curves.csv",
    }
    pd.DataFrame(
        [(1, "d=5", "accuracy", 0, 0.54), (1, "d=99", "accuracy", 0, 0.1), (3, "k=1", "accuracy", 0, 0.2)],
        columns=["figure", "series", "quantity", "x", "value"],
    ).to_csv(inputs["published"], index=False)
    table = fig1.tabulate(inputs, {"d5": {"n_features": 5}, "d10": {"n_features": 10}})
    ours = table[table["part"] == "curve"].set_index(["n_features", "step"])
    assert ours.loc[(5, 10), "accuracy_median"] == pytest.approx(0.8)
    assert (ours["n_replicates"] == 2).all()
    runs = table[table["part"] == "run"]
    assert runs[["learner", "n_features", "seed"]].to_numpy().tolist() == [
        ["relu", d, seed] for d in (5, 10) for seed in (0, 1)
    ]
    assert runs["steps"].fillna(-1).tolist() == [11, 21, -1, -1]
    published = table[table["part"] == "published"]
    assert published[["n_features", "step", "accuracy_median"]].to_numpy().tolist() == [[5, 0, 0.54]]


def test_parity_size_table(tmp_path):
    runs = tmp_path / "runs.csv"
    pd.DataFrame(
        {"problem": "d5", "learner": "relu", "trial": ["seed_0", "seed_1"], "subset_size": [1, 4], "seed": [0, 1]}
    ).to_csv(runs, index=False)
    inputs = {"history": [history(tmp_path / "a.parquet", "d5", [[0.5, 0.92, 1.0], [0.5, 0.5, 0.99]])], "runs": [runs]}
    problems = {"d5": {"n_features": 5, "encoding": "signed", "n_steps": 21}}
    table = parity_size.tabulate(inputs, problems).set_index(["subset_size", "threshold"])["steps"]
    assert table.loc[1].tolist() == [11, 21, 21]
    assert table.loc[4].tolist()[:2] == [21, 21]
    assert np.isnan(table.loc[4, 1.0])


def test_published_curves_of_figure_1(request):
    path = request.config.rootpath / "workflow/resources/published/curves.csv"
    curves = published_curves(path, 1, "accuracy")
    assert set(curves["series"]) == {"d=5", "d=10", "d=30"}
    assert curves["accuracy"].between(0, 1).all()
    # Accuracies of 500 samples are multiples of 1/500.
    np.testing.assert_allclose(curves["accuracy"] * 500, (curves["accuracy"] * 500).round(), atol=1e-6)
