"""Problems and learners as they are written, and what they expand to: `extends`, grids and presets."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cached_property
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from failures.config.layers import KINDS, SELECTED, merge
from failures.config.types import ConfigError
from failures.config.words import shown


def mapping(value: Any, where: str) -> dict[str, Any]:
    """Return a mapping, an empty one for None; raise ConfigError for any other value."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"config: {where} = {shown(value)}: allowed: mapping")
    return value


def selected_names(selection: dict[str, Any]) -> list[Any]:
    """Return the names that a selection in normal form selects."""
    if SELECTED in selection:
        return selection[SELECTED]
    return [name for name, entry in selection.items() if entry is not False]


class Entries:
    """The problems or the learners of a family, as they are written, and what they expand to."""

    def __init__(
        self, family: str, key: str, model: type[BaseModel], default: dict[str, Any], presets: Mapping[str, Any]
    ):
        """Args: key: `problems` or `learners`. default: Values of keys that an entry does not have."""
        self.family, self.key, self.kind = family, key, KINDS[key]
        self.model, self.default, self.presets = model, default, presets
        self.entries: dict[str, dict[str, Any]] = {}
        self.places: dict[str, str] = {}  # where each entry is written
        self.names: dict[str, str] = {}  # entry of each member

    def define(self, definitions: dict[str, Any], place: str) -> None:
        """Add the definitions of one block; a second definition of a name is an error."""
        for name, entry in definitions.items():
            if name == SELECTED or entry is False:
                continue
            if name in self.entries:
                if not entry:
                    continue  # a reference
                if self.entries[name]:
                    raise ConfigError(
                        f"config: {self.family}.{place}.{name}: the {self.kind} '{name}' is already defined at"
                        f" {self.family}.{self.places[name]}; change it there, or choose another name"
                    )
            self.entries[name] = mapping(entry, f"{self.family}.{place}.{name}")
            _check_empty(self.entries[name], f"{self.family}.{place}.{name}")
            self.places[name] = f"{place}.{name}"

    def place(self, member: str) -> str:
        """Return where a member is written: its own entry, or the grid that makes it."""
        return self.places[member if member in self.places else self.names[member]]

    def collect(self, block: dict[str, Any], place: str) -> None:
        """Add the definitions in an experiment and in the blocks inside it."""
        for key, value in block.items():
            if key == self.key:
                self.define(mapping(value, f"{self.family}.{place}.{key}"), f"{place}.{key}")
            elif isinstance(value, dict) and key not in KINDS:
                self.collect(value, f"{place}.{key}")

    def members(self) -> dict[str, dict[str, Any]]:
        """Return all problems or learners in plain form, by name."""
        found: dict[str, dict[str, Any]] = {}
        for entry in self.entries:
            if entry in self.refined:
                continue
            for name, values in self._expanded(entry, ()).items():
                if name in found:
                    first, second = (f"{self.family}.{self.places[one]}" for one in (self.names[name], entry))
                    raise ConfigError(
                        f"config: {second}: the {self.kind} '{name}' is also defined at {first}; to change it, write"
                        " it in the block that defines it; otherwise choose another name"
                    )
                found[name], self.names[name] = self._with_preset(merge(self.default, values), entry), entry
        return found

    @cached_property
    def refined(self) -> dict[str, str]:
        """Entries that change one member of a grid in the same block, such as d10 beside d{n_features}: their grids."""
        found = {}
        for entry, values in self.entries.items():
            for grid in () if "extends" in values else self.entries:
                same_block = self.places[grid].rpartition(".")[0] == self.places[entry].rpartition(".")[0]
                if grid != entry and same_block and entry in self._grid(grid, self._lineage(grid, ())):
                    found[entry] = grid
        return found

    def _lineage(self, entry: str, chain: tuple[str, ...]) -> dict[str, Any]:
        """Return an entry with the values of those parents that are entries: enough for the names of its members."""
        own = self.entries[entry]
        parent = own.get("extends")
        if not isinstance(parent, str) or parent not in self.entries or parent in chain:
            return own
        return merge(_unnamed(self._lineage(parent, (*chain, entry))), own)

    def selected(self, block: dict[str, Any]) -> dict[str, Any]:
        """Return an experiment whose selections are lists of names; the name of a grid selects all of its members."""
        found = {}
        for key, value in block.items():
            if key == self.key and isinstance(value, dict):
                names = selected_names(value)
                # A changed member is written beside its grid, which selects it, too.
                single = [name for name in names if not (isinstance(name, str) and self.refined.get(name) in names)]
                found[key] = [member for name in single for member in self._selected(name)]
            elif isinstance(value, dict) and key not in KINDS:
                found[key] = self.selected(value)
            else:
                found[key] = value
        return found

    def _selected(self, entry: Any) -> list[Any]:
        members = [name for name, other in self.names.items() if other == entry]
        return members or [entry]

    def _expanded(self, entry: str, chain: tuple[str, ...]) -> dict[str, dict[str, Any]]:
        """Return the values of every member of an entry, by name."""
        members = self._grid(entry, self._extended(entry, chain))
        for name, grid in self.refined.items():
            if grid == entry:
                members[name] = merge(members[name], self.entries[name])
        return members

    def _grid(self, entry: str, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Expand the lists of an entry.

        The keys that stand in braces in the entry's name span the grid, and every other list has one value per member.
        Without braces, all lists span the grid.
        """
        lists = dict(self._lists(values, self.model))
        axes = {path: value for path, value in lists.items() if f"{{{path[-1]}}}" in entry} or lists
        points = list(itertools.product(*axes.values()))
        found = {}
        for index, point in enumerate(points):
            at = dict(zip(axes, point, strict=True))
            for path, value in lists.items():
                if path in axes:
                    continue
                if len(value) != len(points):
                    raise ConfigError(
                        f"config: {self.family}.{self.places[entry]}.{'.'.join(path)}: {len(value)} values for"
                        f" {len(points)} members of the grid; give one value, or one per member"
                    )
                at[path] = value[index]
            member, texts = values, {path[-1]: _text(value) for path, value in at.items()}
            for path, value in at.items():
                member = _put(member, path, value)
            if isinstance(member.get("stream"), str):
                member = member | {"stream": _filled(member["stream"], texts)}
            found[_member_name(entry, {path[-1]: texts[path[-1]] for path in axes})] = member
        return found

    def _extended(self, entry: str, chain: tuple[str, ...]) -> dict[str, Any]:
        """Return an entry with the values of its parents, which may be entries or members of a grid."""
        where = f"config: {self.family}.{self.places[entry]}"
        if entry in chain:
            raise ConfigError(f"{where}: cycle of `extends`: {' -> '.join([*chain, entry])}")
        own = dict(self.entries[entry])
        parent = own.pop("extends", None)
        if parent is None:
            return own
        chain = (*chain, entry)
        if isinstance(parent, str):
            if parent in self.entries and parent not in self.refined:
                return merge(_unnamed(self._extended(parent, chain)), own)
            for other in self.entries:
                if other not in chain and parent in (members := self._expanded(other, chain)):
                    return merge(_unnamed(members[parent]), own)
        raise ConfigError(
            f"{where}.extends = {shown(parent)}: unknown {self.kind}; defined: {', '.join(sorted(self.entries))}"
        )

    def _lists(self, values: dict[str, Any], model: type[BaseModel], path: tuple[str, ...] = ()) -> Any:
        """Yield (path of keys, list) for every list that stands where the schema has a single value."""
        for key, value in values.items():
            annotation = model.model_fields[key].annotation if key in model.model_fields else str
            if isinstance(value, list) and value and not _accepts(annotation, list):
                if not all(isinstance(item, str | int | float) for item in value):
                    continue  # no grid; the validation reports it
                yield (*path, key), value
            elif isinstance(value, dict) and (inner := _accepts(annotation, BaseModel)):
                yield from self._lists(value, inner, (*path, key))

    def _with_preset(self, values: dict[str, Any], entry: str) -> dict[str, Any]:
        """Replace `preset` in the optimiser by the values of the preset."""
        optimizer = values.get("optimizer")
        if not isinstance(optimizer, dict) or "preset" not in optimizer:
            return values
        own = {key: value for key, value in optimizer.items() if key != "preset"}
        if not isinstance(name := optimizer["preset"], str) or name not in self.presets:
            raise ConfigError(
                f"config: {self.family}.{self.places[entry]}.optimizer.preset = {shown(name)}: unknown preset; defined:"
                f" {', '.join(self.presets)}"
            )
        return values | {"optimizer": merge(mapping(self.presets[name], f"optimizers.{name}"), own)}


def _check_empty(values: dict[str, Any], where: str) -> None:
    """Raise ConfigError for an empty mapping, which would not replace the arguments of a preset or a parent."""
    for key, value in values.items():
        if value == {}:
            raise ConfigError(f"config: {where}.{key} = {{}}: an empty mapping changes nothing; remove the key")
        if isinstance(value, dict):
            _check_empty(value, f"{where}.{key}")


def _unnamed(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that a child inherits: all except the name of the random streams."""
    return {key: value for key, value in values.items() if key != "stream"}


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return a copy of nested mappings with one value replaced."""
    key, *rest = path
    return values | {key: _put(values[key], tuple(rest), value) if rest else value}


def _text(value: Any) -> str:
    """Return a value as part of a name: 0.5 as 0_5, -2 as minus_2."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.replace(".", "_").replace("-", "minus_")


def _filled(pattern: str, texts: Mapping[str, str]) -> str:
    """Replace {key} by the text of the key."""
    for key, text in texts.items():
        pattern = pattern.replace(f"{{{key}}}", text)
    return pattern


def _member_name(entry: str, texts: Mapping[str, str]) -> str:
    """Return the name of a member of a grid.

    The values replace {key} in the entry's name. In a name without braces they follow the name, behind an underscore
    unless the name is a single letter: `k` makes k4, `plain` makes plain_16.
    """
    if "{" in entry:
        return _filled(entry, texts)
    return entry + ("" if len(entry) == 1 or not texts else "_") + "_".join(texts.values())


def _accepts(annotation: Any, wanted: type) -> Any:
    """Return the part of an annotation that is a list or a model, or None."""
    origin = get_origin(annotation)
    if origin is wanted:
        return annotation
    if isinstance(annotation, type) and issubclass(annotation, wanted):
        return annotation
    return next((found for part in get_args(annotation) if (found := _accepts(part, wanted))), None)
