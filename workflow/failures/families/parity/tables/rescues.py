"""Interventions that make parities learnable.

Columns:
    part: `curve`: accuracy against steps; `run`: end of a run; `exponent`: power-law fit of the steps against d
    intervention: intervention, as listed below
    learner, n_features, seed
    subset_size: |v*|; in the part `curve`, only for the intervention `sparse`
    step: step of the evaluation (`curve`, at the largest d of each intervention)
    accuracy_median, accuracy_p10, accuracy_p90: accuracy on uniform inputs, over replicates (`curve`)
    accuracy: mean accuracy of the last ten evaluations (`run`)
    n_samples: number of samples in these evaluations; empty where evaluation is exact (`run`)
    steps: updates completed at the first evaluation of a run with an accuracy of at least 0.99; empty if there is none
    n_steps: updates of the whole run
    exponent, factor: least-squares fit steps = factor d^exponent (`exponent`)
    exponent_low, exponent_high: 95 % interval by a bootstrap over the replicates at each d
    n_missing: number of runs in the fit that do not reach 0.99; the fit uses their `n_steps` in place of `steps`
    n_replicates: number of replicates; in the part `exponent`, the smallest number at any d

Interventions:
    uniform: none; the control
    sparse: few relevant bits
    mixed: all relevant bits are equal in half of the training samples
    prefix_labels: training on the labels of all prefixes, that is, of the first t bits for every t
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from failures.artifacts.tables import first_step_reaching, read_histories, read_tables, replicate_band
from failures.engine.seeding import generator

THRESHOLD = 0.99
N_LAST = 10  # evaluations at the end of a run, for its accuracy
N_RESAMPLES = 2000

RUN = ["problem", "learner", "trial"]
COLUMNS = [
    *("part", "intervention", "learner", "n_features", "subset_size", "seed", "step"),
    *("accuracy_median", "accuracy_p10", "accuracy_p90", "accuracy", "n_samples", "steps", "n_steps"),
    *("exponent", "exponent_low", "exponent_high", "factor", "n_missing", "n_replicates"),
]


def tabulate(inputs: dict[str, Any], interventions: dict[str, dict[str, dict[str, Any]]]) -> pd.DataFrame:
    """Summarise the runs of each intervention, and fit the steps to learn sparse parities as a power of d.

    Args:
        inputs: `history` and `runs`, paths of both kinds of files.
        interventions: For each intervention (uniform, sparse, mixed, prefix_labels), its problems with `n_features`,
            `evaluation` and `n_steps`.

    Returns:
        The table that `Columns` describes, without the part `exponent` if there is a single d.
    """
    history = _history(inputs["history"], interventions)
    runs = _runs(history, inputs["runs"])
    parts = [_curves(history.merge(runs[[*RUN, "subset_size"]], on=RUN)), runs.assign(part="run"), _exponents(runs)]
    table = pd.concat(parts, ignore_index=True).reindex(columns=COLUMNS)
    order = ["part", "intervention", "learner", "n_features", "subset_size", "seed", "step"]
    counts = ["n_features", "subset_size", "seed", "step", "n_samples", "steps", "n_steps", "n_missing", "n_replicates"]
    return table.sort_values(order, ignore_index=True).astype(dict.fromkeys(counts, "Int64"))


def _history(paths: list[str], interventions: dict[str, dict[str, dict[str, Any]]]) -> pd.DataFrame:
    """Return the accuracies of all runs, with intervention and settings of their problem."""
    problems = [
        (intervention, name, *settings.values())
        for intervention, problems in interventions.items()
        for name, settings in problems.items()
    ]
    keys = next(iter(next(iter(interventions.values())).values()))
    table = pd.DataFrame(problems, columns=["intervention", "problem", *keys])
    return read_histories(paths, "accuracy").merge(table, on="problem", validate="many_to_one")


def _runs(history: pd.DataFrame, paths: list[str]) -> pd.DataFrame:
    """Return one row per run: keys, intervention, n_features, subset_size, seed, accuracy, n_samples, steps and
    n_steps.
    """
    history = history.sort_values([*RUN, "step"])
    steps = first_step_reaching(history, RUN, "accuracy", THRESHOLD) + 1
    ends = (
        history.groupby(RUN).tail(N_LAST).groupby([*RUN, "intervention", "n_features", "seed", "evaluation", "n_steps"])
    )
    runs = ends["accuracy"].agg(["mean", "size"]).rename(columns={"mean": "accuracy"}).reset_index()
    runs["n_samples"] = pd.to_numeric(runs.pop("evaluation"), errors="coerce") * runs.pop("size")
    sizes = read_tables(paths)[[*RUN, "subset_size"]]
    runs = runs.merge(sizes, on=RUN, validate="one_to_one")
    return runs.merge(steps.rename("steps").reset_index(), on=RUN, validate="one_to_one")


def _curves(history: pd.DataFrame) -> pd.DataFrame:
    """Compute the bands over replicates at the largest d of each intervention."""
    history = history[history["n_features"] == history.groupby("intervention")["n_features"].transform("max")]
    keys = ["intervention", "learner", "n_features", "step"]
    sparse = history["intervention"] == "sparse"
    bands = [replicate_band(history[~sparse], keys, "accuracy")]
    bands += [replicate_band(history[sparse], [*keys, "subset_size"], "accuracy")]
    return pd.concat(bands, ignore_index=True).assign(part="curve")


def _exponents(runs: pd.DataFrame) -> pd.DataFrame:
    """Fit the power law of each learner and subset size on sparse parities."""
    fits = []
    for (learner, size), rows in runs[runs["intervention"] == "sparse"].groupby(["learner", "subset_size"]):
        if len(set(rows["n_features"])) > 1:
            fits.append({"learner": learner, "subset_size": size, **power(rows, "rescues", learner, int(size))})
    return pd.DataFrame(fits).assign(part="exponent", intervention="sparse")


def power(runs: pd.DataFrame, *stream: str | int) -> dict[str, float]:
    """Fit steps = factor n_features^exponent to runs of a single subset size.

    Args:
        runs: Table with `n_features` (at least two values), `seed`, `steps` (NaN if not learnt) and `n_steps`, which
            replaces missing steps.
        *stream: Key of the random stream of the bootstrap.

    Returns:
        `exponent`, `exponent_low`, `exponent_high`, `factor`, `n_missing` and `n_replicates`.
    """
    runs = runs.sort_values(["n_features", "seed"])
    x = np.log(runs["n_features"].to_numpy(float))
    y = np.log(runs["steps"].fillna(runs["n_steps"]).to_numpy(float))
    line = stats.linregress(x, y)
    # The bootstrap draws replicates within each d. The values of d, and thus the slope's coefficients, stay fixed.
    rng, groups = generator(*stream), list(runs.groupby("n_features").indices.values())
    resampled = [y[rng.choice(group, (N_RESAMPLES, len(group)))] for group in groups]
    centred = x - x.mean()
    slopes = np.concatenate(resampled, axis=1) @ (centred / (centred @ centred))
    low, high = np.quantile(slopes, [0.025, 0.975])
    return {
        "exponent": line.slope,
        "exponent_low": low,
        "exponent_high": high,
        "factor": np.exp(line.intercept),
        "n_missing": int(runs["steps"].isna().sum()),
        "n_replicates": min(map(len, groups)),
    }
