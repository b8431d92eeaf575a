"""Who is to be called about a deployment, why, on which number and when: one verdict and score for each customer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from releasewatch.domain.call_bands import Band, band_of
from releasewatch.domain.call_care import Care, scored_reach
from releasewatch.domain.call_hands import NOBODYS, Hands
from releasewatch.domain.call_incidents import NO_INCIDENT_WORDING, Hurt, Verdict, verdict_for
from releasewatch.domain.call_purposes import Standing, in_utc
from releasewatch.domain.call_rules import (
    CallRules,
    Talk,
    Twin,
    at_any_hour,
    blanks_of,
    is_severe,
    rest_of,
    with_shared_numbers,
    within_capacity,
)
from releasewatch.domain.call_scores import RankingWeights, Worth, hurt_parts, score_parts, worth_parts
from releasewatch.domain.callees import OUTSIDE, find_addressee, find_callee
from releasewatch.domain.calling_hours import (
    Availability,
    CallingHours,
    Window,
    find_availability,
    find_somewhere,
    read_clock,
)
from releasewatch.domain.leaks import LeakScanner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal

    from releasewatch.domain.exposure import ReachKind

NO_WORDING = "No agreed wording: say what changed in general, do not improvise."
"""What stands where a customer's notes hold no sentence of their own."""


@dataclass(frozen=True, slots=True)
class CallContact:
    """A person at the customer. Empty text: the directory does not say.

    `phone` is as stored; `phone_e164` is empty when it does not parse. `consent`: yes, no or empty. `wrong_number`: one
    of our people marked it so. `best_from` and `best_to` are local times of day.
    """

    key: str
    name: str
    role: str = ""
    phone: str = ""
    phone_e164: str = ""
    phone_state: str = ""
    email: str = ""
    language: str = ""
    timezone: str = ""
    best_from: str = ""
    best_to: str = ""
    primary: bool = False
    do_not_call: bool = False
    consent: str = ""
    wrong_number: bool = False
    contact_id: str = ""


@dataclass(frozen=True, slots=True)
class CallComponent:
    """A component that reaches the customer, by title. `via` is the title of the one it is reached through."""

    title: str
    reach: ReachKind
    via: str = ""
    distance: int = 0


@dataclass(frozen=True, slots=True)
class CallCandidate:
    """One exposed customer, with all that a verdict and a score need. Empty text: the directory does not say.

    `breaking`: a breaking change is in a component that reaches them directly. `do_not_call` is the OR of the directory
    and of marks, `do_not_call_because` whose word it is. `account_manager` is who
    keeps them on the day, empty when nobody does; `owner_note` why nobody does, or what else is worth knowing (away,
    taken over). `say` comes from the customer's own notes (`talking_points`);
    `say_withheld` sentences were left out because they name another customer; `say_outdated`: it is over, and what is
    to be said was agreed before that.
    `hurt`: what an incident is for them, where the list is one's; `know`: what was agreed for account staff alone.
    `care`: what it is without one.
    `standing`: how their call stands; `hands`: who is to make it.
    `own_names`: what they are called, and their aliases, but for the key.
    `do_not_say`: what is under embargo. `letter`: `say` as it may be written to them, `letter_lacks` where words are
    not agreed for all of it; `titles`: of what it is about, as customers know them.
    `talks`: when we reached them lately, newest first. `promise_overdue`: the day of something we promised is over.
    `reported_at`: without an incident, when they told us of something since it went live.
    """

    key: str
    name: str
    reach: ReachKind
    call: str = ""
    distance: int = 0
    components: tuple[CallComponent, ...] = ()
    breaking: bool = False
    possible: bool = False
    possible_because: tuple[str, ...] = ()
    tier: str = ""
    contract_value: Decimal | None = None
    currency: str = ""
    renewal_on: date | None = None
    escalated: bool = False
    do_not_call: bool = False
    do_not_call_because: str = ""
    forgotten: bool = False
    account_manager: str = ""
    owner_note: str = ""
    country: str = ""
    timezone: str = ""
    language: str = ""
    contacts: tuple[CallContact, ...] = ()
    say: tuple[str, ...] = ()
    say_withheld: int = 0
    say_outdated: bool = False
    know: tuple[str, ...] = ()
    hurt: Hurt | None = None
    care: Care | None = None
    standing: Standing = field(default_factory=Standing)
    hands: Hands = NOBODYS
    own_names: frozenset[str] = frozenset()
    do_not_say: tuple[str, ...] = ()
    letter: tuple[str, ...] = ()
    letter_lacks: bool = True
    titles: tuple[str, ...] = ()
    talks: tuple[Talk, ...] = ()
    promise_overdue: bool = False
    reported_at: datetime | None = None

    @property
    def say_outside(self) -> tuple[tuple[str, ...], int]:
        """What may be said, and how much was left out, where names may not be shown: the customer's own neither."""
        scanner = LeakScanner(dict.fromkeys(self.own_names, "their name"))
        said = tuple(text for text in self.say if not scanner.scan(text))
        return said, self.say_withheld + len(self.say) - len(said)

    @property
    def hurt_purpose(self) -> str:
        """What an incident's call is due for; empty when nothing is."""
        return self.hurt.due.purpose if self.hurt is not None else ""

    @property
    def no_wording(self) -> str:
        """What stands where there is nothing to say that was agreed."""
        return NO_WORDING if self.hurt is None else NO_INCIDENT_WORDING


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One row of a list. `parts` are whole numbers that sum to `score`; `rank` counts from 1 in the order of the list.

    `contact` is None when nobody may be approached; `may_dial` says whether it may be called, and when it may not,
    `availability.callable` is never.
    `local_zone` is the IANA name that the local time is of, empty when it is unknown. `verdict_outside` is the reason
    as it may be told where names may not: what was said of them stays out of it. `band`: now, today or this week; empty
    when they are to be left. `wanted`: the verdict, had nothing been in its way. `twins`: other customers with the same
    number, which is one dial. `blanks`: what is not known of them, in words.
    `late`: why it goes up to a manager (`goes_up_to`, empty when there is none), else empty.
    """

    candidate: CallCandidate
    verdict: Verdict
    verdict_because: str
    verdict_outside: str
    score: int
    parts: Mapping[str, int]
    rank: int = 0
    contact: CallContact | None = None
    may_dial: bool = False
    availability: Availability = field(default_factory=lambda: Availability("unknown"))
    local_zone: str = ""
    because: tuple[str, ...] = ()
    band: Band = ""
    wanted: Verdict = "leave"
    twins: tuple[Twin, ...] = ()
    blanks: tuple[str, ...] = ()
    late: str = ""
    goes_up_to: str = ""

    def content(self, *due: str) -> tuple[str, ...]:
        """What makes a version of the list, with what is `due`: the work on it does not, so that who was called stands
        there as before the call, and what is due after it beside that.
        """
        over = self.candidate.standing.over
        verdict = over[-1][1] if over and self.verdict == "leave" and not any(due) else self.verdict
        purposes = sorted([purpose for purpose, _ in over] + [one for one in due if one]) if over else due
        return self.candidate.key, verdict, *purposes

    @property
    def is_unowned(self) -> bool:
        """Whether no account manager keeps the relationship."""
        return not self.candidate.account_manager


def rank_calls(
    candidates: Iterable[CallCandidate],
    weights: RankingWeights,
    hours: CallingHours,
    now: datetime,
    tie: Callable[[str], str] = str,
    rules: CallRules | None = None,
    spent: Mapping[str, int] | None = None,
) -> list[PlannedCall]:
    """A row for each customer, in the order of the score, highest first. `now` is in UTC.

    Ties are in the order of what `tie` makes of the key: where keys are withheld, their order must not tell them.
    `spent`: by account manager, calls of today that are taken by what is not on this list.
    """
    planned = [plan_call(candidate, weights, hours, now, rules) for candidate in candidates]
    planned.sort(key=lambda row: place_of(row, tie))
    return arrange_calls(planned, weights, hours, now, rules, spent)


def place_of(row: PlannedCall, tie: Callable[[str], str]) -> tuple[int, str, str]:
    """Where a row stands in the order of the list."""
    return -row.score, tie(row.candidate.key), row.candidate.key


def arrange_calls(
    planned: Iterable[PlannedCall],
    weights: RankingWeights,
    hours: CallingHours,
    now: datetime,
    rules: CallRules | None = None,
    spent: Mapping[str, int] | None = None,
) -> list[PlannedCall]:
    """The rows of a list, given in its order: with ranks, and what they are to each other (days, shared numbers)."""
    rules = rules or CallRules()
    ranked = [replace(row, rank=rank) for rank, row in enumerate(planned, 1)]

    def write_instead(row: PlannedCall, because: str) -> PlannedCall:
        return replace(plan_call(row.candidate, weights, hours, now, rules, beyond=because), rank=row.rank)

    return with_shared_numbers(within_capacity(ranked, rules, spent or {}, now, write_instead))


def plan_call(
    candidate: CallCandidate,
    weights: RankingWeights,
    hours: CallingHours,
    now: datetime,
    rules: CallRules | None = None,
    *,
    beyond: str = "",
) -> PlannedCall:
    """Verdict, score, contact and hours for one customer. `beyond`: why they are written to although one would call."""
    rules = rules or CallRules()
    wanted, reason = _wanted(candidate)
    to_call, hindrances = find_callee(candidate)
    verdict: Verdict = "write" if wanted == "call" and (to_call is None or beyond) else wanted
    rest, rests = rest_of(candidate, rules, now) if verdict == "call" else (None, "")

    def because(hindrances: Iterable[str]) -> str:
        said = reason + (beyond or rests)
        if verdict != wanted and not beyond:
            said = f"{reason}; {_list(tuple(hindrances))}, so write"
        if candidate.standing.waits_for:
            said += f"; waits for {candidate.standing.waits_for}, which is about an incident, {_until(candidate)}"
        if not candidate.possible or (wanted == "leave" and candidate.care is not None and candidate.care.waits):
            return said
        return f"{said}; possible only: {_list(candidate.possible_because) or 'it is uncertain that they are reached'}"

    contact = to_call if verdict != "write" else find_addressee(candidate, to_call)
    value = weights.compare(candidate.contract_value, candidate.currency)
    worth = Worth(candidate.tier, value, candidate.renewal_on, candidate.escalated, candidate.promise_overdue)
    today = now.astimezone(UTC).date()
    hurt = candidate.hurt
    if candidate.care is not None and candidate.care.is_check_in:
        parts = worth_parts(worth, weights, today)
    elif hurt is None:
        parts = score_parts(
            scored_reach(candidate.care, candidate.reach), candidate.distance, candidate.breaking, worth, weights, today
        )
    else:
        parts = hurt_parts(hurt, candidate.distance, worth, weights, today)
    later = max(filter(None, (candidate.standing.not_before, rest)), default=None)
    availability, zone = _find_hours(candidate, contact, hours, now, later)
    if later is None or later <= now:
        availability = at_any_hour(candidate, rules, availability)
    may_dial = contact is not None and contact is to_call
    if not may_dial:
        availability = replace(availability, callable="never", window=None, by_rule="")
    return PlannedCall(
        candidate=candidate,
        verdict=verdict,
        verdict_because=because(hindrances),
        verdict_outside=because(dict.fromkeys(OUTSIDE.get(one, one) for one in hindrances)),
        wanted=wanted,
        score=sum(parts.values()),
        parts=parts,
        contact=contact,
        may_dial=may_dial,
        availability=availability,
        local_zone=zone,
        because=explain_reach(candidate) if hurt is None else hurt.ways,
        band=band_of(verdict, availability, now, urgent=is_severe(candidate), tries_from=_tries_from(candidate, now)),
        blanks=blanks_of(
            candidate,
            zone=zone,
            rated=(value is None) == (candidate.contract_value is None),
            has_address=verdict != "write" or contact is None or bool(contact.email),
        ),
    )


def _tries_from(candidate: CallCandidate, now: datetime) -> datetime | None:
    """When a call that was tried is to be tried again; None where nobody has."""
    standing = candidate.standing
    return (standing.not_before or now) if standing.attempts else None


def _until(candidate: CallCandidate) -> str:
    """How long a care call waits for an incident's, as far as it is known."""
    later = candidate.standing.waits_until
    not_before = f", which is not before {later.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if later is not None else ""
    return f"until that one is made or taken back{not_before}"


def explain_reach(candidate: CallCandidate) -> tuple[str, ...]:
    """Why the customer is on the list, one plain sentence for each component, nearest first."""
    said = ["a change names them"] if candidate.reach == "named" else []
    if candidate.reported_at is not None:
        said.append(f"they reported something to us at {in_utc(candidate.reported_at)}, after it went live")
    said += candidate.care.why if candidate.care is not None else ()
    for component in sorted(candidate.components, key=lambda c: (c.distance, c.title)):
        if component.via:
            said.append(f"{component.title} depends on {component.via}")
        else:
            said.append(f"{component.title} changed ({component.reach})")
    return tuple(dict.fromkeys(said))


def _wanted(candidate: CallCandidate) -> tuple[Verdict, str]:
    if candidate.forgotten:
        return "leave", "they were forgotten"
    if candidate.hurt is not None:
        return verdict_for(candidate.hurt)
    if candidate.care is not None:
        return candidate.care.verdict, candidate.care.because
    if candidate.reach == "named":
        return "call", "a change names them"
    if candidate.reach == "direct":
        if candidate.breaking:
            return "call", "a breaking change in what they use"
        return "write", "what they use changed, and nothing in it is breaking"
    return "leave", "reached only through what they use depends on"


def _find_hours(
    candidate: CallCandidate, contact: CallContact | None, hours: CallingHours, now: datetime, later: datetime | None
) -> tuple[Availability, str]:
    theirs = (contact.timezone, contact.best_from, contact.best_to) if contact is not None else ("", "", "")
    return _hours_at(candidate.country, candidate.timezone, theirs, hours, now, later)


@lru_cache(maxsize=4096)
def _hours_at(
    country: str,
    timezone: str,
    contact: tuple[str, str, str],
    hours: CallingHours,
    now: datetime,
    later: datetime | None,
) -> tuple[Availability, str]:
    """Of a place, and of somebody's own time zone, and when it suits them best: many share all of it."""
    hours = hours.of(country)
    zone = hours.zone(now, contact[0], timezone)
    opens, closes = map(read_clock, contact[1:])
    if opens or closes:
        hours = replace(hours, opens=opens or hours.opens, closes=closes or hours.closes)
    if zone is None:
        return find_somewhere(hours, now, later), ""
    if later is None or later <= now:
        return find_availability(zone, hours, now), zone.key
    # The next attempt is to be later: then, or in the window that follows.
    then = find_availability(zone, hours, later)
    local = now.astimezone(zone)
    if then.callable != "now" or then.window is None:  # what is said of today is of now, and not of then
        return replace(then, local_now=local, holiday=""), zone.key
    return Availability("later", local, Window(later, then.window.until_at)), zone.key


def _list(texts: tuple[str, ...]) -> str:
    return ", ".join(texts)
