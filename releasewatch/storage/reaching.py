"""Which changes lie behind a way in which a customer is reached: those of the baselines of their own cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.domain.deployments import REST
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_ways import ExposureQuestion, in_view, known_windows
from releasewatch.storage.sql import chunks


@dataclass(frozen=True, slots=True)
class Behind:
    """What is behind a way: a component is reached from a changed one, against one baseline."""

    component_id: int
    touched_id: int
    baseline_no: int
    distance: int
    origin_no: int


@dataclass(frozen=True, slots=True)
class _Window:
    region: str
    ring: str
    live_from: datetime
    carrying_until: datetime


class Reaching:
    """The origins behind rows of an exposure, for one question: a few statements, however many rows are asked about.

    Cells may be told as one although they were compared with different baselines: where their windows are alike, a row
    stands for all places of an axis (`any_region`), and the customer's own place decides.
    """

    def __init__(self, connection: Connection, q: ExposureQuestion) -> None:
        seen = in_view(q)
        windows = known_windows(q, seen)
        self._windows: dict[int, list[_Window]] = {}
        for row in connection.execute(select(windows)):
            self._windows.setdefault(row.origin_no, []).append(
                _Window(row.region, row.ring, row.live_from, row.carrying_until)
            )
        r, o, w = t.reach.c, t.origin.c, t.window.c
        self._behind: dict[int, list[Behind]] = {}
        for row in connection.execute(
            select(r.component_id, o.touched_id, o.baseline_no, r.distance, r.origin_no)
            .join_from(t.reach, t.origin, and_(o.deployment_id == r.deployment_id, o.origin_no == r.origin_no))
            .where(r.deployment_id == q.deployment_id)
            .order_by(r.distance, r.origin_no)
        ):
            self._behind.setdefault(row.component_id, []).append(Behind(*row))
        places = connection.execute(select(w.region, w.ring).where(w.deployment_id == q.deployment_id).distinct()).all()
        self._named = {place.region for place in places}, {place.ring for place in places}
        self._known: dict[tuple[Any, ...], frozenset[Behind]] = {}

    def of(self, rows: Iterable[Any]) -> frozenset[Behind]:
        """What is behind some rows of `detail_statement`."""
        found = [self._of_one(row) for row in rows if row.component_id is not None]
        return found[0] if len(found) == 1 else frozenset().union(*found)

    def place_of(self, row: Any) -> tuple[str | None, str | None]:
        """Region and ring of the windows that a row is about; None where it is about all of them."""
        regions, rings = self._named
        return (
            _axis(row.entitled_region, regions) if row.any_region else row.region,
            _axis(row.entitled_ring, rings) if row.any_ring else row.ring,
        )

    def _of_one(self, row: Any) -> frozenset[Behind]:
        # Who runs a copy of their own carries a change for as long as their version holds it, whatever became of ours.
        times = (row.live_from, row.carrying_until) if row.version == ANY else None
        key = (row.component_id, *self.place_of(row), times)
        if key not in self._known:
            self._known[key] = frozenset(
                one
                for one in self._behind.get(row.component_id, ())
                if any(_meets(window, key[1], key[2], times) for window in self._windows.get(one.origin_no, ()))
            )
        return self._known[key]


def reached_components(connection: Connection, deployment_ids: Iterable[int]) -> set[int]:
    """The components that some deployments reach, anywhere."""
    r = t.reach.c
    found: set[int] = set()
    for part in chunks(sorted(set(deployment_ids))):
        found.update(connection.scalars(select(r.component_id).where(r.deployment_id.in_(part)).distinct()))
    return found


def _axis(entitled: str, named: set[str]) -> str | None:
    if entitled in (ANY, UNKNOWN):
        return None
    return entitled if entitled in named else REST


def _meets(window: _Window, region: str | None, ring: str | None, times: tuple[datetime, datetime] | None) -> bool:
    """Whether a window is one of a place, and open at some instant between two."""
    if (region is not None and window.region != region) or (ring is not None and window.ring != ring):
        return False
    return times is None or (window.live_from < times[1] and window.carrying_until > times[0])
