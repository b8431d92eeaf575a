"""Who was forgotten, kept as keyed digests, so that the next import does not bring them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from releasewatch.domain.erasure import Suppressions, digest_of_identity
from releasewatch.storage import tables as t
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

    from releasewatch.domain.erasure import Identity

_KEY_NO = 1


def read_suppressions(connection: Connection) -> Suppressions:
    """Everybody who was forgotten and not let in again."""
    c = t.suppression.c
    secret = connection.scalar(select(t.suppression_key.c.secret))
    if secret is None:
        return Suppressions()
    digests = connection.scalars(select(c.digest).where(c.recorded_to == OPEN_END))
    return Suppressions(bytes.fromhex(secret), frozenset(digests))


def suppress(
    connection: Connection,
    erasure_id: UUID,
    identities: Collection[tuple[Identity, str]],
    fresh_secret: bytes,
    said: tuple[str, str, datetime],
) -> int:
    """Keep the digests of what identifies somebody; `said`: why, by whom, and when. Returns how many there are.

    `fresh_secret`: 32 random bytes, which become the ledger's key when it has none.
    """
    secret = connection.scalar(select(t.suppression_key.c.secret))
    if secret is None:
        secret = fresh_secret.hex()
        connection.execute(insert(t.suppression_key).values(key_no=_KEY_NO, secret=secret))
    why, by, at = said
    digests = {digest_of_identity(bytes.fromhex(secret), kind, value): kind for kind, value in identities if value}
    rows = [
        {
            "digest": digest,
            "erasure_id": erasure_id,
            "kind": kind,
            "recorded_from": at,
            "recorded_to": OPEN_END,
            "why": why,
            "recorded_by": by,
            "why_readmitted": "",
            "readmitted_by": "",
        }
        for digest, kind in sorted(digests.items())
    ]
    if rows:
        connection.execute(insert(t.suppression), rows)
    return len(rows)


def readmit(
    connection: Connection, identities: Collection[tuple[Identity, str]], why: str, by: str, at: datetime
) -> int:
    """Let everybody in again whom one of these identifies; returns how many erasures that ends."""
    found = read_suppressions(connection)
    wanted = [digest_of_identity(found.secret, kind, value) for kind, value in identities if found.holds(kind, value)]
    c = t.suppression.c
    erasures = connection.scalars(
        select(c.erasure_id).where(c.digest.in_(wanted), c.recorded_to == OPEN_END).distinct()
    ).all()
    for part in chunks(erasures):
        connection.execute(
            update(t.suppression)
            .where(c.erasure_id.in_(part), c.recorded_to == OPEN_END)
            .values(recorded_to=at, why_readmitted=why, readmitted_by=by)
        )
    return len(erasures)
