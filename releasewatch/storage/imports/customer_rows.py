"""Stages the rows of a customers file, and the names that each customer answers to."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from releasewatch.domain.customers import (
    Customer,
    Rejected,
    Stated,
    Together,
    customer_id,
    customer_id_bytes,
)
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.blocks import in_batches, in_columns
from releasewatch.storage.imports.customers import CONTRACT, FACTS
from releasewatch.storage.loading import Loader

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from releasewatch.domain.customers import Block

_LOADED = (
    "line",
    "customer_id",
    "key",
    *FACTS,
    *CONTRACT,
    "aliases",
)
_NAMED = ("line", "customer_id", "alias", "is_key")
_FIELDS = tuple(one.name for one in fields(Customer))


def stage_customers(imp: s.Import, blocks: Iterable[Block[Customer]]) -> int:
    """Put the rows of a file into the temporary tables; returns how many rows there were."""
    read = 0
    staging = _Staging(imp)
    for batch in in_batches(blocks):
        read += sum(map(len, batch))
        staging.add(batch)
    s.all_staged(imp, s.customer, s.alias)
    return read


class _Staging:
    """Stages one batch after the other."""

    def __init__(self, imp: s.Import) -> None:
        self._imp = imp
        self._rows = Loader(imp.connection, s.customer, _LOADED)
        self._names = Loader(imp.connection, s.alias, _NAMED)
        self._ready: list[Any] = []
        self._ready_names: list[Any] = []
        self._refused: list[Rejected] = []

    def add(self, blocks: Sequence[Block[Customer]]) -> None:
        """Stage one batch."""
        self._ready, self._ready_names, self._refused = [], [], []
        for block in blocks:
            # Whether somebody was forgotten is asked of each row by itself.
            if isinstance(block, Together) and not self._imp.forgotten.digests:
                self._add_together(block)
            else:
                self._add_each(block)
        s.reject(self._imp, "customers", self._refused)
        keys = {row.identity["key"] for row in self._refused} - {""}
        s.keep(self._imp, s.KEPT_CUSTOMER, [(customer_id(self._imp.directory, key), "") for key in keys])
        self._rows.load(self._ready)
        self._names.load(self._ready_names)

    def _add_together(self, block: Together[Customer]) -> None:
        said = dict(zip(_FIELDS, block.columns, strict=True))
        keys, many = said["key"], len(block)
        found = [customer_id_bytes(self._imp.directory, key) for key in keys]
        columns = {
            **said,
            "line": block.lines,
            "customer_id": self._rows.ids(found),
            "aliases": [";".join(sorted(aliases)) if aliases else "" for aliases in said["aliases"]],
        }
        self._ready += self._rows.converted([columns[name] for name in _LOADED], ["customer_id"])
        each = zip(block.lines, found, said["aliases"], strict=True)
        further = [(line, one, alias) for line, one, aliases in each for alias in aliases]
        lines, ids, names = zip(*chain(zip(block.lines, found, keys, strict=True), further), strict=True)
        is_key = chain(repeat(True, many), repeat(False, len(further)))
        self._ready_names += self._names.converted([lines, self._names.ids(ids), names, is_key], ["customer_id"])

    def _add_each(self, rows: Iterable[Stated[Customer] | Rejected]) -> None:
        """Look at rows one by one, stage those that may be, and note those that are refused."""
        imp = self._imp
        accepted: list[Stated[Customer]] = []
        for row in rows:
            if isinstance(row, Rejected):
                self._refused.append(row)
                continue
            if imp.forgotten.digests:
                if imp.forgotten.holds("customer", customer_id(imp.directory, row.row.key).hex):
                    imp.suppressed["customers"] += 1
                    continue
                if imp.forgotten.holds("name", row.row.parent):
                    row = Stated(row.line, replace(row.row, parent=""))
            accepted.append(row)
        if accepted:
            self._add_together(in_columns(accepted, Customer))
