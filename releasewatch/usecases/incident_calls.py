"""Whom to call about an incident: everybody it may have hurt, ranked, with what each is owed and what may be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, cast
from uuid import UUID

from releasewatch.domain.call_incidents import UNSAID_SEVERITY, URGENT, Hurt, own_verdict
from releasewatch.domain.call_lists import NOBODY_BEYOND, CallList, IncidentHead
from releasewatch.domain.call_purposes import (
    IN_IT,
    NOT_WORTH,
    CallReason,
    Due,
    Standing,
    purpose_for,
    why_not_due,
)
from releasewatch.domain.call_rules import kept_by
from releasewatch.domain.calls import CallCandidate, PlannedCall
from releasewatch.domain.exposure import ReachKind
from releasewatch.domain.impact_measures import Group, Place, Span, suffering_of, working_seconds
from releasewatch.domain.impacts import way_in_words
from releasewatch.domain.incident_document_building import people_among
from releasewatch.domain.unsure import NOBODY
from releasewatch.storage import (
    call_attempts,
    call_facts,
    call_lists,
    calls,
    care,
    catalogs,
    exposure,
    impacts,
    incidents,
)
from releasewatch.storage.call_facts import Members
from releasewatch.storage.call_top import cleared_in
from releasewatch.storage.calls import Item, ListOf, Wanted
from releasewatch.storage.impact_unsure import find_unsure_in
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.sql import chunks
from releasewatch.usecases.call_approval import Drafts
from releasewatch.usecases.call_candidates import CallBook, Planning, Ranked, RankedList, spent_by
from releasewatch.usecases.call_choosing import Choice, arranged, plan_in_order
from releasewatch.usecases.call_complaints import Complaints
from releasewatch.usecases.call_sendings import withdrawn_of_incident
from releasewatch.usecases.call_tellings import Tellings, progress_of
from releasewatch.usecases.exposure import uncertain_because
from releasewatch.usecases.incident_choosing import incident_choice
from releasewatch.usecases.incident_scene import look_at
from releasewatch.usecases.incident_showing import level_of
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incident_wording import Wording
from releasewatch.usecases.named_people import hiding
from releasewatch.usecases.outbox import tell_of_list

FETCHED = 1000

AT_ONCE = 5000
"""So many customers are named in one statement, which names them twice for each deployment that is blamed."""


def list_incident_calls(ledger: Ledger, ref: str, how: Planning, account_manager: str | None = None) -> RankedList:
    """Everybody in an incident whom it may have hurt, and who is owed a correction, ranked; each with a verdict."""
    with ledger.read() as connection:
        return _Planner(connection, ref, how).as_list(account_manager)


def find_incident_row(connection: Any, ref: str, customer_id: UUID, how: Planning) -> PlannedCall | None:
    """One customer's row of an incident's list; None when they are not on it."""
    return next((row for _, row in _Planner(connection, ref, how, customer_id).ranked), None)


def plan_incident_calls(ledger: Ledger, ref: str, how: Planning) -> RankedList:
    """Make or refresh the calls about an incident: what is due is in the customer's one open call, what is not is
    withdrawn with why, and unmade care calls about a deployment that it is blamed on are withdrawn too.

    Nothing that a person did is undone: a call that was made or skipped stays so.
    """
    with ledger.write() as connection:
        ledger.lock(connection, calls.LOCK)
        planner = _Planner(connection, ref, how)
        rows = (row.content(row.candidate.hurt_purpose) for _, row in planner.ranked)
        call_lists.save_list(connection, planner.whose, rows, how.now, how.settings_version)
        change = planner.change()
        # What is new joins the open call before the rest leaves it, so that it stays the same one.
        if change.wanted:
            calls.put_items(connection, "incident", planner.whose, change.wanted, how.now)
        calls.withdraw_items(connection, change.withdrawn, how.now)
        calls.set_verdicts(connection, change.other_verdicts)
        calls.close_empty_calls(connection, [item for item, _ in change.withdrawn], how.now)
        made = _Planner(connection, ref, how, before=planner.choice).as_list(None)
        if change.wanted and planner.is_ready_by_rule():
            tell_of_list(connection, "list_ready", planner.whose, how.told, how.now)
    because: dict[str, int] = {}
    for _, why in change.withdrawn:
        because[why] = because.get(why, 0) + 1
    return replace(made, added=len(change.wanted), withdrawn=because)


@dataclass(frozen=True, slots=True)
class _Change:
    """What planning changes: reasons to put in, to take out with why, and those whose verdict is another one now."""

    wanted: tuple[Wanted, ...]
    withdrawn: tuple[tuple[Item, str], ...]
    other_verdicts: tuple[tuple[Item, str], ...]


class _Planner:
    """One look at an incident's customers, inside a transaction."""

    def __init__(
        self, connection: Any, ref: str, how: Planning, only: UUID | None = None, before: Choice | None = None
    ) -> None:
        self._connection, self._how = connection, how
        self.choice = before
        incident = incidents.resolve_incident(connection, ref)
        self.scene = look_at(connection, incident, Viewing(how.now, without_entitlement=how.without_entitlement))
        self.whose = ListOf(incident_id=incident.incident_id)
        self._drafts = Drafts(connection, how.now, how.approve_by_itself)
        self._tellings = Tellings.of(connection, self.scene)
        self._progress = progress_of(self.scene)
        self._names = catalogs.component_keys(connection)
        self._titles = catalogs.titles_for_customers(connection, how.now, self.scene.question.known_at)
        if only is not None:
            planned = self._look_at(call_facts.only_member(only, how.now), [only])
            spent: dict[str, int] = {}
        else:
            planned = self._rank()
            spent = spent_by(connection, self._book, self.whose, how)
        self.ranked: Ranked = arranged(planned, how, spent, alone=only is not None)

    def _rank(self) -> Ranked:
        """Everybody, in the order of the list; of more than a list holds the first."""
        q = self.scene.question
        self.choice = incident_choice(self._connection, self.scene, self._how, self.choice)
        for chosen in self.choice.widths():
            if chosen.customers is not None:
                members = call_facts.chosen_members(chosen.customers, q.at, q.known_at)
            else:
                members = call_facts.incident_members(q)
            first = self.choice.first(chosen, self._look_at(members, chosen.customers))
            if first is not None:
                return first
        return []

    def _look_at(self, members: Members, customers: Sequence[UUID] | None = None) -> Ranked:
        """Read what is known of some customers, and rank those of them who are on the list."""
        connection, how, scene = self._connection, self._how, self.scene
        self._keys = call_facts.read_keys(connection, members)
        self._book = CallBook(connection, members, self.whose, how.now, how.rules, self._drafts)
        self._dues: dict[UUID, Due] = {}
        since = scene.window.started_at - timedelta(days=how.weights.incident.again_days)
        self._again = call_attempts.hurt_before(connection, members, scene.incident.incident_id, since, how.now)
        self._complaints = Complaints.among(connection, members, scene)
        self._wording = Wording(connection, self._book, scene, self._tellings, self._titles, how)
        many = max(1, AT_ONCE // max(1, len(scene.question.blamed)))
        rows = (
            row
            for part in ([None] if customers is None else chunks(customers, many))
            for row in impacts.stream_customers(connection, scene.question, FETCHED, part)
        )
        found = {customer: list(group) for customer, group in groupby(rows, key=attrgetter("customer_id"))}
        self._states = {customer: mine[0].state for customer, mine in found.items()}
        listed = (customer for customer in self._keys if self._is_listed(customer))
        return plan_in_order(((one, self._candidate(one, found.get(one, []))) for one in listed), how)

    def is_ready_by_rule(self) -> bool:
        """Whether its calls may be made without anybody's word."""
        return bool(self._drafts.standing(self.whose.incident_id).rule)

    def _is_listed(self, customer: UUID) -> bool:
        """Whoever may be hurt, whoever is owed something, and whoever has an open call about it."""
        if self._states.get(customer) in IN_IT and self.scene.state.status != "cancelled":
            return True
        mine = any(one.incident_id == self.whose.incident_id for one in self._book.items.get(customer, ()))
        return mine or bool(self._due(customer).purpose)

    def _due(self, customer: UUID) -> Due:
        if customer not in self._dues:
            self._dues[customer] = self._find_due(customer)
        return self._dues[customer]

    def _find_due(self, customer: UUID) -> Due:
        skipped = {
            one.purpose: one.closed_at
            for one in self._book.items.get(customer, ())
            if one.incident_id == self.whose.incident_id and one.status == "skipped" and one.closed_at is not None
        }
        state = self._states.get(customer, "")
        return purpose_for(state, self._tellings.heard(customer), skipped, self._progress)

    def _candidate(self, customer: UUID, rows: Sequence[Any]) -> CallCandidate:
        ways = [row for row in rows if row.source is not None]
        key, state = self._keys[customer], self._states.get(customer, "")
        known = self._book.known(customer)
        due = self._due(customer)
        incident = self.scene.incident.id
        standing = self._book.standing(
            customer, "incident", CallReason(due.purpose, incident=incident) if due.purpose else None
        )
        further = {one.incident for one in standing.reasons if one.incident} - {incident}
        beside, urgently = self._called_about(customer, standing)
        best = min(ways, key=attrgetter("rank"), default=None)
        reach, distance = divmod(best.rank, exposure.RANK) if best is not None else (1, 0)
        components = {row.component_id for row in ways if row.component_id is not None}
        doubts = uncertain_because(ways) if ways and not any(row.certain for row in ways) else ()
        complaint = self._complaints.of(customer, components, self._tellings)
        hurt = Hurt(
            incident=incident,
            severity=self.scene.state.severity,
            state=state,
            due=due,
            minutes=self._minutes(known, rows, ways),
            level=(rows[0].level if rows else "") or level_of(self.scene, {self._names[c] for c in components}) or "",
            again=customer in self._again,
            confirmed=bool(rows) and rows[0].said == "affected" and rows[0].said_by_source == "person",
            further=len(further),
            told=self._tellings.last(customer) is not None,
            spoken=self._tellings.was_spoken_to(customer),
            ways=(*complaint.words, *_sentences(rows, ways, self._names)),
            reported_at=complaint.reported_at,
            called_first=complaint.called_first,
            called_about=beside,
            called_urgently=urgently,
        )
        titles = tuple(sorted({self._titles[c] for c in components if c in self._titles}))
        say = self._wording.of(customer, key, hurt, standing, titles)
        return CallCandidate(
            key=key,
            name=(rows[0].name if rows else self._book.title_of(customer)) or key,
            call=standing.call,
            reach=cast("ReachKind", exposure.REACH_WORDS[reach]),
            distance=min(distance, 99),
            possible=state == "possible",
            possible_because=doubts or ("reached only through what they use depends on",),
            say=say.lines,
            say_withheld=say.withheld,
            say_outdated=say.outdated,
            know=say.know,
            do_not_say=say.embargoed,
            letter=say.letter,
            letter_lacks=say.letter_lacks,
            titles=titles,
            hurt=hurt,
            standing=standing,
            hands=self._book.hands(customer, standing),
            **known,
        )

    def _called_about(self, customer: UUID, standing: Standing) -> tuple[str, bool]:
        """Another incident in their call about which they are to be called, a severe one first, and whether it is."""
        mine = self.scene.incident.id
        found: dict[str, bool] = {}
        for one in self._open(customer):
            other = f"INC-{one.incident_id}"
            is_held_back = other in standing.drafts and mine not in standing.drafts
            if not one.incident_id or other == mine or one.verdict != "call" or is_held_back:
                continue
            severity = self._wording.severity_of(other) or UNSAID_SEVERITY
            found[other] = found.get(other, False) or severity in URGENT or one.purpose == "correction"
        other = min(found, key=lambda name: (not found[name], name), default="")
        return other, found.get(other, False)

    def _minutes(self, known: Mapping[str, Any], rows: Sequence[Any], ways: Sequence[Any]) -> int | None:
        """How long they were hurt inside their working hours, as the incident's own figures count it; of those whom
        nothing reaches any more, not at all."""
        if not rows:
            return 0
        window = self.scene.window
        said = rows[0] if rows[0].said == "affected" else None
        alone = Group(
            state=self._states.get(rows[0].customer_id, ""),
            live_from=min((way.live_from for way in ways), default=None),
            carrying_until=max((way.carrying_until for way in ways), default=None),
            first_at=said.first_at if said is not None else None,
            last_at=said.last_at if said is not None else None,
        )
        place = Place(known["timezone"], known["country"])
        suffering = suffering_of(alone, Span(window.started_at, window.until, self._how.now))
        within = working_seconds(place, self._how.hours, suffering.began_at, suffering.until)
        return None if within is None else int(within // 60)

    def change(self) -> _Change:
        """What has to be changed so that each customer's call is as it is due."""
        wanted: list[Wanted] = []
        withdrawn: list[tuple[Item, str]] = []
        verdicts: list[tuple[Item, str]] = []
        blamed = set(self._progress.blamed) if self.scene.state.status != "cancelled" else set()
        for customer, row in self.ranked:
            due = self._due(customer)
            mine = [one for one in self._open(customer) if one.incident_id == self.whose.incident_id]
            is_left = row.verdict == "leave"
            worth_it = due.purpose and not is_left
            hurt = row.candidate.hurt
            # What is kept is of this incident alone: two in one call must not hold each other up.
            verdict = "write" if hurt is not None and own_verdict(hurt)[0] == "write" else row.verdict
            stays = [one for one in mine if one.purpose == due.purpose]
            for one in mine:
                if why := why_not_due(one.purpose, due, is_left=is_left):
                    withdrawn.append((one, why))
                elif not worth_it and not self._is_begun(one):
                    withdrawn.append((one, NOT_WORTH))
                elif worth_it and one.verdict != verdict:
                    verdicts.append((one, verdict))
            if worth_it and not stays:
                wanted.append(Wanted(customer, due.purpose, verdict))
        # Whoever they are: what is blamed is good news for nobody, in this incident or not.
        withdrawn += [
            (one, f"D-{one.deployment_id} is blamed for {self.scene.incident.id}")
            for one, tried in care.open_care_items(self._connection, blamed)
            if not tried and not one.held_at(self._how.now)
        ]
        return _Change(tuple(wanted), tuple(withdrawn), tuple(verdicts))

    def _open(self, customer: UUID) -> Iterator[Item]:
        return (one for one in self._book.items.get(customer, ()) if one.status == "open")

    def _is_begun(self, item: Item) -> bool:
        """Whether somebody has it in hand, or has tried."""
        return item.held_at(self._how.now) or bool(self._book.attempts_at(item.call_id))

    def as_list(self, account_manager: str | None) -> RankedList:
        """The list, of one account manager, or all."""
        scene, how = self.scene, self._how
        rows = kept_by((row for _, row in self.ranked), account_manager)
        cleared, beyond = self._cleared(), NOBODY_BEYOND
        there = [state for state in (self._states.get(customer) for customer, _ in self.ranked) if state in IN_IT]
        if self.choice is not None:
            beyond = self.choice.beyond(there)
        version = call_lists.list_version(self._connection, self.whose)
        head = IncidentHead(
            id=scene.incident.id,
            title=scene.state.title,
            names_somebody=self._names_somebody(scene.state.title),
            severity=scene.state.severity,
            status=scene.state.status,
            started_at=scene.window.started_at,
            until=scene.window.until,
            deployments=tuple(f"D-{number}" for number in sorted(self._progress.blamed)),
            left_out={"cleared": len(cleared - {customer for customer, _ in self.ranked})},
            approval=self._drafts.standing(scene.incident.incident_id),
        )
        made = CallList(
            deployment="",
            repo="",
            environment=scene.state.environment,
            as_of=how.now,
            version=version or 0,
            account_manager=account_manager,
            total=len(self.ranked),
            rows=rows,
            weights=how.weights,
            hours=how.hours,
            rules=how.rules,
            settings_version=how.settings_version,
            incident=head,
            unsure=NOBODY if scene.state.status == "cancelled" else find_unsure_in(self._connection, scene.question),
            withdrawn=withdrawn_of_incident(
                self._connection, self.scene, sorted(cleared), partial(self._book.keepers, unowned=how.unowned), how.now
            ),
            beyond=beyond,
        )
        return RankedList(made, version)

    def _names_somebody(self, title: str) -> bool:
        people = people_among(self.scene.statements, ())
        return hiding(self._connection, (), [title], people, self._how.now)(title)

    def _cleared(self) -> set[UUID]:
        """Everybody who was cleared, on the list or not."""
        if self.choice is None:
            return {customer for customer, state in self._states.items() if state == "cleared"}
        return set(cleared_in(self._connection, self.scene.question))


def _sentences(rows: Sequence[Any], ways: Sequence[Any], names: Mapping[int, str]) -> Iterator[str]:
    """How they come into the incident, each once; nobody's own words."""
    found: dict[str, None] = {}
    if rows and rows[0].said is not None:
        found[
            f"{rows[0].said}, said by {'a measurement' if rows[0].said_by_source == 'measurement' else 'a person'}"
        ] = None
    for way in ways:
        name = names[way.component_id] if way.component_id is not None else None
        found[way_in_words(way.deployment_id, way.source, name, way.via)] = None
    if not found:
        found["nothing reaches them any more"] = None
    return iter(found)
