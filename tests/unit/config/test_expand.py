"""`extends`, grids, selections and `like`, and the errors of each."""

import pytest

from failures.config.expand import expand
from failures.config.layers import merge, normal_form
from failures.config.types import ConfigError
from failures.families.parity.config import Experiments, Learner, Problem

MODELS = {"problems": Problem, "learners": Learner}
PRESETS = {"sgd": {"name": "SGD"}, "muon": {"name": "Muon", "arguments": {"weight_decay": 0.0}}}


def plain(*layers):
    """Expand a parity block that is the merge of some layers."""
    written = {}
    for layer in layers:
        written = merge(written, normal_form({"parity": layer}))
    return expand("parity", written["parity"], MODELS, list(Experiments.model_fields), PRESETS)


def learners(**entries):
    return plain({"learners": entries}).block["learners"]


def problems(**entries):
    return plain({"problems": entries}).block["problems"]


def test_a_child_inherits_after_all_layers_are_merged():
    below = {
        "learners": {"relu": {"width": 4, "optimizer": {"learning_rate": 0.1}}, "deep": {"extends": "relu", "depth": 4}}
    }
    block = plain(below, {"learners": {"relu": {"optimizer": {"learning_rate": 0.5}}}}).block
    assert block["learners"]["deep"] == {"width": 4, "depth": 4, "optimizer": {"learning_rate": 0.5}}


def test_a_child_does_not_inherit_the_name_of_the_random_streams():
    found = learners(relu={"width": 4, "stream": "old"}, deep={"extends": "relu", "depth": 4})
    assert found["relu"]["stream"] == "old"
    assert found["deep"] == {"width": 4, "depth": 4}


def test_defaults_hold_for_every_entry_that_does_not_set_the_key():
    block = plain(
        {"defaults": {"problems": {"encoding": "binary"}}, "problems": {"a": {}, "b": {"encoding": "signed"}}}
    ).block
    assert {name: problem["encoding"] for name, problem in block["problems"].items()} == {"a": "binary", "b": "signed"}


@pytest.mark.parametrize(
    ("entry", "values", "names"),
    [
        ("plain", {"depth": [1, 4, 16, 64]}, ["plain_1", "plain_4", "plain_16", "plain_64"]),
        ("plain", {"depth": [1, 2], "width": [3, "10d"]}, ["plain_1_3", "plain_1_10d", "plain_2_3", "plain_2_10d"]),
        ("w{width}_deep", {"width": [3, 5]}, ["w3_deep", "w5_deep"]),
        ("relu", {"initial_weights": [0.5, 1.414]}, ["relu_0_5", "relu_1_414"]),
        ("rate", {"optimizer": {"learning_rate": [0.1, 1.0]}}, ["rate_0_1", "rate_1"]),
        ("{preset}", {"optimizer": {"preset": ["sgd", "muon"]}}, ["sgd", "muon"]),
        ("plain", {"depth": [3]}, ["plain_3"]),
    ],
)
def test_a_list_in_place_of_a_value_makes_a_grid(entry, values, names):
    assert list(learners(**{entry: values})) == names


def test_a_name_of_one_letter_takes_the_value_without_an_underscore():
    assert {name: problem["n_features"] for name, problem in problems(d={"n_features": [5, 6, 7]}).items()} == {
        "d5": 5,
        "d6": 6,
        "d7": 7,
    }


def test_lists_that_the_name_does_not_hold_have_one_value_per_member():
    found = problems(
        **{"d{n_features}": {"n_features": [5, 10], "n_steps": [1, 2], "snapshots": [0], "stream": "s{n_features}"}}
    )
    assert found == {
        "d5": {"n_features": 5, "n_steps": 1, "snapshots": [0], "stream": "s5"},
        "d10": {"n_features": 10, "n_steps": 2, "snapshots": [0], "stream": "s10"},
    }
    with pytest.raises(ConfigError, match=r"n_steps: 3 values for 2 members"):
        problems(**{"d{n_features}": {"n_features": [5, 10], "n_steps": [1, 2, 3]}})


def test_a_list_that_the_schema_allows_makes_no_grid():
    assert problems(d={"n_features": 5, "subset_sizes": [1, 2], "rate_factors": [1.0, 3.0]}).keys() == {"d"}


def test_a_grid_inherits_and_is_inherited():
    found = learners(
        plain={"depth": [1, 4], "width": 8},
        **{"residual_{depth}": {"extends": "plain", "architecture": "residual"}},
        wide={"extends": "plain_4", "width": 99},
    )
    assert found["residual_4"] == {"depth": 4, "width": 8, "architecture": "residual"}
    assert found["wide"] == {"depth": 4, "width": 99}


def test_an_entry_with_the_name_of_a_member_changes_it():
    found = problems(
        **{"d{n_features}": {"n_features": [5, 10], "n_steps": 3}, "d10": {"n_steps": 7}, "big": {"extends": "d10"}}
    )
    assert found["d10"] == {"n_features": 10, "n_steps": 7}
    assert found["d5"]["n_steps"] == 3
    assert found["big"] == {"n_features": 10, "n_steps": 7}


def test_a_preset_is_the_base_of_an_optimiser():
    found = learners(muon={"optimizer": {"preset": "muon", "learning_rate": 0.5}})
    assert found["muon"]["optimizer"] == {"name": "Muon", "arguments": {"weight_decay": 0.0}, "learning_rate": 0.5}
    with pytest.raises(
        ConfigError, match=r"learners\.a\.optimizer\.preset = 'adm': unknown preset; defined: sgd, muon"
    ):
        learners(a={"optimizer": {"preset": "adm"}})


def test_experiments_define_what_others_refer_to():
    block = plain(
        {
            "learners": {"relu": {}},
            "experiments": {
                "fig1": {"problems": {"d": {"n_features": [5, 6]}}, "learners": ["relu"]},
                "rescues": {
                    "uniform": {"problems": ["d6"], "learners": {"relu": None, "tanh": {"activation": "tanh"}}}
                },
                "predictors": {"problems": ["d"], "learners": ["tanh"]},
            },
        }
    ).block
    assert block["problems"].keys() == {"d5", "d6"}
    assert block["experiments"]["fig1"] == {"problems": ["d5", "d6"], "learners": ["relu"]}
    assert block["experiments"]["rescues"]["uniform"] == {"problems": ["d6"], "learners": ["relu", "tanh"]}
    assert block["experiments"]["predictors"] == {"problems": ["d5", "d6"], "learners": ["tanh"]}


BASE = {
    "learners": {"relu": {}, "gelu": {"activation": "gelu"}},
    "experiments": {"fig1": {"problems": {"d5": {"n_features": 5}, "d6": {"n_features": 6}}, "learners": ["relu"]}},
}


def test_an_experiment_of_the_user_s_own_stands_beside_the_one_that_it_is_like():
    found = plain(BASE, {"experiments": {"mine": {"like": "fig1", "learners": ["relu", "gelu"]}}})
    assert found.kinds == {"fig1": "fig1", "mine": "fig1"}
    assert found.block["experiments"] == {
        "fig1": {"problems": ["d5", "d6"], "learners": ["relu"]},
        "mine": {"problems": ["d5", "d6"], "learners": ["relu", "gelu"]},
    }


def test_an_experiment_may_be_like_one_of_the_user_s_own():
    own = {"mine": {"like": "fig1", "problems": ["d6"]}, "other": {"like": "mine", "learners": {"gelu": None}}}
    found = plain(BASE, {"experiments": own})
    assert found.kinds["other"] == "fig1"
    assert found.block["experiments"]["other"] == {"problems": ["d6"], "learners": ["relu", "gelu"]}


def test_false_leaves_out():
    assert plain(BASE, {"experiments": {"fig1": False}}).block["experiments"] == {}
    found = plain(BASE, {"experiments": {"fig1": {"problems": {"d5": False}}}}).block
    assert found["experiments"]["fig1"]["problems"] == ["d6"]
    assert found["problems"].keys() == {"d6"}


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (
            {"learners": {"a": {"extends": "b"}, "b": {"extends": "a"}}},
            r"learners\.\w: cycle of `extends`: (a -> b -> a|b -> a -> b)",
        ),
        ({"learners": {"a": {"extends": "a"}}}, r"learners\.a: cycle of `extends`: a -> a"),
        ({"learners": {"a": {"extends": "c"}}}, r"learners\.a\.extends = 'c': unknown learner; defined: a"),
        ({"learners": {"a": {"extends": ["c"]}}}, r"learners\.a\.extends = \['c'\]: unknown learner"),
        (
            {"learners": {"a_{depth}": {"depth": [1, 2]}, "a_{width}": {"width": [2, 3]}}},
            r"learners\.a_\{width\}: the learner 'a_2' is also defined at parity\.learners\.a_\{depth\}; to change it",
        ),
        (
            {"experiments": {"fig1": {"learners": {"relu": {"depth": 2}}}}},
            r"experiments\.fig1\.learners\.relu: the learner 'relu' is already defined at parity\.learners\.relu",
        ),
        ({"experiments": {"mine": {"learners": ["relu"]}}}, r"experiments\.mine: unknown experiment; add `like: NAME`"),
        (
            {"experiments": {"mine": {"like": "fig9"}}},
            r"experiments\.mine\.like = 'fig9': unknown experiment; allowed: fig1",
        ),
        ({"experiments": {"a": {"like": "b"}, "b": {"like": "a"}}}, r"experiments\.a: cycle of `like`: a -> b -> a"),
        ({"experiments": {"queries": {"like": "fig1"}}}, r"`like` needs a new name; 'queries'"),
        ({"experiments": [1]}, r"experiments = \[1\]: allowed: mapping"),
        (
            {"experiments": {"fig1": {"problems": 3}}},
            r"experiments\.fig1\.problems = 3: allowed: mapping",
        ),
        ({"learners": {"a": 3}}, r"learners\.a = 3: allowed: mapping"),
        ({"defaults": {"figures": {}}}, r"defaults\.figures: unknown key; allowed: learners, problems"),
    ],
)
def test_errors_are_one_line(layer, words):
    base = {"learners": {"relu": {"width": 3}}} if "experiments" in layer else {}
    experiments = {} if "learners" in layer else BASE
    with pytest.raises(ConfigError, match=words) as caught:
        plain(experiments, base, layer)
    assert "\n" not in str(caught.value)
