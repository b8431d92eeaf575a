"""Listens to what is executed on any ledger, and reads it: tables, places, and what of a statement depends on what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sqlglot
from sqlalchemy import Engine, event
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from releasewatch.storage.tables import metadata

PLACEMENTS = {table.name: table.info["placement"] for table in metadata.sorted_tables}
"""Where each table of the ledger lives; tables that are made for one import are not among them."""

_READ = ("SELECT", "WITH")
_WRITTEN = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Statement:
    """Something that was executed. `transaction`: which of the listener's transactions it belongs to."""

    text: str
    parameters: Any
    dialect: str
    transaction: int

    @property
    def reads(self) -> bool:
        """Whether it is a question."""
        return self.text.lstrip().upper().startswith(_READ)

    @property
    def writes(self) -> bool:
        """Whether it changes rows."""
        return self.text.lstrip().upper().startswith(_WRITTEN)

    @property
    def tree(self) -> exp.Expr:
        """What it says."""
        return _parsed(self.text, self.dialect)

    @property
    def target(self) -> str:
        """The table that it writes into."""
        return self.tree.find(exp.Table).name  # type: ignore[union-attr]

    @property
    def tables(self) -> set[str]:
        """The tables of the ledger that it speaks of."""
        return set(_named(self.text, self.dialect))

    @property
    def is_recursive(self) -> bool:
        """Whether any part of it asks itself again."""
        return any(found.args.get("recursive") for found in self.tree.find_all(exp.With))

    def correlations(self) -> Iterator[tuple[set[str], set[str]]]:
        """For each subquery that speaks of a table outside itself: the tables it reads, and those it depends on."""
        query = self.tree.find(exp.Select, exp.SetOperation)
        while query is not None and isinstance(query.parent, exp.SetOperation):
            query = query.parent
        for scope in traverse_scope(query) if query is not None else ():
            outer = {
                name
                for column in scope.external_columns
                for name in _tables_of(_source(scope.parent, column.table))
                if scope.is_subquery
            }
            if outer:
                yield _tables_of(scope), outer


@cache
def _parsed(text: str, dialect: str) -> exp.Expr:
    return sqlglot.parse_one(text, dialect={"postgresql": "postgres"}.get(dialect, dialect))


@cache
def _named(text: str, dialect: str) -> frozenset[str]:
    return frozenset(table.name for table in _parsed(text, dialect).find_all(exp.Table)) & PLACEMENTS.keys()


def _source(scope: Scope | None, alias: str) -> Any:
    """What a name outside a subquery stands for."""
    while scope is not None:
        if alias in scope.selected_sources:
            return scope.selected_sources[alias][1]
        scope = scope.parent
    return None


def _tables_of(source: Any) -> set[str]:
    """The tables that a source is made of, whatever lies between."""
    if isinstance(source, Scope):
        named = [found for _, found in source.selected_sources.values()]
        return set().union(*map(_tables_of, (*named, *source.subquery_scopes, *source.set_operation_scopes)))
    return {source.name} if isinstance(source, exp.Table) else set()


@dataclass
class Listener:
    """Everything executed while it listened."""

    heard: list[Statement] = field(default_factory=list)
    transactions: int = 0

    @property
    def questions(self) -> list[Statement]:
        """What reads a table of the ledger."""
        return [one for one in self.heard if one.reads and one.tables]

    def by_transaction(self) -> list[list[Statement]]:
        """The statements of each transaction, in order."""
        found: dict[int, list[Statement]] = {}
        for one in self.heard:
            found.setdefault(one.transaction, []).append(one)
        return list(found.values())


@contextmanager
def listening() -> Iterator[Listener]:
    """Hear every statement of every ledger in this process."""
    listener = Listener()

    def begins(_connection: Any) -> None:
        listener.transactions += 1

    def hears(connection: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _many: bool) -> None:
        listener.heard.append(Statement(text, parameters, connection.dialect.name, listener.transactions))

    event.listen(Engine, "begin", begins)
    event.listen(Engine, "before_cursor_execute", hears)
    try:
        yield listener
    finally:
        event.remove(Engine, "begin", begins)
        event.remove(Engine, "before_cursor_execute", hears)
