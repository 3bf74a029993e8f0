"""Tables and figures over several families: runs written by hand, fits beside NumPy's, figures through artists."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from failures.artifacts import style
from failures.config.schema import load
from failures.engine import learners
from failures.packages import families
from failures.reporting.claims.ledger import Missing
from failures.reporting.claims.measures import comparisons
from failures.reporting.comparisons import growth
from failures.reporting.comparisons.figures import depth_training as depth_figure
from failures.reporting.comparisons.figures import optimisers as optimisers_figure
from failures.reporting.comparisons.runs import read_family
from failures.reporting.comparisons.scales import SCALES
from failures.reporting.comparisons.tables import depth_training, optimisers
from project import ROOT

pytestmark = pytest.mark.usefixtures("look")


def write(folder, family, metric, runs):
    """Files of runs (problem, learner, seed, rate_factor, values at steps 0, 10, ..., status)."""
    table, history = [], []
    for problem, learner, seed, factor, values, status in runs:
        name = f"rate_{factor:g}_seed_{seed}"
        table.append((problem, learner, name, seed, factor, status, 10 * len(values) - 9))
        history += [(problem, learner, name, seed, 10 * i, metric, value) for i, value in enumerate(values)]
        history += [(problem, learner, name, seed, 10 * i, "other", 7.0) for i in range(len(values))]
    paths = {f"runs_{family}": [folder / f"{family}.csv"], f"history_{family}": [folder / f"{family}.parquet"]}
    columns = ["problem", "learner", "trial", "seed", "rate_factor", "status", "n_steps"]
    pd.DataFrame(table, columns=columns).to_csv(folder / f"{family}.csv", index=False)
    columns = ["problem", "learner", "trial", "seed", "step", "metric", "value"]
    pd.DataFrame(history, columns=columns).to_parquet(folder / f"{family}.parquet")
    return paths


@pytest.mark.parametrize("family", families())
def test_every_family_has_a_scale_of_which_chance_is_0_and_perfect_1(family):
    scale = SCALES[family]
    assert scale.progress(scale.chance) == 0
    assert scale.progress(scale.perfect) == 1
    assert scale.progress((scale.chance + scale.perfect) / 2) == 0.5


def test_a_final_value_is_the_median_of_the_last_tenth(tmp_path):
    values = [0.5] * 18 + [0.6, 0.9, 0.7]  # steps 0 to 200, the last tenth from 180 on
    runs = [("d3", "relu", 0, 1.0, values, "ok"), ("d3", "relu", 1, 1.0, [0.5, np.nan], "diverged")]
    table, history = read_family(write(tmp_path, "parity", "accuracy", runs), "parity", {"d3": {"n_features": 3}})
    assert table["value"].tolist()[0] == pytest.approx(0.7)
    assert table["progress"].tolist()[0] == pytest.approx(0.4)
    assert np.isnan(table["value"].iloc[1])
    assert table["size"].tolist() == [3, 3]
    assert len(history) == 23


@pytest.mark.parametrize(
    ("learner", "word", "depth"),
    [
        ({"architecture": "fully_connected", "normalization": "none", "depth": 4}, "plain", 4),
        ({"architecture": "residual", "normalization": "none", "depth": 16}, "residual", 16),
        ({"architecture": "fully_connected", "normalization": "layer", "depth": 64}, "normalised", 64),
        ({"architecture": "autoencoder"}, "plain", 0),
        ({"architecture": "autoencoder", "depth": 4, "residual": True}, "residual", 4),
        ({"blocks": 0}, "blocks", 0),
        ({"blocks": 4}, "blocks", 4),
        ({"kind": "end_to_end"}, "plain", 3),
        ({"kind": "end_to_end", "depth": 8, "residual": False}, "plain", 8),
        ({"kind": "forward_only", "depth": 2, "hidden": "sign"}, "sign", 2),
        ({"kind": "forward_only"}, "flat", 0),
    ],
)
def test_a_network_has_a_word_and_a_depth(learner, word, depth):
    assert depth_training.architecture(learner) == word
    assert depth_training.depth(learner) == depth


@pytest.fixture
def deep(tmp_path):
    """Parities that one layer learns, 64 plain ones do not, and 64 with shortcuts do; lines at chance."""
    runs = [
        (problem, learner, seed, 1.0, [0.5, value + 0.01 * seed], "ok")
        for problem, ends in (("d10", (0.98, 0.5, 0.95)), ("d30", (0.5, 0.49, 0.5)))
        for learner, value in zip(("plain_1", "plain_64", "residual_64"), ends, strict=True)
        for seed in range(3)
    ]
    inputs = write(tmp_path, "parity", "accuracy", runs)
    inputs |= write(tmp_path, "lines", "accuracy", [("k3", "blocks_1", 0, 1.0, [0.5, 0.52], "ok")])
    inputs |= write(tmp_path, "steps", "unexplained", [("steps", "net", 0, 1.0, [1.0, np.nan], "diverged")])
    built = {"plain_1": ("fully_connected", 1), "plain_64": ("fully_connected", 64), "residual_64": ("residual", 64)}
    settings = {
        "parity": {
            "problems": {"d10": {"n_features": 10}, "d30": {"n_features": 30}},
            "learners": {name: {"architecture": a, "depth": d} for name, (a, d) in built.items()},
        },
        "lines": {"problems": {"k3": {"tuple_length": 3}}, "learners": {"blocks_1": {"blocks": 1}}},
        "steps": {"problems": {"steps": {"n_features": 5}}, "learners": {"net": {"kind": "end_to_end"}}},
    }
    return depth_training.tabulate(inputs, settings)


def test_every_run_is_a_row(deep):
    assert len(deep) == 20
    failed = deep.groupby(["family", "size", "learner"])["failed"].agg(["min", "max"])
    assert failed["min"].equals(failed["max"])
    assert failed["max"].to_dict() == {
        ("lines", 3, "blocks_1"): True,
        ("parity", 10, "plain_1"): False,
        ("parity", 10, "plain_64"): True,
        ("parity", 10, "residual_64"): False,
        ("parity", 30, "plain_1"): True,
        ("parity", 30, "plain_64"): True,
        ("parity", 30, "residual_64"): True,
        ("steps", 5, "net"): True,
    }


def test_claims_about_depth(deep):
    best = comparisons.depth_does_not_rescue_30(deep)
    assert best.value == pytest.approx(0.51)
    assert best.low < 0.51 < best.high
    assert best.n_replicates == 3
    slower = comparisons.depth_slows_parity(deep)
    assert (slower.value, slower.n_replicates) == (pytest.approx(0.96), 3)
    assert comparisons.shortcuts_keep_parity_learnable(deep).value == pytest.approx(0.92)
    with pytest.raises(Missing):
        comparisons.normalisation_keeps_parity_learnable(deep)
    lines = comparisons.blocks_do_not_rescue_lines(deep)
    assert (lines.value, lines.n_replicates) == (pytest.approx(0.04), 1)


def test_depth_is_drawn_a_panel_a_problem(deep):
    figure = depth_figure.draw(deep)
    panels = {axis.get_title("left"): axis for axis in figure.axes if axis.get_title("left")}
    assert list(panels) == ["lines, k = 3", "parity, d = 10", "parity, d = 30", "steps, d = 5"]
    axis = panels["parity, d = 10"]
    plain = next(line for line in axis.lines if len(line.get_xdata()) == 2 and line.get_color() == style.color(0))
    left = -depth_figure.BESIDE / 2
    assert plain.get_xydata() == pytest.approx(np.array([[left, 0.98], [1 + left, 0.02]]))
    at_64 = [line.get_xdata()[-1] for line in axis.lines if line.get_markersize() == 3.5]
    assert len(set(at_64)) == 2, "plain and residual networks stand beside each other"
    assert [label.get_text() for label in axis.get_xticklabels()] == ["1", "64"]
    assert [panels[name].get_xlabel() for name in ("lines, k = 3", "steps, d = 5")] == [
        "residual blocks",
        "hidden layers",
    ]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["plain", "residual", "residual blocks in N1"]
    diverged = panels["steps, d = 5"].lines[-1]
    assert diverged.get_ydata().tolist() == [depth_figure.LOWEST]


def test_exponents_are_those_of_numpys_fit():
    rng = np.random.default_rng(0)
    sizes = np.array([6.0, 8.0, 10.0, 12.0])
    times = rng.uniform(10, 1e4, (5, 4))
    for law, x in (("exponential", sizes), ("power", np.log2(sizes))):
        expected = [np.polyfit(x, np.log2(row), 1)[0] for row in times]
        assert growth.exponents(sizes, times, law) == pytest.approx(expected)
    times[0, 2] = np.inf  # what comes after is left out
    expected = np.polyfit(sizes[:2], np.log2(times[0, :2]), 1)[0]
    assert growth.exponents(sizes, times, "exponential")[0] == pytest.approx(expected)
    times[0, :2] = np.inf, 1.0
    assert np.isnan(growth.exponents(sizes, times, "power")[0])


def test_the_best_rate_is_chosen_in_every_draw():
    times = np.array([[10.0, 30.0, np.inf], [20.0, 21.0, 22.0]])
    draws = np.array([[0, 1, 2], [0, 0, 2], [2, 2, 1], [1, 1, 0]])
    expected = [min(np.median(row[draw]) for row in times) for draw in draws]
    assert growth.best(times, draws).tolist() == expected == [21, 10, 22, 21]


def test_an_interval_may_end_at_infinity():
    assert growth.interval(np.array([1.0] * 50 + [np.inf] * 50)) == (1, np.inf)
    assert growth.interval(np.arange(1001.0)) == (25, 975)
    assert np.isnan(growth.interval(np.array([np.nan] * 60 + [1.0] * 40))).all()


@pytest.fixture
def swept(tmp_path):
    """Accuracy .95 after 2^d / 16 evaluations at the middle rate, twice that at the others; d = 30 at chance."""

    def curve(n, late):
        return [0.95 if index >= late else 0.5 for index in range(n)]

    runs = [
        (f"d{d}", learner, seed, factor, curve(600, 2**d // (16 if learner == "sgd" else 32) * slower), "ok")
        for d in (6, 8, 10, 12)
        for learner in ("sgd", "muon")
        for factor, slower in ((0.1, 2), (1.0, 1), (10.0, 100))
        for seed in range(3)
    ]
    runs += [
        ("d30", learner, seed, factor, [0.5, 0.5 + 0.002 * seed], "ok")
        for learner in ("sgd", "muon")
        for factor in (1.0,)
        for seed in range(3)
    ]
    inputs = write(tmp_path, "parity", "accuracy", runs)
    inputs |= write(tmp_path, "portfolio", "loss", [("k3", "sgd", s, 1.0, [0.0, -0.9], "ok") for s in range(3)])
    sgd = {"stream": "sgd", "optimizer": {"name": "SGD", "learning_rate": 0.3, "arguments": {}}}
    muon = {"stream": "muon", "optimizer": {"name": "Muon", "learning_rate": 0.02, "arguments": {}}}
    problems = {f"d{d}": {"n_features": d} for d in (6, 8, 10, 12, 30)}
    settings = {
        "parity": {"problems": problems, "learners": {"sgd": sgd, "muon": muon}},
        "portfolio": {"problems": {"k3": {"n_stocks": 3}}, "learners": {"sgd": sgd}},
    }
    return optimisers.tabulate(inputs, settings)


def test_updates_at_the_best_rate(swept):
    best = swept[(swept["part"] == "best") & (swept["family"] == "parity")].set_index(["size", "optimiser"])
    assert best.loc[(6, "SGD"), "updates"] == 10 * 4 + 1
    assert best.loc[(10, "SGD"), "learning_rate"] == 0.3
    assert not best.loc[(10, "SGD"), "at_edge"]
    row = best.loc[(12, "SGD"), ["updates_low", "updates_high", "n_replicates"]]
    assert row.tolist() == [2561, 2561, 3]
    assert np.isinf(best.loc[(30, "Muon"), "updates"])
    assert best.loc[(30, "Muon"), "share_reached"] == 0
    rates = swept[(swept["part"] == "rate") & (swept["problem"] == "d12") & (swept["learner"] == "sgd")]
    assert rates["learning_rate"].tolist() == [0.03, 0.3, 3.0]
    assert rates["updates"].tolist() == [5121, 2561, np.inf]


def test_growth_over_the_sizes_that_are_reached(swept):
    growths = swept[swept["part"] == "growth"].set_index("optimiser")
    assert growths["law"].eq("exponential").all()
    assert growths["n_sizes"].tolist() == [4, 4]
    expected = np.polyfit([6, 8, 10, 12], np.log2([41, 161, 641, 2561]), 1)[0]
    assert growths.loc["SGD", "exponent"] == pytest.approx(expected)
    assert growths.loc["SGD", "exponent_low"] == pytest.approx(expected)


def test_claims_about_optimisers(swept):
    least = comparisons.optimisers_keep_parity_exponential(swept)
    assert least.value == pytest.approx(np.polyfit([6, 8, 10, 12], np.log2([41, 161, 641, 2561]), 1)[0], rel=0.02)
    assert least.n_replicates == 3
    chance = comparisons.optimisers_do_not_rescue_30(swept)
    assert (chance.value, chance.low, chance.high) == pytest.approx((0.502, 0.5, 0.504))
    with pytest.raises(Missing):
        comparisons.optimisers_keep_conditioning(swept)


def test_optimisers_are_drawn_against_the_size_and_beside_one_another(swept):
    # As in a CSV file, where sizes with gaps are read as float.
    growing, rest = optimisers_figure.draw(swept.assign(size=swept["size"].astype(float))).axes
    assert growing.get_title("left") == "parity"
    line = growing.lines[0]
    assert line.get_xydata() == pytest.approx(np.array([[6, 41], [8, 161], [10, 641], [12, 2561]]))
    assert to_rgba(line.get_color()) == to_rgba(style.color(0))
    assert [label.get_text() for label in rest.get_yticklabels()] == ["parity\nd = 30", "portfolio\nk = 3"]
    triangles = [line for line in rest.lines if line.get_marker() == "^" and len(line.get_xdata())]
    assert [line.get_xdata()[0] for line in triangles] == [11 * optimisers_figure.BEYOND] * 2


def test_the_caption_has_the_range_of_growths(swept):
    found = optimisers_figure.numbers(swept)
    assert (found["rates"], found["replicates"]) == ("3 learning rates", "3 replicates")
    low, high = swept.loc[swept["part"] == "growth", "exponent"].sort_values()
    expected = f"2^({low:.3g} d) (Muon) to 2^({high:.3g} d) (SGD)"
    assert found["growth"] == f"The fitted growth for parity is {expected}."
    assert optimisers_figure.numbers(swept[swept["part"] != "growth"])["growth"] == ""


def test_a_momentum_has_a_name_of_its_own():
    assert optimisers.label({"name": "SGD", "arguments": {}}) == "SGD"
    assert optimisers.label({"name": "SGD", "arguments": {"momentum": 0.9}}) == "momentum"
    assert optimisers.label({"name": "Lion", "arguments": {}}) == "Lion"


def test_branches_of_a_residual_network_are_divided_by_the_depth():
    settings = {"architecture": "residual", "width": 4, "depth": 3, "activation": "relu", "normalization": "none"}
    inputs = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    for scale, divisor in (("one", 1), ("depth", 3)):
        model = learners.network(3, settings | {"branch_scale": scale}, "test")
        kernels = [model.get_layer(f"hidden_{layer}").get_weights()[0] for layer in (1, 2, 3)]
        hidden = np.maximum(inputs @ kernels[0], 0)
        for kernel in kernels[1:]:
            hidden = hidden + np.maximum(hidden @ kernel, 0) / divisor
        expected = hidden @ model.get_layer("output").get_weights()[0]
        assert np.asarray(model(inputs)) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("nothing", [False, None])
def test_a_family_may_select_nothing_for_them(nothing):
    """False leaves an experiment out; null changes nothing."""
    names = {"depth_training", "optimisers"}
    overlay = {family: {"experiments": dict.fromkeys(names, nothing)} for family in families()}
    complete, changed = (
        {family: set(config[family]["experiments"]) for family in families()}
        for config in (load(ROOT), load(ROOT, **overlay))
    )
    assert names == {name for selected in complete.values() for name in selected} & names
    assert any(not names <= selected for selected in complete.values())
    left_out = names if nothing is False else set()
    assert changed == {family: selected - left_out for family, selected in complete.items()}
