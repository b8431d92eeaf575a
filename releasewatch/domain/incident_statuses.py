"""When a status is said to have begun: backdated where that agrees with the others, and corrected by a later word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from releasewatch.domain.incidents import ALWAYS, OPEN_STATUSES, REPLACED, Statement, refusal, standing
from releasewatch.errors import InvalidCallError

_OPENED_WITH = frozenset({"severity", "commander", "liaison", "component_status"})
"""What was said in one breath with the opening began with it, and is corrected with it."""


@dataclass(frozen=True, slots=True)
class StatusWord:
    """A status that is to be added. `started_at`: since when customers suffer, as far as that is said or blamed.

    `said.happened_at`: since when it is so. `reopens`: a closed incident goes on.
    """

    incident: str
    said: Statement
    started_at: datetime | None = None
    reopens: bool = False


def place_status(before: Iterable[Statement], word: StatusWord) -> list[Statement]:
    """What is to be added so that a status holds from its instant on, with what it replaces taken back.

    Statuses stand in the order in which they are said to have happened. The same status that was said to have begun
    later began then after all; an opening that nobody dated (it was written down afterwards) gives way as far as the
    begin of the impact. Raises InvalidCallError for an order that cannot be.
    """
    before = list(before)
    said, at = word.said, word.said.happened_at
    words = _statuses(before)
    if not word.reopens and said.value not in OPEN_STATUSES and words and words[-1].value == said.value:
        # Closed before, and now said to have been closed at another time.
        again = [*takewhile(lambda one: one.value == said.value, reversed(words))]
        rest = words[: len(words) - len(again)]
        return [*_taken_back(again, said), *_placed(before, rest, word)]
    later = [one for one in words if one.happened_at > at]
    same = [] if word.reopens else [*takewhile(lambda one: one.value == said.value, later)]
    taken = [*_taken_back(same, said)]
    if same and words[0] is same[0]:
        return [*taken, *_moved_with(before, words[0], said), said]
    if same:
        return [*taken, said]
    return _placed(before, words, word)


def _placed(before: Sequence[Statement], words: Sequence[Statement], word: StatusWord) -> list[Statement]:
    """A status among the others, none of which it replaces but an opening that nobody dated."""
    said, at = word.said, word.said.happened_at
    earlier = [one for one in words if one.happened_at <= at]
    later = [one for one in words if one.happened_at > at]
    moved: list[Statement] = []
    state = earlier[-1].value if earlier else "investigating"
    if words and not earlier:
        moved, later = _reopened_earlier(before, words, word), later[1:]
    if later and (word.reopens or refusal(said.value, later[0].value)):
        raise InvalidCallError(
            f"The status of {word.incident} was last changed later than that, at "
            f"{later[-1].happened_at:%Y-%m-%d %H:%M} UTC.",
            f"Give a later --at, or correct that first: releasewatch incident update {word.incident} "
            f"--status {later[-1].value} --at T"
            if later[-1].value in OPEN_STATUSES
            else "Give a later --at.",
        )
    problem = "" if word.reopens else refusal(state, said.value)
    if problem:
        raise InvalidCallError(problem, f"Re-open it with: releasewatch incident reopen {word.incident}")
    return [*moved, said]


def _reopened_earlier(before: Sequence[Statement], words: Sequence[Statement], word: StatusWord) -> list[Statement]:
    """The opening, put to where the impact began, if nobody said when it was; else a refusal."""
    opening, at = words[0], word.said.happened_at
    if opening.happened_at != opening.recorded_at:
        raise InvalidCallError(
            f"{word.incident} had not been opened then, but at {opening.happened_at:%Y-%m-%d %H:%M} UTC.",
            f"If it was opened earlier: releasewatch incident update {word.incident} --opened-at T",
        )
    if word.started_at is None or word.started_at > at:
        began = f"its impact started only at {word.started_at:%Y-%m-%d %H:%M} UTC" if word.started_at else ""
        raise InvalidCallError(
            f"{word.incident} would have been {word.said.value} before it was opened, at "
            f"{opening.happened_at:%Y-%m-%d %H:%M} UTC" + (f", and {began}." if began else "."),
            f"Say when it began or was opened: releasewatch incident update {word.incident} --started-at T "
            "--opened-at T",
        )
    why = "opened when the impact began, since what came of it is said of an earlier time than it was written down"
    return move_opening(before, replace(opening, happened_at=word.started_at), word.said, why)


def move_opening(before: Iterable[Statement], opening: Statement, said: Statement, why: str) -> list[Statement]:
    """What is to be added so that the incident was opened at another time. `said`: who says so, and when."""
    before = list(before)
    first = _statuses(before)[0]
    new = _again(first, opening.happened_at, said, why)
    return [*_taken_back([first], said), *_moved_with(before, first, new), new]


def correct_opening(before: Iterable[Statement], incident: str, said: Statement) -> list[Statement]:
    """The opening at the time of `said`, whose value does not matter; nothing when it is so already."""
    before = list(before)
    words = _statuses(before)
    if words[0].happened_at == said.happened_at:
        return []
    if len(words) > 1 and words[1].happened_at < said.happened_at:
        raise InvalidCallError(
            f"{incident} was {words[1].value} at {words[1].happened_at:%Y-%m-%d %H:%M} UTC, so it was opened by then.",
            "Give an earlier --opened-at.",
        )
    return move_opening(before, replace(words[0], happened_at=said.happened_at), said, said.why)


def _statuses(before: Iterable[Statement]) -> list[Statement]:
    return sorted((one for one in standing(before) if one.kind == "status"), key=lambda one: one.order)


def _moved_with(before: Sequence[Statement], opening: Statement, new: Statement) -> list[Statement]:
    """What was said in one breath with the opening, at its new time."""
    fellows = [
        one
        for one in standing(before)
        if one.kind in _OPENED_WITH and (one.happened_at, one.recorded_at) == (opening.happened_at, opening.recorded_at)
    ]
    return [*_taken_back(fellows, new), *(_again(one, new.happened_at, new, new.why) for one in fellows)]


def _again(one: Statement, happened_at: datetime, said: Statement, why: str) -> Statement:
    return replace(
        one,
        happened_at=happened_at,
        recorded_at=said.recorded_at,
        recorded_by=said.recorded_by,
        why=why,
        number=0,
        source="",
    )


def _taken_back(words: Iterable[Statement], said: Statement) -> list[Statement]:
    return [
        Statement(
            REPLACED,
            str(one.number),
            ALWAYS,
            said.recorded_at,
            "",
            "engineering",
            said.recorded_by,
            said.why,
        )
        for one in words
    ]
