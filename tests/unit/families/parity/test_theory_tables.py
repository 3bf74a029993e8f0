"""Tables and figures of Theorem 1 and of what learns parities, from artifacts written by hand."""

import numpy as np
import pandas as pd
import pytest

from failures.artifacts.tables import wilson
from failures.families.parity.figures import elimination as elimination_figure
from failures.families.parity.figures import gradient_variance as variance_figure
from failures.families.parity.figures import predictors as predictors_figure
from failures.families.parity.figures import queries as queries_figure
from failures.families.parity.figures import target_blindness as blindness_figure
from failures.families.parity.tables import elimination, gradient_variance, predictors, queries, target_blindness

pytestmark = pytest.mark.usefixtures("look")


def lines(axis):
    return [line.get_xydata().tolist() for line in axis.lines]


@pytest.fixture
def variance_table(tmp_path):
    rows = []
    for d in (2, 4):
        keys = {"learner": "relu", "n_features": d, "seed": 0, "updates": 0, "loss": "square", "method": "transform"}
        values = {
            "variance": 0.5 * 2.0**-d,
            "bound": 2.0**-d,
            "squared_norm": 8.0,
            "rounding": 1e-9,
            "batch_noise": 0.1,
        }
        rows += [keys | {"quantity": name, "value": value, "standard_error": 0.0} for name, value in values.items()]
        energies = [4.0, 2.0, 2.0] + [0.0] * (d - 2)
        rows += [keys | {"quantity": "energy", "degree": s, "value": e} for s, e in enumerate(energies)]
    pd.DataFrame(rows).to_csv(tmp_path / "initial.csv", index=False)
    trained = pd.DataFrame([row for row in rows if row["n_features"] == 2 and row["quantity"] in ("variance", "bound")])
    trained = pd.concat([trained, trained.assign(updates=10)]).assign(subset_size=2, accuracy=1.0, trial="seed_0")
    trained.to_csv(tmp_path / "trained.csv", index=False)
    inputs = {stage: [tmp_path / f"{stage}.csv"] for stage in ("initial", "trained")}
    return gradient_variance.tabulate(inputs)


def test_gradient_variance_table_has_ratios_and_shares(variance_table):
    initial = variance_table[variance_table["stage"] == "initial"]
    assert (initial.loc[initial["quantity"] == "ratio", "value"] == 0.5).all()
    shares = initial[(initial["quantity"] == "share") & (initial["n_features"] == 4)]
    assert shares["value"].tolist() == [0.5, 0.25, 0.25, 0, 0]
    assert shares["degree"].tolist() == [0, 1, 2, 3, 4]
    assert set(initial["quantity"]) == {"variance", "bound", "rounding", "batch_noise", "ratio", "share"}
    trained = variance_table[variance_table["stage"] == "trained"]
    assert trained["updates"].tolist() == [0] * 3 + [10] * 3
    assert (trained["accuracy"] == 1).all()


def test_gradient_variance_figure_draws_medians(variance_table):
    top, ratio, shares, training = variance_figure.draw(variance_table).axes
    assert [[2, 0.125], [4, 0.03125]] in lines(top)
    assert [[2, 0.25], [4, 0.0625]] in lines(top)
    assert [[2, 0.5], [4, 0.5]] in lines(ratio)
    assert [[0, 0.5], [1, 0.25], [2, 0.25]] in lines(shares)
    assert [[0, 0.5], [10, 0.5]] in lines(training)
    assert top.get_yscale() == "log"


def test_gradient_variance_caption_has_the_crossings(variance_table):
    shown = variance_figure.numbers(variance_table)
    assert shown == {
        "crossings": "for ReLU, the variance is below the noise of a batch from d = 4",
        "exact": "4",
    }
    without = variance_table[~variance_table["quantity"].isin(["batch_noise", "rounding"])].assign(method="sample")
    assert variance_figure.numbers(without) == {"crossings": "", "exact": ""}


def test_target_blindness_table_and_figure(tmp_path):
    rows = []
    for trial, drift in (("pair_0", 0.25), ("coins_0", 0.5)):
        metrics = {"drift_float32": drift, "drift_float64": drift, "rounding": 1e-7, "travel": 1.0, "accuracy": 0.5}
        keys = {"problem": "p", "learner": "square", "trial": trial, "seed": 0}
        rows += [keys | {"step": step, "metric": name, "value": v} for step in (0, 9) for name, v in metrics.items()]
    (tmp_path / "p").mkdir()
    pd.DataFrame(rows).to_parquet(tmp_path / "history.parquet")
    instances = pd.DataFrame({"trial": ["pair_0", "coins_0"], "labels": ["parity", "coins"]})
    instances.to_csv(tmp_path / "p/seeds_0-9.csv", index=False)
    inputs = {"instances": [str(tmp_path / "p/seeds_0-9.csv")], "history": [tmp_path / "history.parquet"]}
    table = target_blindness.tabulate(inputs, {"p": {"n_features": 4, "samples": "fresh"}})
    assert table[["labels", "step", "drift_float64"]].to_numpy().tolist() == [
        ["coins", 0, 0.5],
        ["coins", 9, 0.5],
        ["parity", 0, 0.25],
        ["parity", 9, 0.25],
    ]
    both = pd.concat([table, table[table["labels"] == "parity"].assign(samples="cube")])
    left, right = blindness_figure.draw(both).axes
    assert [[1, 0.25], [10, 0.25]] in lines(left)
    assert [[4, 0.5]] in lines(right)
    assert blindness_figure.numbers(table)["control"] == "At d = 4, the ratio of these two distances is 0.5."
    assert blindness_figure.numbers(table[table["labels"] == "parity"]) == {"control": ""}


def test_predictors_table(tmp_path):
    runs = pd.DataFrame(
        {
            "problem": ["a"] * 4 + ["b"] * 4,
            "learner": ["one", "one", "two", "two"] * 2,
            "trial": ["seed_0", "seed_1"] * 4,
            "target": ["101", "011"] * 4,
            "n_steps": 7,
            "final_accuracy": [1.0, 0.5, 1.0, 1.0, 0.51, 0.49, 0.62, 0.6],
        }
    )
    runs.to_csv(tmp_path / "runs.csv", index=False)
    problems = {
        "a": {"n_features": 3, "encoding": "binary", "evaluation": "cube"},
        "b": {"n_features": 3, "encoding": "signed", "evaluation": 1000},
    }
    table = predictors.tabulate({"runs": [tmp_path / "runs.csv"]}, problems)
    built = table[table["learner"] == "hand_built"]
    assert built["accuracy"].tolist() == [1, 1]
    exact = table[table["n_samples"].isna()].set_index("learner")
    assert exact.loc["one", "accuracy"] == 0.75
    assert exact.loc["one", "share_learnt"] == 0.5
    # Student's interval of two replicates is wider than everything.
    assert exact.loc["one", ["accuracy_low", "accuracy_high"]].tolist() == [0, 1]
    sampled = table.dropna(subset="n_samples").set_index("learner")
    assert sampled["n_samples"].tolist() == [2000, 2000]
    assert sampled.loc["one", "p_chance"] == pytest.approx(1)
    assert sampled.loc["two", "p_chance"] < 1e-20
    assert tuple(sampled.loc["two", ["accuracy_low", "accuracy_high"]]) == wilson(1220, 2000)
    assert (sampled["p_same"] < 1e-10).all()
    shown = predictors_figure.numbers(table.assign(n_features=table["n_features"] + table["n_samples"].notna()))
    assert shown["steps"] == "7"
    assert shown["evaluation"] == "exact at d = 3 and measured on fresh samples at d = 4"
    assert shown["outcomes"].endswith("and 0 of 2 at d = 4 (mean accuracies 0.5 to 0.61)")
    assert shown["limits"] == ""
    limits = predictors_figure.numbers(table.replace({"learner": {"one": "quadratic"}}))["limits"]
    assert limits == "quadratic features represent parities of at most two bits"
    (axis,) = predictors_figure.draw(table[table["n_samples"].notna()]).axes
    assert "p = " in axis.get_title(loc="left")
    assert [[0.61, 1.0]] in [np.round(line, 9).tolist() for line in lines(axis)]


def test_classes_that_agree_are_not_told_apart(tmp_path):
    runs = pd.DataFrame({"problem": "b", "learner": ["one", "two"], "trial": "seed_0", "target": "101", "n_steps": 7})
    runs.assign(final_accuracy=[0.5, 0.51]).to_csv(tmp_path / "runs.csv", index=False)
    problems = {"b": {"n_features": 3, "encoding": "signed", "evaluation": 1000}}
    table = predictors.tabulate({"runs": [tmp_path / "runs.csv"]}, problems)
    assert (table["p_same"].dropna() > 0.5).all()


def test_wilson_is_the_textbook_formula():
    low, high = wilson(8, 10)
    z, p, n = 1.959963984540054, 0.8, 10
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (low, high) == pytest.approx(((middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)))


def test_elimination_table_and_figure():
    table = elimination.tabulate({}, [6], [0, 8], [0.0, 0.2], 300)
    assert table["experiment"].tolist() == ["samples"] * 2 + ["label_noise"] * 2
    assert table["n_samples"].tolist() == [6, 14, 14, 14]
    assert table["share_low"].between(0, table["share"]).all()
    for row in table.itertuples():
        assert abs(row.share - row.predicted) < 4 * np.sqrt(0.25 / 300)
    assert table["predicted"].iloc[-1] == pytest.approx(0.8**6, rel=0.01)
    shown = elimination_figure.numbers(table)
    assert (shown["extra"], shown["trials"]) == ("8", "300")
    assert shown["found"].endswith(" % with 14 samples at d = 6")
    left, right = elimination_figure.draw(table).axes
    assert [point[0] for point in lines(left)[0]] == [0, 8]
    assert [point[0] for point in lines(right)[0]] == [0, 20]


def test_queries_table_and_figure(tmp_path):
    runs = pd.DataFrame({"problem": "p", "learner": "fast", "trial": ["x", "y"], "subset_size": 3, "seed": 0})
    runs.assign(noise=[0.0, 0.0], tolerance=[0.0, 0.5]).to_csv(tmp_path / "runs.csv", index=False)
    history = pd.DataFrame({"problem": "p", "learner": "fast", "trial": ["x", "x", "y", "y"], "seed": 0})
    history = history.assign(step=[0, 50, 0, 50], metric="accuracy", value=[0.5, 1.0, 0.5, 0.5])
    history.to_parquet(tmp_path / "history.parquet")
    inputs = {"runs": [tmp_path / "runs.csv"], "history": [tmp_path / "history.parquet"]}
    table = queries.tabulate(inputs, {"p": {"n_features": 3, "n_steps": 60}})
    assert table["steps"].fillna(-1).tolist() == [51, -1]
    assert queries_figure.numbers(table) == {"limits": "60 steps (d = 3)"}
    _, right = queries_figure.draw(table).axes
    assert [[0, 51], [0.5, np.inf]] in lines(right)
    assert [[0.5, 60 * 1.15]] in lines(right)
