"""Who is to be called about a deployment, why, on which number and when: one verdict and score for each customer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from releasewatch.domain.call_approval import ListStanding
from releasewatch.domain.call_bands import Band, band_of
from releasewatch.domain.call_hands import NOBODYS, Hands
from releasewatch.domain.call_incidents import NO_INCIDENT_WORDING, URGENT, Hurt, Verdict, verdict_for
from releasewatch.domain.call_purposes import Standing
from releasewatch.domain.call_scores import RankingWeights, Worth, hurt_parts, score_parts
from releasewatch.domain.call_sendings import Withdrawn
from releasewatch.domain.calling_hours import (
    Availability,
    CallingHours,
    Window,
    find_availability,
    read_clock,
)
from releasewatch.domain.leaks import LeakScanner
from releasewatch.domain.unsure import NOBODY, Unsure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from decimal import Decimal

    from releasewatch.domain.exposure import ReachKind

NO_WORDING = "No agreed wording: say what changed in general, do not improvise."
"""What stands where a customer's notes hold no sentence of their own."""

DIRECTORY_SAYS_NO = "the directory says do-not-call"
MARKED_DO_NOT_CALL = "one of us marked them do-not-call"
NOT_TO_BE_CALLED = "they are not to be called"
CONTACT_NOT_TO_BE_CALLED = "the contact is not to be called"
NO_CONSENT = "the contact did not consent"

_OUTSIDE = dict.fromkeys(
    (DIRECTORY_SAYS_NO, MARKED_DO_NOT_CALL, NOT_TO_BE_CALLED, CONTACT_NOT_TO_BE_CALLED, NO_CONSENT),
    "a call is not possible",
)
"""What a directory or a person said of somebody, in words that do not say it."""


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
    `say_withheld` sentences were left out because they name another customer.
    `hurt`: what an incident is for them, where the list is one's; `know`: what was agreed for account staff alone.
    `standing`: how their call stands; `hands`: who is to make it. `own_names`: what they are called, and
    their aliases, but for the key.
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
    know: tuple[str, ...] = ()
    hurt: Hurt | None = None
    standing: Standing = field(default_factory=Standing)
    hands: Hands = NOBODYS
    own_names: frozenset[str] = frozenset()

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
    when they are to be left. `late`: why it goes up to a manager (`goes_up_to`, empty when there is none), else empty.
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
    late: str = ""
    goes_up_to: str = ""

    @property
    def is_unowned(self) -> bool:
        """Whether no account manager keeps the relationship."""
        return not self.candidate.account_manager


@dataclass(frozen=True, slots=True)
class IncidentHead:
    """The incident that a list is about. `deployments`: whom it is blamed on; `left_out`: who is not on it, by why;
    `approval`: whether its calls may be made."""

    id: str
    title: str
    severity: str
    status: str
    started_at: datetime
    until: datetime | None
    deployments: tuple[str, ...]
    left_out: Mapping[str, int]
    approval: ListStanding = field(default_factory=lambda: ListStanding(""))


@dataclass(frozen=True, slots=True)
class CallList:
    """A planned list, or one account manager's part of it, ready to be rendered. Instants in UTC.

    `rows` are in the order of the list. `account_manager` is set when it is only theirs. `total` counts all rows that
    were planned, whoever keeps them. `settings_version`: which of the organisation's settings ranked it, if any did.
    `incident`: set when it is an incident's, and `deployment` is then empty. `not_ruled_out` counts those who are not
    on it, and may be reached by what is not known of the change; `unmapped` its paths that belong to no component.
    `unsure`: those by what is not known of them. `withdrawn`: who received what is not so any more.
    """

    deployment: str
    repo: str
    environment: str
    as_of: datetime
    version: int
    rows: Sequence[PlannedCall]
    total: int
    release: str | None = None
    live_at: datetime | None = None
    account_manager: str | None = None
    not_ruled_out: int = 0
    unmapped: int = 0
    unsure: Unsure = NOBODY
    weights: RankingWeights = field(default_factory=RankingWeights)
    hours: CallingHours = field(default_factory=CallingHours)
    settings_version: int | None = None
    incident: IncidentHead | None = None
    withdrawn: tuple[Withdrawn, ...] = ()

    @property
    def subject(self) -> str:
        """`D-3` or `INC-1`."""
        return self.incident.id if self.incident is not None else self.deployment


def rank_calls(
    candidates: Iterable[CallCandidate],
    weights: RankingWeights,
    hours: CallingHours,
    now: datetime,
    tie: Callable[[str], str] = str,
) -> list[PlannedCall]:
    """A row for each customer, in the order of the score, highest first. `now` is in UTC.

    Ties are in the order of what `tie` makes of the key: where keys are withheld, their order must not tell them.
    """
    planned = [plan_call(candidate, weights, hours, now) for candidate in candidates]
    planned.sort(key=lambda row: (-row.score, tie(row.candidate.key), row.candidate.key))
    return [replace(row, rank=rank) for rank, row in enumerate(planned, 1)]


def plan_call(candidate: CallCandidate, weights: RankingWeights, hours: CallingHours, now: datetime) -> PlannedCall:
    """Verdict, score, contact and hours for one customer."""
    wanted, reason = _wanted(candidate)
    to_call, hindrances = _find_callee(candidate)
    verdict: Verdict = "write" if wanted == "call" and to_call is None else wanted

    def because(hindrances: Iterable[str]) -> str:
        said = f"{reason}; {_list(tuple(hindrances))}, so write" if verdict != wanted else reason
        if candidate.standing.waits_for:
            said += f"; waits for {candidate.standing.waits_for}, which is about an incident"
        if not candidate.possible:
            return said
        return f"{said}; possible only: {_list(candidate.possible_because) or 'it is uncertain that they are reached'}"

    contact = to_call if verdict != "write" else _find_addressee(candidate, to_call)
    worth = Worth(candidate.tier, candidate.contract_value, candidate.renewal_on, candidate.escalated)
    today = now.astimezone(UTC).date()
    hurt = candidate.hurt
    if hurt is None:
        parts = score_parts(candidate.reach, candidate.distance, candidate.breaking, worth, weights, today)
    else:
        parts = hurt_parts(hurt, candidate.distance, worth, weights, today)
    availability, zone = _find_hours(candidate, contact, hours, now)
    may_dial = contact is not None and contact is to_call
    if not may_dial:
        availability = replace(availability, callable="never", window=None)
    return PlannedCall(
        candidate=candidate,
        verdict=verdict,
        verdict_because=because(hindrances),
        verdict_outside=because(dict.fromkeys(_OUTSIDE.get(one, one) for one in hindrances)),
        score=sum(parts.values()),
        parts=parts,
        contact=contact,
        may_dial=may_dial,
        availability=availability,
        local_zone=zone,
        because=explain_reach(candidate) if hurt is None else hurt.ways,
        band=band_of(verdict, availability, now, urgent=_is_urgent(candidate)),
    )


def _is_urgent(candidate: CallCandidate) -> bool:
    """Whether it should be today rather than this week."""
    hurt = candidate.hurt
    return hurt is not None and (hurt.counts_as in URGENT or hurt.due.purpose == "correction")


def explain_reach(candidate: CallCandidate) -> tuple[str, ...]:
    """Why the customer is on the list, one plain sentence for each component, nearest first."""
    said = ["a change names them"] if candidate.reach == "named" else []
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
    if candidate.reach == "named":
        return "call", "a change names them"
    if candidate.reach == "direct":
        if candidate.breaking:
            return "call", "a breaking change in what they use"
        return "write", "what they use changed, and nothing in it is breaking"
    return "leave", "reached only through what they use depends on"


def _find_callee(candidate: CallCandidate) -> tuple[CallContact | None, tuple[str, ...]]:
    """The contact to call, the primary one first; or None, and what is in the way."""
    if candidate.do_not_call:
        return None, (candidate.do_not_call_because or NOT_TO_BE_CALLED,)
    if not candidate.contacts:
        return None, ("no contact is known",)
    hindrances: dict[str, None] = {}
    for contact in _in_order(candidate):
        hindrance = _hindrance(contact)
        if not hindrance:
            return contact, ()
        hindrances[hindrance] = None
    return None, tuple(hindrances)


def _hindrance(contact: CallContact) -> str:
    if contact.do_not_call:
        return CONTACT_NOT_TO_BE_CALLED
    if contact.consent.lower() == "no":
        return NO_CONSENT
    if contact.wrong_number:
        return "the number is marked as wrong"
    return "" if contact.phone_e164 or contact.phone.strip() else "no number is known"


def _find_addressee(candidate: CallCandidate, callee: CallContact | None) -> CallContact | None:
    """Whom to write to: the first who has an address and did not refuse, else the one who could be called."""
    willing = [contact for contact in _in_order(candidate) if contact.consent.lower() != "no"]
    return next((contact for contact in willing if contact.email), callee or next(iter(willing), None))


def _in_order(candidate: CallCandidate) -> list[CallContact]:
    return sorted(candidate.contacts, key=lambda contact: not contact.primary)


def _find_hours(
    candidate: CallCandidate, contact: CallContact | None, hours: CallingHours, now: datetime
) -> tuple[Availability, str]:
    hours = hours.of(candidate.country)
    zone = hours.zone(now, contact.timezone if contact else "", candidate.timezone)
    if contact is not None:
        opens, closes = read_clock(contact.best_from), read_clock(contact.best_to)
        hours = replace(hours, opens=opens or hours.opens, closes=closes or hours.closes)
    later = candidate.standing.not_before
    if later is None or later <= now:
        return find_availability(zone, hours, now), zone.key if zone else ""
    # The next attempt is planned for later: then, or in the window that follows.
    then = find_availability(zone, hours, later)
    if then.callable != "now" or then.window is None:
        return then, zone.key if zone else ""
    local = now.astimezone(zone) if zone else None
    return Availability("later", local, Window(later, then.window.until_at)), zone.key if zone else ""


def _list(texts: tuple[str, ...]) -> str:
    return ", ".join(texts)
