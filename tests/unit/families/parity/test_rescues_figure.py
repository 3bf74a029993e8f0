"""Table and figure of what rescues parity, from runs whose answers are known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from failures.families.parity.figures import rescues as rescues_figure
from failures.families.parity.tables import rescues
from failures.reporting.claims.ledger import Missing, read_claims, verdict
from failures.reporting.claims.measures import parity
from project import ROOT

pytestmark = pytest.mark.usefixtures("look")

CLAIMS = {claim.id: claim for claim in read_claims(ROOT / "workflow/claims.yaml")}
STEPS = np.arange(0, 2000, 50)


def interventions(**more):
    plain = {"evaluation": 500, "n_steps": 2000}
    return {
        "uniform": {"d30": {"n_features": 30} | plain},
        "sparse": {f"d{d}_sparse": {"n_features": d} | plain for d in (10, 20, 30)},
        "mixed": {"d30_mixed": {"n_features": 30} | plain | more},
        "prefix_labels": {"d30_prefix_labels": {"n_features": 30} | plain},
    }


def files(folder, runs):
    """History and runs of (problem, learner, subset_size, seed, updates until the accuracy is 1, or None)."""
    histories, summaries = [], []
    for problem, learner, size, seed, solved in runs:
        keys = {"problem": problem, "learner": learner, "trial": f"size_{size}_seed_{seed}", "seed": seed}
        values = np.full(len(STEPS), 0.5) if solved is None else np.where(solved <= STEPS + 1, 1.0, 0.5)
        histories.append(pd.DataFrame({**keys, "step": STEPS, "metric": "accuracy", "value": values}))
        summaries.append({**keys, "subset_size": size})
    pd.concat(histories).to_parquet(folder / "history.parquet")
    pd.DataFrame(summaries).to_csv(folder / "runs.csv", index=False)
    return {"history": [folder / "history.parquet"], "runs": [folder / "runs.csv"]}


def many(sparse=lambda d, size: 1 + 50 * (d // 10) ** (size - 1)):
    runs = [
        (f"d{d}_sparse", "relu", size, seed, sparse(d, size))
        for d in (10, 20, 30)
        for size in (1, 2, 3)
        for seed in (0, 1, 2)
    ]
    runs += [("d30", "relu", 15, seed, None) for seed in (0, 1, 2)]
    runs += [("d30_mixed", "relu", 15, seed, None if seed == 2 else 101) for seed in (0, 1, 2)]
    runs += [("d30_mixed", "relu_adam", 15, seed, 501) for seed in (0, 1, 2)]
    return [*runs, *(("d30_prefix_labels", "relu", 15, seed, 101 + 50 * seed) for seed in (0, 1, 2))]


@pytest.fixture
def table(tmp_path):
    written = tmp_path / "rescues.csv"
    rescues.tabulate(files(tmp_path, many()), interventions()).to_csv(written, index=False)
    return pd.read_csv(written)


def test_rescues_table_has_curves_runs_and_exponents(table):
    runs = table.query("part == 'run'").set_index(["intervention", "learner", "n_features", "subset_size", "seed"])
    assert runs.loc[("sparse", "relu", 30, 3, 1), "steps"] == 451
    assert runs.loc[("mixed", "relu_adam", 30, 15, 0), ["accuracy", "n_samples", "steps"]].tolist() == [1, 5000, 501]
    assert np.isnan(runs.loc[("uniform", "relu", 30, 15, 0), "steps"])
    curves = table.query("part == 'curve'")
    assert (curves["n_features"] == 30).all()
    prefix_labels = curves.query("intervention == 'prefix_labels'").set_index("step")["accuracy_median"]
    assert prefix_labels.loc[[100, 150]].tolist() == [0.5, 1.0]
    assert len(curves) == len(STEPS) * (3 + 1 + 2 + 1)
    assert not curves.query("intervention != 'sparse'")["subset_size"].notna().any()


def test_the_exponent_is_that_of_the_power_law(table):
    fits = table.query("part == 'exponent'").set_index("subset_size")
    expected = stats.linregress(np.log([10, 20, 30]), np.log([51, 201, 451])).slope
    assert fits.loc[3, ["exponent", "exponent_low", "exponent_high"]].to_numpy(float) == pytest.approx([expected] * 3)
    assert fits.loc[1, "exponent"] == pytest.approx(0, abs=1e-9)
    assert fits.loc[3, ["n_missing", "n_replicates"]].tolist() == [0, 3]
    assert fits.loc[3, "factor"] * 20 ** fits.loc[3, "exponent"] == pytest.approx(201, rel=0.03)


def test_the_bootstrap_of_an_exponent_covers_it():
    """Of many sets of noisy power laws the interval holds the true exponent about as often as it should, or it errs
    in the known way: percentiles of few replicates are narrow, by sqrt((n - 1) / n)."""
    rng, hits = np.random.default_rng(0), 0
    for trial in range(100):
        d = np.repeat([10, 20, 40], 5)
        steps = 3 * d**1.5 * np.exp(0.3 * rng.standard_normal(15))
        runs = pd.DataFrame({"n_features": d, "seed": np.tile(range(5), 3), "steps": steps, "n_steps": 10**6})
        fit = rescues.power(runs, "test", trial)
        hits += fit["exponent_low"] <= 1.5 <= fit["exponent_high"]
    assert 80 <= hits <= 99


def test_runs_without_an_end_count_as_long_as_they_ran(tmp_path):
    runs = many(lambda d, size: None if (d, size) == (30, 3) else 101)
    fits = rescues.tabulate(files(tmp_path, runs), interventions()).query("part == 'exponent'").set_index("subset_size")
    assert fits.loc[3, "n_missing"] == 3
    expected = stats.linregress(np.log([10, 20, 30]), np.log([101, 101, 2000])).slope
    assert fits.loc[3, "exponent"] == pytest.approx(expected)
    with pytest.raises(Missing):
        parity.sparse_parities_cost_a_power(fits.reset_index())


def test_one_dimension_has_no_exponent_and_the_cube_no_samples(tmp_path):
    of = interventions(evaluation="cube")
    of["sparse"] = {"d10_sparse": of["sparse"]["d10_sparse"]}
    kept = [run for run in many() if run[0] not in ("d20_sparse", "d30_sparse")]
    table = rescues.tabulate(files(tmp_path, kept), of)
    assert "exponent" not in set(table["part"])
    assert table.query("part == 'run' and intervention == 'mixed'")["n_samples"].isna().all()
    with pytest.raises(Missing):
        parity.sparse_exponent_grows(table)
    with pytest.raises(Missing):
        parity.mixed_inputs_rescue_30(table)
    rescues_figure.draw(table)
    assert rescues_figure.numbers(table)["reached"].startswith("0 of 3 with no intervention (d = 30), 9 of 9")


def test_the_caption_counts_runs_that_reach_the_accuracy(table):
    reached = "0 of 3 with no intervention (d = 30), 9 of 9 with sparse parities (d = 30), "
    reached += "5 of 6 with mixed inputs (d = 30) and 3 of 3 with prefix labels (d = 30)"
    assert rescues_figure.numbers(table) == {"reached": reached}
    assert (
        rescues_figure.numbers(table[table["intervention"] == "uniform"])["reached"]
        == "0 of 3 with no intervention (d = 30)"
    )


def test_claims_about_rescues_can_come_out_each_way(table):
    found = {name: getattr(parity, name)(table) for name in CLAIMS if CLAIMS[name].tables == ["rescues"]}
    verdicts = {name: verdict(CLAIMS[name], measured) for name, measured in found.items()}
    assert set(verdicts.values()) == {"reproduced"}
    # The better learner counts, by its worst replicate.
    assert found["mixed_inputs_rescue_30"].value == 1
    assert found["mixed_inputs_rescue_30"].n_replicates == 3
    assert found["uniform_stays_at_chance"].value == 0.5
    relu = table[table["learner"] == "relu"]
    assert parity.mixed_inputs_rescue_30(relu).value == 0.5
    assert verdict(CLAIMS["mixed_inputs_rescue_30"], parity.mixed_inputs_rescue_30(relu)) == "not reproduced"
    swapped = table.replace({"intervention": {"uniform": "prefix_labels", "prefix_labels": "uniform"}})
    assert verdict(CLAIMS["running_labels_rescue_30"], parity.running_labels_rescue_30(swapped)) == "not reproduced"
    assert verdict(CLAIMS["uniform_stays_at_chance"], parity.uniform_stays_at_chance(swapped)) == "not reproduced"
    sizes = table.assign(subset_size=table["subset_size"].replace({1: 3, 3: 1}))
    assert verdict(CLAIMS["sparse_exponent_grows"], parity.sparse_exponent_grows(sizes)) == "not reproduced"
    steep = table.assign(**{name: table[name] * 2 for name in ("exponent", "exponent_low", "exponent_high")})
    assert (
        verdict(CLAIMS["sparse_parities_cost_a_power"], parity.sparse_parities_cost_a_power(steep)) == "not reproduced"
    )


def test_rescues_figure_draws_chance_beside_what_is_learnt(table):
    left, right = rescues_figure.draw(table).axes
    curves = {line.get_label(): line.get_xydata() for line in left.lines}
    assert {"control", "sparse parities, |v| = 1", "mixed inputs: ReLU, Adam", "prefix labels"} <= set(curves)
    assert "mixed inputs: ReLU" in curves
    assert (curves["control"][:, 1] == 0.5).all()
    assert curves["prefix labels"][[0, -1]].tolist() == [[1, 0.5], [1951, 1.0]]
    drawn = [line.get_xydata().tolist() for line in right.lines]
    assert [[10, 51]] * 3 + [[20, 201]] * 3 + [[30, 451]] * 3 in drawn
    labels = [text.get_text() for text in right.get_legend().get_texts()]
    assert labels[0].startswith("|v| = 1: $d^{")
