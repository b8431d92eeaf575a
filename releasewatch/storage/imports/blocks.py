"""Blocks of rows as they come from a file, before they are staged: in batches, and without the rows that stand out."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from releasewatch.domain.customers import Stated, Together
from releasewatch.storage.imports.staging import BATCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from releasewatch.domain.customers import Block, Rejected, Row


def in_batches(blocks: Iterable[Block[Row]]) -> Iterator[list[Block[Row]]]:
    """As many blocks as hold so many rows as are staged at once; rows that were read one by one are one block."""
    batch: list[Block[Row]] = []
    each: list[Stated[Row] | Rejected] | None = None
    rows = 0
    for block in blocks:
        rows += len(block)
        if isinstance(block, Together):
            batch.append(block)
            each = None
        elif each is None:
            each = list(block)
            batch.append(each)
        else:
            each += block
        if rows >= BATCH:
            yield batch
            batch, each, rows = [], None, 0
    if batch:
        yield batch


def names_of_customers(blocks: Iterable[Block[Any]]) -> set[str]:
    """By what names rows of contacts or entitlements call their customers."""
    names: set[str] = set()
    for block in blocks:
        if isinstance(block, Together):
            names.update(block.columns[0])
        else:
            names.update(
                row.row.customer if isinstance(row, Stated) else row.identity.get("customer", "") for row in block
            )
    return names - {""}


def in_columns(rows: Sequence[Stated[Row]], made: type[Row]) -> Together[Row]:
    """Rows that were read one by one, column by column in the order of their fields."""
    columns = [[getattr(one.row, field.name) for one in rows] for field in fields(made)]  # type: ignore[arg-type]
    return Together([one.line for one in rows], columns, made)


def without(block: Together[Row], places: Sequence[int]) -> Iterator[tuple[Together[Row], bool]]:
    """The block in parts, in order: the rows at these places each alone (False), and all between them (True)."""
    first = 0
    for at in places:
        if at > first:
            yield block.part(first, at), True
        yield block.part(at, at + 1), False
        first = at + 1
    if first < len(block):
        yield block.part(first, len(block)), True
