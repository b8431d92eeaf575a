"""Our people; their names and addresses stand apart."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, String, Table, TypedColumns

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, key_type


class StaffColumns(TypedColumns):
    staff = Column(key_type(), primary_key=True)
    team = Column(key_type(), nullable=False)
    languages = Column(JSON, nullable=False)
    timezone = Column(String, nullable=False)
    manager = Column(key_type(), nullable=False)
    away_from = Column(Date, nullable=True)
    away_to = Column(Date, nullable=True)
    left_on = Column(Date, nullable=True)
    recorded_at = Column(Instant, nullable=False)


staff: Table[StaffColumns] = Table("staff", metadata, StaffColumns, info=placed("reference"))


class StaffPersonColumns(TypedColumns):
    staff = Column(key_type(), ForeignKey("staff.staff"), primary_key=True)
    name = Column(String, nullable=False)
    email = Column(String, nullable=False)


staff_person: Table[StaffPersonColumns] = Table("staff_person", metadata, StaffPersonColumns, info=placed("reference"))
