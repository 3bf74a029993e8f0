"""Messages of the validation: every kind of wrong value at every kind of field is one line in the user's terms."""

import json
from functools import cache

import pytest

from failures.config.layers import merge, normal_form, read_layers
from failures.config.schema import load, schema, validate
from failures.config.types import ConfigError
from failures.config.words import inner
from failures.packages import families
from project import ROOT

WRONG = [
    *[None, "text", "5", "1e-5", "true", -1, 0, 10**30, 1.5, float("nan"), float("inf"), True],
    *[[], [None], ["x"], [-1], [1, 1], [[1]], {}, {"a": 1}, {"b": [1]}, {"5x": {}}],
]  # fmt: skip
# Words of pydantic and of Python.
FOREIGN = [
    *["should", "a valid", "instance", "pydantic", "pattern", "after validation", "Extra", "dictionary"],
    *["Literal", "^", "None", "True", "False", "Traceback", "object at"],
]  # fmt: skip


def keys(block, field, tree):
    """Yield (path of keys, schema of the field) for every key of a validated block."""
    for key, value in block.items():
        found = inner(field, key, tree)
        yield (key,), found
        if isinstance(value, dict):
            for path, deeper in keys(value, found, tree):
                yield (key, *path), deeper


@cache
def kinds():
    """Return one path of keys per kind of field, by the family, or `shared`, that has it first."""
    tree = schema().model_json_schema()
    found, seen = {part: [] for part in ("shared", *families())}, set()
    for path, field in keys(load(ROOT), tree | {"type": "object"}, tree):
        kind = json.dumps({key: field[key] for key in field if key not in ("title", "description", "default")})
        if field and kind not in seen:
            seen.add(kind)
            found[path[0] if path[0] in families() else "shared"].append(path)
    return found


@pytest.mark.parametrize("part", ["shared", *families()])
def test_every_kind_of_wrong_value_is_one_line_in_the_user_s_terms(part):
    layers = read_layers(ROOT)
    first = part if part in families() else "portfolio"
    base = {key: value for key, value in layers.items() if key not in families()} | {first: layers[first]}
    refused = 0
    for path in kinds()[part]:
        for wrong in WRONG:
            overlay = wrong
            for key in reversed(path):
                overlay = {key: overlay}
            try:
                validate(merge(base, normal_form(overlay)))
            except ConfigError as error:
                message = str(error)
                refused += 1
                assert message.startswith("config: "), message
                assert "\n" not in message, message
                assert not [word for word in FOREIGN if word in message.partition("; this is a string")[0]], message
                assert len(message) < 1000, message
    assert refused > 20


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"xla": "false"}, "config: xla = 'false': allowed: true or false; this is a string: write false without"),
        ({"xla": "TRUE"}, "write true without quotes, or True after --config"),
        ({"threads": "two"}, "config: threads = 'two': allowed: integer from 1 to 64"),
        ({"seeds": ["0", "1"]}, "config: seeds.0 = '0': allowed: integer from 0 to 999,999; this is a string"),
        ({"parity": {"learners": {"Relu": {}}}}, "allowed: name of lower-case letters, digits and underscores, 40 at"),
        (
            {"parity": {"learners": {"relu": {"optimizer": {"arguments": {"nesterov": "yes"}}}}}},
            "config: parity.learners.relu.optimizer.arguments.nesterov = 'yes': allowed: true or false, or number",
        ),
    ],
)
def test_a_message_names_the_value_and_what_is_allowed(given, words):
    with pytest.raises(ConfigError) as caught:
        validate(read_layers(ROOT, given=given))
    assert words in str(caught.value)
