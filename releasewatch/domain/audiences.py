"""Decides how far outward one change may be told: engineering, account or customer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from releasewatch.domain.catalog import Visibility

Audience = Literal["engineering", "account", "customer"]
Subjects = Literal["account", "customer"]
"""`[notes] subjects`: the outermost audience that reads the subject of a change without a word of release note."""

AUDIENCES: tuple[Audience, ...] = ("engineering", "account", "customer")
"""From the innermost, who may read everything, to the outermost."""

_RANK = {audience: rank for rank, audience in enumerate(AUDIENCES)}
_EMBARGO = re.compile(r"until\s+(\d{4}-\d{2}-\d{2})", re.IGNORECASE)
_NONE = re.compile(r"none\W*", re.IGNORECASE)
_SPEAKING = frozenset({"audience", "release-note", "embargo"})


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person decided about one change by hand. `audience` narrows and never widens; `wording` is the text."""

    audience: Audience | None = None
    wording: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What a change says of its own audience, in its trailers and by an edit.

    - `said`: the narrowest audience that was stated (`Audience:`, an edit), customer when nothing was.
    - `none`: it says `Release-note: none`.
    - `until`: the day on which a running embargo ends; None without one.
    - `wording`: the sentence for readers outside; an edit comes before `Release-note:`.
    - `problems`: trailers that could not be read, in words. Each keeps the change with engineering.
    """

    said: Audience = "customer"
    none: bool = False
    until: date | None = None
    wording: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def limit(self) -> Audience:
        """The outermost audience that these words allow."""
        return "engineering" if self.until else self.limit_after_embargo

    @property
    def limit_after_embargo(self) -> Audience:
        """What they will allow when the embargo has ended."""
        return "engineering" if self.none or self.problems else self.said


SILENT = Words()
"""The words of a change that says nothing, which is most of them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one change may go. `counted`: customers read its number under a component's title, and nothing else."""

    audience: Audience
    counted: bool = False


INSIDE = Standing("engineering")
"""Where every change stands until something else was decided."""

_STANDINGS = {audience: Standing(audience) for audience in AUDIENCES}
_COUNTED = Standing("account", counted=True)


def narrowest(audiences: Iterable[Audience]) -> Audience:
    """The innermost of several audiences; customer when there are none."""
    return min(audiences, key=_RANK.__getitem__, default="customer")


def may_read(reader: Audience, audience: Audience) -> bool:
    """Whether a reader of one audience may see what is meant for another: inner readers see what outer ones see."""
    return _RANK[reader] <= _RANK[audience]


def read_words(trailers: Iterable[tuple[str, str]], edit: Edit | None, now: datetime) -> Words:
    """Read what a change says of itself. `now` (UTC) decides whether an embargo still runs.

    A repeated trailer counts each time: the narrowest audience, the latest embargo, all sentences. A value that cannot
    be read is taken at its safest: engineering.
    """
    speaking = [(key.lower(), value.strip()) for key, value in trailers if key.lower() in _SPEAKING]
    if not speaking and edit is None:
        return SILENT
    said: list[Audience] = []
    sentences: list[str] = []
    problems: list[str] = []
    days: list[date] = []
    none = False
    for key, value in speaking:
        if key == "audience":
            match value.lower():
                case "engineering" | "account" | "customer" as audience:
                    said.append(audience)
                case _:
                    problems.append(f"Audience: {value[:40]} (engineering, account or customer was expected)")
        elif key == "release-note":
            if _NONE.fullmatch(value):
                none = True
            elif value:
                sentences.append(value)
        else:
            day = _read_embargo(value)
            if day is None:
                problems.append(f"Embargo: {value[:40]} (until YYYY-MM-DD was expected)")
            else:
                days.append(day)
    wording = " ".join(sentences) or None
    if edit is not None:
        if edit.audience is not None:
            said.append(edit.audience)
        wording = edit.wording or wording
    running = [day for day in days if now < datetime.combine(day, time(), UTC)]
    return Words(narrowest(said), none, max(running, default=None), wording, tuple(problems))


def _read_embargo(value: str) -> date | None:
    match = _EMBARGO.fullmatch(value)
    if match is None:
        return None
    try:
        return date.fromisoformat(match[1])
    except ValueError:
        return None


def visibility_limit(visibilities: Iterable[Visibility]) -> Audience:
    """The narrowest audience of components: an internal one is known to our own people, hence account at most."""
    return "account" if "internal" in visibilities else "customer"


def settle(limit: Audience, *, has_wording: bool, has_component: bool, subjects: Subjects) -> Standing:
    """What becomes of a change within its limit: without a word of release note customers read its number only."""
    if limit != "customer" or has_wording or subjects == "customer":
        return _STANDINGS[limit]
    return _COUNTED if has_component else _STANDINGS["account"]
