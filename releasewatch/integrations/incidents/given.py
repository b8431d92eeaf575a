"""What the sources of incidents share: a text that was given, and fields that are read or refused with a reason."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NoReturn, TypeVar

from releasewatch.domain.incident_records import IncidentRecord
from releasewatch.errors import InvalidCallError

T = TypeVar("T")

LONGEST_NAME = 200
"""Characters of a key, or of the name of a component or region: what identifies something in the ledger."""

LONGEST_TITLE = 2_000
LONGEST_TEXT = 200_000

DEEPEST = 50
"""Lists and objects within each other in what is kept of an incident."""

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|z|[+-]\d{2}:?\d{2})?)?")


class BadFieldError(ValueError):
    """A field of one incident cannot be read; the others can."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field} {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True)
class Given:
    """One text to be read. `name`: the file, or what people call standard input."""

    name: str
    text: str

    @cached_property
    def json(self) -> Any:
        """The text as JSON; None when it does not begin like a document of objects.

        Raises InvalidCallError when it does, and is not JSON: broken off, nested too deep, with NaN.
        """
        if self.text.lstrip()[:1] not in ("{", "["):
            return None
        try:
            return json.loads(self.text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            raise InvalidCallError(
                f"{self.name}: line {error.lineno}, column {error.colno}: this is no JSON: {error.msg}.",
                "It may have broken off: export it again. Nothing was read.",
            ) from error
        except (RecursionError, ValueError) as error:
            reason = "its values are nested too deep" if isinstance(error, RecursionError) else str(error)
            raise InvalidCallError(f"{self.name}: this is no JSON: {reason}.", "Nothing was read.") from error


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is no value of JSON")


class Fields:
    """The fields of one incident, or of a part of it. `at`: what stands before their names in a message."""

    def __init__(self, values: Any, at: str = "") -> None:
        if not isinstance(values, Mapping):
            raise BadFieldError(at.rstrip(".") or "it", f"is {_kind(values)}; wanted an object with fields")
        self._values = values
        self._at = at
        self._used: set[str] = set()

    def text(self, name: str, *, longest: int = LONGEST_TITLE) -> str:
        """A text that must be there and say something."""
        found = self.optional_text(name, longest=longest)
        if not found:
            self.refuse(name, "is empty or missing; wanted a text")
        return found

    def optional_text(self, name: str, *, longest: int = LONGEST_TITLE) -> str:
        """A text, or empty when it is absent."""
        value = self._take(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int):
            self.refuse(name, f"is {_kind(value)}; wanted a text")
        try:
            text = str(value).strip()
        except ValueError:  # Python refuses to write out numbers of thousands of digits
            self.refuse(name, "is a number too long to be a name")
        if len(text) > longest:
            self.refuse(name, f"is {len(text)} characters long; at most {longest} are read")
        if _NO_TEXT.search(text):
            self.refuse(name, "holds what is no text: a null, or half a character")
        return text

    def word(self, name: str, meanings: Mapping[str, T], *, default: str = "") -> T:
        """What a word means; raises BadFieldError with the words that are known."""
        word = self.optional_text(name).casefold() or default
        if word not in meanings:
            known = ", ".join(meanings)
            self.refuse(name, f"is {_shown(word)}; wanted one of {known}" if word else f"is missing; wanted {known}")
        return meanings[word]

    def flag(self, name: str) -> bool:
        """True or false; false when it is absent."""
        value = self._take(name)
        if value is not None and not isinstance(value, bool):
            self.refuse(name, f"is {_kind(value)}; wanted true or false")
        return bool(value)

    def instant(self, name: str, *, naive_is_utc: bool = False) -> datetime:
        """An instant that must be there."""
        found = self.optional_instant(name, naive_is_utc=naive_is_utc)
        if found is None:
            self.refuse(name, "is missing; wanted a time")
        return found

    def optional_instant(self, name: str, *, naive_is_utc: bool = False) -> datetime | None:
        """An instant, on in UTC; `naive_is_utc`: where the source's format says that a time without a zone is."""
        text = self.optional_text(name)
        if not text:
            return None
        try:
            return read_instant(text, naive_is_utc=naive_is_utc)
        except ValueError as error:
            self.refuse(name, str(error))

    def names(self, name: str) -> tuple[str, ...]:
        """A list of names; one alone may stand for a list. In their order, each once."""
        value = self._take(name)
        if value is None:
            return ()
        listed = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        cells = Fields({str(number): one for number, one in enumerate(listed, 1)}, f"{self._at}{name}.")
        return each_once(cells.text(key, longest=LONGEST_NAME) for key in list(cells._values))

    def parts(self, name: str) -> list[Fields]:
        """A list of objects; none when it is absent."""
        value = self._take(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(name, f"is {_kind(value)}; wanted a list")
        return [Fields(one, f"{self._at}{name}[{number}].") for number, one in enumerate(value)]

    def part(self, name: str) -> Fields:
        """An object; one without fields when it is absent."""
        value = self._take(name)
        return Fields({} if value is None else value, f"{self._at}{name}.")

    def rest(self, *without: str) -> dict[str, Any]:
        """Every field that was not read: nothing that a source says is lost."""
        found = {str(name): value for name, value in self._values.items() if name not in {*self._used, *without}}
        for name, value in found.items():
            self._check_kept(name, value)
        return found

    def _check_kept(self, name: str, value: Any, depth: int = 0) -> None:
        """Refuse what no ledger could keep, or no program walk through."""
        if depth > DEEPEST:
            self.refuse(name, f"is nested more than {DEEPEST} deep")
        if isinstance(value, str) and _NO_TEXT.search(value):
            self.refuse(name, "holds what is no text: a null, or half a character")
        if isinstance(value, float) and not math.isfinite(value):
            self.refuse(name, "is a number beyond what can be written")
        if isinstance(value, Mapping):
            for key, one in value.items():
                self._check_kept(name, key, depth + 1)
                self._check_kept(name, one, depth + 1)
        elif isinstance(value, list):
            for one in value:
                self._check_kept(name, one, depth + 1)

    def keep(self, *names: str) -> None:
        """Let fields that were read stand among the rest as well: what was read of them is not all they say."""
        self._used.difference_update(names)

    def refuse(self, name: str, reason: str) -> NoReturn:
        """Raise BadFieldError for a field."""
        raise BadFieldError(f"{self._at}{name}", reason)

    def _take(self, name: str) -> Any:
        self._used.add(name)
        return self._values.get(name)


def read_instant(text: str, *, naive_is_utc: bool = False) -> datetime:
    """An RFC 3339 time (a blank may stand for the T), given on in UTC; raises ValueError with a reason for people."""
    text = text.strip()
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"is {_shown(text)}; wanted a time like 2026-03-31T14:05:00Z")
    try:
        found = datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", "").upper())
    except ValueError as error:
        raise ValueError(f"is {_shown(text)}, which no clock shows; wanted a time like 2026-03-31T14:05:00Z") from error
    if found.tzinfo is None:
        if not naive_is_utc:
            raise ValueError(f"is {_shown(text)}, without a zone; wanted a time like 2026-03-31T14:05:00Z")
        found = found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"is {_shown(text)}, which lies beyond the calendar") from error


def in_order(record: IncidentRecord, started: str, ended: str) -> IncidentRecord:
    """The same record; raises BadFieldError when its impact ended before it began. `started`, `ended`: field names."""
    if record.impact_started_at and record.impact_ended_at and record.impact_ended_at < record.impact_started_at:
        raise BadFieldError(ended, f"lies before {started}")
    return record


def each_once(names: Iterable[str]) -> tuple[str, ...]:
    """In the order in which they are first named."""
    return tuple(dict.fromkeys(names))


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _kind(value: Any) -> str:
    if value is None:
        return "missing"
    words = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return words.get(type(value), "something else")
