"""Rights of a database role in a PostgreSQL ledger: what is granted, and whether more is left than was meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, text

from releasewatch.storage.migrate import VERSION_TABLE
from releasewatch.storage.tables import metadata

if TYPE_CHECKING:
    from releasewatch.domain.grants import Role

_VERBS = {"read": ("SELECT",), "add": ("INSERT", "DELETE"), "write": ("SELECT", "INSERT", "UPDATE", "DELETE")}


def statements(connection: Connection, role: Role, name: str) -> list[str]:
    """What gives the database role `name` these rights and no other, as SQL; the same at every time."""
    quote = connection.dialect.identifier_preparer.quote
    who = quote(name)
    schema = quote(_schema(connection))
    tables = [metadata.tables[key] for key in sorted(metadata.tables)]
    every = ", ".join(f"{schema}.{quote(one)}" for one in [*(table.name for table in tables), VERSION_TABLE])
    return [
        f"REVOKE ALL ON {every} FROM {who}",
        f"GRANT USAGE ON SCHEMA {schema} TO {who}",
        f"GRANT SELECT ON {schema}.{quote(VERSION_TABLE)} TO {who}",
        *_granted(connection, role, tables, schema, who),
    ]


def read_columns(role: Role, table: Table[Any]) -> list[str]:
    """The columns of a table that a role reads; of what it may only add, the key by which it is taken away again."""
    right = role.rights.get(table.info["holds"])
    if right is None:
        return []
    if right == "add":
        return [column.name for column in table.primary_key.columns]
    return [column.name for column in table.columns if role.words or column.name not in table.info["words"]]


def _granted(connection: Connection, role: Role, tables: list[Table[Any]], schema: str, who: str) -> Iterator[str]:
    quote = connection.dialect.identifier_preparer.quote
    whole: dict[tuple[str, ...], list[str]] = {}
    numbers: list[str] = []
    for table in tables:
        right = role.rights.get(table.info["holds"])
        if right is None:
            continue
        verbs = _VERBS[right]
        columns = read_columns(role, table)
        if columns and len(columns) < len(table.columns):
            verbs = tuple(verb for verb in verbs if verb != "SELECT")
            listed = ", ".join(map(quote, columns))
            yield f"GRANT SELECT ({listed}) ON {schema}.{quote(table.name)} TO {who}"
        if verbs:
            whole.setdefault(verbs, []).append(f"{schema}.{quote(table.name)}")
        if "INSERT" in verbs:
            numbers += _sequences(connection, table)
    if numbers:
        yield f"GRANT USAGE ON SEQUENCE {', '.join(numbers)} TO {who}"
    for verbs, names in whole.items():
        yield f"GRANT {', '.join(verbs)} ON {', '.join(names)} TO {who}"


def _sequences(connection: Connection, table: Table[Any]) -> list[str]:
    """The sequences that number the rows of a table, quoted and with their schema."""
    quoted = connection.dialect.identifier_preparer.quote(table.name)
    asked = text("SELECT pg_get_serial_sequence(:table, :column)")
    named = (connection.execute(asked, {"table": quoted, "column": c.name}).scalar() for c in table.primary_key.columns)
    return [str(one) for one in named if one is not None]


def _schema(connection: Connection) -> str:
    """The schema that holds the ledger."""
    found = (
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(:t)"
    )
    return str(connection.execute(text(found), {"t": VERSION_TABLE}).scalar_one())


def knows(connection: Connection, name: str) -> bool:
    """Whether the server has a role of this name."""
    return connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}).first() is not None


def is_unbound(connection: Connection, name: str) -> bool:
    """Whether no grant binds this role: a superuser, or whoever owns a table of the ledger or may act as its owner."""
    owned = """
        SELECT r.rolsuper OR EXISTS (
            SELECT 1 FROM pg_class c WHERE c.relname = ANY(:tables)
            AND c.oid = to_regclass(quote_ident(c.relname)) AND pg_has_role(r.oid, c.relowner, 'MEMBER'))
        FROM pg_roles r WHERE r.rolname = :name"""
    return bool(connection.execute(text(owned), {"name": name, "tables": [VERSION_TABLE, *metadata.tables]}).scalar())


def left_over(connection: Connection, role: Role, name: str) -> list[str]:
    """`table.column` for each that this role may read and should not, through PUBLIC or another role."""
    query = text("""
        SELECT a.attname FROM pg_attribute a
        WHERE a.attrelid = to_regclass(:qualified) AND a.attnum > 0 AND NOT a.attisdropped
        AND has_column_privilege(:name, a.attrelid, a.attnum, 'SELECT') ORDER BY a.attnum""")
    quote = connection.dialect.identifier_preparer.quote
    found: list[str] = []
    for table in (metadata.tables[key] for key in sorted(metadata.tables)):
        meant = read_columns(role, table)
        may = connection.execute(query, {"qualified": quote(table.name), "name": name}).scalars()
        found += [f"{table.name}.{column}" for column in may if column not in meant]
    return found
