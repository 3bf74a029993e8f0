"""Layers of configuration files: how they are read and merged."""

import pytest

from failures.config.layers import SELECTED, merge, normal_form, read_layers
from failures.config.types import ConfigError
from project import ROOT


def test_mappings_merge_and_other_values_are_replaced():
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 3}
    assert merge(base, {"a": {"c": [4]}, "e": 5}) == {"a": {"b": 1, "c": [4]}, "d": 3, "e": 5}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 3}


def test_an_empty_section_changes_nothing_and_a_null_value_is_a_value():
    assert merge({"a": {"b": 1}, "c": 2}, {"a": None, "c": None}) == {"a": {"b": 1}, "c": None}


def test_another_optimiser_replaces_the_arguments():
    base = {"optimizer": {"name": "Adam", "learning_rate": 0.1, "arguments": {"beta_2": 0.99}}}
    assert merge(base, {"optimizer": {"learning_rate": 0.2}})["optimizer"]["arguments"] == {"beta_2": 0.99}
    assert merge(base, {"optimizer": {"name": "Adam", "learning_rate": 0.2}})["optimizer"]["arguments"]
    assert merge(base, {"optimizer": {"name": "SGD"}})["optimizer"] == {"name": "SGD"}
    assert merge(base, {"optimizer": {"preset": "sgd"}})["optimizer"] == {"preset": "sgd"}


def layer(**selection):
    return normal_form({"parity": {"experiments": {"fig1": selection}}})


def test_a_list_selects_and_keeps_the_definitions_below_it():
    below = layer(problems={"d5": {"n_features": 5}, "d7": {"n_features": 7}})
    merged = merge(below, layer(problems=["d5"]))["parity"]["experiments"]["fig1"]["problems"]
    assert merged == {"d5": {"n_features": 5}, "d7": {"n_features": 7}, SELECTED: ["d5"]}


def test_a_mapping_adds_to_a_list_below_it():
    merged = merge(layer(learners=["relu"]), layer(learners={"gelu": {"activation": "gelu"}}))
    learners = merged["parity"]["experiments"]["fig1"]["learners"]
    assert learners == {SELECTED: ["relu", "gelu"], "gelu": {"activation": "gelu"}}


def test_a_list_may_define_what_it_selects():
    learners = layer(learners=["relu", {"gelu": {"activation": "gelu"}}])["parity"]["experiments"]["fig1"]["learners"]
    assert learners == {SELECTED: ["relu", "gelu"], "gelu": {"activation": "gelu"}}


def test_the_last_layer_wins(tmp_path):
    for name, text in {"one": "seeds: [1]\nthreads: 2\n", "two": "seeds: [2]\nscale: test\n"}.items():
        (tmp_path / name).write_text(text)
    merged = read_layers(ROOT, [tmp_path / "one", tmp_path / "two"], {"threads": 3})
    assert (merged["seeds"], merged["threads"], merged["scale"]) == ([2], 3, "test")
    # The file of the scale is below the overlays and above config.yaml.
    assert merged["xla"] is False
    assert read_layers(ROOT, [tmp_path / "one"])["xla"] is True


def test_an_overlay_may_be_the_file_of_a_scale():
    path = ROOT / "config/scales/test.yaml"
    assert read_layers(ROOT, [path]) == read_layers(ROOT, given={"scale": "test"})


def test_an_unreadable_overlay_is_named(tmp_path):
    with pytest.raises(ConfigError, match="missing"):
        read_layers(ROOT, [tmp_path / "missing.yaml"])
