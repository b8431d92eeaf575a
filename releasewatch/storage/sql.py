"""Small tools for statements that run on both databases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Float,
    Integer,
    LargeBinary,
    Select,
    String,
    TypeDecorator,
    Uuid,
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
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from releasewatch.storage import tables as t
from releasewatch.storage.types import Uuid16


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
    """Let a statement sort some hundred thousand rows without the disk, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        _set_until_the_end(connection, {"work_mem": "64MB"})


def report_in_memory(connection: Connection) -> None:
    """The same, and what is few is looked up by an index: PostgreSQL takes that for four times as dear as to read in
    order, which is right for disks that turn, and reads whole tables instead."""
    sort_in_memory(connection)
    if connection.dialect.name == "postgresql":
        _set_until_the_end(connection, {"random_page_cost": "1.1"})


@contextmanager
def one_by_one(connection: Connection) -> Iterator[None]:
    """Have PostgreSQL look rows up one by one, by an index, where it would rather read the whole of both tables.

    It takes the reading of a row in order to cost a quarter of one that is looked up, which is right for disks that
    turn. For the question whether somebody has any row at all, of many, it would read and keep all of them.
    """
    with _without(connection, "enable_hashjoin", "enable_mergejoin"):
        yield


@contextmanager
def side_by_side(connection: Connection) -> Iterator[None]:
    """The other way round: have PostgreSQL read tables beside each other where it takes many rows for few.

    Each column by which rows are joined makes them fewer to it, though one follows from another.
    """
    with _without(connection, "enable_nestloop"):
        yield


@contextmanager
def _without(connection: Connection, *names: str) -> Iterator[None]:
    """Have PostgreSQL plan without some of its ways."""
    if connection.dialect.name != "postgresql":
        yield
        return
    before = [connection.scalar(select(func.current_setting(name))) for name in names]
    _set_until_the_end(connection, dict.fromkeys(names, "off"))
    yield
    _set_until_the_end(connection, dict(zip(names, before, strict=True)))


def _set_until_the_end(connection: Connection, values: Mapping[str, Any]) -> None:
    connection.execute(select(*(func.set_config(name, value, True) for name, value in values.items())))


def for_each(
    connection: Connection,
    statement: Select[Any],
    kinds: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    key: str,
) -> CursorResult[Any]:
    """The answers of a statement for each of some rows, on PostgreSQL; `key`: the column that tells whose each is.

    In the statement the columns are `asked.NAME`, of these types. The server plans it once, whatever they are.
    """
    dialect = connection.dialect
    named = {name: kind.dialect_impl(dialect).compile(dialect) for name, kind in kinds.items()}
    lists = {name for name, kind in named.items() if kind.endswith("[]")}
    inner = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    # A column is one variable. Of lists it cannot be: they are text, and read once, before anything is asked.
    given = ", ".join(f"%({name})s::{'TEXT' if name in lists else kind}[]" for name, kind in named.items())
    read = ", ".join(f"{name}::{kind} AS {name}" for name, kind in named.items())
    asked = f"(SELECT {read} FROM unnest({given}) AS given ({', '.join(named)}) OFFSET 0) AS asked"  # noqa: S608
    words = f"SELECT asked.{key}, found.* FROM {asked} CROSS JOIN LATERAL ({inner}) AS found"  # noqa: S608 - no values
    values = {
        name: [f"{{{','.join(map(str, row[name]))}}}" if name in lists else row[name] for row in rows] for name in named
    }
    return connection.exec_driver_sql(words, values)


def written_out(numbers: Sequence[int]) -> BindParameter[Any]:
    """Numbers to be looked for with `in_`, however many: written out, since each variable costs far more."""
    return bindparam(None, list(numbers), type_=Integer(), expanding=True, literal_execute=True)


def words_written_out(words: Sequence[str]) -> BindParameter[Any]:
    """The same for words of our own: what others typed is never written into a statement."""
    return bindparam(None, list(words), type_=String(), expanding=True, literal_execute=True)


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
    # EXTRACT would give an exact number, slowly. A double is that number once it is rounded to microseconds.
    return f"ROUND(DATE_PART('epoch', ({end}) - ({start})) * 1000000) / 1000000"


@compiles(SecondsBetween, "sqlite")
def _seconds_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    # Days as a float are good to some hundred microseconds: what is finer is noise.
    return f"ROUND((julianday({end}) - julianday({start})) * 86400.0, 3)"


class MicrosecondsBetween(FunctionElement[int]):
    """The same in whole microseconds, on PostgreSQL alone: it sorts them twice as fast as numbers with a fraction."""

    type = BigInteger()
    inherit_cache = True


@compiles(MicrosecondsBetween, "postgresql")
def _microseconds_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(DATE_PART('epoch', ({end}) - ({start})) * 1000000 AS BIGINT)"


class Ids(TypeDecorator[Collection[UUID]]):
    """Many ids as one value: an array on PostgreSQL, the bytes of one after the other on SQLite."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(Uuid()) if dialect.name == "postgresql" else LargeBinary())

    def process_bind_param(self, value: Collection[UUID] | None, dialect: Dialect) -> Any:
        many = list(value or ())
        return many if dialect.name == "postgresql" else b"".join(one.bytes for one in many)


class _Given(FunctionElement[Any]):
    """Ids as rows, in brackets. They are one variable: of thousands each by itself costs more than to find it."""

    inherit_cache = True


@compiles(_Given, "postgresql")
def _given_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    ids = compiler.process(element.clauses, **options)  # written out, they are text
    return f"(SELECT unnest(CAST({ids} AS UUID[])) AS id)"


@compiles(_Given, "sqlite")
def _given_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    ids = compiler.process(element.clauses, **options)
    # Without recursion: each element of a list that is as long as there are ids.
    each = f"'[' || substr(replace(hex(zeroblob(length({ids}) / 16)), '00', ',0'), 2) || ']'"
    return f"(SELECT substr({ids}, 16 * key + 1, 16) AS id FROM json_each({each}))"  # noqa: S608 - variables alone


def given_ids(ids: Sequence[UUID] | ColumnElement[Any]) -> Select[UUID]:
    """Many ids of customers as rows, `customer_id`; or those of an expression of the type `Ids`."""
    many = ids if isinstance(ids, ColumnElement) else bindparam(None, ids, type_=Ids(), unique=True)
    given = _Given(many).table_valued(column("id", Uuid16))
    return select(given.c.id.label("customer_id"))


class _GivenNumbers(FunctionElement[Any]):
    """Numbers as rows, in brackets."""

    inherit_cache = True


@compiles(_GivenNumbers, "postgresql")
def _numbers_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    numbers = compiler.process(element.clauses, **options)
    return f"(SELECT unnest(CAST(TRANSLATE({numbers}, '[]', '{{}}') AS BIGINT[])) AS number)"


@compiles(_GivenNumbers, "sqlite")
def _numbers_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"(SELECT value AS number FROM json_each({compiler.process(element.clauses, **options)}))"  # noqa: S608 - a variable


def given_numbers(numbers: Collection[int]) -> Select[int]:
    """Many numbers as rows, `number`, to be looked for with `in_`. They are one variable, as `given_ids` are."""
    given = _GivenNumbers(bindparam(None, json.dumps(sorted(numbers)), type_=String(), unique=True))
    return select(given.table_valued(column("number", BigInteger)).c.number)


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


class Position(FunctionElement[int]):
    """Where in a text another one begins, from 1; 0 where it is not there."""

    type = Integer()
    inherit_cache = True


@compiles(Position, "postgresql")
def _position_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


@compiles(Position, "sqlite")
def _position_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"
