"""The ledger's own housekeeping: counters, settings with their versions, imports and what they rejected, pruning."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, String, Table, TypedColumns

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, id_type, key_type


class CounterColumns(TypedColumns):
    name = Column(key_type(), primary_key=True)
    value = Column(id_type(), nullable=False)


counter: Table[CounterColumns] = Table("counter", metadata, CounterColumns, info=placed("reference", "numbers"))


class SettingsColumns(TypedColumns):
    """A version of the organisation's settings, as it was written; the newest is in force."""

    version = Column(id_type(), primary_key=True, autoincrement=False)
    document = Column(JSON, nullable=False)
    recorded_at = Column(Instant, nullable=False)
    recorded_by = Column(String, nullable=False)
    why = Column(String, nullable=False, server_default="")


settings: Table[SettingsColumns] = Table(
    "settings", metadata, SettingsColumns, info=placed("reference", "settings", words=("recorded_by",))
)


class ImportRunColumns(TypedColumns):
    """One import of one file. `digest`: of the file's bytes, how it was read (map, mode), and what it stands on.

    `outcome`: its counts, and the names of columns, components and versions that it had something to say about.
    """

    import_id = Column(id_type(), primary_key=True)
    directory = Column(key_type(), nullable=False)
    kind = Column(key_type(), nullable=False)
    digest = Column(key_type(), nullable=False)
    mode = Column(key_type(), nullable=False)
    recorded_at = Column(Instant, nullable=False)
    read = Column(Integer, nullable=False)
    added = Column(Integer, nullable=False)
    changed = Column(Integer, nullable=False)
    ended = Column(Integer, nullable=False)
    rejected = Column(Integer, nullable=False)
    outcome = Column(JSON(none_as_null=True), nullable=True)


import_run: Table[ImportRunColumns] = Table(
    "import_run", metadata, ImportRunColumns, info=placed("reference", "imports")
)


class ImportRejectionColumns(TypedColumns):
    """A row that was refused: where it stood and why, never what it held."""

    import_id = Column(id_type(), primary_key=True)
    line = Column(Integer, primary_key=True)
    column = Column(key_type(), primary_key=True)
    reason = Column(String, nullable=False)


import_rejection: Table[ImportRejectionColumns] = Table(
    "import_rejection", metadata, ImportRejectionColumns, info=placed("reference", "imports")
)


class ImportPageColumns(TypedColumns):
    """A page of what a server gave, with what it needs to say whether the page changed since that import.

    `reading` is a digest of how the rows were read; `confirmed_at` when the server last said that nothing changed.
    """

    directory = Column(key_type(), primary_key=True)
    kind = Column(key_type(), primary_key=True)
    page = Column(Integer, primary_key=True, autoincrement=False)
    import_id = Column(id_type(), nullable=False)
    url = Column(String, nullable=False)
    etag = Column(String, nullable=False)
    last_modified = Column(String, nullable=False)
    reading = Column(key_type(), nullable=False)
    confirmed_at = Column(Instant, nullable=False)


import_page: Table[ImportPageColumns] = Table(
    "import_page", metadata, ImportPageColumns, info=placed("reference", "imports")
)


class PruningColumns(TypedColumns):
    """That what was superseded before an instant was taken out. The latest `before` says what cannot be asked."""

    before = Column(Instant, primary_key=True)
    recorded_at = Column(Instant, nullable=False)
    recorded_by = Column(String, nullable=False)


pruning: Table[PruningColumns] = Table(
    "pruning", metadata, PruningColumns, info=placed("reference", "settings", words=("recorded_by",))
)
