"""The shape in which a CI system is described, and how its table is read.

A source says where a value stands:

- `NAME`: an environment variable;
- `NAME#a.b`: what stands at `a.b` in the JSON file whose path the variable holds;
- `{NAME}/x/{OTHER}`: text made of variables, if all of them are set.

A condition, for what is either so or not: `SOURCE` (it is set), `SOURCE=value` (capitals or not), `SOURCE!=OTHER`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Source = str

_NAME = re.compile(r"\{([A-Z0-9_]+)\}")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")
_LARGEST = 32 << 20
"""Bytes of a JSON file that are read: GitHub's events hold at most 25 MB (webhook payloads are capped there)."""


@dataclass(frozen=True, slots=True)
class System:
    """A CI system: the variable that shows it, the page that documents its variables, and which fact is said where."""

    sign: str
    title: str
    page: str
    table: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)


def find_source(source: Source, environ: Mapping[str, str]) -> bool:
    """Whether a source says something."""
    return read_source(source, environ) is not None


def read_source(source: Source, environ: Mapping[str, str]) -> str | None:
    """What a source says; None where a variable is not set or empty, or a file cannot be read."""
    if "{" in source:
        names = _NAME.findall(source)
        return _NAME.sub(lambda name: _text(environ[name[1]]), source) if all(map(environ.get, names)) else None
    name, _, place = source.partition("#")
    value = environ.get(name)
    return (_read_json(value, place) if place else _text(value)) if value else None


def _text(value: str) -> str:
    """What a variable holds, with a mark for each byte that is no UTF-8: a branch or a person may be called so."""
    return value.encode(errors="surrogateescape").decode(errors="replace")


def is_said(condition: str, environ: Mapping[str, str]) -> bool | None:
    """Whether a condition holds; None where a source of it says nothing. One that is only to be set is never None."""
    left, sign, right = condition.partition("=")
    if not sign:
        return find_source(left, environ)
    one = read_source(left.removesuffix("!"), environ)
    if left.endswith("!"):
        other = read_source(right, environ)
        return None if one is None or other is None else one != other
    return None if one is None else one.lower() == right.lower()


def variables_in(source: Source) -> list[str]:
    """The environment variables that a source or condition reads; what it compares them with is none."""
    plain = re.sub(r"(?<!!)=.*|#[A-Za-z0-9_.]+", "", source)
    return list(dict.fromkeys(_VARIABLE.findall(plain)))


def _read_json(path: str, place: str) -> str | None:
    try:
        with Path(path).open("rb") as file:
            found = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
    for key in place.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, (str, int)) and found != "" else None
