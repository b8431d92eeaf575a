"""Column types that hold the same value on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, String, Uuid
from sqlalchemy.types import TypeDecorator, TypeEngine

OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of an interval that has not ended. Never NULL, so that one comparison serves every row."""

OPEN_START = datetime(1970, 1, 1, tzinfo=UTC)
"""The start of what has been so for as long as anybody knows."""

LATEST = OPEN_END - timedelta(microseconds=1)
"""An instant after everything that was recorded: what is known now, by whichever clock it was recorded."""


_REMEMBERED = 1000
"""How many instants of an answer are remembered, so that memory does not grow with it."""


_WITHOUT_ZONE = len("1970-01-01 00:00:00.000000")


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"an instant must know its zone: {value!r}")
    return value.astimezone(UTC)


class Instant(TypeDecorator[datetime]):
    """An instant in UTC: `timestamptz` on PostgreSQL, fixed-width text that sorts on SQLite. Refuses naive times."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = _in_utc(value)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def bind_processor(self, dialect: Dialect) -> Any:
        """SQLite's text in one step: a deployment of ten thousand commits holds twice as many instants."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)

        def process(value: datetime | None) -> str | None:
            if value is None:
                return None
            if value.tzinfo is not UTC:
                value = _in_utc(value)
            return value.isoformat(" ", "microseconds")[:_WITHOUT_ZONE]

        return process

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Each instant of an answer is read from SQLite's text once: windows and open ends are alike in most rows."""
        read = super().result_processor(dialect, coltype)
        if read is None or dialect.name != "sqlite":
            return read
        seen: dict[str, datetime | None] = {}

        def process(value: str | None) -> datetime | None:
            if value is None:
                return None
            found = seen.get(value)
            if found is None:
                found = read(value)
                if len(seen) < _REMEMBERED:
                    seen[value] = found
            return found

        return process


class Uuid16(TypeDecorator[UUID]):
    """A UUID in 16 bytes on both databases (SQLAlchemy's own type takes 32 characters on SQLite)."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Uuid() if dialect.name == "postgresql" else LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        if value is None or isinstance(value, UUID):
            return value
        return UUID(bytes=value)


def key_type() -> String:
    """Text that identifies: ordered by bytes on both databases (`COLLATE "C"`), so that lists come out alike."""
    return String().with_variant(String(collation="C"), "postgresql")


def id_type() -> Any:
    """A number given by the database: 64 bits on PostgreSQL, SQLite's own row number there."""
    return BigInteger().with_variant(Integer(), "sqlite")
