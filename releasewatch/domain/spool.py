"""A record that waits until the ledger can be had: the facts of a deployment in one line that shows any damage."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from releasewatch.domain import step_facts
from releasewatch.domain.step_facts import StepFacts, read_step_facts
from releasewatch.domain.times import format_utc

VERSION = 1
"""The form of a line. A program reads no other than its own: what it does not know of must not get lost."""

MARK = "releasewatch-spool:"

_LINE = re.compile(re.escape(MARK) + r"(?P<version>\d+):(?P<packed>[A-Za-z0-9+/]+={0,2}):(?P<checksum>[0-9a-f]{64})")
_ANOTHER_VERSION = re.compile(re.escape(MARK) + r"(\d+):")
_BROKEN = re.compile(re.escape(MARK) + r"\d+:[A-Za-z0-9+/=:]*$")
_REST = re.compile(r"[A-Za-z0-9+/=:]+")
_SUM = re.compile(r":[0-9a-f]{64}")
_SUM_LENGTH = 65
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BEFORE = re.compile(r"^(?:\[?\S*\d\d:\d\d:\d\d\S*\s+)?(?:[0-9a-f]{2}[OE]\+)?")
"""What a CI system puts before a line: when it came, and that it goes on with the one before (GitLab)."""
_LOGIN = re.compile(r"[^\s@]+")
_LARGEST = 64 * 1024 * 1024
"""Bytes that a record may unpack to: a line of a log is not to be trusted with all the memory there is."""


@dataclass(frozen=True, slots=True)
class SpooledRecord:
    """What a pipeline said of a deployment, as far as its own clone could settle it. No customer is in it.

    `key` is the idempotency key, `head` the full sha (None for a change without git), `opened_at` when the deployment
    opened and `said_at` when this was said; `said` holds the facts and `catalog` the catalog at head, as JSON holds
    them; `because` is the code of the error that kept it from the ledger.

    It is raw where the clone could not settle it (its config is broken, there is no clone): `catalog` is empty, and
    what the head's catalog and the repo's name are is read when it is recorded.

    It is a call where the words themselves were wrong: `said` then holds them as they were given, what CI said
    (`call`), and what was wrong (`fault`); when it is recorded they are read anew, with what a person says was meant.
    """

    key: str
    repo: str
    head: str | None
    opened_at: datetime
    said_at: datetime
    because: str
    said: Mapping[str, Any]
    catalog: Mapping[str, Any]

    @property
    def is_raw(self) -> bool:
        """Whether nothing but what was said is known."""
        return not self.catalog

    @property
    def is_call(self) -> bool:
        """Whether it holds the words of a call, of which nothing could be made."""
        return "call" in self.said

    @property
    def checksum(self) -> str:
        """SHA-256 of all of it but who deployed, in hex: what a log holds is the same record as what a file holds."""
        return hashlib.sha256(_json_of(without_actor(self))).hexdigest()

    @property
    def id(self) -> str:
        """What it is called while it waits."""
        return self.checksum[:12]


def without_actor(record: SpooledRecord, login: str = "") -> SpooledRecord:
    """The same for a log, which many may read: who deployed stays with it only as CI's `login` for them.

    An e-mail address, as git has it, and a whole name, as some CI systems tell it, do not.
    """
    actor = record.said.get("actor")
    if not actor or (actor == login and _LOGIN.fullmatch(login)):
        return record
    return replace(record, said={**record.said, "actor": ""})


def to_line(record: SpooledRecord) -> str:
    """The record as one line of printable ASCII, for a file as well as for a log."""
    text = _json_of(record)
    packed = base64.b64encode(zlib.compress(text, 9)).decode("ascii")
    return f"{MARK}{VERSION}:{packed}:{hashlib.sha256(text).hexdigest()}"


def from_line(line: str) -> SpooledRecord:
    """The record that a line holds, whatever stands before and after it; raises ValueError with the reason."""
    found = _LINE.search(line)
    another = _ANOTHER_VERSION.search(line)
    if another is not None and another[1] != str(VERSION):
        raise ValueError(f"it was spooled in form {another[1]}, and this releasewatch reads form {VERSION} alone")
    if found is None:
        raise ValueError("it is cut off, or was never a spooled record")
    try:
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(base64.b64decode(found["packed"], validate=True), _LARGEST)
    except (binascii.Error, zlib.error) as error:
        raise ValueError("it is damaged: it cannot be unpacked") from error
    if not unpacking.eof or hashlib.sha256(text).hexdigest() != found["checksum"]:
        raise ValueError("it is damaged: its checksum does not fit")
    try:
        return _record_of(json.loads(text))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError("it holds something else than a spooled record") from error


def find_records(lines: Iterable[str]) -> Iterator[tuple[int, SpooledRecord | StepFacts | str]]:
    """`(line number, record, or what a step left, or why it cannot be read)` for every line of a log that holds one.

    A record that a terminal or a runner broken into several lines is put together again.
    """
    began, broken = 0, ""
    for number, line in enumerate(lines, start=1):
        if broken:
            rest = _rest_of(line)
            broken += rest
            # A record ends with its sum: before one stands there, what is gathered so far needs no second look.
            if rest and len(broken) < _LARGEST and not _SUM.search(broken, len(broken) - len(rest) - _SUM_LENGTH):
                continue
            yield began, _read(from_line, broken)
            broken = ""
            if rest:
                continue
        if MARK in line:
            began, broken = number, _broken(line)
            if not broken:
                yield number, _read(from_line, line)
        elif step_facts.MARK in line:
            yield number, _read(read_step_facts, line)
    if broken:
        yield began, _read(from_line, broken)


def _read(reader: Callable[[str], SpooledRecord | StepFacts], line: str) -> SpooledRecord | StepFacts | str:
    try:
        return reader(line)
    except ValueError as error:
        return str(error)


def _broken(line: str) -> str:
    """The beginning of a record that may go on in the next line; empty when it is whole, or more than that follows."""
    if _LINE.search(line):
        return ""
    found = _BROKEN.search(_COLOUR.sub("", line).rstrip())
    return found[0] if found else ""


def _rest_of(line: str) -> str:
    """What goes on with the line before it; empty when something else stands there."""
    if MARK in line:
        return ""
    text = _BEFORE.sub("", _COLOUR.sub("", line).strip())
    return text if _REST.fullmatch(text) else ""


def in_order(records: Iterable[SpooledRecord]) -> list[SpooledRecord]:
    """Each record once, as the deployments opened; what was said of one deployment stays in the order of saying.

    Of one that is there twice, from a log and from a file, that which says who deployed.
    """
    unique: dict[str, SpooledRecord] = {}
    for record in records:
        if record.checksum not in unique or record.said.get("actor"):
            unique[record.checksum] = record
    opened: dict[str, datetime] = {}
    for record in unique.values():
        opened[record.key] = min(record.opened_at, opened.get(record.key, record.opened_at))
    return sorted(unique.values(), key=lambda r: (opened[r.key], r.key, r.said_at, r.checksum))


def _json_of(record: SpooledRecord) -> bytes:
    document = {
        "key": record.key,
        "repo": record.repo,
        "head": record.head,
        "opened_at": format_utc(record.opened_at),
        "said_at": format_utc(record.said_at),
        "because": record.because,
        "said": record.said,
        "catalog": record.catalog,
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")


def _record_of(document: Any) -> SpooledRecord:
    texts = {name: document[name] for name in ("key", "repo", "because")}
    tables = {name: document[name] for name in ("said", "catalog")}
    if not all(isinstance(text, str) for text in (*texts.values(), document["head"] or "")):
        raise TypeError("wanted text")
    if not all(isinstance(table, dict) for table in tables.values()):
        raise TypeError("wanted tables")
    opened_at, said_at = (datetime.fromisoformat(document[name]).astimezone(UTC) for name in ("opened_at", "said_at"))
    return SpooledRecord(**texts, head=document["head"], opened_at=opened_at, said_at=said_at, **tables)
