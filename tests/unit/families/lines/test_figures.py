"""Tables and figures of the lines family: numbers written by hand, figures through what they drew."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from failures.artifacts.style import color
from failures.families.lines import problem
from failures.families.lines.figures import fig2 as fig2_figure
from failures.families.lines.figures import fig3 as fig3_figure
from failures.families.lines.figures import fig5 as fig5_figure
from failures.families.lines.figures import snr_training as snr_figure
from failures.families.lines.figures import success as success_figure
from failures.families.lines.tables import fig2 as fig2_table
from failures.families.lines.tables import fig3 as fig3_table
from failures.families.lines.tables import fig5 as fig5_table
from failures.families.lines.tables import snr_training as snr_table
from failures.families.lines.tables import success as success_table
from failures.families.lines.theory import ceilings

pytestmark = pytest.mark.usefixtures("look")
LENGTHS = {"k1": 1, "k2": 2}


@pytest.fixture
def pool(tmp_path):
    np.save(tmp_path / "pool.npy", problem.draw_images(3000, "scripts", np.random.default_rng(0)))
    return tmp_path / "pool.npy"


def history(path, curves):
    """Accuracies at steps 0, 100, 200 by (problem, learner, seed); single images are .1 better."""
    columns = ["problem", "learner", "trial", "seed", "step", "metric", "value"]
    rows = [
        (name, learner, f"seed_{seed}", seed, step, metric, value + better)
        for (name, learner, seed), curve in curves.items()
        for step, value in zip((0, 100, 200), curve, strict=True)
        for metric, better in (("accuracy", 0.0), ("image_accuracy", 0.1))
    ]
    pd.DataFrame(rows, columns=columns).to_parquet(path)
    return [path]


def published(path, figure, quantity, series):
    rows = [(figure, name, quantity, x, value) for name, points in series.items() for x, value in points]
    pd.DataFrame(rows, columns=["figure", "series", "quantity", "x", "value"]).to_csv(path, index=False)
    return path


def test_ceilings_come_from_the_images_along_an_axis(pool):
    aligned = problem.is_aligned(np.load(pool)).mean()
    assert ceilings(pool, [2, 1, 2]) == pytest.approx({1: 1 - aligned / 2, 2: (1 + (1 - aligned) ** 2) / 2})


def test_samples_of_both_classes_have_the_labels_that_their_rows_say():
    table = fig2_table.tabulate({}, [1, 3], 4, "scripts")
    for (length, label, _), sample in table.groupby(["tuple_length", "label", "sample"]):
        images = sample.groupby("image")["image_label"].first()
        assert len(images) == length
        assert images.prod() == label
    assert table.groupby(["tuple_length", "label"])["sample"].max().tolist() == [3] * 4
    assert table[["row", "column"]].isin(range(28)).all().all()


def test_samples_are_drawn_pixel_by_pixel():
    table = fig2_table.tabulate({}, [1, 2], 3, "scripts")
    figure = fig2_figure.draw(table)
    images = [axis.images[0].get_array() for part in figure.subfigs for axis in part.axes]
    assert len(images) == 12
    keys = ["tuple_length", "label", "sample"]
    for image, (_, sample) in zip(images, table.groupby(keys, sort=False), strict=True):
        assert (image == 0).sum() == len(sample)


@pytest.fixture
def fig3(tmp_path, pool):
    curves = {("k1", "end_to_end", 0): (0.5, 0.8, 0.95), ("k2", "end_to_end", 0): (0.5, 0.5, 0.5)}
    curves |= {("k1", "decomposition", 0): (0.5, 0.9, 0.95), ("k2", "decomposition", 0): (0.5, 0.9, 0.9)}
    final = pd.DataFrame({"problem": ["k1"], "learner": ["end_to_end"], "tuple_length": [1], "seed": [0]})
    final = final.assign(n_steps=201, n_test=1000, n_right=940)
    final.assign(image_accuracy=0.94).to_csv(tmp_path / "final.csv", index=False)
    series = {"k=1 end-to-end": [(0, 0.5), (100, 0.7)], "k=4 decomposition": [(0, 0.5)]}
    inputs = {
        "history": history(tmp_path / "history.parquet", curves),
        "final": tmp_path / "final.csv",
        "pool": pool,
        "published": published(tmp_path / "published.csv", 3, "accuracy", series),
    }
    return fig3_table.tabulate(inputs, LENGTHS)


def test_accuracy_along_training_at_the_end_and_as_published(fig3):
    rows = fig3.set_index(["part", "tuple_length", "learner"]).sort_index()
    assert rows.loc[("training", 2, "decomposition"), "accuracy"].tolist() == [0.5, 0.9, 0.9]
    assert rows.loc[("training", 2, "decomposition"), "image_accuracy"].tolist() == pytest.approx([0.6, 1.0, 1.0])
    final = rows.loc[("final", 1, "end_to_end"), ["step", "accuracy", "accuracy_low", "accuracy_high"]]
    # Wilson, written out for 940 of 1000.
    half = 1.959964 * np.sqrt(0.94 * 0.06 / 1000 + 1.959964**2 / 4e6) / (1 + 1.959964**2 / 1000)
    middle = (0.94 + 1.959964**2 / 2000) / (1 + 1.959964**2 / 1000)
    assert final.to_numpy().ravel().tolist() == pytest.approx([200, 0.94, middle - half, middle + half])
    assert rows.loc[("published", 1, "end_to_end"), "accuracy"].tolist() == [0.5, 0.7]
    assert 4 not in fig3["tuple_length"].to_numpy(), "a length that is not ours"


def test_a_panel_a_length_with_ours_published_and_ceiling(fig3):
    figure = fig3_figure.draw(fig3, "preview")
    limits = fig3[fig3["part"] == "ceiling"].set_index("tuple_length")["accuracy"]
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        f"k = {k}, ceiling {limit:.3f}" for k, limit in limits.items()
    ]
    curves = {
        tuple(line.get_ydata()) for line in figure.axes[0].lines if to_rgb(line.get_color()) in (color(0), color(1))
    }
    assert {(0.5, 0.8, 0.95), (0.5, 0.9, 0.95), (0.94,)} <= curves
    assert (0.5, 0.7) in {tuple(line.get_ydata()) for line in figure.axes[0].lines}
    assert "Preview" in figure.get_suptitle()


def test_the_legend_has_published_curves_only_where_they_are_drawn(fig3):
    def legend(table):
        return [text.get_text() for text in fig3_figure.draw(table).legends[0].get_texts()]

    assert legend(fig3) == ["end-to-end", "decomposition", "ceiling", "published"]
    assert legend(fig3[fig3["part"] != "published"]) == ["end-to-end", "decomposition", "ceiling"]


def test_the_caption_has_final_accuracies(fig3):
    found = fig3_figure.numbers(fig3)
    assert found["ends"] == "Final accuracy (end-to-end): 0.94 at k = 1."
    assert "the paper" in found["published"]
    assert fig3_figure.numbers(fig3[fig3["part"] == "training"]) == {"ends": "", "published": ""}


@pytest.fixture
def success(tmp_path, pool):
    curves = {("k2", "end_to_end", 0): (0.5, 0.6, 0.9), ("k2", "end_to_end", 1): (0.5, 0.5, 0.5)}
    inputs = {"history": history(tmp_path / "history.parquet", curves), "pool": pool}
    return success_table.tabulate(inputs, {"k2": 2})


def test_a_run_has_learnt_half_way_to_the_ceiling(success, pool):
    limit = ceilings(pool, [2])[2]
    assert success["threshold"].unique().tolist() == pytest.approx([(0.5 + limit) / 2])
    assert success.groupby("seed")["learnt_at"].first().tolist() == [201, np.inf]
    share = success[["success", "success_low", "success_high", "n_replicates"]].drop_duplicates()
    # Wilson, written out: (p + z^2/2n -+ z sqrt(p q / n + z^2/4n^2)) / (1 + z^2/n) for p = 1/2, n = 2.
    z2 = 1.959964**2
    half = np.sqrt(z2 * (1 / 8 + z2 / 16)) / (1 + z2 / 2)
    assert share.to_numpy().ravel().tolist() == pytest.approx([0.5, 0.5 - half, 0.5 + half, 2])


def test_every_replicate_is_drawn_with_a_dot_where_it_has_learnt(success):
    (axis,) = success_figure.draw(success).axes
    assert "1 of 2 learn" in axis.get_title(loc="left")
    data = [tuple(line.get_ydata()) for line in axis.lines]
    assert (0.5, 0.6, 0.9) in data
    assert (0.5, 0.5, 0.5) in data
    assert [line.get_xdata().tolist() for line in axis.lines if line.get_marker() == "o"] == [[200]]


def test_the_caption_has_a_sentence_for_every_panel(success):
    rate = "(success rate 50 %, 95 % interval 9 % to 91 %)"
    expected = f"At k = 2, 1 of 2 replicates learns, after 201 training steps {rate}."
    assert success_figure.numbers(success)["outcomes"] == expected


@pytest.fixture
def fig5(tmp_path):
    rows = [
        (seed, length, method, 1000, snr, 1.0, snr, 0.01, 2 * snr)
        for length in (1, 2)
        for method, values in {
            "decomposition": (0.5, 0.6, 0.7),
            "joint": (0.7, 0.7, 0.7),
            "end_to_end": (0.5, 0.6, 0.7) if length == 1 else (-0.1, 0.0, 0.1),
        }.items()
        for seed, snr in enumerate(values)
    ]
    columns = ["seed", "tuple_length", "method", "n_tuples", "signal", "noise", "snr", "standard_error", "plug_in"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "initial.csv", index=False)
    series = {"decomposition": [(1, 1.0), (2, 1.1)], "end-to-end": [(1, 0.9), (2, 0.004)]}
    files = published(tmp_path / "published.csv", 5, "snr_relative", series)
    return fig5_table.tabulate({"initial": [tmp_path / "initial.csv"], "published": files})


def test_means_over_initialisations_and_upper_limits(fig5):
    ours = fig5[fig5["source"] == "ours"].set_index(["method", "tuple_length"])
    # Student's t with two degrees of freedom is 4.3027.
    half = 4.3027 * 0.1 / np.sqrt(3)
    assert ours.loc[("decomposition", 1), ["snr", "snr_low", "snr_high"]].tolist() == pytest.approx(
        [0.6, 0.6 - half, 0.6 + half], rel=1e-4
    )
    assert ours["upper_limit"].notna().to_dict() == {key: key == ("end_to_end", 2) for key in ours.index}
    assert ours.loc[("end_to_end", 2), "upper_limit"] == pytest.approx(half, rel=1e-4)
    assert ours["floor"].unique().tolist() == [0.001]
    theirs = fig5[fig5["source"] == "published"].set_index(["method", "tuple_length"])["plug_in"]
    assert theirs["end_to_end", 2] == pytest.approx(0.004 * 0.6)


def test_what_is_not_clear_of_zero_is_an_arrow(fig5):
    unbiased, scripts = fig5_figure.draw(fig5).axes
    dots = [line.get_ydata().tolist() for line in unbiased.lines if line.get_marker() == "o"]
    assert [0.6, 0.6] in [pytest.approx(values) for values in dots]
    assert [1] in [
        line.get_xdata().tolist()
        for line in unbiased.lines
        if line.get_marker() == "o" and to_rgb(line.get_color()) == color(2)
    ]
    assert any(line.get_marker() == "_" and len(line.get_xdata()) == 1 for line in unbiased.lines)
    crosses = [line for line in scripts.lines if line.get_marker() == "x"]
    assert sum(len(line.get_xdata()) for line in crosses) == 4


def test_the_caption_has_ratios_and_upper_limits(fig5):
    found = fig5_figure.numbers(fig5)
    assert found["end_to_end"] == "0.6 [0.352, 0.848] at k = 1 and below 0.248 at k = 2"
    assert (found["tuples"], found["initialisations"]) == ("1,000", "3")
    assert found["published"]
    ours = fig5[fig5["source"] == "ours"]
    assert fig5_figure.numbers(ours)["published"] == ""
    labels = [text.get_text() for text in fig5_figure.draw(ours).legends[0].get_texts()]
    assert not any("published" in label for label in labels)


@pytest.fixture
def along(tmp_path):
    columns = ["problem", "learner", "seed", "updates", "tuple_length", "method", "snr", "standard_error"]
    rows = [
        ("k2", "end_to_end", 0, updates, 2, method, snr, 1e-6)
        for updates, snr in ((0, -1e-6), (101, 1e-3), (201, 0.1))
        for method in ("end_to_end", "joint")
    ]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "trained.csv", index=False)
    rows = [
        ("k2_starts", "end_to_end", seed, 0, 2, "end_to_end", snr, 1e-6) for seed, snr in enumerate((3e-6, 2e-6, 0))
    ]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "success.csv", index=False)
    learnt = pd.DataFrame({"problem": "k2_starts", "learner": "end_to_end", "seed": [0, 1, 2]})
    # Every run stands there once an evaluation.
    pd.concat([learnt.assign(learnt_at=[101, 201, np.inf])] * 2).to_csv(tmp_path / "learnt.csv", index=False)
    inputs = {name: tmp_path / f"{name}.csv" for name in ("trained", "success", "learnt")}
    return snr_table.tabulate(inputs, {"end_to_end": "end_to_end"})


def test_the_start_is_set_beside_the_time_to_learn(along):
    start = along[along["part"] == "start"]
    assert start["learnt_at"].tolist() == [101, 201, np.inf]
    assert along.loc[along["part"] == "correlation", "rank_correlation"].tolist() == [-1]
    # Of the 3! orders, two are as extreme.
    assert along.loc[along["part"] == "correlation", "p_value"].tolist() == pytest.approx([1 / 3])
    training = along[along["part"] == "training"]
    assert training["own"].tolist() == [True, False] * 3


def test_a_run_that_never_learns_stands_above_the_others(along):
    training, start = snr_figure.draw(along).axes
    (line,) = [line for line in training.lines if line.get_label() == "k = 2"]
    assert np.isnan(line.get_ydata()[0]), "not clear of 0: an arrow instead"
    assert line.get_ydata()[1:].tolist() == [1e-3, 0.1]
    heights = [line.get_ydata()[0] for line in start.lines if line.get_marker() == "o"]
    points = np.concatenate([np.atleast_1d(line.get_ydata()) for line in start.lines if line.get_marker() == "o"])
    assert heights
    assert points.max() > 201
    assert {101, 201} <= set(points)


def test_learners_share_an_axis_that_shows_the_largest_signal_of_each(along):
    better = along.assign(learner="decomposition", snr=along["snr"] * 1e3)
    panels = snr_figure.draw(pd.concat([along, better])).axes[:2]
    assert panels[0].get_ylim() == panels[1].get_ylim()
    assert panels[1].get_ylim()[1] > 100


def test_the_caption_has_rank_correlations(along):
    assert snr_figure.numbers(along) == {
        "clear": "2 of 3",
        "correlations": "At k = 2, Kendall's rank correlation τ of the ratio and the time to learn is −1 (p = 0.33).",
    }
    assert snr_figure.numbers(along[along["part"] == "training"]) == {"clear": "0 of 0", "correlations": ""}


def test_runs_that_learn_stand_at_their_time_to_learn():
    times = pd.Series([401.0, np.inf, np.inf, 2801.0, np.inf])
    assert list(snr_figure.heights(times, 4000.0)) == [401.0, 4160.0, 4320.0, 2801.0, 4480.0]
