"""What an incident adds to a call: verdict by severity and state, points, and words for those it may have hurt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from releasewatch.domain.call_purposes import IN_IT, Due, in_utc
from releasewatch.domain.defaults import LEVEL_POINTS, SEVERITY_POINTS, STATE_POINTS
from releasewatch.domain.words import counted

Verdict = Literal["call", "write", "leave"]

UNSAID_SEVERITY = "SEV2"
"""What an incident counts as of which nobody said how bad it is: rather one call too many."""

NO_INCIDENT_WORDING = "No agreed wording, do not improvise."

LONG = 60
"""Minutes hurt inside their working hours from which on somebody is called rather than written to, or written to
rather than left."""

_VERDICTS: Mapping[str, Mapping[str, Verdict]] = MappingProxyType(
    {
        "SEV1": {"affected": "call", "presumed": "call", "possible": "call"},
        "SEV2": {"affected": "call", "presumed": "call", "possible": "write"},
        "SEV3": {"affected": "call", "presumed": "write", "possible": "leave"},
        "SEV4": {"affected": "write", "presumed": "write", "possible": "leave"},
        "SEV5": {"affected": "write", "presumed": "leave", "possible": "leave"},
    }
)
_LOWER: Mapping[Verdict, Verdict] = {"call": "write", "write": "leave", "leave": "leave"}
_HIGHER: Mapping[Verdict, Verdict] = {"leave": "write", "write": "call", "call": "call"}

URGENT = ("SEV1", "SEV2")

FIRST = ("first_notice", "after_the_fact")
"""Purposes with which somebody hears of it for the first time, while it goes on or when it is over."""


@dataclass(frozen=True, slots=True)
class Hurt:
    """What an incident is for one customer, as a verdict and a score need it.

    `minutes`: inside their working hours, None when these are not known. `level`: the worst status of a component they
    are reached by. `again`: hurt in another incident shortly before. `confirmed`: a person said that they were hurt.
    `further`: how many other incidents are in their call. `told`: they heard of it before; `spoken`: by voice.
    `ways`: how they are reached, in sentences. `reported_at`: when they told us of it first; None when they did not.
    `called_first`: they did before we told them. `called_about`: another incident in the same call, about which they
    are to be called; `called_urgently`: that is severe, or a correction.
    """

    incident: str
    severity: str
    state: str
    due: Due
    minutes: int | None = None
    level: str = ""
    again: bool = False
    confirmed: bool = False
    further: int = 0
    told: bool = False
    spoken: bool = False
    ways: tuple[str, ...] = ()
    reported_at: datetime | None = None
    called_first: bool = False
    called_about: str = ""
    called_urgently: bool = False

    @property
    def counts_as(self) -> str:
        """The severity, or what stands for one that nobody said."""
        return self.severity or UNSAID_SEVERITY


def verdict_for(hurt: Hurt) -> tuple[Verdict, str]:
    """Call, write or leave, and why in one sentence: by the published table, but that who is called anyway, about
    another incident in the same call, hears of this one then."""
    verdict, because = own_verdict(hurt)
    if verdict == "write" and hurt.called_about:
        return "call", f"{because}; the same call is about {hurt.called_about}, so call"
    return verdict, because


def own_verdict(hurt: Hurt) -> tuple[Verdict, str]:
    """The same for this incident alone. That it is over lowers nothing for who was not told before.

    Whoever heard of it, were it as a question, is never left without an answer. Whoever reported it to us is called,
    and counts as affected after that.
    """
    due = hurt.due
    if not due.purpose:
        return "leave", due.because
    if due.purpose == "correction":
        return ("call" if hurt.spoken else "write"), due.because
    said = hurt.severity or f"severity not said, counted as {UNSAID_SEVERITY}"
    has_said_so = hurt.reported_at is not None
    state = "affected" if has_said_so else hurt.state
    verdict = _VERDICTS[hurt.counts_as][state]
    why = f"{hurt.state}, {said}" + (", reported to us by them" if has_said_so else "")
    if hurt.minutes is not None and hurt.minutes >= LONG and hurt.counts_as not in URGENT:
        verdict = _HIGHER[verdict]
        why += f", {counted(hurt.minutes, 'minute')} inside their working hours"
    if due.purpose in FIRST:
        verdict = "call" if has_said_so else verdict
    elif state != "affected":
        verdict = _LOWER[verdict]
    if verdict == "leave" and hurt.told:
        return "write", f"{why}; {due.because}, so write"
    return verdict, f"{why}; {due.because}"


@dataclass(frozen=True, slots=True)
class IncidentWeights:
    """The points that an incident gives: the rest of `[ranking]`.

    | part | points |
    | --- | --- |
    | correction | `correction`, when they were told what is no longer so |
    | severity | `severity`, by the incident's; when it is not said, as SEV2; no point where nothing rests on them |
    | state | `state`: affected, presumed or possible |
    | level | `level`, by the worst status of a component that they are reached by |
    | minutes | one for each `minutes_each` minutes hurt inside their working hours, at most `minutes_max` |
    | confirmed | `confirmed`, when a person said that they were hurt |
    | complained | `complained`, when they reported it to us |
    | again | `again`, when they were hurt in another incident within `again_days` days |
    | further | `further` for each other incident in the same call |
    """

    severity: Mapping[str, int]
    state: Mapping[str, int]
    level: Mapping[str, int]
    minutes_each: int = 20
    minutes_max: int = 15
    confirmed: int = 10
    complained: int = 15
    again: int = 10
    again_days: int = 30
    further: int = 5
    correction: int = 20


def usual_weights() -> IncidentWeights:
    """The points where no settings say otherwise."""
    return IncidentWeights(_by_word(SEVERITY_POINTS), _by_word(STATE_POINTS), _by_word(LEVEL_POINTS))


def _by_word(points: Mapping[Any, int]) -> dict[str, int]:
    return {str(name): value for name, value in points.items()}


def incident_parts(hurt: Hurt, weights: IncidentWeights) -> dict[str, int]:
    """The parts that an incident adds to a score, in the order of `IncidentWeights`."""
    minutes = min(weights.minutes_max, (hurt.minutes or 0) // weights.minutes_each)
    corrects = hurt.due.purpose == "correction"
    return {
        "correction": weights.correction if corrects else 0,
        "severity": weights.severity.get(hurt.counts_as, 0) if corrects or hurt.state in IN_IT else 0,
        "state": weights.state.get(hurt.state, 0),
        "level": weights.level.get(hurt.level, 0),
        "minutes": minutes,
        "confirmed": weights.confirmed if hurt.confirmed else 0,
        "complained": weights.complained if hurt.reported_at is not None else 0,
        "again": weights.again if hurt.again else 0,
        "further": weights.further * hurt.further,
    }


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed to be said of one incident. `customer`: the summary for customers, empty when there is none.

    `heard`: what this customer was told before, in its words; where that was taken back, what it was then, and
    `corrected_at` when. `components`: titles of what they use, as they know them. `reported_at`: when they told us.
    """

    customer: str
    started_at: datetime
    ended_at: datetime | None = None
    components: tuple[str, ...] = ()
    heard: str = ""
    heard_at: datetime | None = None
    corrected_at: datetime | None = None
    reported_at: datetime | None = None


def wording(purpose: str, state: str, agreed: Agreed) -> tuple[str, ...]:
    """What may be said to a customer; a presumption is a question. Nothing, when no wording was agreed."""
    if purpose == "correction":
        return _correction(state, agreed)
    if not agreed.customer:
        return ()
    lines: list[str] = []
    if agreed.corrected_at is not None and purpose in ("first_notice", "after_the_fact"):
        lines.append(
            f"{_told(agreed)} On {_instant(agreed.corrected_at)} we told you that it does not concern you. "
            "We have learnt since that it may concern you after all. We are sorry for the confusion."
        )
    if purpose in ("first_notice", "after_the_fact") and state != "affected":
        lines.append(_question(agreed, over=purpose == "after_the_fact"))
    lines.append(agreed.customer)
    if purpose in ("after_the_fact", "resolution") and agreed.ended_at is not None:
        lines.append(f"It began at {_instant(agreed.started_at)} and was over at {_instant(agreed.ended_at)}.")
    return tuple(lines)


def _question(agreed: Agreed, *, over: bool) -> str:
    if agreed.reported_at is not None:
        return f"You told us of a problem on {_instant(agreed.reported_at)}. Is this what you saw?"
    what = in_words(agreed.components) or "what you use of ours"
    if over and agreed.ended_at is not None:
        return (
            f"Did you notice anything wrong with {what} between {_instant(agreed.started_at)} "
            f"and {_instant(agreed.ended_at)}?"
        )
    return f"Did you notice anything wrong with {what} since {_instant(agreed.started_at)}?"


def _correction(state: str, agreed: Agreed) -> tuple[str, ...]:
    told = _told(agreed)
    if state not in IN_IT:
        return (told, "That does not concern you after all. We are sorry for the alarm.")
    more = (agreed.customer,) if agreed.customer and agreed.customer != agreed.heard else ()
    return (told, "We have learnt since that the cause is another one than we thought then.", *more)


def _told(agreed: Agreed) -> str:
    when = f" on {_instant(agreed.heard_at)}" if agreed.heard_at is not None else ""
    return f"We told you{when}: “{agreed.heard}”" if agreed.heard else f"We spoke with you{when} about a problem."


def _instant(at: datetime | None) -> str:
    return "" if at is None else in_utc(at)


def in_words(words: Sequence[str]) -> str:
    """Titles as a sentence names them."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
