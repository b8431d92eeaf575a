"""Small tools for statements that run on both databases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    CTE,
    BindParameter,
    Connection,
    Float,
    Integer,
    Select,
    bindparam,
    cast,
    column,
    false,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from releasewatch.storage import tables as t


def path_digest(path: str) -> str:
    """What a path (as stored) is found by: as long for every path."""
    return hashlib.blake2b(path.encode(), digest_size=16).hexdigest()


def chunks(items: Sequence[Any], size: int = 400) -> Iterable[Sequence[Any]]:
    """Parts that fit into one statement's variables on either database."""
    return (items[start : start + size] for start in range(0, len(items), size))


def next_number(connection: Connection, name: str, many: int = 1) -> int:
    """Take `many` numbers from a counter and return the first. Numbers of one counter are given in order."""
    taken = connection.scalar(
        update(t.counter)
        .where(t.counter.c.name == name)
        .values(value=t.counter.c.value + many)
        .returning(t.counter.c.value)
    )
    if taken is None:
        connection.execute(insert(t.counter).values(name=name, value=many))
        return 1
    return int(taken) - many + 1


def sort_in_memory(connection: Connection) -> None:
    """Let a report sort some hundred thousand rows without the disk, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT set_config('work_mem', '64MB', true)"))


@contextmanager
def one_by_one(connection: Connection) -> Iterator[None]:
    """Have PostgreSQL look rows up one by one, by an index, where it would rather read the whole of both tables.

    It takes the reading of a row in order to cost a quarter of one that is looked up, which is right for disks that
    turn. For the question whether somebody has any row at all, of many, it would read and keep all of them.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    names = ("enable_hashjoin", "enable_mergejoin")
    before = [connection.scalar(select(func.current_setting(name))) for name in names]
    _set_until_the_end(connection, dict.fromkeys(names, "off"))
    yield
    _set_until_the_end(connection, dict(zip(names, before, strict=True)))


def _set_until_the_end(connection: Connection, values: Mapping[str, Any]) -> None:
    connection.execute(select(*(func.set_config(name, value, True) for name, value in values.items())))


@contextmanager
def prepared(
    connection: Connection, statement: Select[Any], kinds: Iterable[Any]
) -> Iterator[Callable[[Sequence[Any]], Sequence[Any]]]:
    """A statement with `$1`, `$2` … of these types, which PostgreSQL plans once, whatever values it is asked with.

    Under a name that nobody else has, and let go in the end: behind pgbouncer others use the same connection later.
    """
    from psycopg import sql

    raw: Any = connection.connection.driver_connection
    dialect = connection.dialect
    name = f"releasewatch_{uuid4().hex}"
    named = ", ".join(kind.dialect_impl(dialect).compile(dialect) for kind in kinds)
    words = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    before = connection.scalar(select(func.current_setting("plan_cache_mode")))
    connection.exec_driver_sql(f"PREPARE {name} ({named}) AS {words}")
    _set_until_the_end(connection, {"plan_cache_mode": "force_generic_plan"})

    def ask(values: Sequence[Any]) -> Sequence[Any]:
        shown = sql.SQL(", ").join(sql.Literal(value) for value in values).as_string(raw)
        return connection.exec_driver_sql(f"EXECUTE {name} ({shown})".replace("%", "%%")).all()

    try:
        yield ask
    finally:
        with suppress(DBAPIError):  # of a transaction that has failed
            connection.exec_driver_sql(f"DEALLOCATE {name}")
            _set_until_the_end(connection, {"plan_cache_mode": before})


def written_out(numbers: Sequence[int]) -> BindParameter[Any]:
    """Numbers to be looked for with `in_`, however many: written out, since each variable costs far more."""
    return bindparam(None, list(numbers), type_=Integer(), expanding=True, literal_execute=True)


def number_table(name: str, columns: Sequence[tuple[str, Any]], rows: Sequence[Sequence[float | None]]) -> CTE:
    """Rows of numbers as a table within a statement, however many: written out, since each variable costs far more."""
    named = [column(of, kind) for of, kind in columns]
    shown = ", ".join(f"({', '.join(map(_number, row))})" for row in rows) or f"({', '.join('NULL' for _ in columns)})"
    given = text(f"SELECT * FROM (VALUES {shown}) AS given").columns(  # noqa: S608 - numbers alone
        *(column(f"column{number}", kind) for number, (_, kind) in enumerate(columns, 1))
    )
    raw = given.cte(f"{name}_given")
    # A column in which nothing is said would be text on PostgreSQL.
    found = select(*(cast(one, of.type).label(of.name) for one, of in zip(raw.c, named, strict=True)))
    return (found if rows else found.where(false())).cte(name)


def _number(value: float | None) -> str:
    return "NULL" if value is None else repr(value).lower()


@contextmanager
def all_or_nothing(connection: Connection) -> Iterator[None]:
    """A part of a transaction: where an exception leaves the block, nothing of the part is kept, and the rest is."""
    with connection.begin_nested():
        yield


def insert_row(connection: Connection, table: Any, **values: Any) -> int:
    """Insert one row and return the number that the database gave it."""
    key = next(iter(table.primary_key.columns))
    return int(connection.execute(insert(table).values(**values).returning(key)).scalar_one())


def digest_of(content: Any) -> str:
    """A short digest of plain data, by which the same content is found again."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=list).encode()).hexdigest()[:32]


class SecondsBetween(FunctionElement[float]):
    """The seconds from one instant to a later one, as a number."""

    type = Float()
    inherit_cache = True


@compiles(SecondsBetween, "postgresql")
def _seconds_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    # A double sorts in a fraction of the time that the server's exact numbers take.
    return f"CAST(EXTRACT(EPOCH FROM ({end}) - ({start})) AS DOUBLE PRECISION)"


@compiles(SecondsBetween, "sqlite")
def _seconds_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    # Days as a float are good to some hundred microseconds: what is finer is noise.
    return f"ROUND((julianday({end}) - julianday({start})) * 86400.0, 3)"


class OctetLength(FunctionElement[int]):
    """How many bytes a text has, where its letters may be fewer."""

    type = Integer()
    inherit_cache = True


@compiles(OctetLength, "postgresql")
def _octets_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"octet_length({compiler.process(element.clauses, **options)})"


@compiles(OctetLength, "sqlite")
def _octets_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"length(CAST({compiler.process(element.clauses, **options)} AS BLOB))"
