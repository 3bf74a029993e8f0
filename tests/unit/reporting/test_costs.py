"""Costs: schedules by hand and by enumeration, records and tables written by hand, the figure by what it drew."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest

from failures.reporting.costs import figure
from failures.reporting.costs.records import behind, kind, needs, read_records
from failures.reporting.costs.schedule import Job, bound, busy, cores_used, remaining, wall_time
from failures.reporting.costs.tables import costs, costs_rules, costs_scaling

DIAMOND = {"a": Job(2), "b": Job(3, 1, ("a",)), "c": Job(4, 1, ("a",)), "d": Job(1, 1, ("b", "c"))}


def test_longest_chains_by_hand():
    assert remaining(DIAMOND) == {"a": 7, "b": 4, "c": 5, "d": 1}
    with pytest.raises(ValueError, match=r"a, b$"):
        remaining({"a": Job(1, 1, ("b",)), "b": Job(1, 1, ("a",)), "c": Job(1)})


@pytest.mark.parametrize(
    ("jobs", "cores", "seconds"),
    [
        (DIAMOND, 1, 10),
        (DIAMOND, 2, 7),
        # Longest first: 4 | 3, then 2 | 2 after the 3; the order of the list would take 2, 2, 3, 4 -> 6.
        ({"a": Job(2), "b": Job(2), "c": Job(3), "d": Job(4)}, 2, 6),
        ({"a": Job(2), "b": Job(2), "c": Job(4)}, 2, 4),
        # Two threads on two cores keep all others out; on one core a job has one thread.
        ({"a": Job(3, 2), "b": Job(1), "c": Job(1)}, 2, 4),
        ({"a": Job(3, 2), "b": Job(1), "c": Job(1)}, 1, 5),
        ({"a": Job(3, 2), "b": Job(1), "c": Job(1)}, 3, 3),
        # The short beginning of a long chain goes before a longer job.
        ({"a": Job(1), "b": Job(5, 1, ("a",)), "c": Job(3), "d": Job(3)}, 2, 6),
        ({"a": Job(0), "b": Job(0, 1, ("a",))}, 1, 0),
    ],
)
def test_wall_times_by_hand(jobs, cores, seconds):
    assert wall_time(jobs, cores) == seconds


def random_jobs(rng, n):
    return {
        f"j{i}": Job(
            float(rng.integers(1, 9)), int(rng.integers(1, 3)), tuple(f"j{k}" for k in range(i) if rng.random() < 0.3)
        )
        for i in range(n)
    }


@pytest.mark.parametrize("seed", range(20))
def test_no_schedule_beats_the_bound_and_none_wastes_all_cores(seed):
    """Graham's bounds of list scheduling, with single threads: work and longest chain, and at most their sum."""
    jobs = {name: Job(job.seconds, 1, job.needs) for name, job in random_jobs(np.random.default_rng(seed), 12).items()}
    seconds = [job.seconds for job in jobs.values()]
    chain = max(remaining(jobs).values())
    assert wall_time(jobs, 1) == sum(seconds)
    assert wall_time(jobs, 12) == chain
    for cores in (2, 3, 4):
        least = max(bound(seconds, seconds, cores), chain)
        assert least <= wall_time(jobs, cores) <= sum(seconds) / cores + chain * (1 - 1 / cores) + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_it_is_at_best_as_good_as_the_best_order(seed):
    """All orders of six independent jobs on two cores: greedy placement of the best order is the optimum."""
    rng = np.random.default_rng(seed)
    seconds = rng.integers(1, 9, 6).astype(float).tolist()
    best = np.inf
    for order in itertools.permutations(seconds):
        cores = [0.0, 0.0]
        for length in order:
            cores[cores.index(min(cores))] += length
        best = min(best, max(cores))
    # Longest first is within 4/3 - 1/(3 cores) of the optimum (Graham 1969).
    jobs = {str(index): Job(length) for index, length in enumerate(seconds)}
    assert best <= wall_time(jobs, 2) <= best * 7 / 6


@pytest.mark.parametrize("seed", range(5))
def test_a_chain_takes_its_sum_on_any_cores(seed):
    seconds = np.random.default_rng(seed).random(6)
    jobs = {str(i): Job(length, 1 + i % 2, (str(i - 1),) if i else ()) for i, length in enumerate(seconds)}
    for cores in (1, 2, 16):
        assert wall_time(jobs, cores) == pytest.approx(seconds.sum())


def test_bound_is_work_or_the_longest_job():
    assert [bound([5, 1], [10, 2], cores) for cores in (1, 2, 4)] == [12, 6, 5]


def test_pauses_are_left_out():
    assert busy([0, 5, 200], [10, 20, 210]) == 30, "a gap of 180 s"
    assert busy([0, 70], [10, 80]) == 80, "a gap of 60 s is none"
    assert busy([0, 1, 90], [100, 2, 95]) == 100, "jobs inside of others"
    assert busy([200, 0], [210, 100], longest_gap=100) == 210
    assert busy([], []) == 0


def test_cores_are_threads_at_once():
    assert cores_used([0, 1, 3], [2, 3, 4], [1, 2, 4]) == 4
    assert cores_used([0, 1], [1, 2], [1, 1]) == 1, "one follows the other"
    assert cores_used([0, 0.5], [1, 2], [1, 1]) == 2
    assert cores_used([], [], []) == 0


# Two trainings (one of which nothing needs), a table and a figure; a job without a benchmark, and one that failed.
JOBS = {
    "instances/f/p/seeds_0-9": ("f_instances", [], ["i.csv"], 0.0, 1.0, (0.5, 0.1), 100, 400, 1.0),
    "runs/f/p/a/seeds_0-9": ("f_train", ["i.csv"], ["a/history", "a/models"], 1.0, 101.0, (90, 80), 600, 1200, 100.0),
    "runs/f/p/b/seeds_0-9": ("f_train", ["i.csv"], ["b/history"], 2.0, 52.0, (45, 40), 700, 1200, 50.0),
    "runs/f/old/a/seeds_0-9": ("f_train", ["gone.csv"], ["c/history"], 0.0, 9.0, (9, 9), 600, 1200, 9.0),
    "gradients/f/x": ("f_gradients", ["a/models"], ["g.csv"], 101.0, 111.0, (9, 8), 1300, 1200, 10.0),
    "tables/fig": ("fig_table", ["a/history", "b/history", "g.csv", "p.csv"], ["t.csv"], 200, 202, (2, 1), 90, 500, 2),
    "figures/fig": ("fig", ["t.csv"], ["fig.pdf", "fig.png"], 202.0, 204.0, (2, 1), 150, 400, 2.0),
}


@pytest.fixture
def folders(tmp_path):
    for name, (rule, inputs, outputs, start, end, (cpu, loop), memory, request, wall) in JOBS.items():
        record = {"rule": rule, "wildcards": {}, "input": inputs, "output": outputs, "threads": 1, "mem_mb": request}
        record |= {"start": start, "end": end, "cpu_s": cpu, "loop_cpu_s": loop, "memory_mb": memory}
        write(tmp_path / f"logs/{name}.log", f"1/1 steps, 0 s left\n{json.dumps(record)}\n")
        sampled = 720.5 if "/b/" in name else "-" if "instances" in name else 10.0
        write(tmp_path / f"benchmarks/{name}.jsonl", json.dumps({"s": wall, "max_rss": sampled}) + "\n")
    write(tmp_path / "logs/runs/f/p/c/seeds_0-9.log", "Traceback\n")
    write(tmp_path / "benchmarks/runs/f/p/c/seeds_0-9.jsonl", '{"s": 1.0, "max_rss": 1.0}\n')
    write(tmp_path / "logs/runs/f/p/d/seeds_0-9.log", '{"rule": "f_train"}\n')
    return str(tmp_path / "logs"), str(tmp_path / "benchmarks")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def table(folders):
    return costs.tabulate({"figures": ["fig.pdf", "fig.png"]}, *folders)


def test_records_are_found_and_joined_to_benchmarks(folders):
    records = read_records(*folders)
    assert records.keys() == JOBS.keys()
    assert records["runs/f/p/b/seeds_0-9"]["wall_s"] == 50
    assert records["runs/f/p/b/seeds_0-9"]["memory_mb"] == 720.5
    assert records["instances/f/p/seeds_0-9"]["memory_mb"] == 100
    assert needs(records)["tables/fig"] == ["gradients/f/x", "runs/f/p/a/seeds_0-9", "runs/f/p/b/seeds_0-9"]
    assert behind(["a/models"], records) == {"runs/f/p/a/seeds_0-9", "instances/f/p/seeds_0-9"}
    assert behind(["fig.png"], records) == JOBS.keys() - {"runs/f/old/a/seeds_0-9"}


def test_a_record_is_found_before_late_words(folders, tmp_path):
    with open(tmp_path / "logs/figures/fig.log", "a") as log:
        log.write("a library says goodbye\n")
    assert "figures/fig" in read_records(*folders)


def test_kinds_are_told_by_folders():
    assert kind("runs/f/p/a/seeds_0-9") == "training"
    assert kind("instances/lines/pool") == "instances"
    assert [kind(f"{folder}/x") for folder in ("tables", "figures")] == ["table", "figure"]
    assert {kind(f"{folder}/x") for folder in ("gradients", "decoded", "predictions")} == {"analysis"}


def test_one_row_a_job(table):
    assert table["job"].tolist() == [name for name in JOBS if "/old/" not in name]
    assert table["rule"].tolist() == ["f_instances", "f_train", "f_train", "f_gradients", "fig_table", "fig"]
    assert table["wall_s"].tolist() == [1, 100, 50, 10, 2, 2]
    # 400 <= 1.5 * 100 + 300; 1200 <= 1.5 * 600 + 300; 1300 > 1200; 500 > 1.5 * 90 + 300.
    assert table["memory"].tolist() == ["ok", "ok", "ok", "little", "much", "ok"]
    assert table["needs"].iloc[1] == "instances/f/p/seeds_0-9"


def test_verdicts_at_their_limits():
    measured, requested = pd.Series([100.0, 100, 100, 100]), pd.Series([99, 100, 450, 451])
    assert costs.judge(measured, requested).tolist() == ["little", "ok", "ok", "much"]


def test_figures_without_records_are_an_error(folders):
    with pytest.raises(ValueError, match="run their jobs again"):
        costs.tabulate({"figures": ["unknown.pdf"]}, *folders)


@pytest.fixture
def derived(table, tmp_path):
    """The tables of rules and of scaling."""
    table.to_csv(tmp_path / "costs.csv", index=False)
    inputs = {"jobs": tmp_path / "costs.csv"}
    return costs_rules.tabulate(inputs), costs_scaling.tabulate(inputs, [1, 2, 4])


def test_one_row_a_rule(derived):
    rules = derived[0].set_index("rule")
    assert rules.index.tolist() == ["f_train", "f_gradients", "fig", "fig_table", "f_instances", "all"]
    assert rules["n_jobs"].tolist() == [2, 1, 1, 1, 1, 6]
    assert rules.loc["f_train", ["cpu_s", "loop_cpu_s", "other_cpu_s", "wall_s"]].tolist() == [135, 120, 15, 150]
    assert rules.loc["f_train", ["memory_mb", "mem_mb"]].tolist() == [720.5, 1200]
    assert rules.loc["all", "loop_share"] == pytest.approx(130.1 / 148.5)
    assert rules["bar"].iloc[:-1].tolist() == ["f_train", "f_gradients", "figures", "fig_table", "instances"]


def test_small_rules_share_bars():
    """40 equal rules of which 14 may have a bar; figures never; .4 % is too little."""
    table = pd.DataFrame({"rule": [f"r{i}" for i in range(40)], "kind": "analysis", "cpu_s": 1.0})
    names = costs_rules.bars(table)
    assert (names == table["rule"]).sum() == 14
    assert set(names) - set(table["rule"]) == {"small analyses"}
    table = pd.DataFrame({"rule": ["a", "b", "c"], "kind": ["training", "table", "figure"], "cpu_s": [99.6, 0.4, 50]})
    assert costs_rules.bars(table).tolist() == ["a", "tables", "figures"]


def test_scaling_of_the_jobs(derived):
    scaling = derived[1]
    simulated = scaling[scaling["part"] == "simulated"].set_index("cores")
    # One core: the sum; two: 1, then 100 beside 50, then 10, 2, 2.
    assert simulated["wall_s"].to_dict() == {1: 165, 2: 115, 4: 115}
    assert simulated["bound_s"].to_dict() == {1: 148.5, 2: 100, 4: 100}
    assert simulated["ratio"].loc[2] == pytest.approx(1.15)
    (measured,) = scaling[scaling["part"] == "measured"].itertuples()
    assert (measured.cores, measured.wall_s, measured.bound_s) == (2, 115, 100), "a pause of 89 s left out"


@pytest.mark.usefixtures("look")
def test_the_figure_draws_bars_scaling_and_memory(derived):
    drawn = figure.draw(*derived, note="test scale")
    bars, scaling, memory = drawn.axes
    labels = [label.get_text() for label in bars.get_yticklabels()]
    assert labels == ["f train", "f gradients", "fig table", "figures", "instances"]
    work, other = bars.containers
    assert [bar.get_width() for bar in work] == pytest.approx([120, 8, 1, 1, 0.1])
    assert [bar.get_x() + bar.get_width() for bar in other] == pytest.approx([135, 9, 2, 2, 0.5])
    assert [text.get_text() for text in bars.texts[:2]] == ["89 %, 2 jobs", "89 %, 1 job"]
    assert bars.get_title(loc="left").startswith("CPU time, 88 %")
    lower, simulated, measured = scaling.lines
    assert lower.get_ydata().tolist() == [148.5, 100, 100]
    assert simulated.get_xydata().tolist() == [[1, 165], [2, 115], [4, 115]]
    assert measured.get_xydata().tolist() == [[2, 115]]
    points = {line.get_label(): line.get_xydata().tolist() for line in memory.lines}
    assert points["training"] == [[720.5, 1200]]
    assert points["instances"] == [[100, 400]]
    assert [text.get_text() for text in memory.texts] == ["f gradients", "fig table"]
    band = memory.collections[0].get_paths()[0].vertices
    assert np.isclose(band, [0, 300]).all(axis=1).any()
    assert drawn.get_suptitle() == "Test scale"


def test_the_caption_has_times_and_limits(derived):
    found = figure.numbers(*derived)
    assert (found["cpu"], found["share"], found["jobs"]) == ("148 s", "88 %", "6")
    assert found["wall"] == "The measured wall time is 115 s on 2 cores."
    assert (found["small"], found["factor"], found["extra"]) == ("0.5 %", "1.5", "300")
    assert figure.numbers(derived[0], derived[1].iloc[:0])["wall"] == ""


@pytest.mark.usefixtures("look")
def test_names_of_requests_outside_do_not_cover_one_another(derived):
    rules, scaling = derived
    rules["memory"], rules["mem_mb"] = "much", 3000.0
    memory = figure.draw(rules, scaling).axes[2]
    (text,) = memory.texts
    assert text.get_text() == "f train + 4"
    assert text.xy == (1300, 3000), "at the right of them all"
