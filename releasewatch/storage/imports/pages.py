"""The pages that a directory's server gave last, by which it can be asked whether anything changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from releasewatch.storage import tables as t

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from releasewatch.domain.customers import Kind
    from releasewatch.storage.imports import staging as s

Page = tuple[str, str, str]
"""Its URL, ETag and Last-Modified; empty where the server gave none."""


def find_pages(connection: Connection, directory: str, kind: Kind, reading: str) -> list[Page]:
    """The pages of the newest import of this kind, in order; empty when it was read another way.

    Also empty when it refused rows: what they lacked may be in the ledger by now, and they are to be told again.
    """
    p, run = t.import_page.c, t.import_run.c
    newest = select(func.max(run.import_id)).where(run.directory == directory, run.kind == kind)
    rows = connection.execute(
        select(p.url, p.etag, p.last_modified)
        .join_from(t.import_page, t.import_run, run.import_id == p.import_id)
        .where(p.directory == directory, p.kind == kind, p.reading == reading, run.rejected == 0)
        .where(p.import_id == newest.scalar_subquery())
        .order_by(p.page)
    )
    return [(row.url, row.etag, row.last_modified) for row in rows]


def store_pages(imp: s.Import, kind: Kind, import_id: int, reading: str, pages: Sequence[Page]) -> None:
    """Keep the pages of an import in the place of those before."""
    p = t.import_page.c
    imp.connection.execute(delete(t.import_page).where(p.directory == imp.directory, p.kind == kind))
    rows = [
        {
            "directory": imp.directory,
            "kind": kind,
            "page": number,
            "import_id": import_id,
            "url": url,
            "etag": etag,
            "last_modified": last_modified,
            "reading": reading,
            "confirmed_at": imp.at,
        }
        for number, (url, etag, last_modified) in enumerate(pages, 1)
    ]
    if rows:
        imp.connection.execute(insert(t.import_page), rows)


def confirm_pages(connection: Connection, directory: str, at: datetime) -> None:
    """Note that the server said of all of a directory that it is as it was."""
    connection.execute(update(t.import_page).where(t.import_page.c.directory == directory).values(confirmed_at=at))
