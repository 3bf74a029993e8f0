"""From the configuration as written to plain problems, learners and experiments: `extends`, grids and `like`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from failures.config.entries import Entries, mapping, selected_names
from failures.config.layers import KINDS, SELECTED, merge
from failures.config.types import ConfigError
from failures.config.words import shown


@dataclass(frozen=True)
class Expanded:
    """A family's block in plain form.

    Attributes:
        block: The block; under `experiments`, every selection is a list of names.
        kinds: Kind of each experiment, such as fig1, by the experiment's name.
        origins: Where a problem or learner is written, such as experiments.fig1.problems.d, by (key, name).
    """

    block: dict[str, Any]
    kinds: dict[str, str]
    origins: dict[tuple[str, str], str]


def expand(
    family: str,
    written: Mapping[str, Any],
    models: Mapping[str, type[BaseModel]],
    known: list[str],
    presets: Mapping[str, Any],
) -> Expanded:
    """Expand the block of one family.

    Args:
        family: Name of the family, for error messages.
        written: The merged block, as `failures.config.layers.read_layers` returns it.
        models: Schemas of a problem and of a learner, by the keys problems and learners.
        known: Kinds of experiments.
        presets: Optimiser presets by name.

    Raises:
        ConfigError: An unknown parent or kind, a cycle, or a clash of names.
    """
    experiments, kinds = _experiments(family, mapping(written.get("experiments"), f"{family}.experiments"), known)
    defaults = mapping(written.get("defaults"), f"{family}.defaults")
    if unknown := sorted(defaults.keys() - KINDS.keys()):
        raise ConfigError(f"config: {family}.defaults.{unknown[0]}: unknown key; allowed: learners, problems")
    block = {key: value for key, value in written.items() if key not in ("defaults", "experiments")}
    origins: dict[tuple[str, str], str] = {}
    for key in KINDS:
        default = mapping(defaults.get(key), f"{family}.defaults.{key}")
        entries = Entries(family, key, models[key], default, presets)
        entries.define(mapping(written.get(key), f"{family}.{key}"), key)
        for name, experiment in experiments.items():
            entries.collect(experiment, f"experiments.{name}")
        block[key] = entries.members()
        origins |= {(key, name): entries.place(name) for name in entries.names}
        experiments = {name: entries.selected(experiment) for name, experiment in experiments.items()}
    return Expanded(block | {"experiments": experiments}, kinds, origins)


def _experiments(family: str, written: dict[str, Any], known: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Resolve `like` and leave out experiments that are false or empty. Returns the experiments and their kinds."""
    where = f"{family}.experiments"
    found, kinds = {}, {}
    for name, experiment in written.items():
        if experiment is False or (experiment is None and name in known):
            continue
        chain = [name]
        block = dict(mapping(experiment, f"{where}.{name}"))
        while (parent := block.pop("like", None)) is not None:
            if parent in chain:
                raise ConfigError(f"config: {where}.{name}: cycle of `like`: {' -> '.join([*chain, parent])}")
            if not isinstance(parent, str) or not isinstance(written.get(parent), dict):
                allowed = ", ".join(sorted(other for other in written if isinstance(written[other], dict)))
                raise ConfigError(
                    f"config: {where}.{chain[-1]}.like = {shown(parent)}: unknown experiment; allowed: {allowed}"
                )
            chain.append(parent)
            block = merge(_references(written[parent]), block)
        if chain[-1] not in known:
            raise ConfigError(
                f"config: {where}.{name}: unknown experiment; add `like: NAME` with one of: {', '.join(sorted(known))}"
            )
        if len(chain) > 1 and name in known:
            raise ConfigError(f"config: {where}.{name}: `like` needs a new name; '{name}' is an experiment of its own")
        found[name], kinds[name] = block, chain[-1]
    return found, kinds


def _references(block: Any) -> Any:
    """Return an experiment whose definitions are replaced by references to them."""
    if not isinstance(block, dict):
        return block
    return {
        key: {SELECTED: selected_names(value)} if key in KINDS and isinstance(value, dict) else _references(value)
        for key, value in block.items()
    }
