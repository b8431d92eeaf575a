"""Turns the text of a configuration file into its tables, and collects everything that does not fit their shape."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from releasewatch.config.problems import Key, Problem, config_error, did_you_mean, listed
from releasewatch.config.schema import General, Table, Tables
from releasewatch.errors import ConfigError

T = TypeVar("T", bound=Table)

PYPROJECT = ("tool", "releasewatch")
_GENERAL = "releasewatch"
_PLACE = re.compile(r" - at `\$(?:\[(\d+)\])?[^`]*`$")
_UNFIT = object()


@dataclass(slots=True)
class _Reading:
    """What came of reading the tables so far. Keys are those of a releasewatch.toml.

    `left_out`: tables that this kind of file cannot hold, and that are not offered.
    """

    pyproject: bool
    left_out: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)
    written: set[Key] = field(default_factory=set)


def load_toml(text: bytes, where: str) -> dict[str, object]:
    """Parse a file; raises ConfigError with line and column."""
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{where}: byte {error.start} is not UTF-8", "Save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not valid TOML: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{where} is not valid TOML: its values are nested too deeply") from error


def pyproject_table(document: Mapping[str, object]) -> object | None:
    """What stands in `[tool.releasewatch]`, or None when there is no such table."""
    tool = document.get(PYPROJECT[0])
    return tool.get(PYPROJECT[1]) if isinstance(tool, Mapping) else None


def read_tables(
    raw: object, where: str, *, pyproject: bool, left_out: frozenset[str] = frozenset()
) -> tuple[Tables, frozenset[Key]]:
    """The tables of a parsed file, and which settings it writes; raises ConfigError.

    In pyproject.toml `raw` is what stands in `[tool.releasewatch]`, where the settings of `[releasewatch]`
    stand beside the other tables. The keys given back are those of a releasewatch.toml all the same.
    `left_out`: tables that this kind of file does not have.
    """
    reading = _Reading(pyproject, left_out)
    if pyproject and isinstance(raw, Mapping):
        raw = _with_general_apart(raw, reading)
    tables = _read_table(Tables, raw, (), reading)
    if reading.problems or tables is None:
        raise shape_error(where, reading.problems, pyproject=pyproject)
    return tables, frozenset(reading.written)


def shape_error(where: str, problems: list[Problem], *, pyproject: bool) -> ConfigError:
    """The error for problems under the keys of a releasewatch.toml, named as the file at hand writes them."""
    if not pyproject:
        return config_error(where, problems)
    moved = [
        Problem(one.key[1:] if one.key[:1] == (_GENERAL,) else one.key, one.value, one.wanted, one.hint)
        for one in problems
    ]
    return config_error(where, moved, prefix=PYPROJECT)


def _with_general_apart(raw: Mapping[str, object], reading: _Reading) -> dict[str, object]:
    general = _fields(General)
    rest = {name: value for name, value in raw.items() if name not in general}
    if _GENERAL in rest:
        problem = "wanted its settings in [tool.releasewatch] itself"
        reading.problems.append(Problem((_GENERAL, _GENERAL), rest.pop(_GENERAL), problem))
    return {**rest, _GENERAL: {name: value for name, value in raw.items() if name in general}}


@cache
def _fields(kind: type[Table]) -> dict[str, msgspec.structs.FieldInfo]:
    return {one.encode_name: one for one in msgspec.structs.fields(kind)}


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Table)


def _read_table(kind: type[T], raw: object, key: Key, reading: _Reading) -> T | None:
    """One table, or None when it, or anything in it, does not fit."""
    if not isinstance(raw, Mapping):
        reading.problems.append(Problem(key, raw, "wanted a table"))
        return None
    before = len(reading.problems)
    fields = _fields(kind)
    values: dict[str, object] = {}
    for name, value in raw.items():
        if name in fields:
            values[fields[name].name] = _read_value(fields[name].type, value, (*key, name), reading)
        else:
            reading.problems.append(_unknown(name, value, key, fields, reading))
    for name, one in fields.items():
        if one.required and name not in raw:
            reading.problems.append(Problem((*key, name), None, f"wanted {_wanted(one.type)}"))
    return kind(**values) if len(reading.problems) == before else None


def _read_value(kind: Any, raw: object, key: Key, reading: _Reading) -> object:
    """A value of the type that its field declares; what is returned for one that does not fit is never used."""
    if get_origin(kind) in (Union, UnionType) and isinstance(raw, Mapping):
        kind = next((one for one in get_args(kind) if _is_table(one)), kind)
    if _is_table(kind):
        return _read_table(kind, raw, key, reading)
    if get_origin(kind) is dict and isinstance(raw, Mapping):
        inner = get_args(kind)[1]
        return {name: _read_value(inner, value, (*key, name), reading) for name, value in raw.items()}
    reading.written.add(key)
    try:
        found: object = msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        if place is not None and place[1] is not None and isinstance(raw, list):
            element = get_args(kind)[0]
            reading.problems.append(_misfit(element, raw[int(place[1])], (*key, int(place[1]))))
        else:
            reading.problems.append(_misfit(kind, raw, key))
        return _UNFIT
    return found


def _misfit(kind: Any, raw: object, key: Key) -> Problem:
    words = [str(word) for word in get_args(kind)] if get_origin(kind) is Literal else []
    guess = did_you_mean(raw, words) if isinstance(raw, str) else ""
    return Problem(key, raw, f"wanted {_wanted(kind)}{guess}")


def _wanted(kind: Any) -> str:
    """What a type takes, in words."""
    meta = next((one for one in getattr(kind, "__metadata__", ()) if isinstance(one, msgspec.Meta)), None)
    if meta is not None and meta.description:
        return meta.description
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        *most, last = (f'"{word}"' for word in inner)
        return f"{', '.join(most)} or {last}" if most else last
    if origin in (Union, UnionType):
        return " or ".join(_wanted(one) for one in inner if one is not type(None))
    if origin is tuple:
        return f"a list of {_wanted(inner[0])}" if get_origin(inner[0]) is Literal else "a list of texts"
    if origin is dict or _is_table(kind):
        return "a table"
    return {str: "a text in quotes", int: "a whole number", bool: "true or false"}[kind]


def _unknown(name: str, value: object, key: Key, known: Mapping[str, object], reading: _Reading) -> Problem:
    names, general = set(known), set(_fields(General))
    if key:
        return Problem((*key, name), value, f"there is no such setting{did_you_mean(name, names)}", _has(names))
    names -= reading.left_out
    if name in general and _GENERAL in names:
        return Problem((name,), value, f"there is no such table; did you mean {_GENERAL}.{name}?")
    if reading.pyproject:
        names = (names | general) - {_GENERAL}
    return Problem((name,), value, f"there is no such table{did_you_mean(name, names)}", _has(names))


def _has(names: set[str]) -> str:
    return f"There are {listed(sorted(names), most=20)}."
