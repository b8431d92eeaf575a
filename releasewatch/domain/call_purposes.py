"""What a customer is owed a call for, by where an incident stands and what they were told of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Group = Literal["incident", "care"]
Purpose = Literal["correction", "first_notice", "after_the_fact", "update", "resolution"]

GRAVITY: tuple[str, ...] = (
    *("correction", "first_notice", "after_the_fact", "update", "resolution"),
    *("heads_up", "good_news", "check_in"),
)
"""Gravest first: what a call that is made for several purposes is called."""

IN_WORDS = {
    "correction": "a correction",
    "first_notice": "a first notice",
    "after_the_fact": "an after-the-fact call",
    "update": "an update",
    "resolution": "a resolution",
    "heads_up": "a heads-up",
    "good_news": "good news",
    "check_in": "a check-in",
}

TELL_THE_END = ("after_the_fact", "resolution")
"""Purposes with which a customer hears that it is over."""

TOLD = "they were told of it, and the call goes on about the rest"
"""Why a reason left an open call that was made as far as it is concerned: it is not withdrawn, but done."""

NOT_WORTH = "it is not worth a call by now"


def purpose_in_words(purpose: str, deployment: str | None = "") -> str:
    """`first notice`; of what a deployment brought, which is live and comes no more, `what changed`."""
    return "what changed" if purpose == "heads_up" and deployment else purpose.replace("_", " ")


IN_IT = ("presumed", "possible", "affected")
"""States of a customer on whom an incident rests."""


def gravest(purposes: Collection[str]) -> str:
    """What a call with these purposes is for."""
    return min(purposes, key=GRAVITY.index)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an incident stands. `blamed`: the deployments that are to blame now. `revision`: of its customer summary,
    0 when there is none, agreed at `revised_at`. `status_at`: since when its status is so."""

    status: str
    status_at: datetime | None = None
    blamed: frozenset[int] = frozenset()
    revision: int = 0
    revised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What a customer was told last. `state`: theirs at that time, empty when they were not in the incident.

    `blamed`: the deployments that were to blame then. `made`: the call was made with it; a mail sent ahead of a call
    does not count as one, but is owed a correction all the same. `before`: when they were told what a correction took
    back; None where this is none. `written`: they were told by mail or message, and nobody spoke with them.
    """

    purpose: str
    state: str
    revision: int
    at: datetime
    blamed: frozenset[int] = frozenset()
    made: bool = True
    before: datetime | None = None
    written: bool = False

    @property
    def takes_all_back(self) -> bool:
        """Whether they were told last that it does not concern them."""
        return self.purpose == "correction" and self.state not in IN_IT


@dataclass(frozen=True, slots=True)
class Due:
    """What a customer is to be called for (empty: nothing), and why, in a sentence without a name."""

    purpose: str
    because: str


def is_owed_correction(state: str, heard: Heard | None, progress: Progress) -> str:
    """Why what somebody was told is no longer so; empty when it is, or they know.

    `state`: theirs now, empty or cleared when nothing rests on them.
    """
    if heard is None or heard.takes_all_back:
        return ""
    if progress.status == "cancelled":
        return "the incident was cancelled after they were told"
    if state == "cleared":
        if heard.state == "cleared":
            return "they had been cleared before they were told"
        return "they were cleared after they were told"
    if state not in IN_IT:
        return "nothing reaches them any more that they were told of"
    if heard.blamed and not heard.blamed & progress.blamed:
        return "the blame moved after they were told"
    return ""


def purpose_for(state: str, heard: Heard | None, skipped: Mapping[str, datetime], progress: Progress) -> Due:
    """What a customer is owed. `skipped`: purposes that one of us decided against, and when."""
    correction = is_owed_correction(state, heard, progress)
    if correction:
        return _unless_skipped("correction", correction, skipped, heard.at if heard else None)
    if progress.status == "cancelled":
        return Due("", "the incident was cancelled")
    if state not in IN_IT:
        return Due("", "they were cleared" if state == "cleared" else "nothing reaches them any more")
    is_over = progress.status == "resolved"
    if heard is not None and heard.takes_all_back:
        because = f"{'it is over; ' if is_over else ''}{_talks(heard)}, and it concerns them again"
        first = _unless_skipped("first_notice", because, skipped, heard.at)
        return _unless_skipped("after_the_fact", because, skipped, heard.at) if is_over and first.purpose else first
    if heard is None or not heard.made:
        if is_over:
            if "first_notice" in skipped:
                return Due("", "one of us decided against a first notice")
            because = "they were not told" if heard is None else _ahead(heard)
            return _unless_skipped("after_the_fact", f"it is over, and {because}", skipped, None)
        because = "they were not told yet" if heard is None else _ahead(heard)
        return _unless_skipped("first_notice", because, skipped, None)
    if is_over:
        knows = heard.purpose in ("resolution", "after_the_fact")
        if knows and (progress.status_at is None or heard.at >= progress.status_at):
            return Due("", "they were told that it is over")
        return _unless_skipped("resolution", "it is over, and they were told of it before", skipped, heard.at)
    if progress.revision > heard.revision:
        since = max(filter(None, (heard.at, progress.revised_at)))
        return _unless_skipped("update", "what is agreed to be said has changed since they were told", skipped, since)
    return Due("", "they were told, and nothing is new")


def why_not_due(purpose: str, due: Due, *, is_left: bool) -> str:
    """Why a reason to call is not due any more; empty where it is. `is_left`: what is due instead is worth no call, and
    so none is made: then it is said why, and not what would be due."""
    if due.purpose == purpose:
        return ""
    if not due.purpose:
        return due.because
    return f"{due.because}; {NOT_WORTH}" if is_left else f"it is {IN_WORDS[due.purpose]} now"


def _ahead(heard: Heard) -> str:
    """That they were told before the call was made that they are owed."""
    if heard.written:
        return f"a mail or message went out on {in_utc(heard.at)}, and nobody has spoken with them"
    return f"they were told on {in_utc(heard.at)}, and their call is not closed"


def _talks(heard: Heard) -> str:
    told = f"they were told on {in_utc(heard.before)}, " if heard.before is not None else "they were told, "
    return f"{told}corrected on {in_utc(heard.at)}"


def in_utc(at: datetime) -> str:
    """An instant in a sentence about a call."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _unless_skipped(purpose: str, because: str, skipped: Mapping[str, datetime], since: datetime | None) -> Due:
    """A decision against a call stands, unless what it is about came later."""
    at = skipped.get(purpose)
    if at is not None and (since is None or at >= since):
        return Due("", f"one of us decided against {IN_WORDS[purpose]}")
    return Due(purpose, because)


@dataclass(frozen=True, slots=True)
class CallReason:
    """One reason in a call, as ids: `INC-1` or `D-3`, the other one empty. `coming`: `H-2`, the announcement."""

    purpose: str
    incident: str = ""
    deployment: str = ""
    coming: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a planned call stands. `held`: somebody has claimed it. `waits_for`: the incident call that comes first, not
    before `waits_until` where that is planned. `changed`: what is in it changed since it was claimed.

    `not_before`: the next attempt's instant. `reasons`: everything in it. `drafts`: those of its incidents whose lists
    nobody has approved. `assigned_to`: whom it was given to. `since`: from when on it could have been begun.
    `attempts`: how often they were tried, `written` of these by mail or message. `over`: the purposes and verdicts of
    what a person made or skipped of this list, oldest first.
    """

    call: str = ""
    group: str = "care"
    purpose: str = ""
    status: str = "not_planned"
    held_until: datetime | None = None
    holder: str = ""
    waits_for: str = ""
    waits_until: datetime | None = None
    changed: bool = False
    not_before: datetime | None = None
    attempts: int = 0
    written: int = 0
    reasons: tuple[CallReason, ...] = field(default_factory=tuple)
    drafts: tuple[str, ...] = ()
    assigned_to: str = ""
    since: datetime | None = None
    over: tuple[tuple[str, str], ...] = ()

    @property
    def approved(self) -> bool:
        """Whether it may be made: something in it is of no draft. What is of one is not told with it."""
        return not self.drafts or any(one.incident not in self.drafts for one in self.reasons)
