"""Incidents as other tools wrote them down: one module for each kind of source, none of which knows another."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, Protocol

from releasewatch.domain.incident_records import IncidentRecord, RejectedIncident
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.incidents import cstate, gcp, pagerduty, table
from releasewatch.integrations.incidents.given import Given

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 64 << 20
"""Bytes of the largest file that is read: it is held in memory, and thousands of incidents fit into it."""

_SUFFIXES = (".csv", ".json", ".md", ".markdown")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class Source(Protocol):
    """What every module of a source has."""

    SOURCE: str
    recognises: Callable[[Given], bool]
    read: Callable[[Given], Iterator[IncidentRecord | RejectedIncident]]


SOURCES: Mapping[str, Source] = MappingProxyType({module.SOURCE: module for module in (gcp, cstate, pagerduty, table)})
"""In the order in which they are asked whether a text is theirs."""


def read_incidents(
    path: Path, source: str | None = None, *, stdin: BinaryIO | None = None
) -> Iterator[IncidentRecord | RejectedIncident]:
    """Every incident of a file, of a folder (its `.csv`, `.json` and `.md` files, by name), or of `-`, standard input.

    `source` names the kind; without it each text is recognised by what it holds. An incident that cannot be read comes
    as RejectedIncident, and so does one whose key another one of the same source had before, and a file of a folder
    that is of another kind. Raises InvalidCallError where the file that is named cannot be read, or none of a folder:
    nothing of it is to be believed then.
    """
    seen: set[tuple[str, str]] = set()
    for one in _read_each(path, source, stdin):
        if isinstance(one, IncidentRecord):
            if (one.source, one.key) in seen:
                yield RejectedIncident(f"{path}: {one.key}", "key", "is that of another incident before it")
                continue
            seen.add((one.source, one.key))
        yield one


def _read_each(path: Path, source: str | None, stdin: BinaryIO | None) -> Iterator[IncidentRecord | RejectedIncident]:
    if path == Path("-"):
        content = (stdin or sys.stdin.buffer).read(LARGEST + 1)
        yield from _read_text(_decoded("standard input", content), source)
        return
    if not path.is_dir():
        yield from _read_text(_decoded(str(path), _load(path)), source)
        return
    # What begins with _ or . is no issue: Hugo's own files of a section, and what editors leave behind.
    files = sorted(
        one for one in path.rglob("*") if one.suffix.lower() in _SUFFIXES and one.name[0] not in "_." and one.is_file()
    )
    if not files:
        raise InvalidCallError(f"{path} holds no file of incidents.", f"Looked for: {', '.join(_SUFFIXES)}.")
    yield from _read_files(path, files, source)


def _read_files(folder: Path, files: Iterable[Path], source: str | None) -> Iterator[IncidentRecord | RejectedIncident]:
    """Every file of a folder; one that is of no known kind, or cannot be read, is rejected as a whole, by its name.

    Raises InvalidCallError where no file could be read: then it is the wrong folder, or the wrong kind.
    """
    could_read, problem = False, None
    for file in files:
        try:
            found = list(_read_text(_decoded(str(file), _load(file)), source))
        except InvalidCallError as error:
            problem = problem or error
            because = error.message.removeprefix(str(file))
            because = f"it{because}" if because.startswith(" ") else because.lstrip(":, ")
            yield RejectedIncident(str(file), "file", f"is left out: {because}", is_file=True)
            continue
        could_read = True
        yield from found
    if problem is not None and not could_read:
        raise InvalidCallError(f"No file of {folder} could be read. The first: {problem.message}", problem.hint)


def _read_text(given: Given, source: str | None) -> Iterator[IncidentRecord | RejectedIncident]:
    if source is not None:
        if source not in SOURCES:
            raise InvalidCallError(
                f"There is no kind of incidents {source!r}.", f"Name one of: {', '.join(SOURCES)}, or none."
            )
        return SOURCES[source].read(given)
    for module in SOURCES.values():
        if module.recognises(given):
            return module.read(given)
    if given.json == []:
        return iter(())
    raise InvalidCallError(
        f"{given.name} holds no incidents of a kind that is known.",
        f"Known are {', '.join(SOURCES)}; name the kind to hear what is missing. "
        f"A table needs the columns {', '.join(table.REQUIRED)}.",
    )


def _load(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise InvalidCallError(
            f"{path} cannot be read: {error.strerror}.", "Name a file or folder of incidents, or - for standard input."
        ) from error


def _decoded(name: str, content: bytes) -> Given:
    if len(content) > LARGEST:
        raise InvalidCallError(f"{name} is larger than {LARGEST >> 20} MB.", "Give it in several parts.")
    encoding = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return Given(name, content.decode(encoding))
    except UnicodeDecodeError as error:
        raise InvalidCallError(
            f"{name} is not {encoding}: byte {error.start} cannot be read.", "Save it as UTF-8."
        ) from (error)
