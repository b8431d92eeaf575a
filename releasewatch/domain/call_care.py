"""What a care call is for: good news that is live where they are, a breaking change, or how they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from releasewatch.domain.call_purposes import IN_WORDS
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from releasewatch.domain.call_incidents import Verdict
    from releasewatch.domain.exposure import ReachKind

NOT_THERE = "it is not live where they are"
"""Why good news waits: another deployment brings it to their region, ring or copy."""

ENGINEERING_ALONE = "the change is for engineering alone"


def no_care_because(deployment: str, incident: str) -> str:
    """Why nobody gets a care call about a deployment that is blamed, in the incident or not: it may be taken back."""
    return f"{deployment} is blamed for {incident}, so there are no care calls about it"


@dataclass(frozen=True, slots=True)
class CareSettings:
    """`[calling]`, as far as it is about care; see there."""

    check_in_after: int = 90
    check_ins_a_week: int = 2
    coming_days: int = 14


@dataclass(frozen=True, slots=True)
class News:
    """What a deployment brings that a customer waited for.

    `refs`: changes that are live where they are and that they were not told of; `named`: one of them names them;
    `tickets`: what one of them settles, as they reported it; `since`: when the first came to them. `waits`: why there
    is nothing to be told, where something was meant for them; `heard`: they heard of all of it with something else.
    """

    refs: frozenset[str] = frozenset()
    named: bool = False
    tickets: tuple[str, ...] = ()
    since: datetime | None = None
    waits: str = ""
    heard: bool = False


NO_NEWS = News()


@dataclass(frozen=True, slots=True)
class Care:
    """What a customer is to be called for without an incident, and the verdict.

    `due`: the purposes, gravest first, empty when there are none. `why`: sentences for why they are on the list.
    `say`: what may be said beside their own notes; `know`: what the caller should bear in mind. `refs`: the changes
    that are told as good news. `waits`: something meant for them is not theirs yet. `is_check_in`: nothing came.
    `heard`: and will not be, for they heard of it. `reach`: how what they use reaches them; None: it does not.
    """

    due: tuple[str, ...] = ()
    verdict: Verdict = "leave"
    because: str = ""
    why: tuple[str, ...] = ()
    say: tuple[str, ...] = ()
    know: tuple[str, ...] = ()
    refs: frozenset[str] = frozenset()
    waits: bool = False
    heard: bool = False
    is_check_in: bool = False
    reach: ReachKind | None = None


@dataclass(frozen=True, slots=True)
class ComingHead:
    """What is coming: `id` is `H-3`, empty where nothing is planned yet; `head` the commit."""

    id: str
    head: str
    due_at: datetime | None = None


def care_of(reach: ReachKind | None, news: News, *, breaking: bool, named: bool) -> Care:
    """What a deployment that nobody blames is worth to a customer. `reach`: by what they use; None: by a name alone.

    Good news is told once it is live where they are, and a breaking change in what they use beside it.
    """
    if news.refs:
        said = "what they reported is settled" if news.tickets else "a change names them"
        because = f"{said}, and it is live where they are"
        live = f"live where they are since {news.since:%Y-%m-%d %H:%M} UTC" if news.since is not None else ""
        tickets = tuple(f"settles {one}, which they reported" for one in news.tickets)
        return Care(
            due=("heads_up", "good_news") if breaking else ("good_news",),
            verdict="call",
            because=f"{because}; a breaking change in what they use comes with it" if breaking else because,
            why=(*tickets, *filter(None, (live,))),
            say=tuple(f"What you reported under {one} is settled, and live for you." for one in news.tickets),
            refs=news.refs,
            reach=reach,
        )
    waits = bool(news.waits)
    tail = f"; what is meant for them waits: {news.waits}" if waits else ""
    if breaking:
        return Care(
            ("heads_up",),
            "call",
            f"a breaking change in what they use{tail}",
            waits=waits,
            heard=news.heard,
            reach=reach,
        )
    if reach == "direct":
        because = f"what they use changed, and nothing in it is breaking{tail}"
        return Care(("heads_up",), "write", because, waits=waits, heard=news.heard, reach=reach)
    if waits:
        said = "a change names them" if named else "a change settles what they reported"
        return Care(because=f"{said}, and {news.waits}", waits=True, heard=news.heard, reach=reach)
    return Care(because="reached only through what they use depends on", reach=reach)


def scored_reach(care: Care | None, reach: ReachKind) -> ReachKind | None:
    """How a customer counts in a score: as named where good news is theirs, and not for what is not theirs yet."""
    if care is None or not (care.refs or care.waits):
        return reach
    return "named" if care.refs else care.reach


def when_told_before(care: Care) -> Care:
    """What is left for somebody who heard of a breaking change before it came."""
    left = tuple(purpose for purpose in care.due if purpose != "heads_up")
    if left:
        return replace(care, due=left)
    return replace(care, due=(), verdict="leave", because=f"{care.because}; they were told before it came")


def when_made(care: Care, made: Mapping[str, str]) -> Care:
    """What is left for somebody with whom a call about it was made, or skipped. `made`: by purpose, how that call
    stands."""
    left = tuple(purpose for purpose in care.due if purpose not in made)
    if left or not care.due:
        return replace(care, due=left)
    skipped = [purpose for purpose in care.due if made[purpose] == "skipped"]
    against = " and ".join(IN_WORDS[purpose] for purpose in skipped)
    why = f"one of us decided against {against}" if skipped else "they were told, and nothing is new"
    if care.is_check_in and not skipped:  # that nobody has spoken to them is not so any more
        return replace(care, due=(), verdict="leave", because="the check-in of this week was made")
    return replace(care, due=(), verdict="leave", because=f"{care.because}; {why}")


def care_of_coming(due_at: datetime | None) -> Care:
    """That a breaking change is coming to somebody."""
    when = f"on {due_at:%Y-%m-%d %H:%M} UTC" if due_at is not None else "on a day that nobody has said yet"
    return Care(
        due=("heads_up",),
        verdict="call",
        because=f"a breaking change is coming to what they use, {when}",
        why=(f"not live yet; to come {when}",),
    )


def said_before_it_comes(due_at: datetime | None, say: tuple[str, ...]) -> tuple[str, ...]:
    """The notes of what is coming, which are written as if it were there, behind the word that it is not yet."""
    if not say:
        return ()
    when = f", on {due_at:%Y-%m-%d %H:%M} UTC" if due_at is not None else "; we cannot say yet when"
    return (f"This is still to come{when}:", *say)


def care_of_check_in(spoken_at: datetime | None, days: int) -> Care:
    """That nobody has spoken to somebody for so many days. `spoken_at`: the last time, None when none is known."""
    last = f"last spoken to on {spoken_at:%Y-%m-%d}" if spoken_at is not None else "no talk with them is on record"
    return Care(
        due=("check_in",),
        verdict="call",
        because=f"nobody has spoken to them for {counted(days, 'day')}",
        why=(last,),
        say=("How is it going with what you use of ours? What would you like to be different?",),
        know=("Listen, and note what they say in their words. This is not a call to sell anything.",),
        is_check_in=True,
    )


def waiting_line(waiting: int) -> str:
    """For how many something is meant that is not theirs yet; empty for nobody."""
    if not waiting:
        return ""
    wait = "waits" if waiting == 1 else "wait"
    return f"{counted(waiting, 'customer')} {wait} for what this brings: it is not theirs yet, or not to be told."
