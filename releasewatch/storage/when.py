"""The two clocks of a question: what was true at an instant, as it was known at another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, FromClause, and_

from releasewatch.storage.types import OPEN_END


@dataclass(frozen=True, slots=True)
class When:
    """`at`: true at that instant. `known_at`: as recorded by then; None: as recorded now."""

    at: datetime
    known_at: datetime | None = None

    def held(self, table: FromClause) -> ColumnElement[bool]:
        """Rows with both clocks that held then."""
        return and_(table.c.valid_from <= self.at, table.c.valid_to > self.at, self.recorded(table))

    def recorded(self, table: FromClause) -> ColumnElement[bool]:
        """Rows that were recorded then."""
        if self.known_at is None:
            recorded: ColumnElement[bool] = table.c.recorded_to == OPEN_END
            return recorded
        return and_(table.c.recorded_from <= self.known_at, table.c.recorded_to > self.known_at)
