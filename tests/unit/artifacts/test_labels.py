"""Labels of learners are true under every overlay, and differ."""

import re

import pytest

from failures.artifacts.labels import learner_label
from failures.config.schema import load
from failures.packages import families
from project import ROOT


@pytest.mark.parametrize("family", families())
def test_learners_of_a_family_have_different_labels_without_settings(family):
    learners = set(load(ROOT)[family]["learners"])
    labels = {name: learner_label(name) for name in learners}
    assert len(set(labels.values())) == len(labels)
    # Numbers in labels are those of the names.
    assert all(set(re.findall(r"\d+", label)) <= set(re.findall(r"\d+", name)) for name, label in labels.items())


def test_members_of_grids_and_unknown_learners_have_readable_labels():
    names = ("end_to_end_4", "lemma_3", "residual_16", "my_gelu")
    assert [*map(learner_label, names)] == ["end-to-end 4", "ReLU, width of Lemma 3", "residual 16", "my gelu"]
