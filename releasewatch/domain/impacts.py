"""What an incident is for one customer: presumed, possible, affected or cleared, and what people say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

from releasewatch.domain.incidents import COMPONENT_STATUSES
from releasewatch.domain.words import counted

State = Literal["presumed", "possible", "affected", "cleared"]
Said = Literal["affected", "cleared", "added", "removed"]
Source = Literal["person", "measurement"]

STATES: tuple[str, ...] = get_args(State)
SAID: tuple[str, ...] = get_args(Said)


@dataclass(frozen=True, slots=True)
class ImpactSaid:
    """What somebody says of a customer. `many`: errors, requests, whatever was counted; `note` in their words."""

    customer: str
    state: str
    first_at: datetime | None = None
    last_at: datetime | None = None
    many: int | None = None
    note: str = ""
    level: str = ""
    line: int = 0


CLOCKS_DIFFER = timedelta(minutes=10)
"""So far ahead of ours the clock of what measures may be."""

NOT_REACHED = "not_reached"
"""Hurt, and not reached by what is blamed."""
AFTER_RETURN = "after_return"
"""Hurt after what is blamed had been taken back there."""
RETURNING = timedelta(minutes=10)
"""So long it takes until who is being returned is hurt no more."""

MOST_COUNTED = 2**31 - 1


def problem_with(said: ImpactSaid, now: datetime) -> str:
    """Why somebody cannot have suffered so, in a few words; empty when they can."""
    for name, at in (("first_at", said.first_at), ("last_at", said.last_at)):
        if at is not None and at > now + CLOCKS_DIFFER:
            return f"{name}: it has not come yet"
    return ""


def unite(lines: Sequence[ImpactSaid]) -> ImpactSaid | str:
    """What several lines of one file say of one customer, as the last of them; or why they cannot be one, in words.

    From the earliest instant to the latest, what was counted together, the worst level, and every note.
    """
    states = list(dict.fromkeys(one.state for one in lines))
    if len(states) > 1:
        where = ", ".join(str(one.line) for one in lines[:5]) + (", …" if len(lines) > 5 else "")
        return f"{' and '.join(states)} are said of the same customer in lines {where}"
    counted = [one.many for one in lines if one.many is not None]
    if sum(counted) > MOST_COUNTED:
        return "count: what is counted of the same customer is too much together"
    return replace(
        lines[-1],
        first_at=min((one.first_at for one in lines if one.first_at is not None), default=None),
        last_at=max((one.last_at for one in lines if one.last_at is not None), default=None),
        many=sum(counted) if counted else None,
        level=max((one.level for one in lines if one.level), key=COMPONENT_STATUSES.index, default=""),
        note="; ".join(dict.fromkeys(one.note for one in lines if one.note)),
    )


@dataclass(frozen=True, slots=True)
class ImpactCounts:
    """`presumed + possible + affected + cleared = exposed`; `still_exposed + returned = exposed - cleared`.

    `not_reached`, `after_return`: of the affected, those whom what is blamed does not explain.
    """

    presumed: int = 0
    possible: int = 0
    affected: int = 0
    cleared: int = 0
    still_exposed: int = 0
    not_reached: int = 0
    after_return: int = 0

    @property
    def exposed(self) -> int:
        """All of them, each once."""
        return self.presumed + self.possible + self.affected + self.cleared

    @property
    def returned(self) -> int:
        """Who is not exposed any more, of those who were not cleared."""
        return self.exposed - self.cleared - self.still_exposed


def doubt_lines(not_reached: int, after_return: int) -> tuple[str, ...]:
    """What speaks against the blame, in sentences: whom of the affected it does not explain."""
    found = []
    if not_reached:
        verb = "is" if not_reached == 1 else "are"
        found.append(f"{counted(not_reached, 'affected customer')} {verb} not reached by what is blamed.")
    if after_return:
        verb = "was" if after_return == 1 else "were"
        found.append(f"{counted(after_return, 'customer')} {verb} hurt after what is blamed had been taken back there.")
    return tuple(found)


def standing(said: str | None, *, is_candidate: bool, is_presumed: bool) -> State | None:
    """In which state a customer is, by the newest word of a person or measurement, else as derived; None: not in it.

    Somebody who was added is exposed by a person's word, and that is certain; nothing but a word makes them affected.
    """
    if said == "affected":
        return "affected"
    if said == "cleared":
        return "cleared"
    if said == "removed" or (said is None and not is_candidate):
        return None
    return "presumed" if said == "added" or is_presumed else "possible"


def way_in_words(deployment_id: int | None, source: str, component: str | None, via: str | None) -> str:
    """How somebody comes into an incident. `component`: its name, if one led there; `via`: what that depends on."""
    if deployment_id and component is None and source == "named":
        return f"a change in D-{deployment_id} names them"
    over = component if component is not None else source
    over += f", which depends on {via}" if via else ""
    return f"reached by D-{deployment_id} through {over}" if deployment_id else f"uses {over}"


UNEXPLAINED = {
    NOT_REACHED: "not reached by what is blamed",
    AFTER_RETURN: "hurt after what is blamed had been taken back there",
}
"""Why what is blamed does not explain that a customer was hurt."""
