"""The public contract for template authors: every name that a template of an incident's document may use.

A template gets one value, `incident`. As with notes it holds text, numbers, yes and no, and views; text is raw and
escaped by the environment. What its audience may not read is empty, whatever a template asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from releasewatch.domain.impacts import ImpactCounts, doubt_lines
from releasewatch.domain.incidents import OPEN_STATUSES
from releasewatch.domain.words import counted
from releasewatch.rendering import incident_words as words
from releasewatch.rendering.views import FactView, View, day_in_words, instant_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from releasewatch.domain.incident_corrections import Correction
    from releasewatch.domain.incident_documents import Cause, IncidentDocument, TimelineEntry
    from releasewatch.domain.incident_facts import BlameWord, FixFacts, HurtFacts

_NOT_TO_SAY = (
    "Names of other customers, or how many they are.",
    "Who deployed, or who made a change.",
    "That somebody was affected, where nobody said so: ask those presumed; of those possible it cannot be ruled out.",
)


@dataclass(frozen=True, slots=True)
class CauseView(View):
    """A deployment that was linked.

    - `deployment`: its id; `state`: suspect, confirmed or cleared; `text`: where and since when it went live.
    - `words`: for engineering, each word on its blame, oldest first; the last one counts.
    - `changes`: as far as this audience may read them; `more`: "3 further changes", or that some name somebody.
    - `embargoes`: until when something in it is held back ("1 March 2026"); never what.
    """

    deployment: str
    state: str
    text: str
    words: tuple[str, ...]
    changes: tuple[str, ...]
    more: str
    embargoes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StateView(View):
    """How many customers are in a state (presumed, possible, affected, cleared), and what that means."""

    state: str
    number: int
    meaning: str


@dataclass(frozen=True, slots=True)
class PlaceView(View):
    """How many customers in a region and ring still carry it, and have been returned."""

    place: str
    still_exposed: int
    returned: int


@dataclass(frozen=True, slots=True)
class HurtView(View):
    """A customer in the incident. `exposed`: still or returned. `text`: what was said, and why they are in it."""

    name: str
    state: str
    level: str
    exposed: str
    windows: tuple[str, ...]
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineView(View):
    """One line of a timeline. `details`: who wrote it, when and why, for engineering; else empty."""

    at: str
    text: str
    details: str


@dataclass(frozen=True, slots=True)
class IncidentView(View):
    """An incident for one audience.

    - `document`: report, brief, update or final; `audience`: engineering, account or customer; `reference`: `INC-7`;
      `status`: investigating, identified, monitoring, resolved or cancelled.
    - `title`, `subtitle` (may be empty); `facts`: the head; `times`: when it began and ended, and was worked at.
    - `parts`: components with their status; `presumed_parts`: where nobody said which, what the blame suggests.
    - `lead`: what this audience reads first, in paragraphs; `is_agreed`: somebody wrote it for them, else it says what
      the record says.
    - `wording`: for our people, the words agreed for customers; empty: none are, and then `meanwhile` may be said.
      `outdated`: the sentence that the words are older than the status, or empty. `not_to_say`: what must not be said.
    - `causes`, `fixes` (one sentence each), `proposed_fixes`: not for customers.
    - `states`, `reached`: how many customers, for our people; `places`, `customers`, `more_customers`: for engineering.
    - `customer`: the one that it is for, or None. `for_you`: what they are told of themselves.
    - `timeline`: until the resolution; `after`: what was noted since then.
    - `revisions`, `corrections`: what was said before, for engineering. `withheld`: what this channel does not show.
    """

    document: str
    audience: str
    reference: str
    status: str
    title: str
    subtitle: str
    facts: tuple[FactView, ...]
    times: tuple[FactView, ...]
    parts: tuple[FactView, ...]
    presumed_parts: tuple[str, ...]
    lead: tuple[str, ...]
    is_agreed: bool
    wording: tuple[str, ...]
    outdated: str
    meanwhile: tuple[str, ...]
    not_to_say: tuple[str, ...]
    causes: tuple[CauseView, ...]
    fixes: tuple[str, ...]
    proposed_fixes: tuple[str, ...]
    states: tuple[StateView, ...]
    reached: str
    places: tuple[PlaceView, ...]
    customers: tuple[HurtView, ...]
    more_customers: str
    customer: HurtView | None
    for_you: tuple[str, ...]
    timeline: tuple[LineView, ...]
    after: tuple[LineView, ...]
    revisions: tuple[LineView, ...]
    corrections: tuple[LineView, ...]
    withheld: str


def incident_view(document: IncidentDocument) -> IncidentView:
    """What a template sees of a document."""
    d = document
    titles = [part.title for part in d.parts]
    inside, staff = d.audience == "engineering", d.audience != "customer"
    fallback = words.sentence(d.status, d.outer_titles)
    return IncidentView(
        document=d.kind,
        audience=d.audience,
        reference=d.id,
        status=d.status,
        title=_title(d, titles),
        subtitle=f"For {_called(d.customer)}" if d.customer is not None else "",
        facts=tuple(_facts(d)),
        times=tuple(_times(d)),
        parts=tuple(FactView(_part(p.title, p.key), _part_status(d, p.status)) for p in d.parts),
        presumed_parts=d.presumed_parts,
        lead=words.paragraphs(d.summary) or (() if staff else (fallback,)),
        is_agreed=bool(d.summary),
        wording=words.paragraphs(d.wording) if staff else (),
        outdated=_outdated(d) if d.wording else "",
        meanwhile=(fallback,) if staff and not d.wording else (),
        not_to_say=(*_NOT_TO_SAY, _no_cause(d)) if d.audience == "account" else (),
        causes=tuple(_cause(cause) for cause in d.causes),
        fixes=tuple(_fix(fix) for fix in d.fixes),
        proposed_fixes=d.proposed_fixes,
        states=tuple(_states(d)),
        reached=_reached(d),
        places=tuple(
            PlaceView("/".join(filter(None, (p.region, p.ring))) or "everywhere else", p.still_exposed, p.returned)
            for p in d.places
        ),
        customers=tuple(_hurt(one, is_none=d.status == "cancelled") for one in d.customers),
        more_customers=_more(d) if inside else "",
        customer=_hurt(d.customer) if d.customer is not None and staff else None,
        for_you=words.told_of_themselves(d, d.for_customer) if d.for_customer is not None else (),
        timeline=tuple(_line(one) for one in d.timeline),
        after=tuple(_line(one) for one in d.after),
        revisions=tuple(
            LineView(instant_in_words(one.at), f"For {one.audience}: {one.text}", _by(one.by)) for one in d.revisions
        ),
        corrections=tuple(_correction(one) for one in d.corrections),
        withheld="Names, and texts that hold a customer's name, are not shown where this went." if d.withheld else "",
    )


def _title(d: IncidentDocument, titles: Sequence[str]) -> str:
    about = words.joined_words(titles)
    if d.audience == "engineering":
        return f"{'Final report on ' if d.kind == 'final' else ''}{d.id}: {d.title}"
    if d.kind == "brief":
        return f"{d.id}: account brief" + (f" on {about}" if about else "")
    if d.kind == "final":
        return f"Report on the problem with {about or 'our service'}"
    return words.headline(d.status, titles)


def _facts(d: IncidentDocument) -> Iterator[FactView]:
    since = f", since {instant_in_words(d.status_at)}" if d.status_at is not None else ""
    facts = (
        ("Reference", f"{d.id} ({d.given_key})" if d.given_key else d.id),
        ("Status", f"{d.status.capitalize()}{since}"),
        ("Severity", d.severity),
        ("Noticed by", words.DETECTED_BY.get(d.detected_by, d.detected_by)),
        ("Environment", d.environment),
        ("Regions", ", ".join(d.regions)),
        ("Rings", ", ".join(d.rings)),
        ("Commander", d.commander),
        ("Speaks with customers", d.liaison),
        ("As of", instant_in_words(d.as_of)),
        ("As known at", instant_in_words(d.known_at) if d.known_at is not None else ""),
    )
    return (FactView(label, value) for label, value in facts if value)


def _times(d: IncidentDocument) -> Iterator[FactView]:
    if d.began is not None:
        yield FactView("Began", words.moment_in_words(d.began))
    if d.ended is not None:
        yield FactView("Ended", words.moment_in_words(d.ended))
    if d.began is not None and d.ended is not None and d.ended.at >= d.began.at:
        presumed = "presumably " if d.began.presumed or d.ended.presumed else ""
        yield FactView("Lasted", presumed + words.span_in_words(d.ended.at - d.began.at))
    if d.opened_at is not None:
        yield FactView("Work began", instant_in_words(d.opened_at))


def _part(title: str, key: str) -> str:
    return f"{title} ({key})" if key and key != title else title


def _part_status(d: IncidentDocument, status: str) -> str:
    """How a component is; of one that nobody said to be well again, nothing once the incident is over."""
    if d.status not in OPEN_STATUSES and status != "operational":
        return ""
    return words.COMPONENT_STATUS.get(status, status)


def _outdated(d: IncidentDocument) -> str:
    if not d.is_outdated or d.wording_at is None:
        return ""
    return f"These words are of {instant_in_words(d.wording_at)}, from before the status became {d.status}."


def _no_cause(d: IncidentDocument) -> str:
    if any(cause.state == "confirmed" for cause in d.causes):
        return "The cause, but in the words agreed for customers."
    return "A cause: none is confirmed."


def _cause(cause: Cause) -> CauseView:
    left_out = f"{counted(cause.left_out, 'change')} left out, naming somebody" if cause.left_out else ""
    where = f" in {cause.environment}" if cause.environment else ""
    return CauseView(
        cause.deployment,
        cause.state,
        f"live{where} since {instant_in_words(cause.live_at)}",
        tuple(_blame(word) for word in cause.words),
        tuple(f"{change.text} ({change.ref})" if change.ref else change.text for change in cause.changes),
        "; ".join(filter(None, (counted(cause.more, "further change") if cause.more else "", left_out))),
        tuple(day_in_words(day) for day in cause.embargoes),
    )


def _blame(word: BlameWord) -> str:
    by = f" by {word.by}" if word.by else ""
    score = f" (score {word.score} of 100)" if word.score is not None else ""
    why = f": {word.why}" if word.why else ""
    return f"{instant_in_words(word.at)}: {word.state}{by}{score}{why}"


def _fix(fix: FixFacts) -> str:
    why = f": {fix.why}" if fix.why else ""
    return f"{fix.deployment}, live since {instant_in_words(fix.live_at)}{why}"


def _states(d: IncidentDocument) -> Iterator[StateView]:
    if d.counts is not None:
        for state, meaning in words.STATES.items():
            yield StateView(state, getattr(d.counts, state), meaning)


def _reached(d: IncidentDocument) -> str:
    if d.counts is None:
        return ""
    lines = [f"{line}." if not line.endswith(".") else line for line in d.unsure.incident_lines]
    # Who doubts the blame are those inside: others read what is to blame, once somebody has confirmed it.
    is_told = d.audience == "engineering" and d.status != "cancelled"
    doubts = doubt_lines(d.counts.not_reached, d.counts.after_return) if is_told else ()
    return " ".join([_counted(d, d.counts), *doubts, *lines])


def _counted(d: IncidentDocument, counts: ImpactCounts) -> str:
    if not counts.exposed:
        return "No customer is known to be in it."
    if d.status == "cancelled":
        return f"{counted(counts.exposed, 'customer')} had been in it before it was found to be none."
    return (
        f"{counted(counts.exposed, 'customer')}; of those not cleared {counts.still_exposed:,} still exposed, "
        f"{counts.returned:,} returned."
    )


def _more(d: IncidentDocument) -> str:
    more = d.counts.exposed - len(d.customers) if d.counts is not None else 0
    return f"{more:,} more: releasewatch incident show {d.id} --customers" if more > 0 else ""


def _called(one: HurtFacts) -> str:
    return one.name or one.key


def _hurt(one: HurtFacts, *, is_none: bool = False) -> HurtView:
    said: list[str] = []
    if one.first_at is not None:
        said.append(f"hurt {words.between(one.first_at, one.last_at)}")
    if one.many is not None:
        said.append(f"counted: {one.many:,}")
    if one.account_manager:
        said.append(f"account manager: {one.account_manager}")
    windows = []
    for w in one.windows:
        place = "/".join(filter(None, (w.region, w.ring)))
        over = f"{w.component}{f' in {place}' if place else ''} {words.between(w.since, w.until)}"
        windows.append(f"{over} ({w.deployment})" if w.deployment else over)
    return HurtView(
        f"{one.key} {one.name}" if one.name and one.name != one.key else one.key,
        one.state,
        words.COMPONENT_STATUS.get(one.level, one.level),
        "" if is_none or one.state == "cleared" else "still exposed" if one.still_exposed else "returned",
        tuple(windows),
        (*said, *one.reasons),
    )


def _line(one: TimelineEntry) -> LineView:
    return LineView(instant_in_words(one.at), _happening(one), _details(one))


def _happening(one: TimelineEntry) -> str:
    if one.kind == "entry":
        return one.value
    if one.kind == "status":
        return f"Status: {one.value}"
    if one.kind == "component_status":
        return f"{one.subject}: {words.COMPONENT_STATUS.get(one.value, one.value)}"
    return f"{words.KINDS.get(one.kind, one.kind)}: {one.value}" if one.value else words.KINDS.get(one.kind, one.kind)


def _details(one: TimelineEntry) -> str:
    if one.recorded_at is None:
        return ""
    late = instant_in_words(one.recorded_at)
    parts = (
        f"for {one.audience}" if one.audience else "",
        _by(one.by),
        f"written down {late}" if late != instant_in_words(one.at) else "",
        f"because: {one.why}" if one.why else "",
    )
    return ", ".join(filter(None, parts))


def _by(name: str) -> str:
    return f"by {name}" if name else ""


def _correction(one: Correction) -> LineView:
    what = words.KINDS.get(one.kind, one.kind)
    if one.kind in ("component", "region", "ring"):
        what, before, after = f"{what} {one.subject}", _belongs(one.before), _belongs(one.after)
    else:
        what += f" of {one.subject}" if one.subject else ""
        before, after = _value(one.kind, one.before), _value(one.kind, one.after)
    since = f" from {instant_in_words(one.since)} on" if one.since is not None else ""
    text = f"{what}: {after}{since}; said before: {before}"
    why = f"because: {one.why}" if one.why else ""
    said = f"said {instant_in_words(one.said_at)}"
    return LineView(instant_in_words(one.corrected_at), text, ", ".join(filter(None, (said, _by(one.by), why))))


def _belongs(value: str) -> str:
    return "belongs to it" if value == "yes" else "does not belong to it"


def _value(kind: str, value: str) -> str:
    if not value:
        return "not said"
    if kind.endswith("_at"):
        from datetime import datetime

        return instant_in_words(datetime.fromisoformat(value))
    return words.COMPONENT_STATUS.get(value, value) if kind == "component_status" else value
