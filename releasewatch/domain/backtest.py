"""Past incidents against today's map: who would be on the list, who for nothing, and what would mend the misses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class PastIncident:
    """What is known of an incident that is over. Instants in UTC.

    `customers`: who complained, as written. `head`: the commit that was to blame, or its beginning; empty when nobody
    knows.
    """

    started_at: datetime
    customers: tuple[str, ...]
    ended_at: datetime | None = None
    head: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """Somebody who complained and would not have been on the list. `uses`: full keys of what they used then."""

    customer: str
    because: str
    uses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Replay:
    """One incident through today's map.

    - `deployment`: the one that is taken for the cause, None when none was found.
    - `rank`: its place among those before the incident, the newest first, where the true one is known.
    - `changed`: full keys of what it changed; `unmapped`: changed paths that belong to no component.
    - `listed`: how many customers the list has at each distance.
    - `found`: who of those that complained is on it, and at which distance.
    """

    line: int
    incident: PastIncident
    deployment: str | None = None
    rank: int | None = None
    changed: frozenset[str] = frozenset()
    unmapped: tuple[str, ...] = ()
    listed: Mapping[int, int] = field(default_factory=dict)
    found: Mapping[str, int] = field(default_factory=dict)
    missed: tuple[Missed, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def complained(self) -> int:
        """How many customers complained."""
        return len(self.found) + len(self.missed)


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over all replayed incidents: who complained, who of them was found, and how many were listed at all."""

    complained: int
    found: int
    listed: int

    @property
    def recall(self) -> float | None:
        """The share of those who complained that was on the list; None when nobody complained."""
        return self.found / self.complained if self.complained else None

    @property
    def precision(self) -> float | None:
        """The share of the list that complained; None for an empty list."""
        return self.found / self.listed if self.listed else None


@dataclass(frozen=True, slots=True)
class Mend:
    """One thing that is missing in the map. `component` would `depend_on` another, or own `path`.

    `misses`: how many complaints it would have put on the list. `certain` is never claimed: that they used the
    component does not prove that it was this way.
    """

    component: str
    depends_on: str = ""
    path: str = ""
    misses: int = 0


def score_within(replays: Iterable[Replay], distance: int | None = None) -> Score:
    """The score of lists that end at a distance (None: the whole lists). Incidents without a deployment count as
    missed."""
    complained = found = listed = 0
    for replay in replays:
        complained += replay.complained
        found += sum(1 for one in replay.found.values() if distance is None or one <= distance)
        listed += sum(many for at, many in replay.listed.items() if distance is None or at <= distance)
    return Score(complained, found, listed)


def distances(replays: Iterable[Replay]) -> list[int]:
    """Every distance at which anybody is listed, the nearest first."""
    return sorted({distance for replay in replays for distance in replay.listed})


def suggest_mends(replays: Sequence[Replay], most: int = 10) -> list[Mend]:
    """The missing dependencies and paths that would have mended the most misses, the best first.

    A dependency: from something that a missed customer used to something that had changed. A path: a folder that
    belongs to no component, to something that they used. Each complaint counts once for each thing that would mend it;
    of equal ones that comes first which fits more incidents, then by name.
    """
    found: dict[tuple[str, str, str], set[tuple[int, str]]] = {}
    for replay in replays:
        folders = {folder_of(path) for path in replay.unmapped}
        for missed in replay.missed:
            for component in missed.uses:
                for changed in replay.changed - {component}:
                    found.setdefault((component, changed, ""), set()).add((replay.line, missed.customer))
                for folder in folders:
                    found.setdefault((component, "", folder), set()).add((replay.line, missed.customer))
    ranked = sorted(found.items(), key=lambda one: (-len(one[1]), -len({line for line, _ in one[1]}), one[0]))
    return [Mend(component, needs, path, len(misses)) for (component, needs, path), misses in ranked[:most]]


def folder_of(path: str) -> str:
    """The pattern that would take a path's folder: its first two folders at most."""
    folders = PurePosixPath(path).parts[:-1][:2]
    return f"{'/'.join(folders)}/**" if folders else f"/{path}"
