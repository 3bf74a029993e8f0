"""Tables and figures of the steps family: numbers written by hand, figures through what they drew."""

import numpy as np
import pandas as pd
import pytest

from failures.families.steps.figures import bias_sensitivity as bias_figure
from failures.families.steps.figures import fig7 as fig7_figure
from failures.families.steps.figures import forward_only as forward_figure
from failures.families.steps.figures import step_learners as learners_figure
from failures.families.steps.tables import bias_sensitivity as bias_table
from failures.families.steps.tables import fig7 as fig7_table
from failures.families.steps.tables import forward_only as forward_table
from failures.families.steps.tables import step_learners as learners_table

pytestmark = pytest.mark.usefixtures("look")
LEARNERS = {
    "exact": {"kind": "forward_only", "width": 100, "n_logits": 100, "batch_size": 10},
    "never": {"kind": "flat", "width": 100, "n_logits": 100, "batch_size": 10},
}


def history(path):
    """Two replicates: `exact` goes from 1 to .05 and 0, `never` stays at 2."""
    rows = [
        ("steps", learner, f"seed_{seed}", seed, step, "unexplained", value)
        for learner, curve in (("exact", (1.0, 0.05, 0.0)), ("never", (2.0, 2.0, 2.0)))
        for seed in (0, 1)
        for step, value in zip((0, 100, 200), curve, strict=True)
    ]
    columns = ["problem", "learner", "trial", "seed", "step", "metric", "value"]
    pd.DataFrame(rows, columns=columns).to_parquet(path)
    return [path]


@pytest.fixture
def compared(tmp_path):
    runs = pd.DataFrame({"learner": ["exact", "exact", "never", "never"], "final_unexplained": [0.0, 0.0, 2.0, 2.0]})
    runs = runs.assign(final_absolute=0.5, final_exact=[1.0, 0.98, 0.1, 0.1], final_exact_near=[0.9, 0.9, 0.2, 0.2])
    runs.to_csv(tmp_path / "runs.csv", index=False)
    inputs = {"history": history(tmp_path / "history.parquet"), "runs": [tmp_path / "runs.csv"]}
    return learners_table.tabulate(inputs, 100, LEARNERS, [0.1, 0.01])


def test_numbers_of_every_learner(compared):
    summary = compared[compared["stage"] == "summary"].set_index(["learner", "quantity"])["value_median"]
    assert summary["exact", "wrong"] == pytest.approx(0.01)
    assert summary["exact", "wrong_near"] == pytest.approx(0.1)
    assert summary["exact", "updates_to_0.1"] == 101
    assert summary["exact", "updates_to_0.01"] == 201
    assert summary["exact", "samples_to_0.1"] == 1010
    assert summary["never", "updates_to_0.1"] == np.inf
    assert summary["exact", "parameters"] == 101
    assert summary["exact", "multiply_adds"] == 100
    training = compared[(compared["stage"] == "training") & (compared["learner"] == "exact")]
    assert training["value_median"].tolist() == [1, 0.05, 0]


def test_learners_are_drawn_by_error_mistakes_and_cost(compared):
    error, _, cost = learners_figure.draw(compared).axes
    assert error.lines[0].get_xydata().tolist() == [[0, 1], [100, 0.05], [200, 0]]
    assert cost.lines[1].get_xydata().tolist() == [[100, 2]]


def test_predictions_are_counted_from_the_bias(tmp_path):
    table = pd.DataFrame({"r": [0.7, 1.0, 1.3], "truth": [0.4, 1, 1.4], "prediction": [0.3, 1, 1.0], "bias": 1.0})
    table = pd.concat([table.assign(learner=kind, kind=kind) for kind in ("non_flat", "multiclass")])
    table["approximation"] = np.where(table["kind"] == "non_flat", 1.0, np.nan)
    table.to_csv(tmp_path / "p.csv", index=False)
    table = fig7_table.tabulate({"predictions": tmp_path / "p.csv"})
    np.testing.assert_allclose(table.loc[table["learner"] == "non_flat", "r"], [-0.3, 0, 0.3], atol=1e-12)
    axes = fig7_figure.draw(table).axes
    assert [axis.get_title(loc="left") for axis in axes] == [
        "non-flat approximation",
        "multi-class",
        "multi-class, near a boundary",
    ]
    learnt, approximation = axes[0].lines[1:]
    np.testing.assert_allclose(learnt.get_xydata(), [[-0.3, -0.7], [0, 0], [0.3, 0.0]], atol=1e-12)
    np.testing.assert_allclose(approximation.get_ydata(), 0)
    assert len(axes[1].lines) == 2


def test_success_against_the_initial_bias(tmp_path):
    runs = pd.DataFrame({"bias": 0.3, "initial_bias": [0.3, 0.3, 1.3, 1.3], "final_unexplained": [0.01, 0.5, 3, 2]})
    runs.assign(learner="c", final_exact_by_u=0.5).to_csv(tmp_path / "runs.csv", index=False)
    table = bias_table.tabulate({"runs": [tmp_path / "runs.csv"]}, {"c": {"slope": 50.0, "relative": True}})
    assert table["initial_bias"].tolist() == [0, 1]
    assert table["success"].tolist() == [0.5, 0]
    assert table["unexplained_median"].tolist() == [0.255, 2.5]
    assert (table["success_low"] <= table["success"]).all()
    assert table["success_high"].iloc[1] == pytest.approx(0.6576, abs=1e-3)  # Wilson: z^2 / (n + z^2)
    success, error = bias_figure.draw(table).axes
    assert success.lines[0].get_xydata().tolist() == [[0, 0.5], [1, 0]]
    assert error.lines[0].get_label() == "c = 50 / height"


def test_forward_only_beside_the_bound(tmp_path):
    inputs = {"history": history(tmp_path / "history.parquet")}
    optimizers = {name: {"optimizer": {"name": "SGD", "learning_rate": 0.1}} for name in LEARNERS}
    glmtron = {"lipschitz": [2.0], "n_features": 3, "n_samples": 20, "n_iterations": 50, "n_replicates": 2}
    table = forward_table.tabulate(inputs, {"steps": {"input_scale": 0.01}}, optimizers, glmtron)
    best, bound = (table[table["part"] == part] for part in ("glmtron", "bound"))
    assert best["step"].tolist() == bound["step"].tolist()
    assert best["value_median"].is_monotonic_decreasing
    np.testing.assert_allclose(bound["value_median"], 4 / bound["step"])
    assert (best["value_p90"].to_numpy() <= bound["value_median"].to_numpy()).all()
    training, rate = forward_figure.draw(table).axes
    assert training.lines[0].get_xydata().tolist() == [[0, 1], [100, 0.05], [200, 0]]
    assert training.lines[0].get_label() == "SGD, rate 0.1"
    assert len(rate.lines) == 3
