"""Our people; their names and addresses stand apart."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, ForeignKey, String, Table, TypedColumns

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, key_type


class StaffColumns(TypedColumns):
    """One of our people, as the newest staff file says. `left_on`: the first day on which they are gone."""

    staff = Column(key_type(), primary_key=True)
    team = Column(key_type(), nullable=False)
    languages = Column(JSON, nullable=False)
    timezone = Column(String, nullable=False)
    manager = Column(key_type(), nullable=False)
    away_from = Column(Date, nullable=True)
    away_to = Column(Date, nullable=True)
    left_on = Column(Date, nullable=True)
    recorded_at = Column(Instant, nullable=False)


staff: Table[StaffColumns] = Table("staff", metadata, StaffColumns, info=placed("reference", "staff"))


class StaffPersonColumns(TypedColumns):
    staff = Column(key_type(), ForeignKey("staff.staff"), primary_key=True)
    name = Column(String, nullable=False)
    email = Column(String, nullable=False)


staff_person: Table[StaffPersonColumns] = Table(
    "staff_person", metadata, StaffPersonColumns, info=placed("reference", "people")
)


class StaffLeaveColumns(TypedColumns):
    """That somebody left, said by hand; it counts before the file. `successor`: who keeps their customers, or empty."""

    staff = Column(key_type(), ForeignKey("staff.staff"), primary_key=True)
    recorded_from = Column(Instant, primary_key=True)
    recorded_to = Column(Instant, nullable=False)
    left_on = Column(Date, nullable=False)
    successor = Column(key_type(), nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)


staff_leave: Table[StaffLeaveColumns] = Table(
    "staff_leave", metadata, StaffLeaveColumns, info=placed("reference", "staff", words=("why", "recorded_by"))
)
