"""Reads a directory that a server gives as JSON: all pages are fetched before the first row is told."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, Self

from releasewatch.domain.customers import Problem, Rejected, Stated
from releasewatch.domain.words import counted
from releasewatch.errors import OutsideFailedError
from releasewatch.integrations.directories.fields import BadValueError, readable
from releasewatch.integrations.directories.json_items import (
    Field,
    Path,
    find,
    load_document,
    read_cell,
)
from releasewatch.integrations.directories.pages import Counts, Paging
from releasewatch.integrations.directories.records import Cells, Shape
from releasewatch.integrations.directories.unknown_values import UnknownValues
from releasewatch.integrations.http import Answer, HttpClient, shown_url

if TYPE_CHECKING:
    from types import TracebackType

_IN_MEMORY = 8 << 20
_MOST_PAGES = 100_000
_MOST_VALIDATED = 1_000
"""Of a list with more pages than that no validators are kept: asking for each whether it changed gains nothing."""
_USUAL_LISTS = frozenset(
    (
        "accounts", "companies", "contacts", "content", "customers", "data", "entitlements", "entries", "error",
        "errors", "items", "list", "message", "objects", "records", "result", "results", "rows", "value", "values",
    )
)  # fmt: skip
_SURE_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one kind of rows is, and how to read it.

    `items`: where the list stands in the document. `fields`: our columns; one that is not named is looked for under our
    own name. `attributes`: paths of what else is kept of a customer. `only`: an item counts when the text at each path
    is one of those listed (`*`: any but none). `total`: where the server says how many items there are in all.
    """

    url: str
    items: Path = ()
    paging: Paging = field(default_factory=Paging)
    fields: Mapping[str, Field] = field(default_factory=dict)
    attributes: tuple[Path, ...] = ()
    only: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    total: Path | None = None


@dataclass(frozen=True, slots=True)
class PageSeen:
    """A page that was read, with what the server needs to say whether it changed (RFC 9110, 8.8); '' for none."""

    url: str
    etag: str = ""
    last_modified: str = ""

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask for the page only if it changed."""
        if self.etag:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": self.last_modified} if self.last_modified else {}


@dataclass
class HttpRows:
    """What a server told, in a file without a name that goes with this object: to be closed."""

    name: str
    shape: Shape[Any]
    endpoint: Endpoint
    spool: IO[bytes]
    starts: list[int] = field(default_factory=list)
    pages: list[PageSeen] = field(default_factory=list)
    present: set[str] = field(default_factory=set)
    passed_over: int = 0
    unknown: UnknownValues = field(default_factory=UnknownValues)
    digest: str = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self.spool.close()

    @property
    def columns(self) -> frozenset[str]:
        """Which of our columns some item has a place for."""
        kept = {"attributes"} if self.shape.keeps_attributes and self.endpoint.attributes else set()
        return frozenset(self.present) | kept

    @property
    def notes(self) -> tuple[str, ...]:
        """Columns that were named and are nowhere, and items that were passed over."""
        fields = self.endpoint.fields
        absent = sorted(f"{fields[one]} ({one})" for one in fields if one not in self.present) if self.starts else []
        notes = [f"no item has {', '.join(absent)}"] if absent and self.present else []
        if self.passed_over:
            notes.append(f"{counted(self.passed_over, 'item')} passed over, as the settings say")
        return (*notes, *self.unknown.notes(self.place, self.heading))

    @property
    def reading(self) -> Any:
        """What was read, and how."""
        return [self.digest, reading_of(self.endpoint)]

    @property
    def facts(self) -> Mapping[str, Any]:
        """What machines are told beside the counts."""
        return {"encoding": "utf-8", "separator": None, "pages": len(self.pages), "passed_over": self.passed_over}

    @property
    def validators(self) -> Sequence[PageSeen]:
        """The pages, when each can be asked for whether it changed, and none could be added unseen; else nothing.

        A `Link` header is no part of what an ETag speaks for: a page may stay as it is, and one come after it.
        """
        sure = self.endpoint.paging.style != "header" and len(self.pages) <= _MOST_VALIDATED
        return self.pages if sure and all(page.conditions for page in self.pages) else []

    def heading(self, column: str) -> str:
        """The path of one of our columns."""
        return str(self.endpoint.fields[column]) if column in self.endpoint.fields else column

    def place(self, line: int) -> Mapping[str, int]:
        """The page, and which item of all it is."""
        return {"page": bisect_right(self.starts, line), "item": line}

    def rows(self) -> Iterator[Stated[Any] | Rejected]:
        """Every item that counts; `line` is which one of all it is, from 1."""
        self.unknown.clear()
        self.spool.seek(0)
        for text in self.spool:
            line, values, attributes, problems = json.loads(text)
            cells = Cells(values, attributes, [Problem(*one) for one in problems])
            row = self.shape.read(cells)
            if cells.problems:
                identity = {column: readable(values.get(column, "")) for column in self.shape.identity}
                yield Rejected(line, tuple(cells.problems), identity)
            else:
                self.unknown.add(line, cells.unknown)
                yield Stated(line, row)

    def blocks(self) -> Iterator[list[Stated[Any] | Rejected]]:
        """Each of them by itself."""
        return ([row] for row in self.rows())


def reading_of(endpoint: Endpoint) -> Any:
    """Plain data that is the same when the endpoint is read the same way."""
    fields = {column: [str(one), dict(one.values)] for column, one in endpoint.fields.items()}
    only = sorted([".".join(path), sorted(texts)] for path, texts in endpoint.only.items())
    return [endpoint.url, endpoint.items, repr(endpoint.paging), fields, endpoint.attributes, only, endpoint.total]


def is_unchanged(client: HttpClient, pages: Sequence[PageSeen]) -> bool:
    """Whether the server says of every page that it is as it was; False as soon as it does not say so of one."""
    return bool(pages) and all(client.get(page.url, page.conditions).status == 304 for page in pages)


def fetch_rows(client: HttpClient, endpoint: Endpoint, shape: Shape[Any]) -> HttpRows:
    """Fetch every page; the caller closes what is given back.

    Raises OutsideFailedError for whatever keeps the list from being whole: half a list is no answer.
    """
    # Closed by the caller, or below. Beyond a few megabytes it is a file that has no name: nothing stays behind.
    spool: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
    rows = HttpRows(f"{client.what} {shape.kind}", shape, endpoint, spool)
    with ExitStack() as unless_whole:
        unless_whole.callback(spool.close)
        _Fetching(client, rows).run()
        _require(client, rows)
        unless_whole.pop_all()
    return rows


@dataclass
class _Fetching:
    client: HttpClient
    rows: HttpRows
    items: int = 0
    total: int | None = None
    seen_urls: set[str] = field(default_factory=set)
    seen_lists: set[bytes] = field(default_factory=set)
    digest: Any = field(default_factory=hashlib.sha256)

    def run(self) -> None:
        endpoint = self.rows.endpoint
        start = endpoint.paging.start(endpoint.url)
        url: str | None = start
        while url is not None:
            if url in self.seen_urls or len(self.seen_urls) >= _MOST_PAGES:
                raise self._failed("leads in a circle: a page is followed by one that was read before")
            self.seen_urls.add(url)
            answer = self.client.get(url)
            document = self._document(answer)
            items = self._items(document)
            self._take(items)
            self.rows.pages.append(_page_seen(url, answer))
            counts = Counts(len(self.rows.pages), self.items, len(items))
            try:
                url = endpoint.paging.follow(start, answer, document, counts)
            except OutsideFailedError as error:
                raise OutsideFailedError(
                    f"{self.client.what}: {shown_url(start)}: {error.message}", error.hint
                ) from error
            url = None if self._has_all(document) else url
        if self.total is not None and self.total != self.items:
            raise self._failed(f"tells of {counted(self.total, 'item')} in all and gave {self.items}")
        self.rows.digest = self.digest.hexdigest()

    def _failed(
        self, sentence: str, hint: str = "Nothing was imported. Try again; else check pages and items."
    ) -> OutsideFailedError:
        return OutsideFailedError(f"{self.client.what}: {shown_url(self.rows.endpoint.url)} {sentence}.", hint)

    def _document(self, answer: Answer) -> Any:
        try:
            return load_document(answer.body)
        except (ValueError, RecursionError):
            kind = answer.headers.get("Content-Type", "nothing said").partition(";")[0].strip()
            hint = "A login page? Check the url and the token."
            page = len(self.rows.pages) + 1
            raise self._failed(f"answers with what is no JSON ({kind[:40]}, page {page})", hint) from None

    def _items(self, document: Any) -> list[Any]:
        path = self.rows.endpoint.items
        found = find(document, path, into_lists=False)
        if isinstance(found, list):
            return found
        where = f"at {'.'.join(path)}" if path else "as a whole"
        # Only words that many servers use: the keys of an answer may be names of customers.
        usual = sorted(_USUAL_LISTS & set(document)) if isinstance(document, dict) else []
        has = f"; it has {', '.join(usual)}" if usual else ""
        raise self._failed(
            f"holds no list {where} (page {len(self.rows.pages) + 1}){has}",
            'Say where the list stands: items = "…", a dotted path.',
        )

    def _has_all(self, document: Any) -> bool:
        """Whether the server's own count is reached."""
        if self.rows.endpoint.total is None:
            return False
        told = find(document, self.rows.endpoint.total, into_lists=False)
        if not isinstance(told, str) or not told.isdigit():
            raise self._failed(f"holds no number at {'.'.join(self.rows.endpoint.total)}", "Correct total.")
        self.total = int(told[:12])
        # A list that tells its next page is followed to its end: counts and pages must agree.
        return self.rows.endpoint.paging.style in ("offset", "number") and self.items >= self.total

    def _take(self, items: list[Any]) -> None:
        rows, before = self.rows, self.items
        rows.starts.append(before + 1)
        page = hashlib.sha256()
        for item in items:
            self.items += 1
            if not _counts(item, rows.endpoint.only):
                rows.passed_over += 1
                page.update(json.dumps(item).encode())
                continue
            record = _read_item(item, rows)
            text = json.dumps(record).encode()
            page.update(json.dumps(item).encode())
            self.digest.update(text + b"\n")
            rows.spool.write(json.dumps([self.items, *record]).encode() + b"\n")
        if items and page.digest() in self.seen_lists:
            number = len(rows.starts)
            raise self._failed(
                f"gives on page {number} what an earlier page gave",
                "Does it know the parameter for the page? Nothing was imported.",
            )
        self.seen_lists.add(page.digest())


def _page_seen(url: str, answer: Answer) -> PageSeen:
    """A page's validators. `Last-Modified` counts when it was well before the answer: it knows whole seconds only."""
    etag = answer.headers.get("ETag", "").strip()
    modified = answer.headers.get("Last-Modified", "").strip()
    if modified and not etag:
        try:
            age = parsedate_to_datetime(answer.headers.get("Date", "")) - parsedate_to_datetime(modified)
        except (TypeError, ValueError):
            age = timedelta(0)
        modified = modified if age >= _SURE_AFTER else ""
    fits = len(etag) <= 500 and len(modified) <= 100
    return PageSeen(url, etag if fits else "", "" if etag else modified)


def _counts(item: Any, only: Mapping[Path, tuple[str, ...]]) -> bool:
    for path, texts in only.items():
        try:
            text, _ = read_cell("", item, Field((path,)))
        except BadValueError:
            return True  # the row is refused with a reason, rather than passed over
        if not text or not ("*" in texts or text in texts):
            return False
    return True


def _read_item(item: Any, rows: HttpRows) -> tuple[dict[str, str], dict[str, str], list[tuple[str, str]]]:
    """An item's cells, attributes and problems."""
    if not isinstance(item, dict):
        return {}, {}, [("", "is no JSON object")]
    values: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    for column in rows.shape.columns:
        place = rows.endpoint.fields.get(column) or Field(((column,),))
        try:
            text, there = read_cell(column, item, place)
        except BadValueError as error:
            problems.append((column, str(error)))
            there, text = True, ""
        if there:
            rows.present.add(column)
            values[column] = text
    attributes = {}
    for path in rows.endpoint.attributes if rows.shape.keeps_attributes else ():
        try:
            attributes[".".join(path)], _ = read_cell("", item, Field((path,)))
        except BadValueError as error:
            problems.append((".".join(path), str(error)))
    return values, attributes, problems


def _require(client: HttpClient, rows: HttpRows) -> None:
    """Raise when a column that must not be lost has no place in any item: a field was renamed, or is not given."""
    if not any(True for _ in rows.rows()):
        return
    named = {"do_not_call"} & set(rows.endpoint.fields)
    needed = [*rows.shape.required, *sorted(named)]
    missing = [column for column in needed if column not in rows.present]
    if rows.shape.kind == "entitlements" and not {"component", "product"} & rows.present:
        missing.append("component (or product)")
    if missing:
        paths = ", ".join(f"{rows.heading(column)} ({column})" for column in missing)
        raise OutsideFailedError(
            f"{client.what}: no item of {shown_url(rows.endpoint.url)} has {paths}.",
            f"Ask for it in the url, or correct the path: [directory.*.columns.{rows.shape.kind}]",
        )
