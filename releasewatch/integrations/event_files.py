"""Reading events from a text: one JSON object, a list of them, or one a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from releasewatch.domain.events import GivenEvent
from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LARGEST = 64 << 20
"""Bytes of the largest text that is read: it is held in memory."""


def read_events(path: Path, *, stdin: BinaryIO | None = None) -> list[GivenEvent]:
    """Every event of a file, or of `-`, standard input, with its line, or its number in a list.

    In a file of one event a line, a line that is no JSON is one event that cannot be read. Raises InvalidCallError for
    a file that cannot be read, or is no JSON as a whole.
    """
    name = "standard input" if path == Path("-") else str(path)
    text = _decoded(name, _load(path, stdin))
    if not text.strip():
        raise InvalidCallError(f"{name} is empty; wanted events as JSON.", "Give one event, a list, or one a line.")
    try:
        whole = _parse(text)
    except _NoJsonError as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) > 1 and (_is_whole(lines[0][1]) or _is_whole(lines[-1][1])):
            return list(_of_lines(lines))
        raise InvalidCallError(f"{name} is no JSON: {error}.", "Nothing was read.") from error
    return list(_of_value(name, text, whole))


def _of_lines(lines: Sequence[tuple[int, str]]) -> Iterator[GivenEvent]:
    for number, line in lines:
        try:
            yield GivenEvent(f"line {number}", _parse(line))
        except _NoJsonError as error:
            yield GivenEvent(f"line {number}", problem=f"this is no JSON: {error}")


def _of_value(name: str, text: str, whole: Any) -> Iterator[GivenEvent]:
    """One event is that of its first line; the document of `event export --format json` holds a list as well."""
    if isinstance(whole, Mapping) and isinstance(whole.get("events"), list) and "schema" in whole:
        whole = whole["events"]
    if isinstance(whole, list):
        yield from (GivenEvent(f"event {number}", value) for number, value in enumerate(whole, 1))
    elif isinstance(whole, Mapping):
        first = text[: len(text) - len(text.lstrip())].count("\n") + 1
        yield GivenEvent(f"line {first}", whole)
    else:
        raise InvalidCallError(
            f"{name} holds no event: it is a single value.", "Give one event, a list, or one a line."
        )


class _NoJsonError(ValueError):
    """A text is no JSON; the message says where and why."""


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise _NoJsonError(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise _NoJsonError("its values are nested too deep") from error
    except ValueError as error:
        raise _NoJsonError(str(error)) from error


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no value of JSON")


def _is_whole(line: str) -> bool:
    try:
        return isinstance(_parse(line), Mapping)
    except _NoJsonError:
        return False


def _load(path: Path, stdin: BinaryIO | None) -> bytes:
    try:
        if path == Path("-"):
            return (stdin or sys.stdin.buffer).read(LARGEST + 1)
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise InvalidCallError(
            f"{path} cannot be read: {error.strerror}.", "Name a file of events, or - for standard input."
        ) from error


def _decoded(name: str, content: bytes) -> str:
    if len(content) > LARGEST:
        raise InvalidCallError(f"{name} is larger than {LARGEST >> 20} MB.", "Give it in several parts.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidCallError(
            f"{name} is not UTF-8: byte {error.start} cannot be read.", "JSON is exchanged in UTF-8."
        ) from error
