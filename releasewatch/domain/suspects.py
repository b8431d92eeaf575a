"""The published score of a suspect: how likely a deployment began an impact, as reasons whose points are added."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING

from releasewatch.domain.defaults import MOST_SUSPECT
from releasewatch.domain.suspect_signs import Sign
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from releasewatch.domain.deployments import Place

FULL_SIZE = 300
"""From so many changed paths on, a deployment's size has all of its points."""


@dataclass(frozen=True, slots=True)
class SuspectWeights:
    """`[suspects]`: the most points that each reason can have; in all at most 100, so that a score is 0 to 100.

    | reason | points |
    | --- | --- |
    | component | `component` by how much of the impact it reaches: 1 for a component that it changed, half of that for
      each hop to one that depends on it, and for one that was deployed when not all that changed is known; averaged
      over the components of the impact |
    | focus | `focus` by the share of what it changed that is in the impact |
    | newest | `newest` by the share of the impact's components that nothing changed between it and the start, in one
      of the regions and rings |
    | time | `time` from going live to the start: all at once, half after `half_hours`, a third after twice that, … |
    | place | `place` by the share of the impact's regions and of its rings that it went to |
    | carried | `carried`, when what it brought was still there as the impact began |
    | size | `size` by the logarithm of the paths that it changed: all from 300 on |
    | migration, dependency, config | each, when a path or a subject shows one; `config` too for a change without git |
    | taken_back | `taken_back`, when it was rolled back or reverted after the start; half when the impact had ended |

    `plausible`: from so many percent of the points that the question allows a suspect is plausible.
    """

    component: int = 30
    focus: int = 20
    newest: int = 8
    time: int = 15
    place: int = 9
    carried: int = 3
    size: int = 3
    migration: int = 3
    dependency: int = 2
    config: int = 1
    taken_back: int = 6
    half_hours: int = 12
    plausible: int = 35


@dataclass(frozen=True, slots=True)
class Impact:
    """What is to be explained: where, and from when to when. `components` by full key; empty: not known."""

    began_at: datetime
    ended_at: datetime | None = None
    components: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    rings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reached:
    """How near a deployment comes to a component: 0 changed it, and else via what."""

    distance: int
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A deployment as the score sees it. `reached` holds components of the impact only.

    `unknown`: those that it deployed, when not all of what it changed is known. `touched`: how many components it
    changed in all. `carried`: whether what it brought was still there at the start of the impact; None where that is
    not known. `shown`: the signs of what is known to break, each with a path, or empty where a subject
    shows it.
    """

    number: int
    repo: str
    environment: str
    kind: str
    live_at: datetime
    head: str | None = None
    finished_at: datetime | None = None
    succeeded: bool = True
    reached: Mapping[str, Reached] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    touched: int = 0
    places: tuple[Place, ...] = ()
    carried: bool | None = None
    taken_back_at: datetime | None = None
    taken_back_by: int | None = None
    paths: int = 0
    shown: Mapping[Sign, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"D-{self.number}"


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score, and why in a sentence."""

    kind: str
    points: int
    text: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """A candidate with its reasons, the weightiest first."""

    candidate: Candidate
    reasons: tuple[Reason, ...]
    plausible: bool

    @property
    def score(self) -> int:
        return sum(reason.points for reason in self.reasons)


def rank_suspects(impact: Impact, candidates: Iterable[Candidate], weights: SuspectWeights) -> list[Suspect]:
    """Everything that went live by the start of an impact, the most suspect first; of equals the newest.

    What went live after the start cannot have caused it, and is no suspect.
    """
    before = [one for one in candidates if one.live_at <= impact.began_at]
    newest = _newest(impact, before)
    least = weights.plausible * attainable(impact, weights)
    found = []
    for one in before:
        reasons = tuple(sorted(_reasons(impact, one, newest, weights), key=lambda reason: -reason.points))
        found.append(Suspect(one, reasons, 100 * sum(reason.points for reason in reasons) >= least))
    return sorted(found, key=suspicion)


def suspicion(suspect: Suspect) -> tuple[int, float, int]:
    """What suspects are ordered by: the score, and of equals the newest first."""
    return -suspect.score, -suspect.candidate.live_at.timestamp(), -suspect.candidate.number


def rank_latest(impact: Impact, candidates: Iterable[Candidate]) -> list[Suspect]:
    """The rule of the clock alone, as DevLake has it: the last deployment that had succeeded by then is to blame."""

    def done_at(one: Candidate) -> datetime:
        return one.finished_at or one.live_at

    before = [one for one in candidates if one.succeeded and done_at(one) <= impact.began_at]
    before.sort(key=lambda one: (done_at(one), one.number), reverse=True)
    return [
        Suspect(
            one,
            (Reason("latest", MOST_SUSPECT, f"the last deployment before the impact, {_ago(impact, done_at(one))}"),)
            if place == 0
            else (Reason("latest", 0, f"not the last deployment before the impact: {place} newer"),),
            plausible=place == 0,
        )
        for place, one in enumerate(before)
    ]


def attainable(impact: Impact, weights: SuspectWeights) -> int:
    """The most points that the question allows: what it does not name cannot be found in a deployment."""
    w = weights
    most = w.time + w.carried + w.size + w.migration + w.dependency + w.config + w.taken_back
    if impact.components:
        most += w.component + w.focus + w.newest
    return most + (w.place if impact.regions or impact.rings else 0)


def most_elsewhere(impact: Impact, live_at: datetime, weights: SuspectWeights) -> int:
    """The most points that a deployment of that instant can have which reaches none of the components, or, where none
    are known, was not taken back after the start."""
    w = weights
    most = w.size + w.migration + w.dependency + w.config + (0 if impact.components else w.carried)
    most += w.place if impact.regions or impact.rings else 0
    return most + round(w.time * decay(impact.began_at - live_at, timedelta(hours=w.half_hours)))


def decay(gap: timedelta, half: timedelta) -> float:
    """1 at once, 1/2 after `half`, 1/3 after twice that: it falls ever slower and never to nothing."""
    return 1 / (1 + max(gap, timedelta()) / half)


def _newest(impact: Impact, before: Sequence[Candidate]) -> frozenset[tuple[str, int]]:
    """Each component of the impact with the last deployment that changed it; one for each of its regions and rings."""
    spots = tuple(product(impact.regions or (None,), impact.rings or (None,)))
    last: dict[tuple[str, tuple[str | None, str | None]], tuple[datetime, int]] = {}
    for one in before:
        changed = [key for key in impact.components if key in one.reached and one.reached[key].distance == 0]
        for key in product(changed, [spot for spot in spots if _went_to(one, *spot)]):
            last[key] = max((one.live_at, one.number), last.get(key, (one.live_at, one.number)))
    return frozenset((component, number) for (component, _), (_, number) in last.items())


def _went_to(one: Candidate, region: str | None, ring: str | None) -> bool:
    """Whether a deployment went to a region and ring (None: any); one whose places are not known may have."""
    return not one.places or any(
        (region is None or place.region in (region, "")) and (ring is None or place.ring in (ring, ""))
        for place in one.places
    )


def _reasons(impact: Impact, one: Candidate, newest: frozenset[tuple[str, int]], w: SuspectWeights) -> list[Reason]:
    found = [
        *_component_reasons(impact, one, newest, w),
        _reason("time", w.time * _nearness(impact, one, w), f"went live {_ago(impact, one.live_at)}"),
        *_place_reasons(impact, one, w),
        *_state_reasons(impact, one, w),
        *_change_reasons(one, w),
    ]
    return [reason for reason in found if reason.points]


def _reason(kind: str, points: float, text: str) -> Reason:
    return Reason(kind, round(points), text)


def _nearness(impact: Impact, one: Candidate, w: SuspectWeights) -> float:
    return decay(impact.began_at - one.live_at, timedelta(hours=w.half_hours))


def _component_reasons(
    impact: Impact, one: Candidate, newest: frozenset[tuple[str, int]], w: SuspectWeights
) -> Iterable[Reason]:
    asked = impact.components
    reached = {component: one.reached[component] for component in asked if component in one.reached}
    unknown = [component for component in asked if component in one.unknown and component not in reached]
    if not reached and not unknown:
        return
    near = (sum(0.5**step.distance for step in reached.values()) + 0.5 * len(unknown)) / len(asked)
    doubt = [f"deployed {listed(unknown)}, and not all of what changed is known"] if unknown else []
    text = "; ".join(([_reach_text(reached, len(asked))] if reached else []) + doubt)
    yield _reason("component", w.component * near, text)
    direct = [component for component in reached if reached[component].distance == 0]
    if direct:
        share = len(direct) / max(one.touched, len(direct))
        rest = max(one.touched, len(direct)) - len(direct)
        text = f"changed {counted(rest, 'other component')} beside" if rest else "changed nothing else"
        yield _reason("focus", w.focus * share, text)
    last = [component for component in direct if (component, one.number) in newest]
    if last:
        yield _reason(
            "newest", w.newest * len(last) / len(asked), f"nothing changed {listed(last)} between it and the start"
        )


def _reach_text(reached: Mapping[str, Reached], asked: int) -> str:
    direct = sorted(component for component, step in reached.items() if step.distance == 0)
    parts = [f"changed {listed(direct)}"] if direct else []
    for component, step in sorted(reached.items(), key=lambda item: (item[1].distance, item[0])):
        if step.distance and len(parts) < 3:
            via = f" via {step.via}" if step.via else ""
            parts.append(f"reaches {component}{via} ({counted(step.distance, 'hop')})")
    return "; ".join(parts) + ("" if asked == 1 else f" ({len(reached)} of {asked} components)")


def _place_reasons(impact: Impact, one: Candidate, w: SuspectWeights) -> Iterable[Reason]:
    shares = []
    hit: list[str] = []
    for wanted, there in (
        (impact.regions, {place.region for place in one.places}),
        (impact.rings, {place.ring for place in one.places}),
    ):
        if wanted:
            here = [name for name in wanted if name in there or "" in there]
            shares.append(len(here) / len(wanted))
            hit += [listed(here)] if here else []
    if hit:
        yield _reason("place", w.place * sum(shares) / len(shares), f"went to {'; '.join(hit)}")


def _state_reasons(impact: Impact, one: Candidate, w: SuspectWeights) -> Iterable[Reason]:
    if one.carried:
        yield _reason("carried", w.carried, "what it brought was still there as the impact began")
    taken = one.taken_back_at
    if taken is not None and taken >= impact.began_at:
        late = impact.ended_at is not None and taken > impact.ended_at
        by = f" by D-{one.taken_back_by}" if one.taken_back_by is not None else ""
        when = "after the impact had ended" if late else f"{_long(taken - impact.began_at)} after it began"
        yield _reason("taken_back", w.taken_back * (0.5 if late else 1), f"was taken back{by}, {when}")


def _change_reasons(one: Candidate, w: SuspectWeights) -> Iterable[Reason]:
    if one.paths:
        size = min(1.0, math.log1p(one.paths) / math.log1p(FULL_SIZE))
        yield _reason("size", w.size * size, f"changed {counted(one.paths, 'path')}")
    points: dict[Sign, int] = {"migration": w.migration, "dependency": w.dependency, "config": w.config}
    words: dict[Sign, str] = {"migration": "migrates data", "dependency": "moves dependencies", "config": "configures"}
    for sign, most in points.items():
        if sign in one.shown:
            seen_in = one.shown[sign] or "the subject of a commit says so"
            yield _reason(sign, most, f"{words[sign]}: {seen_in}")
        elif sign == "config" and one.kind == "change":
            yield _reason(sign, most, "a change without git, such as a flag or a setting")


def listed(names: Sequence[str], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _ago(impact: Impact, at: datetime) -> str:
    gap = impact.began_at - at
    return f"{_long(gap)} before the start" if gap >= timedelta(minutes=1) else "as it started"


def _long(gap: timedelta) -> str:
    minutes = int(gap.total_seconds() // 60)
    if minutes < 120:
        return counted(minutes, "minute")
    return counted(minutes // 60, "hour") if minutes < 48 * 60 else counted(minutes // 1440, "day")
