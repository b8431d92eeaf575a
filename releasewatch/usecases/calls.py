"""Planning whom to call about a deployment: exposure and directory become a ranked list; what is worth a call stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from releasewatch.domain.call_hands import concerns, with_lateness
from releasewatch.domain.call_purposes import CallReason
from releasewatch.domain.calls import CallCandidate, CallComponent, CallList, PlannedCall, rank_calls
from releasewatch.domain.exposure import ReachKind
from releasewatch.domain.notes import CustomerScope, NotesInput
from releasewatch.domain.privacy import opaque_key
from releasewatch.errors import RefusedError
from releasewatch.storage import call_facts, calls, catalogs, customer_names, deployments, exposure, incidents
from releasewatch.storage.calls import ListOf, Wanted
from releasewatch.storage.exposure import ExposureQuestion
from releasewatch.storage.exposure_unsure import find_unsure
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.reaching import Behind, Reaching
from releasewatch.usecases.call_approval import Drafts
from releasewatch.usecases.call_candidates import CallBook, Planning, Ranked, RankedList, is_about
from releasewatch.usecases.call_sendings import withdrawn_of_deployment
from releasewatch.usecases.deployments import question_of, tier_of
from releasewatch.usecases.exposure import not_ruled_out_by, uncertain_because
from releasewatch.usecases.notes import Reading, notes_of_deployment, notes_within, origins_in_words
from releasewatch.usecases.talking_points import TalkingPoints

PURPOSES = {"named": "good_news", "direct": "heads_up", "dependent": "heads_up"}
"""What a call about a deployment that nobody blames is for, by how it reaches the customer."""


def list_calls(ledger: Ledger, deployment_id: int, how: Planning, account_manager: str | None = None) -> RankedList:
    """Every customer that a deployment reaches, ranked, each with a verdict; of one account manager, or all."""
    ranked, version = _rank(ledger, deployment_id, how)
    return _as_list(ledger, deployment_id, how, ranked, version, account_manager)


def plan_calls(ledger: Ledger, deployment_id: int, how: Planning) -> RankedList:
    """Rank, and keep a call for each customer that is to be called or written to; what is there already stays.

    Raises RefusedError for a deployment that an incident is blamed on: its customers are called about that.
    """
    ranked, _ = _rank(ledger, deployment_id, how)
    wanted = [
        Wanted(customer_id, PURPOSES[row.candidate.reach], row.verdict)
        for customer_id, row in ranked
        if row.verdict != "leave"
    ]
    whose = ListOf(deployment_id=deployment_id)
    with ledger.write() as connection:
        blamed_for = incidents.blamed_for(connection, deployment_id)
        if blamed_for:
            raise RefusedError(
                f"D-{deployment_id} is blamed for INC-{blamed_for[0]}, and its customers are called about that.",
                f"Plan these calls: releasewatch call plan --incident INC-{blamed_for[0]}",
            )
        # One for all deployments: a customer's call is shared by them. The list is a reference row, and comes first.
        ledger.lock(connection, calls.LOCK)
        rows = ((row.candidate.key, row.verdict) for _, row in ranked)
        calls.save_list(connection, whose, rows, how.now, how.settings_version)
        known = calls.planned_customers(connection, whose)
        added = calls.put_items(
            connection, "care", whose, [one for one in wanted if one.customer_id not in known], how.now
        )
    ranked, version = _rank(ledger, deployment_id, how)
    made = _as_list(ledger, deployment_id, how, ranked, version, None)
    return RankedList(made.calls, made.version, added)


def _rank(ledger: Ledger, deployment_id: int, how: Planning) -> tuple[Ranked, int | None]:
    reading = how.reading or Reading(how.now)
    notes = notes_of_deployment(ledger, deployment_id, None, reading)
    with ledger.read() as connection:
        found = deployments.get_deployment(connection, deployment_id)
        question = _question(connection, found, how)
        customers = list(_candidates(connection, question, notes, how))
        version = calls.list_version(connection, ListOf(deployment_id=deployment_id))
    ids_by_key = {candidate.key: customer_id for customer_id, candidate in customers}
    tie = opaque_key if how.opaque else str
    ranked = rank_calls((candidate for _, candidate in customers), how.weights, how.hours, how.now, tie)
    return [(ids_by_key[row.candidate.key], with_lateness(row, how.escalate_after, how.now)) for row in ranked], version


def find_care_row(connection: Any, deployment_id: int, customer_id: UUID, how: Planning) -> PlannedCall | None:
    """One customer's row of a deployment's list; None when they are not on it."""
    found = deployments.get_deployment(connection, deployment_id)
    notes = notes_within(connection, deployment_id, None, how.reading or Reading(how.now))
    rows = _candidates(connection, _question(connection, found, how), notes, how, customer_id)
    candidates = [candidate for _, candidate in rows]
    return next(iter(rank_calls(candidates, how.weights, how.hours, how.now)), None)


def _question(connection: Any, found: deployments.DeploymentRow, how: Planning) -> ExposureQuestion:
    tier = tier_of(connection, found.environment)
    return question_of(found, tier, max(how.now, found.row.opened_at), how.now, how.without_entitlement)


def _as_list(
    ledger: Ledger,
    deployment_id: int,
    how: Planning,
    ranked: Ranked,
    version: int | None,
    account_manager: str | None,
) -> RankedList:
    with ledger.read() as connection:
        found = deployments.get_deployment(connection, deployment_id)
        question = _question(connection, found, how)
        not_ruled_out = not_ruled_out_by(connection, question)
        unsure = find_unsure(connection, question)
        withdrawn = withdrawn_of_deployment(connection, deployment_id)
    rows = [row for _, row in ranked if account_manager is None or concerns(row, account_manager)]
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
        unsure=unsure,
        weights=how.weights,
        hours=how.hours,
        settings_version=how.settings_version,
        withdrawn=withdrawn,
    )
    return RankedList(made, version)


def _candidates(
    connection: Any, q: ExposureQuestion, notes: NotesInput, how: Planning, only: UUID | None = None
) -> Iterator[tuple[UUID, CallCandidate]]:
    """Each exposed customer with everything a verdict needs; a handful of statements, however many customers."""
    names = catalogs.component_keys(connection)
    reaching = Reaching(connection, q)
    breaking = calls.breaking_touches(connection, q.deployment_id)
    whose = ListOf(deployment_id=q.deployment_id)
    members = call_facts.exposed_members(q) if only is None else call_facts.only_member(only, how.now)
    book = CallBook(connection, members, whose, how.now, Drafts(connection, how.now, how.approve_by_itself))
    points = TalkingPoints(notes, lambda: customer_names.all_names(connection, q.known_at))
    worded: dict[frozenset[Behind], frozenset[tuple[str, str, int]]] = {}
    rows = connection.execute(exposure.detail_statement(q, None, only))
    for customer_id, group in groupby(rows, key=lambda row: row.customer_id):
        mine = list(group)
        best = mine[0]
        rank_reach, distance = divmod(best.rank, exposure.RANK)
        reach = cast("ReachKind", exposure.REACH_WORDS[rank_reach])
        nearest: dict[int, Any] = {}
        for row in mine:  # the nearest way comes first
            if row.component_id is not None:
                nearest.setdefault(row.component_id, row)
        behind = reaching.of(mine)
        if behind not in worded:
            worded[behind] = origins_in_words(behind, names)
        possible = not any(row.certain for row in mine)
        refs, titles = book.names_of(customer_id, best.key)
        scope = CustomerScope(
            name=best.name or best.key,
            components=frozenset(names[c] for c in nearest),
            refs=refs,
            titles=titles,
            origins=worded[behind],
        )
        say, say_withheld = points.of(scope)
        planned = any(is_about(one, whose) for one in book.items.get(customer_id, ()))
        due = None if planned else CallReason(PURPOSES[reach], deployment=f"D-{q.deployment_id}")
        standing = book.standing(customer_id, "care", due)
        yield (
            customer_id,
            CallCandidate(
                key=best.key,
                name=best.name or best.key,
                call=standing.call,
                reach=reach,
                distance=min(distance, 99),
                components=tuple(_component(nearest[c], names, notes) for c in sorted(nearest)),
                breaking=any(one.distance == 0 and (one.touched_id, one.baseline_no) in breaking for one in behind),
                possible=possible,
                possible_because=uncertain_because(mine) if possible else (),
                say=say,
                say_withheld=say_withheld,
                standing=standing,
                hands=book.hands(customer_id, standing),
                **book.known(customer_id),
            ),
        )


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
