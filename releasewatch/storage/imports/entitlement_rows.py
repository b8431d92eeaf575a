"""Stages the rows of an entitlements file: whom each means, what they use, and each cell of it."""

from __future__ import annotations

from itertools import chain, product
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from releasewatch.domain.customers import Entitlement, Problem, Rejected, Stated, Together
from releasewatch.domain.versions import tellable
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.blocks import in_batches, names_of_customers, without
from releasewatch.storage.imports.entitlements import AXES, nothing_known
from releasewatch.storage.imports.names import Named, find_named
from releasewatch.storage.loading import Loader, Remembered
from releasewatch.storage.types import OPEN_END, OPEN_START

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from releasewatch.domain.customers import Block
    from releasewatch.storage.imports.subjects import Subjects

_LOADED = ("seq", "line", "subject", "written", *AXES, "valid_from", "valid_to", "waits")
_CONVERTED = ("customer_id", "valid_from", "valid_to")
"""Columns whose values many rows share, so that each is made what the driver takes but once."""
_KEPT_AS = attrgetter("key", "written", "waits")


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
    for batch in in_batches(blocks):
        read += sum(map(len, batch))
        staging.add(batch)
    # Nothing is looked up in it then either, and PostgreSQL would fetch each row by itself in the order of an index.
    s.all_staged(imp, s.entitlement, indexed=not is_new or imp.connection.dialect.name == "sqlite")
    return read


class _Staging:
    """Stages one batch after the other. `start`: of a cell that states none; None where it has to be looked up."""

    def __init__(self, imp: s.Import, subjects: Subjects, start: datetime | None) -> None:
        self._imp, self._subjects, self._start = imp, subjects, start
        self._loader = Loader(imp.connection, s.entitlement, _LOADED)
        self._cells = 0
        # Of these there are few, however many rows there are.
        self._found = Remembered(lambda used: subjects.find(Entitlement("", *used)))
        self._kept_as = Remembered(lambda used: _KEPT_AS(self._found[used]))
        self._intervals = Remembered(lambda interval: self._interval(*interval))
        self._places = Remembered(lambda axes: tuple(product(*axes)))
        self._named: dict[str, Named] = {}
        self._ids: dict[str, Any] = {}
        self._ready: list[Any] = []
        self._refused: list[Rejected] = []

    def add(self, blocks: Sequence[Block[Entitlement]]) -> None:
        """Stage one batch."""
        self._named = find_named(self._imp, names_of_customers(blocks))
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
        """Stage rows at once, but for those of which there is something to say."""
        customers, components, products = block.columns[:3]
        used = {pair for pair in set(zip(components, products, strict=True)) if self._found[pair].candidates}
        nobody = {name for name in set(customers) if self._ids[name] is None}
        odd: list[int] = []
        if used or nobody:
            rows = zip(customers, components, products, strict=True)
            odd = [at for at, (customer, *pair) in enumerate(rows) if customer in nobody or tuple(pair) in used]
        for part, is_plain in without(block, odd):
            self._add_plain(part) if is_plain else self._add_each(part)

    def _add_plain(self, block: Together[Entitlement]) -> None:
        """Stage rows of customers who are known, each with all its cells."""
        for text in filter(None, block.columns[-1]):
            self._imp.no_version[tellable(text)] += 1
        places = list(map(self._places.__getitem__, zip(*block.columns[3:6], strict=True)))
        if any(len(several) > 1 for several in set(places)):
            block = block.at([at for at, several in enumerate(places) for _ in several])
        customers, components, products, _, _, _, versions, starts, ends, _ = block.columns
        kept_as = map(self._kept_as.__getitem__, zip(components, products, strict=True))
        keys, written_as, waits = zip(*kept_as, strict=True)
        begun, ended = zip(*map(self._intervals.__getitem__, zip(starts, ends, strict=True)), strict=True)
        first, self._cells = self._cells + 1, self._cells + len(block)
        columns = [
            range(first, self._cells + 1),
            block.lines,
            keys,
            written_as,
            map(self._ids.__getitem__, customers),
            *zip(*chain.from_iterable(places), strict=True),
            versions,
            begun,
            ended,
            waits,
        ]
        self._ready += self._loader.converted(columns, _CONVERTED)

    def _add_each(self, rows: Iterable[Stated[Entitlement] | Rejected]) -> None:
        """Stage rows one by one, and note those that are refused."""
        staged: list[tuple[Any, ...]] = []
        for row in rows:
            if isinstance(row, Rejected):
                self._refused.append(row)
                continue
            stated = row.row
            customer, subject = self._named[stated.customer], self._found[stated.component, stated.product]
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
            begins, ends = self._intervals[stated.valid_from, stated.valid_to]
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
                    )
                )
        if staged:
            self._ready += self._loader.converted(list(zip(*staged, strict=True)), _CONVERTED)

    def _interval(self, starts: datetime | None, ends: datetime | None) -> tuple[Any, Any]:
        """When what is stated so begins and ends, as the driver takes it."""
        end = OPEN_END if ends is None else min(ends, OPEN_END)
        begin = starts
        if begin is None and self._start is not None:
            begin = OPEN_START if end <= self._imp.at else self._start
        convert = self._loader.convert
        return convert("valid_from", begin), convert("valid_to", end)

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
