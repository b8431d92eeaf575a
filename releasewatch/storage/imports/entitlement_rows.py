"""Stages the rows of an entitlements file: whom each means, what they use, and each cell of it."""

from __future__ import annotations

from itertools import product, repeat
from typing import TYPE_CHECKING, Any

from releasewatch.domain.customers import Entitlement, Problem, Rejected, Stated, Together
from releasewatch.domain.versions import tellable
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.entitlements import AXES, nothing_known
from releasewatch.storage.imports.names import Named, find_named
from releasewatch.storage.loading import Loader
from releasewatch.storage.types import OPEN_END, OPEN_START

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from releasewatch.domain.customers import Block
    from releasewatch.storage.imports.subjects import Subject, Subjects

_LOADED = ("seq", "line", "subject", "written", *AXES, "valid_from", "valid_to", "waits", "state")
_CONVERTED = ("customer_id", "valid_from", "valid_to")
"""Columns whose values many rows share, so that each is made what the driver takes but once."""
_REMEMBERED = 10_000


def stage_entitlements(
    imp: s.Import, blocks: Iterable[Block[Entitlement]], subjects: Subjects, starts_at: datetime
) -> int:
    """Put the rows of a file into the temporary table, once their customers are staged; returns how many there were.

    `starts_at`: since when a cell has been used that was not known before and whose start is not stated.
    """
    # Where nothing is known there is nothing to look up: each row says all that can be said of its start.
    is_new = nothing_known(imp)
    staging = _Staging(imp, subjects, starts_at if is_new else None)
    read = 0
    for batch in _in_batches(blocks):
        read += sum(map(len, batch))
        staging.add(batch)
    # Nothing is looked up in it then either, and PostgreSQL would fetch each row by itself in the order of an index.
    s.all_staged(imp, s.entitlement, indexed=not is_new or imp.connection.dialect.name == "sqlite")
    return read


def _in_batches(blocks: Iterable[Block[Entitlement]]) -> Iterator[list[Block[Entitlement]]]:
    """As many blocks as hold so many rows as are staged at once."""
    batch: list[Block[Entitlement]] = []
    rows = 0
    for block in blocks:
        batch.append(block)
        rows += len(block)
        if rows >= s.BATCH:
            yield batch
            batch, rows = [], 0
    if batch:
        yield batch


class _Staging:
    """Stages one batch after the other. `start`: of a cell that states none; None where it has to be looked up."""

    def __init__(self, imp: s.Import, subjects: Subjects, start: datetime | None) -> None:
        self._imp, self._subjects, self._start = imp, subjects, start
        self._loader = Loader(imp.connection, s.entitlement, _LOADED)
        self._cells = 0
        self._found: dict[tuple[str, str], Subject] = {}
        self._intervals: dict[tuple[datetime | None, datetime | None], tuple[Any, Any]] = {}
        self._named: dict[str, Named] = {}
        self._ids: dict[str, Any] = {}
        self._ready: list[Any] = []
        self._refused: list[Rejected] = []

    def add(self, blocks: Sequence[Block[Entitlement]]) -> None:
        """Stage one batch."""
        references: set[str] = set()
        for block in blocks:
            if isinstance(block, Together):
                references.update(block.columns[0])
            else:
                references.update(
                    row.row.customer if isinstance(row, Stated) else row.identity.get("customer", "") for row in block
                )
        self._named = find_named(self._imp, references - {""})
        self._ids = {
            name: None if who.customer_id is None else self._loader.convert("customer_id", who.customer_id)
            for name, who in self._named.items()
        }
        self._ready, self._refused = [], []
        for block in blocks:
            if isinstance(block, Together):
                self._add_together(block)
            else:
                self._add_each(block)
        s.reject(self._imp, "entitlements", self._refused)
        self._keep()
        self._loader.load(self._ready)

    def _add_together(self, block: Together[Entitlement]) -> None:
        """Stage rows at once, but for those of which there is something to say, or that state several cells."""
        customers, components, products, environments, regions, rings = block.columns[:6]
        several = {many for many in {*environments, *regions, *rings} if len(many) != 1}
        used = {pair for pair in set(zip(components, products, strict=True)) if self._subject(pair).candidates}
        nobody = {name for name in set(customers) if self._ids[name] is None}
        first = 0
        if several or used or nobody:
            rows = zip(customers, zip(components, products, strict=True), environments, regions, rings, strict=True)
            for at, (customer, pair, *places) in enumerate(rows):
                if customer in nobody or pair in used or any(one in several for one in places):
                    self._add_plain(block.part(first, at))
                    self._add_each(list(block.part(at, at + 1)))
                    first = at + 1
        self._add_plain(block.part(first, len(block)))

    def _add_plain(self, block: Together[Entitlement]) -> None:
        """Stage rows each of which states one cell of somebody who is known."""
        if not block.lines:
            return
        customers, components, products, environments, regions, rings, versions, starts, ends, written = block.columns
        for text in filter(None, written):
            self._imp.no_version[tellable(text)] += 1
        found = [self._subject(pair) for pair in zip(components, products, strict=True)]
        intervals = [self._interval(*pair) for pair in zip(starts, ends, strict=True)]
        begun, ended = zip(*intervals, strict=True)
        first, self._cells = self._cells + 1, self._cells + len(block)
        columns = [
            range(first, self._cells + 1),
            block.lines,
            [one.key for one in found],
            [one.written for one in found],
            map(self._ids.__getitem__, customers),
            *([one for (one,) in column] for column in (environments, regions, rings)),
            versions,
            begun,
            ended,
            [one.waits for one in found],
            repeat(s.NEW, len(block)),
        ]
        self._ready += self._loader.converted(columns, _CONVERTED)

    def _add_each(self, rows: Sequence[Stated[Entitlement] | Rejected]) -> None:
        """Stage rows one by one, and note those that are refused."""
        staged: list[tuple[Any, ...]] = []
        for row in rows:
            if isinstance(row, Rejected):
                self._refused.append(row)
                continue
            stated = row.row
            customer, subject = self._named[stated.customer], self._subject((stated.component, stated.product))
            if customer.customer_id is None and self._imp.forgotten.holds("name", stated.customer):
                self._imp.suppressed["entitlements"] += 1
                continue
            if customer.customer_id is None or subject.candidates:
                problem = Problem("customer", customer.why_nobody) if customer.customer_id is None else None
                self._refused.append(
                    Rejected(
                        row.line,
                        (problem or Problem("component", subject.why_refused),),
                        {"customer": stated.customer, "component": stated.component, "product": stated.product},
                    )
                )
                continue
            if stated.written_version:
                self._imp.no_version[tellable(stated.written_version)] += 1
            begins, ends = self._interval(stated.valid_from, stated.valid_to)
            for environment, region, ring in product(stated.environments, stated.regions, stated.rings):
                self._cells += 1
                staged.append(
                    (
                        self._cells,
                        row.line,
                        subject.key,
                        subject.written,
                        self._ids[stated.customer],
                        environment,
                        region,
                        ring,
                        stated.version,
                        begins,
                        ends,
                        subject.waits,
                        s.NEW,
                    )
                )
        if staged:
            self._ready += self._loader.converted(list(zip(*staged, strict=True)), _CONVERTED)

    def _subject(self, used: tuple[str, str]) -> Subject:
        """What a component and a product, of which one is empty, are kept as."""
        subject = self._found.get(used)
        if subject is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            subject = self._found[used] = self._subjects.find(Entitlement("", *used))
        return subject

    def _interval(self, starts: datetime | None, ends: datetime | None) -> tuple[Any, Any]:
        """When what is stated so begins and ends, as the driver takes it."""
        interval = self._intervals.get((starts, ends))
        if interval is None:
            if len(self._intervals) >= _REMEMBERED:
                self._intervals.clear()
            end = OPEN_END if ends is None else min(ends, OPEN_END)
            begin = starts
            if begin is None and self._start is not None:
                begin = OPEN_START if end <= self._imp.at else self._start
            convert = self._loader.convert
            interval = convert("valid_from", begin), convert("valid_to", end)
            self._intervals[starts, ends] = interval
        return interval

    def _keep(self) -> None:
        """What a customer uses keeps its state when its row is refused; all of it, when it cannot be said which."""
        kept: set[tuple[UUID, str]] = set()
        for row in self._refused:
            said = row.identity
            customer = self._named[said["customer"]].customer_id if said.get("customer") else None
            if customer is None:
                continue
            component, of_product = said.get("component", ""), said.get("product", "")
            if bool(component) == bool(of_product):
                kept.add((customer, ""))
                continue
            subject = self._subjects.find(Entitlement(said["customer"], component, of_product))
            kept |= {(customer, one) for one in (subject.key, subject.written, *subject.candidates)}
        s.keep(self._imp, s.KEPT_ENTITLEMENT, sorted(kept))
