"""What a call needs to know of customers, whatever it is about: directory, contacts, marks, how their call stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from releasewatch.domain.call_care import CareSettings
from releasewatch.domain.call_hands import Hands
from releasewatch.domain.call_lists import CallList
from releasewatch.domain.call_purposes import CallReason, Standing, gravest
from releasewatch.domain.call_rules import CallRules, Talk
from releasewatch.domain.call_scores import RankingWeights
from releasewatch.domain.callees import DIRECTORY_SAYS_NO, MARKED_DO_NOT_CALL
from releasewatch.domain.calling_hours import CallingHours
from releasewatch.domain.calls import CallContact, PlannedCall
from releasewatch.domain.defaults import APPROVE_BY_ITSELF, MOST_LISTED
from releasewatch.domain.notifications import Rule
from releasewatch.domain.staff import Owner
from releasewatch.storage import call_attempts, call_facts, call_past, calls, promises
from releasewatch.storage import staff as staff_storage
from releasewatch.storage.call_facts import Members
from releasewatch.storage.calls import Item, ListOf
from releasewatch.storage.erasing import WHY_FORGOTTEN
from releasewatch.storage.incidents import number_of as number_of_incident
from releasewatch.storage.marks import number_of, wrong_numbers
from releasewatch.usecases.call_approval import Drafts
from releasewatch.usecases.notes import Reading


@dataclass(frozen=True, slots=True)
class Planning:
    """How a list is made: the instant, the settings of ranking and hours, and how subjects may be told.

    `settings_version`: which of the organisation's settings these are; None when they are a repo's own file's.
    `opaque`: keys are withheld where names are, and so their order is nowhere that of a list. `approve_by_itself`:
    severities whose lists are no drafts. `escalate_after`: how long nobody may have begun a call before it goes up.
    `told`: the rules of who is told that a list may be worked on. `most`: how many customers a list holds. `unowned`:
    who gets by mail whom nobody keeps.
    """

    now: datetime
    weights: RankingWeights = field(default_factory=RankingWeights)
    hours: CallingHours = field(default_factory=CallingHours)
    without_entitlement: Mapping[str, str] = field(default_factory=dict)
    reading: Reading | None = None
    settings_version: int | None = None
    opaque: bool = False
    care: CareSettings = field(default_factory=CareSettings)
    rules: CallRules = field(default_factory=CallRules)
    approve_by_itself: Collection[str] = APPROVE_BY_ITSELF
    escalate_after: timedelta = timedelta(hours=2)
    told: tuple[Rule, ...] = ()
    most: int = MOST_LISTED
    unowned: str = ""


@dataclass(frozen=True, slots=True)
class RankedList:
    """A ranked list, and its version; `added` and `withdrawn`: how many reasons to call planning put in or took out."""

    calls: CallList
    version: int | None
    added: int = 0
    withdrawn: Mapping[str, int] = field(default_factory=dict)


Ranked = list[tuple[UUID, PlannedCall]]


class CallBook:
    """What is known of some customers, read with a handful of statements, however many they are."""

    def __init__(
        self,
        connection: Any,
        members: Members,
        whose: ListOf,
        now: datetime,
        rules: CallRules | None = None,
        drafts: Drafts | None = None,
    ) -> None:
        self.members = members
        self._facts = call_facts.read_facts(connection, members)
        self._contacts = call_facts.read_contacts(connection, members)
        self._marks = call_facts.read_marks(connection, members)
        numbers = {number_of(row) for mine in self._contacts.values() for row in mine} - {""}
        self._wrong = wrong_numbers(connection, numbers, members.known_at) if numbers else (set(), set())
        self._aliases = call_facts.read_aliases(connection, members)
        self._staff = staff_storage.read_book(connection)
        self._attempts = call_attempts.count_attempts(connection, members)
        self.items = calls.read_items(connection, members, whose)
        self._whose, self._now, self._day = whose, now, now.date()
        since = now - timedelta(days=(rules or CallRules()).fatigue_days)
        self._talks = call_past.read_talks(connection, members, since, now)
        self._broken = promises.overdue_among(connection, members, now.astimezone(UTC).date())
        self._drafts = drafts or Drafts(connection, now)
        # Of most customers there is no call yet, and they are kept by few: what is alike is found once.
        self._new: dict[tuple[Any, ...], Standing] = {}
        self._owners: dict[str, Owner] = {}
        self._hands: dict[tuple[str, str], Hands] = {}

    def about(self, customer_id: UUID) -> Sequence[Item]:
        """What is, or was, in their calls of what the list is about."""
        items = self.items.get(customer_id)
        return [one for one in items if is_about(one, self._whose)] if items else ()

    def told_in(self, customer_id: UUID, call: str) -> list[str]:
        """The incidents of which they were told with a call that goes on about others."""
        items = self.items.get(customer_id, ())
        goes_on = {one.call_id for one in items if one.status == "open" and f"C-{one.call_id}" == call}
        told = {one.incident_id for one in items if one.call_id in goes_on and one.status == "done"}
        return [f"INC-{number}" for number in sorted(told - {0})]

    def attempts_at(self, call_id: int) -> tuple[int, int]:
        """How often a call was tried, and how often of these in writing."""
        return self._attempts.get(call_id, (0, 0))

    def owner_of(self, account_manager: str) -> str:
        """Who keeps the customers of somebody whom the directory names; empty when nobody does."""
        return self._keeper(account_manager).key

    def keepers(self, customer_id: UUID, day: date, unowned: str = "") -> set[str]:
        """Who keeps a customer now, who kept them on a day, and who stood in then: one of them had their call.

        Of whom nobody kept that day: `unowned`, who gets those by mail, and the empty key, which is that of their file.
        """
        fact = self._facts.get(customer_id)
        named = fact.account_manager if fact else ""
        kept = (self._staff.owner(named, self._day), self._staff.owner(named, day), self._staff.caller(named, "", day))
        nobodys = set() if kept[1].key else {"", unowned}
        return {one.key for one in kept if one.key} | nobodys

    def names_of(self, customer_id: UUID, key: str) -> tuple[frozenset[str], frozenset[str]]:
        """Every key and alias they answer to, and what they are called."""
        fact = self._facts.get(customer_id)
        refs = frozenset({key, *self._aliases.get(customer_id, ())})
        return refs, fact.names if fact else frozenset()

    def title_of(self, customer_id: UUID) -> str:
        """What a customer is called; empty when the directory does not say."""
        fact = self._facts.get(customer_id)
        return fact.name if fact else ""

    def known(self, customer_id: UUID) -> dict[str, Any]:
        """The fields of a `CallCandidate` that do not depend on what the call is about."""
        fact = self._facts.get(customer_id)
        marks = self._marks.get(customer_id, ())
        marked = {(m.contact_id, m.kind) for m in marks}
        stopped = [m for m in marks if m.kind == "do_not_call" and m.contact_id is None]
        owner = self._keeper(fact.account_manager if fact else "")
        return {
            "tier": fact.customer_tier if fact else "",
            "contract_value": fact.contract_value if fact else None,
            "currency": fact.currency if fact else "",
            "renewal_on": fact.renewal_on if fact else None,
            "escalated": bool(fact and fact.escalated),
            "do_not_call": bool(stopped) or bool(fact and fact.do_not_call),
            "do_not_call_because": _who_said_no(fact, stopped),
            "forgotten": any(m.why == WHY_FORGOTTEN for m in stopped),
            "account_manager": owner.key,
            "owner_note": owner.note,
            "country": fact.country if fact else "",
            "timezone": fact.timezone if fact else "",
            "language": fact.language if fact else "",
            "own_names": frozenset(self._aliases.get(customer_id, ())) | (fact.names if fact else frozenset()),
            "talks": _talks(self._talks[customer_id]) if customer_id in self._talks else (),
            "promise_overdue": customer_id in self._broken,
            "contacts": tuple(_contact(row, marked, self._wrong) for row in self._contacts.get(customer_id, ())),
        }

    def standing(self, customer_id: UUID, group: str, due: CallReason | None, *also: CallReason) -> Standing:
        """How their call about this stands; `due`, `also`: what is to be planned, where there is something."""
        if self.items.get(customer_id):
            return self._told(customer_id, group, due, *also)
        alike = group, due, also
        if alike not in self._new:
            self._new[alike] = self._told(customer_id, group, due, *also)
        return self._new[alike]

    def _told(self, customer_id: UUID, group: str, due: CallReason | None, *also: CallReason) -> Standing:
        found = self._standing(customer_id, group, due, *also)
        over = [one for one in self.about(customer_id) if one.status in ("done", "skipped")]
        found = replace(found, over=tuple((one.purpose, one.verdict) for one in over)) if over else found
        numbers = [number_of_incident(one.incident) or 0 for one in found.reasons]
        if not any(numbers):
            return found
        words = [self._drafts.standing(number).last for number in numbers if number]
        since = [found.since, *(one.at for one in words if one is not None)]
        return replace(
            found,
            drafts=self._drafts.among(numbers),
            since=max(filter(None, since)) if found.since is not None else None,
        )

    def hands(self, customer_id: UUID, standing: Standing) -> Hands:
        """Who is to make their call, and to whom it goes up."""
        fact = self._facts.get(customer_id)
        named = fact.account_manager if fact else ""
        alike = named, standing.assigned_to
        if alike not in self._hands:
            caller = self._staff.caller(*alike, self._day)
            manager = self._staff.manager_of(caller.key or self._keeper(named).key or named, self._day)
            self._hands[alike] = Hands(caller.key, caller.note, manager)
        return self._hands[alike]

    def _keeper(self, account_manager: str) -> Owner:
        if account_manager not in self._owners:
            self._owners[account_manager] = self._staff.owner(account_manager, self._day)
        return self._owners[account_manager]

    def _standing(self, customer_id: UUID, group: str, due: CallReason | None, *also: CallReason) -> Standing:
        items = self.items.get(customer_id, [])
        open_items = [one for one in items if one.status == "open"]
        first = next((one for one in open_items if one.group == "incident"), None) if group == "care" else None
        waits = f"C-{first.call_id}" if first is not None else ""
        later = first.next_at if first is not None and first.next_at and first.next_at > self._now else None
        mine = [one for one in items if is_about(one, self._whose)]
        about = [one for one in mine if one.status == "open"] or ([] if due else mine[-1:])
        if not about:
            # What was made before is history where something new is due, which joins the call that is open.
            reasons = (due, *also, *(reason_of(one) for one in open_items if one.group == group)) if due else ()
            purpose = gravest([one.purpose for one in reasons]) if reasons else ""
            return Standing(group=group, purpose=purpose, waits_for=waits, waits_until=later, reasons=reasons)
        chosen = about[0]
        inside = [one for one in items if one.call_id == chosen.call_id and one.status == chosen.status]
        held = chosen.held_at(self._now) and not self._staff.is_gone(chosen.claimed_by, self._day)
        status, (attempts, written) = chosen.status, self.attempts_at(chosen.call_id)
        if status == "open" and (held or waits):
            status = "claimed" if held else "waiting"
        return Standing(
            call=f"C-{chosen.call_id}",
            group=chosen.group,
            purpose=gravest([one.purpose for one in inside]),
            status=status,
            held_until=chosen.claimed_until if held else None,
            holder=chosen.claimed_by if held else "",
            waits_for=waits if chosen.status == "open" else "",
            waits_until=later if chosen.status == "open" else None,
            changed=held and any(chosen.claimed_at is not None and one.added_at > chosen.claimed_at for one in inside),
            not_before=chosen.next_at if chosen.status == "open" else None,
            attempts=attempts,
            written=written,
            reasons=tuple(map(reason_of, inside)),
            assigned_to=chosen.assigned_to,
            since=min(one.added_at for one in inside),
        )


def is_about(item: Item, whose: ListOf) -> bool:
    """Whether a reason is what a list is about."""
    if whose.check_in:
        return item.purpose == calls.CHECK_IN
    if whose.incident_id:
        return item.incident_id == whose.incident_id
    if whose.coming_id or (item.coming_id and item.coming_id in whose.announced):
        return item.coming_id in (whose.coming_id, *whose.announced)
    return item.incident_id == 0 and item.deployment_id == whose.deployment_id and item.purpose != calls.CHECK_IN


def reason_of(item: Any) -> CallReason:
    """A reason with ids as people read them."""
    return CallReason(
        item.purpose,
        f"INC-{item.incident_id}" if item.incident_id else "",
        f"D-{item.deployment_id}" if item.deployment_id else "",
        f"H-{item.coming_id}" if item.coming_id else "",
    )


def spent_by(connection: Any, book: CallBook, whose: ListOf, how: Planning) -> dict[str, int]:
    """By who keeps the customers: calls of today that are taken by what is not on a list; asked where it matters."""
    if how.rules.capacity is None:
        return {}
    midnight = how.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    found: dict[str, int] = {}
    for account_manager, many in call_past.count_spent(connection, whose, midnight, how.now).items():
        owner = book.owner_of(account_manager)
        found[owner] = found.get(owner, 0) + many
    return found


def _talks(rows: Sequence[Any]) -> tuple[Talk, ...]:
    told: dict[int, list[Any]] = {}
    for row in rows:
        told.setdefault(row.attempt_id, []).append(row)
    return tuple(
        Talk(
            mine[0].attempted_at,
            f"C-{mine[0].call_id}",
            tuple(
                f"INC-{one.incident_id}" if one.incident_id else f"D-{one.deployment_id}"
                for one in mine
                if one.incident_id or one.deployment_id
            ),
        )
        for mine in told.values()
    )


def _who_said_no(fact: Any, stopped: Sequence[Any]) -> str:
    if stopped:
        return MARKED_DO_NOT_CALL
    return DIRECTORY_SAYS_NO if fact and fact.do_not_call else ""


def _contact(row: Any, marked: set[tuple[UUID | None, str]], wrong: tuple[set[str], set[UUID]]) -> CallContact:
    numbers, contacts = wrong
    return CallContact(
        key=row.key,
        name=row.name,
        role=row.role,
        phone=row.phone,
        phone_e164=row.phone_e164,
        phone_state=row.phone_state,
        email=row.email,
        language=row.language,
        timezone=row.timezone,
        best_from=row.best_from,
        best_to=row.best_to,
        primary=row.is_primary,
        do_not_call=row.do_not_call or (row.contact_id, "do_not_call") in marked,
        consent=row.consent,
        wrong_number=number_of(row) in numbers or row.contact_id in contacts,
        contact_id=str(row.contact_id),
    )
