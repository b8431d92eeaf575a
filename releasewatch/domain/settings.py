"""What changed from one version of the settings to another, setting by setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

SettingKey = tuple[str, ...]
"""Names of tables and of the setting in them, outermost first."""

Change = Literal["added", "changed", "removed"]


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting that is not as it was; `before` is None when it is added, `after` when it is removed."""

    key: SettingKey
    change: Change
    before: Any = None
    after: Any = None


def compare_settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[SettingChange, ...]:
    """What changed between two documents, in the order of the keys. An empty table is a setting of its own."""
    was, becomes = dict(_leaves((), before)), dict(_leaves((), after))
    found = []
    for key in sorted(was.keys() | becomes.keys()):
        if key not in was:
            found.append(SettingChange(key, "added", after=becomes[key]))
        elif key not in becomes:
            found.append(SettingChange(key, "removed", before=was[key]))
        # True equals 1 in Python, and is another setting.
        elif was[key] != becomes[key] or type(was[key]) is not type(becomes[key]):
            found.append(SettingChange(key, "changed", was[key], becomes[key]))
    return tuple(found)


def tables_of(document: Mapping[str, Any]) -> frozenset[SettingKey]:
    """The tables of a document: `[ranking]`, and each `[environments.NAME]` where a table holds nothing but tables."""
    found: set[SettingKey] = set()
    for name, table in document.items():
        inner = table if isinstance(table, Mapping) else {}
        plain = not inner or any(not isinstance(one, Mapping) for one in inner.values())
        found |= {(name,)} if plain else {(name, one) for one in inner}
    return frozenset(found)


def removal_needs_word(before: Mapping[str, Any], after: Mapping[str, Any]) -> int:
    """How many tables would go, where that is more than half of them, so that somebody must say so; else 0."""
    was = tables_of(before)
    going = len(was - tables_of(after))
    return going if going * 2 > len(was) else 0


def _leaves(key: SettingKey, value: Any) -> Iterator[tuple[SettingKey, Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves((*key, name), inner)
    elif key:
        yield key, value
