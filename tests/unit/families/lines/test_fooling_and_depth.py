"""Tables and figures of deeper and of fooled networks: numbers written by hand, figures through what they drew."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from failures.artifacts.style import color
from failures.families.lines.figures import fooling as fooling_figure
from failures.families.lines.figures import snr_depth as depth_figure
from failures.families.lines.tables import fooling as fooling_table
from failures.families.lines.tables import snr_depth as depth_table
from failures.reporting.claims.ledger import read_claims, verdict
from failures.reporting.claims.tables.claims import measure
from project import ROOT

pytestmark = pytest.mark.usefixtures("look")
CLAIMS = {claim.id: claim for claim in read_claims(ROOT / "workflow/claims.yaml")}


@pytest.fixture
def depth(tmp_path):
    rows = [
        (seed, blocks, length, method, 1000, snr, 1.0, snr, 0.01, 2 * snr)
        for blocks in (0, 4)
        for length in (1, 2)
        for method, values in {
            "decomposition": (0.5, 0.6, 0.7) if length == 1 else (0.5, 0.66, 0.63),
            "joint": (0.7, 0.7, 0.7),
            "end_to_end": (0.5, 0.6, 0.7) if length == 1 else (-0.001, 0.0, 0.001),
        }.items()
        for seed, snr in enumerate(values)
    ]
    columns = ["seed", "blocks", "tuple_length", "method", "n_tuples", "signal", "noise", "snr", "standard_error"]
    pd.DataFrame(rows, columns=[*columns, "plug_in"]).to_csv(tmp_path / "depth.csv", index=False)
    return depth_table.tabulate({"depth": tmp_path / "depth.csv"})


def test_depths_have_means_and_changes_of_the_same_initialisation(depth):
    rows = depth.set_index(["blocks", "method", "tuple_length"])
    assert len(rows) == 12
    # Student's t with two degrees of freedom is 4.3027; the quotients are 1, 1.1 and .9.
    half = 4.3027 * 0.1 / np.sqrt(3)
    found = rows.loc[(4, "decomposition", 2), ["relative", "relative_low", "relative_high"]]
    assert found.tolist() == pytest.approx([1, 1 - half, 1 + half], rel=1e-4)
    assert rows.loc[(0, "decomposition", 1), ["relative", "snr"]].tolist() == pytest.approx([1, 0.6])
    assert rows["upper_limit"].notna().sum() == 2


def test_claims_on_depth_can_come_out_each_way(depth):
    falls, constant = CLAIMS["depth_end_to_end_snr_falls"], CLAIMS["depth_decomposition_snr_constant"]
    assert verdict(falls, measure(falls, {"snr_depth": depth})) == "reproduced"
    assert verdict(constant, measure(constant, {"snr_depth": depth})) == "reproduced"
    stays = depth.copy()
    two = (stays["method"] == "end_to_end") & (stays["tuple_length"] == 2)
    stays.loc[two, ["snr", "snr_low", "snr_high", "upper_limit"]] = (0.6, 0.5, 0.7, np.nan)
    assert verdict(falls, measure(falls, {"snr_depth": stays})) == "not reproduced"
    grows = depth.copy()
    two = (grows["method"] == "decomposition") & (grows["tuple_length"] == 2) & (grows["blocks"] == 4)
    grows.loc[two, ["relative", "relative_low", "relative_high"]] = (4.0, 3.0, 5.0)
    assert verdict(constant, measure(constant, {"snr_depth": grows})) == "not reproduced"
    assert measure(falls, {"snr_depth": depth[depth["blocks"] == 0]}).n_replicates == 0


def test_a_panel_a_depth(depth):
    figure = depth_figure.draw(depth, "preview")
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["N1 of the paper", "4 residual blocks"]
    for axis in figure.axes:
        dots = {
            tuple(np.round(np.array(line.get_ydata(), float), 6)) for line in axis.lines if line.get_marker() == "o"
        }
        assert (0.6, round((0.5 + 0.66 + 0.63) / 3, 6)) in dots
    assert "Preview" in figure.get_suptitle()


def test_the_caption_has_the_end_to_end_ratios_of_every_depth(depth):
    found = depth_figure.numbers(depth)
    ratios = "end-to-end ratio 0.6 [0.352, 0.848] at k = 1 and below 0.00248 at k = 2"
    assert found["end_to_end"] == f"N1 of the paper: {ratios}. 4 residual blocks: {ratios}."
    assert (found["tuples"], found["initialisations"]) == ("1,000", "3")


def written(tmp_path, learners=("decomposition", "end_to_end")):
    """Three images and four noise images a learner; for the second nothing works."""
    rows = []
    for index, learner in enumerate(learners):
        keys = {"problem": "k1", "learner": learner, "seed": 0}
        fooled = not index
        image = {"label": 1, "n_pixels": 9, "score": 1.5, "largest": 0.1, "nearest": 4.0, "between": 5.0}
        image |= {"single": 2 * fooled, "flips": 1 if fooled else np.nan, "flips_at_least": 1 if fooled else 2}
        image |= {"l2": 0.2 if fooled else 3.0}
        rows += [{**keys, "part": "image", "number": number, **image} for number in range(3)]
        rows += [{**keys, "part": "real", "number": n, "label": 1, "score": n / 10 - 0.05} for n in range(100)]
        for number, label in enumerate((1, -1, 1, -1)):
            score = label * (20.0 if fooled else 1.0)
            rows.append({**keys, "part": "noise", "number": number, "label": label, "start_score": 0.0, "score": score})
    keys = {"problem": "k1", "learner": learners[0], "seed": 0, "part": "pixel"}
    for kind in ("line", "flips", "l2", "noise", "ascent"):
        rows.append({**keys, "kind": kind, "number": 0, "row": 3, "column": 4, "value": 0.5})
    pd.DataFrame(rows).to_csv(tmp_path / "fooling.csv", index=False)
    return fooling_table.tabulate({"fooling": tmp_path / "fooling.csv"})


def test_shares_and_medians_of_fooled_images(tmp_path):
    table = written(tmp_path)
    found = table[table["part"] == "summary"].set_index(["learner", "quantity"])
    for quantity, values in {
        "single": (1, 0), "flips": (1, 0), "median_flips": (1, np.inf), "relative": (0.05, 0.75), "confident": (1, 0),
        "beyond": (1, 0), "confident_start": (0, 0), "nearest": (4, 4), "accuracy": (0.99, 0.99),
    }.items():  # fmt: skip
        assert [found.loc[(learner, quantity), "value"] for learner in ("decomposition", "end_to_end")] == list(values)
    # Wilson's interval of none in three: [0, z^2 / (n + z^2)].
    assert found.loc[("end_to_end", "single"), "high"] == pytest.approx(3.8415 / 6.8415, rel=1e-4)
    assert found.loc[("decomposition", "confident_real"), "value"] == np.mean(np.arange(100) / 10 - 0.05 >= np.log(99))
    noise = table[(table["part"] == "noise") & (table["learner"] == "end_to_end")]
    assert noise["confidence"].tolist() == pytest.approx([1 / (1 + np.exp(-1))] * 4)


def test_claims_on_fooled_networks_are_about_the_one_that_withstands(tmp_path):
    names = ("fooling_small_changes", "fooling_one_pixel", "fooling_noise", "fooling_noise_beyond")
    both, one = written(tmp_path), written(tmp_path, ("decomposition",))
    for name in names:
        assert verdict(CLAIMS[name], measure(CLAIMS[name], {"fooling": both})) in ("not reproduced", "partly")
        measured = measure(CLAIMS[name], {"fooling": one})
        assert verdict(CLAIMS[name], measured) in ("reproduced", "partly"), "few images: a wide interval"
        assert measured.n_replicates in (3, 4)


def test_fooled_images_are_drawn_with_their_distributions(tmp_path):
    figure = fooling_figure.draw(written(tmp_path))
    (above, below) = figure.subfigs
    distances, flips, confidence = above.axes
    found = next(line for line in distances.lines if to_rgb(line.get_color()) == color(0))
    assert found.get_xdata().tolist() == [0.2] * 3
    assert found.get_ydata().tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert flips.lines[0].get_xdata().tolist() == [1] * 3
    assert flips.lines[1].get_xdata().tolist() == [], "none found"
    assert len(confidence.lines) == 6
    images = [axis.images[0].get_array() for part in below.subfigs for axis in part.axes]
    assert len(images) == 5
    assert all(image[3, 4] == 0.5 and image.sum() == 28 * 28 - 0.5 for image in images)


def test_the_caption_has_the_numbers_of_the_first_network(tmp_path):
    found = fooling_figure.numbers(written(tmp_path))
    assert found["relative"].startswith("0.05 [")
    assert (found["single"], found["flips"]) == ("100 %", "1")
    assert (found["start"], found["confident"], found["same"]) == ("0 %", "100 %", "100 %")


def test_a_caption_of_images_that_no_flips_fool(tmp_path):
    table = written(tmp_path)
    found = fooling_figure.numbers(table[table["learner"] == "end_to_end"])
    assert (found["single"], found["flips"]) == ("0 %", "more than the search allows")
