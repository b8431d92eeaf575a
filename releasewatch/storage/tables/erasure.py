"""Who was forgotten, as keyed digests alone: enough to know them when an import would bring them back."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, TypedColumns

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, Uuid16, key_type


class SuppressionKeyColumns(TypedColumns):
    """The random key of all digests (32 bytes, in hex), made with the first of them: they say nothing without it."""

    key_no = Column(Integer, primary_key=True, autoincrement=False)
    secret = Column(String, nullable=False)


suppression_key: Table[SuppressionKeyColumns] = Table(
    "suppression_key", metadata, SuppressionKeyColumns, info=placed("reference", "forgotten")
)


class SuppressionColumns(TypedColumns):
    """One way in which somebody who was forgotten would be known again; those of one erasure share `erasure_id`.

    `kind`: what the digest is of (`domain.erasure`). `recorded_to`: when somebody let them in again.
    """

    digest = Column(key_type(), primary_key=True)
    erasure_id = Column(Uuid16, primary_key=True)
    kind = Column(key_type(), nullable=False)
    recorded_from = Column(Instant, nullable=False)
    recorded_to = Column(Instant, nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    why_readmitted = Column(String, nullable=False)
    readmitted_by = Column(String, nullable=False)


suppression: Table[SuppressionColumns] = Table(
    "suppression",
    metadata,
    SuppressionColumns,
    info=placed("reference", "forgotten", words=("why", "recorded_by", "why_readmitted", "readmitted_by")),
)
