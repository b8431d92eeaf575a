"""Planning whom to call about a deployment: exposure and directory become a ranked list; what is worth a call stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from releasewatch.domain.call_scores import RankingWeights
from releasewatch.domain.calling_hours import CallingHours
from releasewatch.domain.calls import (
    DIRECTORY_SAYS_NO,
    MARKED_DO_NOT_CALL,
    CallCandidate,
    CallComponent,
    CallContact,
    CallList,
    PlannedCall,
    rank_calls,
)
from releasewatch.domain.exposure import ReachKind
from releasewatch.domain.notes import CustomerScope, NotesInput
from releasewatch.domain.privacy import opaque_key
from releasewatch.domain.times import format_utc
from releasewatch.storage import calls, catalogs, customer_names, deployments, exposure
from releasewatch.storage import staff as staff_storage
from releasewatch.storage.erasing import WHY_FORGOTTEN
from releasewatch.storage.exposure import ExposureQuestion
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.reaching import Behind, Reaching
from releasewatch.usecases.deployments import question_of, tier_of
from releasewatch.usecases.exposure import not_ruled_out_by, uncertain_because
from releasewatch.usecases.notes import Reading, notes_of_deployment, origins_in_words
from releasewatch.usecases.talking_points import TalkingPoints

PURPOSES = {"named": "good_news", "direct": "heads_up", "dependent": "heads_up"}
"""What a call about a deployment that nobody blames is for, by how it reaches the customer."""


@dataclass(frozen=True, slots=True)
class Planning:
    """How a list is made: the instant, the settings of ranking and hours, and how subjects may be told.

    `settings_version`: which of the organisation's settings these are; None when they are a repo's own file's.
    `opaque`: keys are withheld where names are, and so their order is nowhere that of a list.
    """

    now: datetime
    weights: RankingWeights = field(default_factory=RankingWeights)
    hours: CallingHours = field(default_factory=CallingHours)
    without_entitlement: Mapping[str, str] = field(default_factory=dict)
    reading: Reading | None = None
    settings_version: int | None = None
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class RankedList:
    """A ranked list with what its JSON needs beside it: ids and purposes of planned calls, by customer key."""

    calls: CallList
    status: Mapping[str, str]
    version: int | None
    added: int = 0


def list_calls(ledger: Ledger, deployment_id: int, how: Planning, account_manager: str | None = None) -> RankedList:
    """Every customer that a deployment reaches, ranked, each with a verdict; of one account manager, or all."""
    ranked, ids, status, version = _rank(ledger, deployment_id, how)
    return _as_list(ledger, deployment_id, how, ranked, ids, status, version, account_manager)


def plan_calls(ledger: Ledger, deployment_id: int, how: Planning) -> RankedList:
    """Rank, and keep a call for each customer that is to be called or written to; what is there already stays."""
    ranked, _, _, _ = _rank(ledger, deployment_id, how)
    wanted = [
        (customer_id, PURPOSES[row.candidate.reach], row.verdict)
        for customer_id, row in ranked
        if row.verdict != "leave"
    ]
    with ledger.write() as connection:
        # One for all deployments: a customer's call is shared by them. The list is a reference row, and comes first.
        ledger.lock(connection, "releasewatch:calls")
        rows = ((row.candidate.key, row.verdict) for _, row in ranked)
        calls.save_list(connection, deployment_id, rows, how.now, how.settings_version)
        added = calls.add_calls(connection, deployment_id, wanted, how.now)
    ranked, ids, status, version = _rank(ledger, deployment_id, how)
    made = _as_list(ledger, deployment_id, how, ranked, ids, status, version, None)
    return RankedList(made.calls, made.status, made.version, added)


_Ranked = list[tuple[UUID, PlannedCall]]


def _rank(
    ledger: Ledger, deployment_id: int, how: Planning
) -> tuple[_Ranked, dict[str, int], dict[str, str], int | None]:
    reading = how.reading or Reading(how.now)
    notes = notes_of_deployment(ledger, deployment_id, None, reading)
    with ledger.read() as connection:
        found = deployments.get_deployment(connection, deployment_id)
        question = _question(connection, found, how)
        planned = calls.planned_calls(connection, deployment_id)
        customers = list(_candidates(connection, question, notes, planned))
        version = calls.list_version(connection, deployment_id)
    ids_by_key = {candidate.key: customer_id for customer_id, candidate in customers}
    tie = opaque_key if how.opaque else str
    ranked = rank_calls((candidate for _, candidate in customers), how.weights, how.hours, how.now, tie)
    numbers = {c.key: planned[i].call_id for i, c in customers if i in planned}
    status = {c.key: planned[i].status for i, c in customers if i in planned}
    return [(ids_by_key[row.candidate.key], row) for row in ranked], numbers, status, version


def _question(connection: Any, found: deployments.DeploymentRow, how: Planning) -> ExposureQuestion:
    tier = tier_of(connection, found.environment)
    return question_of(found, tier, max(how.now, found.row.opened_at), how.now, how.without_entitlement)


def _as_list(
    ledger: Ledger,
    deployment_id: int,
    how: Planning,
    ranked: _Ranked,
    ids: Mapping[str, int],
    status: Mapping[str, str],
    version: int | None,
    account_manager: str | None,
) -> RankedList:
    with ledger.read() as connection:
        found = deployments.get_deployment(connection, deployment_id)
        not_ruled_out = not_ruled_out_by(connection, _question(connection, found, how))
    rows = [row for _, row in ranked if account_manager is None or row.candidate.account_manager == account_manager]
    made = CallList(
        deployment=found.id,
        repo=found.repo,
        environment=found.environment,
        release=found.row.release or None,
        live_at=found.row.opened_at,
        as_of=how.now,
        version=version or 0,
        account_manager=account_manager,
        total=len(ranked),
        rows=tuple(rows),
        not_ruled_out=not_ruled_out,
        unmapped=found.row.unmapped_paths,
        weights=how.weights,
        hours=how.hours,
        settings_version=how.settings_version,
    )
    return RankedList(made, {key: status[key] for key in ids}, version)


def _candidates(
    connection: Any, q: ExposureQuestion, notes: NotesInput, planned: Mapping[UUID, Any]
) -> Iterator[tuple[UUID, CallCandidate]]:
    """Each exposed customer with everything a verdict needs; a handful of statements, however many customers."""
    names = catalogs.component_keys(connection)
    reaching = Reaching(connection, q)
    breaking = calls.breaking_touches(connection, q.deployment_id)
    facts = calls.read_facts(connection, q)
    contacts = calls.read_contacts(connection, q)
    marks = calls.read_marks(connection, q)
    aliases = calls.read_aliases(connection, q)
    points = TalkingPoints(notes, lambda: customer_names.all_names(connection, q.known_at))
    book = staff_storage.read_book(connection)
    worded: dict[frozenset[Behind], frozenset[tuple[str, str, int]]] = {}
    day = q.known_at.date()
    rows = connection.execute(exposure.detail_statement(q, None))
    for customer_id, group in groupby(rows, key=lambda row: row.customer_id):
        mine = list(group)
        best = mine[0]
        rank_reach, distance = divmod(best.rank, exposure.RANK)
        nearest: dict[int, Any] = {}
        for row in mine:  # the nearest way comes first
            if row.component_id is not None:
                nearest.setdefault(row.component_id, row)
        behind = reaching.of(mine)
        if behind not in worded:
            worded[behind] = origins_in_words(behind, names)
        fact = facts.get(customer_id)
        marked = {(m.contact_id, m.kind) for m in marks.get(customer_id, ())}
        stopped = [m for m in marks.get(customer_id, ()) if m.kind == "do_not_call" and m.contact_id is None]
        possible = not any(row.certain for row in mine)
        owner = book.owner(fact.account_manager if fact else "", day)
        scope = CustomerScope(
            name=best.name or best.key,
            components=frozenset(names[c] for c in nearest),
            refs=frozenset({best.key, *aliases.get(customer_id, ())}),
            titles=fact.names if fact else frozenset(),
            origins=worded[behind],
        )
        say, say_withheld = points.of(scope)
        yield (
            customer_id,
            CallCandidate(
                key=best.key,
                name=best.name or best.key,
                call=f"C-{planned[customer_id].call_id}" if customer_id in planned else "",
                reach=cast("ReachKind", exposure.REACH_WORDS[rank_reach]),
                distance=min(distance, 99),
                components=tuple(_component(nearest[c], names, notes) for c in sorted(nearest)),
                breaking=any(one.distance == 0 and (one.touched_id, one.baseline_no) in breaking for one in behind),
                possible=possible,
                possible_because=uncertain_because(mine) if possible else (),
                tier=fact.customer_tier if fact else "",
                contract_value=fact.contract_value if fact else None,
                currency=fact.currency if fact else "",
                renewal_on=fact.renewal_on if fact else None,
                escalated=bool(fact and fact.escalated),
                do_not_call=bool(stopped) or bool(fact and fact.do_not_call),
                do_not_call_because=_who_said_no(fact, stopped),
                forgotten=any(m.why == WHY_FORGOTTEN for m in stopped),
                account_manager=owner.key,
                owner_note=owner.note,
                country=fact.country if fact else "",
                timezone=fact.timezone if fact else "",
                language=fact.language if fact else "",
                contacts=tuple(_contact(row, marked) for row in contacts.get(customer_id, ())),
                say=say,
                say_withheld=say_withheld,
            ),
        )


def _who_said_no(fact: Any, stopped: list[Any]) -> str:
    if stopped:
        return MARKED_DO_NOT_CALL
    return DIRECTORY_SAYS_NO if fact and fact.do_not_call else ""


def _component(row: Any, names: Mapping[int, str], notes: NotesInput) -> CallComponent:
    """A component by the nearest of the ways in which it reaches the customer."""
    key, via, distance = names[row.component_id], row.via or "", row.rank % exposure.RANK
    label, via_label = notes.components.get(key), notes.components.get(via)
    return CallComponent(
        title=label.title if label else key,
        reach="direct" if distance == 0 else "dependent",
        via=via_label.title if via_label else via,
        distance=distance,
    )


def _contact(row: Any, marked: set[tuple[UUID | None, str]]) -> CallContact:
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
        wrong_number=(row.contact_id, "wrong_number") in marked,
    )


def as_document(made: RankedList, deployment: str) -> list[dict[str, Any]]:
    """The calls as `call list --format json` gives them, before anything is withheld."""
    found = []
    for row in made.calls.rows:
        candidate, window = row.candidate, row.availability.window
        found.append(
            {
                "id": candidate.call or None,
                "customer": candidate.key,
                "name": candidate.name,
                "group": "care",
                "purpose": PURPOSES[candidate.reach],
                "items": [{"purpose": PURPOSES[candidate.reach], "incident": None, "deployment": deployment}],
                "status": made.status.get(candidate.key, "not_planned"),
                "rank": row.rank,
                "score": row.score,
                "parts": dict(row.parts),
                "verdict": row.verdict,
                "verdict_because": row.verdict_because,
                "verdict_outside": row.verdict_outside,
                "possible": candidate.possible,
                "reach": candidate.reach,
                "callable": row.availability.callable,
                "next_window": None
                if window is None
                else {"from": format_utc(window.from_at), "until": format_utc(window.until_at)},
                "local_time": row.availability.local_now.isoformat(timespec="minutes")
                if row.availability.local_now
                else None,
                "contact": _contact_document(row),
                "account_manager": candidate.account_manager or None,
                "account_manager_note": candidate.owner_note or None,
                "because": list(row.because),
                "say": list(candidate.say),
                "say_withheld": candidate.say_withheld,
            }
        )
    return found


def _contact_document(row: PlannedCall) -> dict[str, Any] | None:
    contact = row.contact
    if contact is None:
        return None
    return {
        "name": contact.name,
        "role": contact.role or None,
        "phone": contact.phone or None,
        "phone_e164": contact.phone_e164 or None,
        "phone_state": contact.phone_state or None,
        "email": contact.email or None,
        "may_dial": row.may_dial,
    }
