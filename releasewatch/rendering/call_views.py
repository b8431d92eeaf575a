"""The public contract for template authors: every name that a template of a call list may use.

A template gets one value, `calls`. As with notes it holds text, numbers, yes and no, and views; text is raw and
escaped by the environment. What the reader's channel may not show (names, numbers) is replaced before it gets here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING

from releasewatch.domain.call_care import waiting_line
from releasewatch.domain.call_incidents import Verdict
from releasewatch.domain.call_lists import CallList
from releasewatch.domain.call_rules import NO_RATE
from releasewatch.domain.call_scores import parts_for_ci
from releasewatch.domain.calls import PlannedCall
from releasewatch.domain.privacy import WITHHELD as TEXT_WITHHELD
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.domain.their_time import in_their_time
from releasewatch.domain.words import blank_line, counted
from releasewatch.rendering.call_groups import CallGroupView, Rows, group_rows
from releasewatch.rendering.call_weights import weights_in_words
from releasewatch.rendering.call_words import (
    DAYS,
    WITHHELD,
    callable_in_words,
    caller_in_words,
    contact_in_words,
    hours_in_words,
    in_hand_in_words,
    late_in_words,
    plain,
    same_number_in_words,
    status_in_words,
    tried_in_words,
)
from releasewatch.rendering.care_words import coming_in_words, item_in_words
from releasewatch.rendering.views import FactView, View, instant_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TITLE = "Customers to call: "
"""With this the title of every list begins."""

_VERDICTS: tuple[tuple[Verdict, str, str], ...] = (
    ("call", "Call", "Ring these, in this order."),
    ("write", "Write", "No call: a few lines by mail will do, or a call is not possible."),
    ("leave", "Leave", "Nothing to do now; they are here so that nobody has to wonder."),
)


@dataclass(slots=True)  # not frozen: that takes five times as long to make
class CallView(View):
    """One customer on the list.

    - `rank`, `call` (its id, may be empty), `verdict` (call, write or leave) and `because`: the reason for the verdict.
    - `key`, `name` of the customer; `possible`: it is uncertain that they are reached.
    - `contact`, `role`, `phone` (as it is to be read), `email`; `tel` and `mailto` are links, empty where there must be
      none; `phone_note`: why the number needs care, or empty.
    - `local_time`, `callable` (now, later, never, unknown), `callable_text`: the same in words, `window` in UTC.
    - `account_manager`, empty when nobody keeps the relationship (`is_unowned`); `owner_note`: why nobody does, or that
      they are away or took over.
    - `caller`: who makes the call, and why, where that is not the account manager; else empty. `late`: that nobody has
      begun it, and to whom it goes up; else empty.
    - `reach`, `why`: one sentence for each component. `score`, `parts`: name and points, which sum to the score.
    - `say`: what may be said, nothing to who is left; `has_wording`: False when it only says that nothing was agreed.
      `know`: what was agreed for account staff to know, and is not to be said.
    - `band`: now, today, this week, or empty. `purpose`: what the call is for; `items`: everything in it, in words.
    - `status`: not planned, open, claimed, waiting, done, skipped, withdrawn; draft: its list is not approved;
      `holder`: who has claimed it; `in_hand`: both in words, empty of one that anybody may take up.
    - `language` that they speak; `tried`, `same_number`, `called_lately`, `not_known`: what else a caller should know
      before the dial, one sentence each. `do_not_say`: what is under embargo, by category and end.
    - `say_withheld`: how many sentences were left out because of what they hold: a name, or what is not for customers.
    """

    rank: int
    call: str
    verdict: str
    because: str
    key: str
    name: str
    possible: bool
    contact: str
    role: str
    phone: str
    tel: str
    phone_note: str
    email: str
    mailto: str
    local_time: str
    callable: str
    callable_text: str
    window: str
    account_manager: str
    owner_note: str
    caller: str
    late: str
    is_unowned: bool
    reach: str
    why: tuple[str, ...]
    score: int
    parts: tuple[FactView, ...]
    say: tuple[str, ...]
    has_wording: bool
    say_withheld: int
    know: tuple[str, ...]
    band: str
    purpose: str
    items: tuple[str, ...]
    status: str
    holder: str
    in_hand: str
    language: str
    tried: tuple[str, ...]
    same_number: tuple[str, ...]
    called_lately: tuple[str, ...]
    not_known: tuple[str, ...]
    do_not_say: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallSectionView(View):
    """The rows of one verdict. `lead`: what to do with them. `groups`: the same rows, those callable now first."""

    verdict: str
    title: str
    lead: str
    number: int
    rows: Rows
    groups: tuple[CallGroupView, ...]


@dataclass(frozen=True, slots=True)
class CallListView(View):
    """A list of customers to call.

    - `title`; `facts`: the head; `as_of` and `version`: which state of the world it shows.
    - `draft`: that nobody has approved the list, and why, in one sentence; else empty.
    - `withdrawn`: of each version that somebody has and that is not so any more, a sentence.
    - `account_manager`: whose part it is, in words, when it is not the whole.
      `summary`: "3 to call, 12 to write to, 40 to leave."
    - `sections`: call, write and leave, in this order, each in the order of the score; empty ones are left out.
    - `unowned`: rows to call or to write to that no account manager keeps; they are in their sections, too.
    - `blank`: how many customers cannot be ruled out, and why, in one sentence, or empty.
    - `beyond`: how many more there are than the list holds, in one sentence, or empty
    - `waiting`: for how many something is meant that is not theirs yet, in one sentence, or empty.
    - `withheld`: what this channel does not show, in words, or empty. `weights`: how a score is made.
    """

    title: str
    facts: tuple[FactView, ...]
    as_of: str
    version: int
    draft: str
    withdrawn: tuple[str, ...]
    account_manager: str
    summary: str
    sections: tuple[CallSectionView, ...]
    unowned: Rows
    blank: str
    withheld: str
    weights: tuple[FactView, ...]
    waiting: str = ""
    beyond: str = ""


def call_list_view(
    calls: CallList, reveal: Reveal = Reveal.CONTACTS, *, in_ci: bool = False, opaque: bool = False
) -> CallListView:
    """What a template sees of a list, on a channel that may show so much."""
    make = row_maker(reveal, in_ci=in_ci, opaque=opaque)
    by_verdict: dict[str, list[PlannedCall]] = {}
    for row in calls.rows:
        by_verdict.setdefault(row.verdict, []).append(row)
    shown = {verdict: rows if reveal >= Reveal.KEYS else [] for verdict, rows in by_verdict.items()}
    unowned = [row for verdict in ("call", "write") for row in shown.get(verdict, ()) if row.is_unowned]
    return CallListView(
        title=f"{TITLE}{calls.subject}",
        facts=_facts(calls, reveal),
        as_of=instant_in_words(calls.as_of.astimezone(UTC)),
        version=calls.version,
        draft=_draft(calls),
        withdrawn=(
            *filter(None, [calls.blame]),
            *(
                one.sentence(names=reveal >= Reveal.NAMES)
                for one in calls.withdrawn
                if one.sending.receiver in ("", calls.account_manager or one.sending.receiver)
            ),
        ),
        account_manager=calls.part,
        summary=_summary(calls, by_verdict),
        sections=tuple(
            CallSectionView(
                verdict,
                title,
                lead,
                len(shown[verdict]),
                Rows(shown[verdict], make),
                group_rows(verdict, shown[verdict], make),
            )
            for verdict, title, lead in _VERDICTS
            if shown.get(verdict)
        ),
        unowned=Rows(unowned, make),
        blank=blank_line(calls.unmapped, calls.not_ruled_out, calls.unsure.lines),
        withheld=_withheld(reveal),
        weights=weights_in_words(calls.weights, of_incident=calls.incident is not None),
        waiting=waiting_line(calls.waiting),
        beyond=calls.beyond.line,
    )


_NEW = object.__new__


def row_maker(reveal: Reveal, *, in_ci: bool, opaque: bool = False) -> Callable[[PlannedCall], CallView]:
    """How a planned call becomes a view on a channel that may show so much. `opaque`: keys are withheld with names."""
    names, people = reveal >= Reveal.NAMES, reveal >= Reveal.CONTACTS

    def make(row: PlannedCall) -> CallView:
        candidate, contact = row.candidate, row.contact
        parts = parts_for_ci(row.parts) if in_ci else row.parts
        key = opaque_key(candidate.key) if opaque and not names else candidate.key
        say, say_withheld = (candidate.say, candidate.say_withheld) if names else candidate.say_outside
        standing, hours = candidate.standing, row.availability
        status = status_in_words(standing)
        view = _NEW(CallView)  # filled field by field: to hand over fifty named values takes seven times as long
        view.rank = row.rank
        view.call = candidate.call
        view.verdict = row.verdict
        view.because = row.verdict_because if names else row.verdict_outside
        view.key = key
        view.name = candidate.name if names else key
        view.possible = candidate.possible
        (view.contact, view.role, view.phone, view.tel, view.phone_note, view.email, view.mailto) = contact_in_words(
            row, contact, shown=people, names=names
        )
        view.callable = hours.callable
        if names:  # elsewhere their time zone may not be told
            say = tuple([in_their_time(line, row.local_zone) for line in say])
            view.local_time, view.callable_text, view.window = hours_in_words(hours, row.local_zone)
        else:
            view.local_time, view.window = WITHHELD, ""
            view.callable_text = callable_in_words(hours, their_time=False)
        view.account_manager = candidate.account_manager if names or row.is_unowned else WITHHELD
        view.owner_note = candidate.owner_note if names else ""
        view.caller = caller_in_words(row) if names else ""
        view.late = late_in_words(row, names=names)
        view.is_unowned = row.is_unowned
        view.reach = candidate.reach
        view.why = row.because
        view.score = row.score
        view.parts = tuple(map(_part, parts, parts.values()))
        view.say = say or (() if _is_over(row) else (candidate.no_wording,))
        view.has_wording = bool(say)
        view.say_withheld = say_withheld
        view.know = candidate.know
        view.band = row.band
        view.purpose = plain(standing.purpose)
        view.items = tuple(map(item_in_words, standing.reasons))
        view.status = status
        view.holder = standing.holder if names else (WITHHELD if standing.holder else "")
        view.in_hand = in_hand_in_words(standing, status, names=names)
        view.language = (contact.language if contact is not None else "") or candidate.language
        view.tried = tried_in_words(standing)
        view.same_number = tuple(same_number_in_words(row, names=names, opaque=opaque)) if row.twins else ()
        view.called_lately = tuple([f"called {talk.in_words}" for talk in candidate.talks])
        view.not_known = tuple([words for words in row.blanks if words != NO_RATE]) if in_ci else row.blanks
        view.do_not_say = candidate.do_not_say
        return view

    return make


@lru_cache(maxsize=512)
def _part(name: str, points: int) -> FactView:
    return FactView(name, f"{points:+d}")


def _is_over(row: PlannedCall) -> bool:
    """Whether nobody is to say anything to them: that nothing was agreed would send somebody looking for words."""
    return row.verdict == "leave" or row.candidate.standing.status in ("done", "skipped", "withdrawn")


def _facts(calls: CallList, reveal: Reveal) -> tuple[FactView, ...]:
    hours, version = calls.hours, calls.settings_version
    days = ", ".join(DAYS[day] for day in sorted(hours.weekdays))
    incident = calls.incident
    about = (
        ()
        if incident is None
        else (
            ("Incident", TEXT_WITHHELD if incident.names_somebody and reveal < Reveal.NAMES else incident.title),
            ("Severity", incident.severity or "not said"),
            ("Status", incident.status),
            ("Impact", _span(incident.started_at, incident.until)),
            ("Blamed", ", ".join(incident.deployments)),
            ("Cleared, not on the list", str(incident.left_out.get("cleared") or "")),
        )
    )
    capacity = calls.rules.capacity
    facts = (
        *about,
        ("Repo", calls.repo),
        ("Environment", calls.environment),
        ("Release", calls.release or ""),
        ("Coming", coming_in_words(calls.coming)),
        ("Week", calls.week),
        ("Live since", instant_in_words(calls.live_at.astimezone(UTC)) if calls.live_at else ""),
        ("Calling hours", f"{days}, {_clock(hours.opens)} to {_clock(hours.closes)}, the customer's time"),
        ("Calls a day", f"{capacity} for each account manager" if capacity is not None else ""),
        ("Contract values", "in several currencies, compared as they stand" if calls.mixes_currencies else ""),
        ("Ranked by", f"organisation settings, version {version}" if version is not None else ""),
    )
    return tuple(FactView(label, value) for label, value in facts if value)


def _span(start: datetime, end: datetime | None) -> str:
    since = instant_in_words(start.astimezone(UTC))
    return f"since {since}" if end is None else f"{since} to {instant_in_words(end.astimezone(UTC))}"


def _draft(calls: CallList) -> str:
    """That a list is a draft, in a sentence."""
    incident = calls.incident
    if incident is None or incident.approval.approved:
        return ""
    return f"DRAFT, no call may be made: {incident.approval.because}."


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def _summary(calls: CallList, by_verdict: Mapping[str, Sequence[PlannedCall]]) -> str:
    call, write, leave = (len(by_verdict.get(verdict, ())) for verdict in ("call", "write", "leave"))
    bands = [row.band for row in by_verdict.get("call", ())]
    told = [f"{bands.count(band)} {band}" for band in ("now", "today", "this week") if band in bands]
    when = f" ({', '.join(told)})" if told else ""
    text = f"{call:,} to call{when}, {write:,} to write to, {leave:,} to leave."
    if calls.part:
        text += f" The whole list has {counted(calls.total, 'customer')}."
    return text


def _withheld(reveal: Reveal) -> str:
    match reveal:
        case Reveal.COUNTS:
            return "customers"
        case Reveal.KEYS:
            return "names of customers, contacts and account managers, phone numbers, addresses, time zones"
        case Reveal.NAMES:
            return "names of contacts, phone numbers, addresses"
    return ""
