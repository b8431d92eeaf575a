"""Why a customer stands where they stand on a list and not higher, and what would change that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from releasewatch.domain.call_incidents import LONG, URGENT, Hurt, verdict_for
from releasewatch.domain.call_purposes import IN_IT
from releasewatch.domain.call_scores import parts_for_ci
from releasewatch.domain.callees import find_callee
from releasewatch.domain.defaults import SEVERITY_POINTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from releasewatch.domain.calls import CallCandidate, PlannedCall

_HIGH = {"leave": 0, "write": 1, "call": 2}


@dataclass(frozen=True, slots=True)
class Explanation:
    """`above`: the row before theirs; None for the first. `difference`: by part, their points less those above them,
    where these differ. `points_to_pass`: how many more would put them before it. `changes`: what would change the
    verdict, or when they can be called, in sentences without a name."""

    row: PlannedCall
    total: int
    above: PlannedCall | None
    difference: Mapping[str, int]
    points_to_pass: int
    changes: tuple[str, ...]


def explain_place(
    rows: Sequence[PlannedCall],
    key: str,
    tie: Callable[[str], str] = str,
    *,
    outside: bool = False,
    in_ci: bool = False,
) -> Explanation | None:
    """Why a customer has this place in a whole list; None when they are not on it. `tie`: as the list was ranked.

    `outside`: names may not be shown, and so not either what was said of somebody. `in_ci`: relationship as one part.
    """
    place = next((number for number, row in enumerate(rows) if row.candidate.key == key), None)
    if place is None:
        return None
    row = rows[place]
    changes = tuple(dict.fromkeys(_changes(row, outside=outside)))
    if place == 0:
        return Explanation(row, len(rows), None, {}, 0, changes)
    above = rows[place - 1]
    mine, theirs = (parts_for_ci(one.parts) if in_ci else one.parts for one in (row, above))
    names = dict.fromkeys((*theirs, *mine))
    difference = {name: mine.get(name, 0) - theirs.get(name, 0) for name in names}
    gap = above.score - row.score
    wins_ties = (tie(key), key) < (tie(above.candidate.key), above.candidate.key)
    return Explanation(
        row,
        len(rows),
        above,
        {name: points for name, points in difference.items() if points},
        gap if wins_ties else gap + 1,
        changes,
    )


def _changes(row: PlannedCall, *, outside: bool) -> Iterator[str]:
    candidate = row.candidate
    if candidate.forgotten:
        yield "nothing: they were forgotten"
        return
    if candidate.standing.waits_for:
        yield f"{candidate.standing.waits_for} comes first: once it is made, this one is to be made"
    yield from _of_contact(row, outside=outside)
    if candidate.hurt is None:
        yield from _of_reach(candidate, row)
    elif candidate.hurt.due.purpose:
        yield from _of_incident(candidate.hurt)
    else:
        yield f"something that they are owed: now {candidate.hurt.due.because}"
    if row.band == "this week" and row.verdict == "call" and candidate.hurt is not None:
        yield "to be called now or today: SEV1 or SEV2, or a correction, or room in their account manager's day"


def _of_contact(row: PlannedCall, *, outside: bool) -> Iterator[str]:
    _, hindrances = find_callee(row.candidate)
    wants_call = row.verdict == "write" and row.wanted == "call"
    if hindrances:
        so = ": call" if wants_call else ", before anybody calls them"
        if outside:
            yield f"a contact whom we may call{so}"
        elif row.candidate.do_not_call:
            yield f"do-not-call being cleared, by a person and with why{so}"
        else:
            yield f"a contact with a number whom we may call{so}"
    elif wants_call:
        yield "room in their account manager's week, or a higher [calling] capacity: call"


def _of_reach(candidate: CallCandidate, row: PlannedCall) -> Iterator[str]:
    if row.wanted == "call":
        return
    yield "a change that names them: call"
    yield "a breaking change in what they use: call"
    if candidate.reach == "dependent":
        yield "a change in what they use itself: write"


def _of_incident(hurt: Hurt) -> Iterator[str]:
    now, _ = verdict_for(hurt)
    if hurt.due.purpose == "correction":
        if now == "write":
            yield "that they were told by voice: call"
        return

    def rises(other: Hurt) -> str:
        verdict, _ = verdict_for(other)
        return verdict if _HIGH[verdict] > _HIGH[now] else ""

    for state in ("affected", "presumed"):
        if IN_IT.index(hurt.state) != IN_IT.index(state) and (verdict := rises(replace(hurt, state=state))):
            yield f"{state} instead of {hurt.state}: {verdict}"
    worse = sorted((name for name in SEVERITY_POINTS if name < hurt.counts_as), reverse=True)
    raised = next(((one, verdict) for one in worse if (verdict := rises(replace(hurt, severity=one)))), None)
    if raised is not None:
        yield f"{raised[0]} instead of {hurt.severity or 'no severity said'}: {raised[1]}"
    if hurt.counts_as not in URGENT and (hurt.minutes or 0) < LONG and (verdict := rises(replace(hurt, minutes=LONG))):
        yield f"{LONG} minutes inside their working hours: {verdict}"
    if now != "leave":
        yield "being cleared: leave"
