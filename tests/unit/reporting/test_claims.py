"""Claims: verdicts of synthetic measurements, and tables that lead to each verdict."""

import math
import re

import numpy as np
import pandas as pd
import pytest
import yaml

from failures.artifacts.formats import number
from failures.packages import families
from failures.reporting.claims.figures import claims as claims_figure
from failures.reporting.claims.figures import published as published_figure
from failures.reporting.claims.ledger import EXACT, NOTHING, Claim, Measured, Missing, read_claims, verdict
from failures.reporting.claims.measures import lines, parity, portfolio, steps
from failures.reporting.claims.page import render
from failures.reporting.claims.tables import published
from failures.reporting.claims.tables.claims import MEASURES, finding, measure, tabulate
from project import ROOT

LEDGER = ROOT / "workflow/claims.yaml"
CLAIMS = read_claims(LEDGER)


def claim(**thresholds):
    words = dict.fromkeys(("label", "claim", "source", "column", "statistic", "why"), "words")
    return Claim(
        id="toy",
        family="parity",
        tables=["fig1"],
        finding="It is {value} [{low}, {high}], {n} runs.",
        **words,
        **thresholds,
    )


@pytest.mark.parametrize(
    ("thresholds", "measured", "expected"),
    [
        ({"at_least": 1.0}, (2, 1.5, 3, 10), "reproduced"),
        ({"at_least": 1.0}, (2, 0.5, 3, 10), "partly"),
        ({"at_least": 1.0}, (0.9, 0.5, 1.1, 10), "partly"),
        ({"at_least": 1.0}, (0.5, 0.2, 0.9, 10), "not reproduced"),
        ({"at_least": 1.0}, (math.inf, 2, math.inf, 10), "reproduced"),
        ({"at_least": 1.0}, (2, 1.5, 3, 2), "not enough runs"),
        ({"at_least": 1.0}, (2, math.nan, math.nan, 10), "not enough runs"),
        ({"at_most": 1.0}, (0.5, 0.2, 0.9, 3), "reproduced"),
        ({"at_most": 1.0}, (0.5, 0.2, 1.9, 3), "partly"),
        ({"at_most": 1.0}, (1.5, 1.2, 1.9, 3), "not reproduced"),
        ({"at_least": 0.5, "at_most": 2.0}, (1, 0.6, 1.9, EXACT), "reproduced"),
        ({"at_least": 0.5, "at_most": 2.0}, (1, 0.1, 9, 3), "partly"),
        ({"at_least": 0.5, "at_most": 2.0}, (3, 2.1, 9, 3), "not reproduced"),
        ({"at_least": 0.5, "at_most": 2.0}, (0.2, 0.1, 0.3, 3), "not reproduced"),
    ],
)
def test_a_verdict_is_about_the_whole_interval(thresholds, measured, expected):
    assert verdict(claim(**thresholds), Measured(*measured)) == expected


def test_a_missing_measurement_is_reported():
    assert verdict(claim(at_least=1.0), NOTHING) == "not enough runs"
    assert finding(claim(at_least=1.0), NOTHING, "full") == "Not measured: the tables lack the runs for this claim."
    measured = Measured(1.23456, 1, 2, 7)
    assert finding(claim(at_least=1.0), measured, "full") == "It is 1.23 [1, 2], 7 runs."
    assert finding(claim(at_least=1.0), measured, "preview").startswith("At preview scale: It is")


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.5, "0.5"), (1273.2, "1,273"), (2.3e-5, "2.3e−5"), (math.inf, "∞"), (math.nan, "?")]
)
def test_numbers_read_well(value, text):
    assert number(value) == text


@pytest.mark.parametrize("bounds", [{}, {"at_least": 2.0, "at_most": 1.0}])
def test_a_claim_needs_a_threshold(bounds):
    with pytest.raises(ValueError, match="claim toy: requires at_least, at_most or both"):
        claim(**bounds)


def test_ids_are_unique(tmp_path):
    entries = yaml.safe_load(LEDGER.read_text("utf-8"))[:1]
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump(entries * 2))
    with pytest.raises(ValueError, match="duplicate claim id parity_harder_with_d"):
        read_claims(tmp_path / "claims.yaml")


@pytest.mark.parametrize("entry", CLAIMS, ids=lambda entry: entry.id)
def test_every_claim_has_its_measure_and_sentence(entry):
    assert entry.family in (*families(), "comparisons")
    function = getattr(MEASURES[entry.family], entry.id)
    assert function.__doc__
    assert function.__code__.co_varnames[: function.__code__.co_argcount] == tuple(entry.tables)
    assert finding(entry, Measured(1, 0.5, 2, 3), "full")
    assert all(sentence.endswith(".") for sentence in (entry.claim, entry.finding))
    assert "{n}" in entry.finding or "exact" in entry.finding, "the number of replicates, or that there are none"


@pytest.mark.parametrize("entry", CLAIMS, ids=lambda entry: entry.id)
def test_every_claim_can_be_read_alone(entry):
    assert entry.claim.split()[0] not in ("It", "Its", "That", "This", "They"), "refers to another claim"
    assert not re.search(r"\b(ours|our|we)\b", f"{entry.claim} {entry.source} {entry.finding}")


def test_every_measure_is_of_a_claim():
    public = {
        name
        for module in MEASURES.values()
        for name, function in vars(module).items()
        if callable(function) and function.__module__ == module.__name__ and not name.startswith("_")
    }
    assert public - {claim.id for claim in CLAIMS} == {"solving_steps", "longer"}


def fig1(steps_by_d):
    """Figure 1's table of runs that are solved after these numbers of updates."""
    runs = [(d, time) for d, times in steps_by_d.items() for time in times]
    table = pd.DataFrame(runs, columns=["n_features", "steps"]).assign(part="run")
    return pd.concat([table.replace(math.inf, math.nan), table.assign(part="curve", steps=math.nan)])


def test_a_run_that_is_never_solved_takes_infinitely_many_steps():
    table = fig1({5: [201, math.inf, 101, 201]})
    assert parity.solving_steps(table, 5).tolist() == [101, 201, 201, math.inf]
    with pytest.raises(Missing):
        parity.solving_steps(table, 10)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ([801, 901, 901, 1001, math.inf], "reproduced"),
        ([301, 401, 401, 501, 601], "partly"),
        ([1, 1, 101, 101, 101], "not reproduced"),
    ],
)
def test_difficulty_can_come_out_each_way(second, expected):
    entry = next(entry for entry in CLAIMS if entry.id == "parity_harder_with_d")
    table = fig1({5: [301, 401, 401, 501, 601], 10: second})
    measured = measure(entry, {"fig1": table})
    assert verdict(entry, measured) == expected
    assert 0 <= measured.low <= measured.value <= measured.high <= 1
    assert measure(entry, {"fig1": table.query("n_features == 5")}) == NOTHING


def test_longer_counts_pairs_and_half_of_the_ties():
    assert parity.longer(np.array([1.0, 2.0]), np.array([2.0, math.inf])) == (1 + 0.5 + 2) / 4


def fig4(ends):
    """Figure 4's table with these losses at the end, by k, end-to-end and decomposition."""
    rows = [
        {"source": "ours", "learner": learner, "n_stocks": k, "step": step, "loss_median": loss}
        for k, pair in ends.items()
        for learner, last in zip(("end_to_end", "decomposition"), pair, strict=True)
        for step, loss in ((0, -1 / k), (100, last))
    ]
    table = pd.DataFrame(rows).assign(n_replicates=5)
    return table.assign(loss_p10=table["loss_median"] - 0.01, loss_p90=table["loss_median"] + 0.01)


def test_the_gap_of_the_portfolio_is_that_at_the_end():
    table = fig4({10: (-1.0, -1.0), 500: (-0.6, -0.99), 1000: (-0.3, -0.99)})
    measured = portfolio.portfolio_end_to_end_inferior(table)
    np.testing.assert_allclose([measured.value, measured.low, measured.high], [0.39, 0.37, 0.41])
    growth = portfolio.portfolio_gap_grows(table)
    np.testing.assert_allclose([growth.value, growth.low, growth.high], [0.30, 0.26, 0.34])
    shrinking = portfolio.portfolio_gap_grows(fig4({10: (-0.2, -1.0), 500: (-0.9, -1.0)}))
    assert shrinking.high < 0


def test_a_share_that_changes_has_newcombes_interval():
    """Newcombe (1998), method 10: 5 of 5 against 0 of 5 has [.3855, 1]; 3 of 5 against 3 of 5 is around 0."""
    table = pd.DataFrame(
        {
            "learner": "non_flat",
            "success": [0.0, 1.0],
            "success_low": [0.0, 0.5655],
            "success_high": [0.4345, 1.0],
            "n_replicates": 5,
        }
    )
    measured = steps.non_flat_depends_on_bias(table)
    np.testing.assert_allclose([measured.value, measured.low, measured.high], [1, 0.3855, 1], atol=1e-4)
    same = table.assign(success=0.6, success_low=0.2307, success_high=0.8824)
    assert steps.non_flat_depends_on_bias(same).value == 0


def fig5(second, low, high, limit):
    """Figure 5's table: end-to-end at k = 1 has .01, at k = 2 this."""
    columns = ["tuple_length", "snr", "snr_low", "snr_high", "upper_limit"]
    table = pd.DataFrame([(1, 0.01, 0.009, 0.011, math.nan), (2, second, low, high, limit)], columns=columns)
    return table.assign(source="ours", method="end_to_end", plug_in=1e-5, floor=1e-5, n_initialisations=20)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ((1e-7, -1e-7, 3e-7, 2e-6), "reproduced"),
        ((0.0012, 0.0006, 0.0018, math.nan), "partly"),
        ((0.008, 0.007, 0.009, math.nan), "not reproduced"),
    ],
)
def test_the_snr_may_fall_or_not(second, expected):
    entry = next(entry for entry in CLAIMS if entry.id == "end_to_end_snr_falls")
    measured = measure(entry, {"fig5": fig5(*second)})
    assert verdict(entry, measured) == expected
    assert measured.low <= measured.value <= measured.high


def test_precision_is_that_of_float32():
    measured = lines.snr_below_machine_precision(fig5(-1e-8, -2e-8, 1e-8, 3e-8))
    assert (measured.value, measured.low) == (0, 0)
    assert measured.high == pytest.approx(3e-8 * 2**24)


def test_the_table_has_the_claims_whose_tables_exist(tmp_path):
    path = tmp_path / "fig1.csv"
    fig1({5: [301, 401, 401], 10: [301, 401, 401]}).to_csv(path, index=False)
    table = tabulate({"ledger": LEDGER, "fig1": path}, scale="preview")
    assert table["claim_id"].tolist() == ["parity_harder_with_d"]
    assert table["finding"].str.startswith("At preview scale: ").all()


def test_margins_are_powers_of_ten_and_positive_where_the_claim_holds():
    margin, none = claims_figure.margin, math.nan
    assert margin(100.0, 10.0, none) == pytest.approx(1)
    assert margin(1.0, 10.0, none) == pytest.approx(-1)
    assert margin(0.01, none, 0.1) == pytest.approx(1)
    assert margin(0.0, none, 0.1) == margin(math.inf, 1.0, none) == claims_figure.LARGEST
    assert margin(1.0, 0.5, 2.0) == pytest.approx(np.log10(2))
    assert margin(0.1, 0.0, none) == claims_figure.LARGEST
    assert margin(-0.1, 0.0, none) == -claims_figure.LARGEST
    assert math.isnan(margin(1.0, none, none))
    assert margin(-0.2, 0.1, none) == -claims_figure.LARGEST
    assert margin(-0.3, none, -0.5) == pytest.approx(np.log10(0.6)), "larger than allowed"
    assert margin(-0.005, -0.01, none) == pytest.approx(np.log10(2))


def test_the_figure_shows_every_claim_and_a_legend(look, tmp_path):
    path = tmp_path / "fig1.csv"
    fig1({5: [301, 401, 401], 10: [801, 901, math.inf]}).to_csv(path, index=False)
    table = tabulate({"ledger": LEDGER, "fig1": path}, scale="full")
    figure = claims_figure.draw(table)
    (axis,) = figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == table["label"].tolist()
    assert table["verdict"].iloc[0] in [text.get_text() for text in axis.texts]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [table["verdict"].iloc[0], "interval"]


def curve(source, accuracy, n=10):
    steps_ = np.arange(0, 1001, 100)
    rows = pd.DataFrame({"part": source, "n_features": 5, "step": steps_, "accuracy_median": accuracy(steps_)})
    return rows.assign(
        accuracy_p10=rows["accuracy_median"] - 0.05, accuracy_p90=rows["accuracy_median"] + 0.05, n_replicates=n
    )


def test_published_curves_are_compared_at_the_reproduced_evaluations(tmp_path):
    """The reproduced curve rises to 1 over 500 steps, the published one over 1000, with two points only."""
    ours = curve("curve", lambda step: np.minimum(0.5 + step / 1000, 1))
    theirs = curve("published", lambda step: 0.5 + step / 2000, n=1).iloc[[0, -1]]
    pd.concat([ours, theirs]).to_csv(tmp_path / "fig1.csv", index=False)
    table = published.tabulate({"fig1": tmp_path / "fig1.csv"})
    row = table.squeeze()
    assert (row["figure"], row["n_points"], row["n_replicates"]) == (1, 11, 10)
    assert row["share_inside"] == pytest.approx(4 / 11), "at 0, 100, 900 and 1000"
    assert row["final_difference"] == pytest.approx(0)
    assert (row["time_ours"], row["time_published"]) == (501, 901)


def test_a_constant_curve_has_no_time():
    assert math.isnan(published.time(np.arange(5.0), np.array([0.5, 0.51, 0.49, 0.5, 0.5])))


def test_the_figure_of_published_curves_has_a_dash_for_what_is_missing(look):
    row = {"figure": 3, "series": "tuple_length = 1 learner = end_to_end", "share_inside": math.nan}
    table = pd.DataFrame([row | {"final_difference": 0.1, "time_ratio": 2.0}])
    axes = published_figure.draw(table).axes
    assert axes[0].get_yticklabels()[0].get_text() == "Figure 3, k = 1, end-to-end"
    assert [text.get_text() for text in axes[0].texts] == ["–"]
    assert axes[2].lines[-1].get_xdata().tolist() == [2.0]


def test_the_page_has_one_row_per_claim(tmp_path):
    path = tmp_path / "fig1.csv"
    fig1({5: [301, 401, 401], 10: [801, 901, math.inf]}).to_csv(path, index=False)
    text = render(tabulate({"ledger": LEDGER, "fig1": path}, scale="preview"))
    assert "a run at preview scale. They are not comparable with the paper." in text
    assert "## Random parities" in text
    (row,) = [line for line in text.splitlines() if line.startswith("| A random parity over more bits")]
    assert row.count("|") == 6
    assert "| at least 0.75 |" in row
