"""Planning whom to call about a deployment: exposure and directory become a ranked list; what is worth a call stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from releasewatch.domain.call_care import (
    Care,
    ComingHead,
    care_of,
    care_of_coming,
    no_care_because,
    said_before_it_comes,
    when_made,
    when_told_before,
)
from releasewatch.domain.call_lists import NOBODY_BEYOND, Beyond, CallList
from releasewatch.domain.call_purposes import CallReason
from releasewatch.domain.call_rules import kept_by
from releasewatch.domain.calls import CallCandidate, CallComponent, PlannedCall
from releasewatch.domain.exposure import ReachKind
from releasewatch.domain.notes import CustomerScope, NotesInput
from releasewatch.errors import RefusedError
from releasewatch.storage import (
    call_facts,
    call_lists,
    calls,
    care,
    catalogs,
    coming,
    customer_names,
    deployments,
    exposure,
    incidents,
)
from releasewatch.storage.call_scored import NAMED_KIND, scored_care
from releasewatch.storage.calls import ListOf
from releasewatch.storage.exposure import ExposureQuestion
from releasewatch.storage.exposure_unsure import find_unsure
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.reaching import Behind, Reaching
from releasewatch.usecases.call_candidates import CallBook, Planning, Ranked, RankedList, spent_by
from releasewatch.usecases.call_choosing import Choice, arranged, plan_in_order
from releasewatch.usecases.call_complaints import Reported
from releasewatch.usecases.call_sendings import withdrawn_of_deployment
from releasewatch.usecases.care_keeping import end_items, end_overdue, keep_care, summed
from releasewatch.usecases.deployments import question_of, tier_of
from releasewatch.usecases.exposure import not_ruled_out_by, uncertain_because
from releasewatch.usecases.good_news import NewsDesk, who_waits
from releasewatch.usecases.notes import Reading, notes_of_deployment, notes_within, origins_in_words
from releasewatch.usecases.outbox import tell_of_list
from releasewatch.usecases.talking_points import TalkingPoints


@dataclass(frozen=True, slots=True)
class Subject:
    """What a list is about: a deployment; `coming`: one that is not there yet, and is announced for breaking changes.

    `due_at`: when that is to come, as far as it is known.
    """

    deployment_id: int
    whose: ListOf
    coming: bool = False
    due_at: datetime | None = None


@dataclass(slots=True)
class _Found:
    """The rows of a list, and how many wait for good news who are not among them."""

    rows: list[tuple[UUID, CallCandidate]] = field(default_factory=list)
    waiting: int = 0


def list_calls(ledger: Ledger, deployment_id: int, how: Planning, account_manager: str | None = None) -> RankedList:
    """Every customer that a deployment reaches, ranked, each with a verdict; of one account manager, or all."""
    with ledger.read() as connection:
        subject = subject_of(connection, deployment_id)
    return list_subject(ledger, subject, how, account_manager)


def list_subject(ledger: Ledger, subject: Subject, how: Planning, account_manager: str | None = None) -> RankedList:
    """The same of anything that a list can be about."""
    return as_list(ledger, subject, how, rank(ledger, subject, how), account_manager)


def plan_calls(ledger: Ledger, deployment_id: int, how: Planning) -> RankedList:
    """Rank, and keep in each customer's one open call what is due; what is not due any more is withdrawn.

    Raises RefusedError for a deployment that is blamed: whom the incident may have hurt is called about that.
    """
    with ledger.read() as connection:
        subject = subject_of(connection, deployment_id)
    listed = rank(ledger, subject, how)
    ranked = listed.rows
    with ledger.write() as connection:
        blamed_for = incidents.blamed_for(connection, deployment_id)
        if blamed_for:
            raise RefusedError(
                f"{no_care_because(f'D-{deployment_id}', f'INC-{blamed_for[0]}')}.",
                f"Whom INC-{blamed_for[0]} may have hurt: releasewatch call plan --incident INC-{blamed_for[0]}. "
                "For the others plan again when the blame is cleared.",
            )
        # One for all deployments: a customer's call is shared by them. The list is a reference row, and comes first.
        ledger.lock(connection, calls.LOCK)
        rows = (row.content(*_due(row)) for _, row in ranked)
        call_lists.save_list(connection, subject.whose, rows, how.now, how.settings_version)
        came = coming.end_arrived(connection, deployment_id, subject.whose.announced, how.now)
        kept = keep_care(connection, subject.whose, ranked, how)
        lost = end_items(connection, came, f"it came with D-{deployment_id}, and does not reach them", how)
        late = end_overdue(connection, how)
        care.add_news(connection, deployment_id, _news(ranked))
        if kept.added:
            tell_of_list(connection, "list_ready", subject.whose, how.told, how.now)
    made = as_list(ledger, subject, how, rank(ledger, subject, how, listed.choice), None)
    return replace(made, added=kept.added, withdrawn=summed(kept.withdrawn, lost, late))


def _news(ranked: Ranked) -> list[tuple[UUID, str]]:
    rows = ((customer, row.candidate.care) for customer, row in ranked if row.verdict != "leave")
    return [(customer, ref) for customer, of in rows if of is not None for ref in of.refs]


def _due(row: PlannedCall) -> tuple[str, ...]:
    return row.candidate.care.due if row.candidate.care is not None and row.verdict != "leave" else ()


def subject_of(connection: Any, deployment_id: int) -> Subject:
    """A deployment as what a list is about, with what announced it."""
    announced = tuple(coming.announcing(connection, deployment_id))
    return Subject(deployment_id, ListOf(deployment_id=deployment_id, announced=announced))


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of a list, how many wait who are not on it, its newest planned version, and who is beyond its length.

    `choice`: how they were chosen of many."""

    rows: Ranked
    waiting: int
    version: int | None
    beyond: Beyond
    choice: Choice | None


def rank(ledger: Ledger, subject: Subject, how: Planning, before: Choice | None = None) -> Listed:
    """Everybody on a list, in its order; of more than it may hold the first. `before`: the choice before it was written
    what is due."""
    reading = how.reading or Reading(how.now)
    notes = notes_of_deployment(ledger, subject.deployment_id, None, reading)
    with ledger.read() as connection:
        found = deployments.get_deployment(connection, subject.deployment_id)
        question = _question(connection, found, how)
        everybody = call_facts.exposed_members(question)
        choice = None if subject.coming else _choice(connection, question, notes, how, subject, before)
        for chosen in [None] if choice is None else choice.widths():
            only = None if chosen is None else chosen.customers
            if only is not None:
                members = call_facts.chosen_members(only, question.at, question.known_at)
            else:
                members = call_facts.gathered(connection, everybody)
            book = CallBook(connection, members, subject.whose, how.now, how.rules)
            customers = _candidates(connection, question, notes, how, subject, book, only)
            planned = plan_in_order(customers.rows, how)
            first = planned if choice is None or chosen is None else choice.first(chosen, planned)
            if first is not None:
                break
        spent = spent_by(connection, book, subject.whose, how)
        version = call_lists.list_version(connection, subject.whose)
    rows = arranged(first or [], how, spent)
    beyond = NOBODY_BEYOND if choice is None else choice.beyond([row.candidate.reach for _, row in rows])
    return Listed(rows, customers.waiting, version, beyond, choice)


def _choice(
    connection: Any, q: ExposureQuestion, notes: NotesInput, how: Planning, subject: Subject, before: Choice | None
) -> Choice:
    """Whom to rank of many. Whoever has a call about it is on the list, and whom a change may be good news for."""
    kept = calls.planned_customers(connection, subject.whose) | who_waits(connection, notes)
    if before is not None:
        return before.after_writing(connection, kept)
    breaking = care.breaking_touches(connection, q.deployment_id)
    components = care.components_touched(connection, q.deployment_id, breaking)
    today = how.now.astimezone(UTC).date()
    return Choice(connection, how, scored_care(q, how.weights, today, components), kept, NAMED_KIND)


def find_care_row(connection: Any, deployment_id: int, customer_id: UUID, how: Planning) -> PlannedCall | None:
    """One customer's row of a deployment's list; None when they are not on it."""
    found = deployments.get_deployment(connection, deployment_id)
    notes = notes_within(connection, deployment_id, None, how.reading or Reading(how.now))
    subject = subject_of(connection, deployment_id)
    book = CallBook(connection, call_facts.only_member(customer_id, how.now), subject.whose, how.now, how.rules)
    rows = _candidates(connection, _question(connection, found, how), notes, how, subject, book, [customer_id]).rows
    found_rows = arranged(plan_in_order(rows, how), how, {}, alone=True)
    return next((row for _, row in found_rows), None)


def _question(connection: Any, found: deployments.DeploymentRow, how: Planning) -> ExposureQuestion:
    tier = tier_of(connection, found.environment)
    return question_of(found, tier, max(how.now, found.row.opened_at), how.now, how.without_entitlement)


def as_list(
    ledger: Ledger,
    subject: Subject,
    how: Planning,
    listed: Listed,
    account_manager: str | None,
) -> RankedList:
    """What was ranked, as a list with everything beside its rows; of one account manager, or all."""
    with ledger.read() as connection:
        found = deployments.get_deployment(connection, subject.deployment_id)
        question = _question(connection, found, how)
        not_ruled_out = not_ruled_out_by(connection, question)
        unsure = find_unsure(connection, question)
        withdrawn = () if subject.coming else withdrawn_of_deployment(connection, subject.deployment_id)
        blamed_for = () if subject.coming else incidents.blamed_for(connection, subject.deployment_id)
    rows = kept_by((row for _, row in listed.rows), account_manager)
    announced = None
    if subject.coming:
        number = subject.whose.coming_id
        announced = ComingHead(f"H-{number}" if number > 0 else "", found.row.head, subject.due_at)
    made = CallList(
        deployment="" if subject.coming else found.id,
        repo=found.repo,
        environment=found.environment,
        release=found.row.release or None,
        live_at=None if subject.coming else found.row.opened_at,
        as_of=how.now,
        version=listed.version or 0,
        account_manager=account_manager,
        total=len(listed.rows),
        rows=rows,
        not_ruled_out=not_ruled_out,
        unmapped=found.row.unmapped_paths,
        unsure=unsure,
        weights=how.weights,
        hours=how.hours,
        rules=how.rules,
        settings_version=how.settings_version,
        coming=announced,
        waiting=listed.waiting,
        withdrawn=withdrawn,
        beyond=listed.beyond,
        blamed_for=f"INC-{blamed_for[0]}" if blamed_for else "",
    )
    return RankedList(made, listed.version)


def _candidates(
    connection: Any,
    q: ExposureQuestion,
    notes: NotesInput,
    how: Planning,
    subject: Subject,
    book: CallBook,
    only: Sequence[UUID] | None = None,
) -> _Found:
    """Each exposed customer with everything a verdict needs; a handful of statements, however many customers.

    Of what is coming only those whom a breaking change reaches. `only`: of these customers.
    """
    names = catalogs.component_keys(connection)
    titles_outside = catalogs.titles_for_customers(connection, how.now, q.known_at)
    reaching = Reaching(connection, q)
    breaking = care.breaking_touches(connection, q.deployment_id)
    live_since = deployments.get_deployment(connection, q.deployment_id).row.opened_at
    reported = None if subject.coming else Reported(connection, book.members, live_since)
    desk = NewsDesk(connection, notes, book.members, q.deployment_id, names)
    points = TalkingPoints(notes, lambda: customer_names.all_names(connection, q.known_at))
    worded: dict[frozenset[Behind], frozenset[tuple[str, str, int]]] = {}
    described: dict[tuple[Any, ...], tuple[frozenset[str], tuple[CallComponent, ...], tuple[str, ...]]] = {}
    found = _Found()
    seen: set[UUID] = set()
    rows = exposure.stream_details(connection, q, only)
    for customer_id, group in groupby(rows, key=lambda row: row.customer_id):
        seen.add(customer_id)
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
        used = tuple((c, nearest[c].via, nearest[c].rank) for c in sorted(nearest))
        if used not in described:
            described[used] = (
                frozenset(names[c] for c in nearest),
                tuple(_component(nearest[c], names, notes) for c in sorted(nearest)),
                tuple(sorted({titles_outside[c] for c in nearest if c in titles_outside})),
            )
        keys, components, outside = described[used]
        scope = CustomerScope(
            name=best.name or best.key,
            components=keys,
            refs=refs,
            titles=titles,
            origins=worded[behind],
        )
        is_breaking = any(one.distance == 0 and (one.touched_id, one.baseline_no) in breaking for one in behind)
        if subject.coming and not is_breaking:
            continue
        if subject.coming:
            care_for = care_of_coming(subject.due_at)
        else:
            by_use = next((row.rank // exposure.RANK for row in mine if row.source != "named"), None)
            care_for = care_of(
                None if by_use is None else cast("ReachKind", exposure.REACH_WORDS[by_use]),
                desk.of(customer_id, refs, mine, reaching, q.at),
                breaking=is_breaking,
                named=reach == "named",
            )
            found.waiting += 1 if care_for.waits and not care_for.heard else 0
            if any(
                one.status == "done" and one.coming_id in subject.whose.announced for one in book.about(customer_id)
            ):
                care_for = when_told_before(care_for)
        care_for = what_is_left(book, customer_id, care_for)
        say, say_withheld = points.of(scope)
        say = said_before_it_comes(subject.due_at, say) if subject.coming else say
        found.rows.append(
            (
                customer_id,
                CallCandidate(
                    key=best.key,
                    name=best.name or best.key,
                    reach=reach,
                    distance=min(distance, 99),
                    components=components,
                    breaking=is_breaking,
                    possible=possible,
                    possible_because=uncertain_because(mine) if possible else (),
                    say=(*care_for.say, *say),
                    say_withheld=say_withheld,
                    know=care_for.know,
                    care=care_for,
                    do_not_say=points.embargoed_for(scope),
                    letter=(*care_for.say, *say),
                    letter_lacks=not (care_for.say or say) or say_withheld > 0,
                    reported_at=reported.of(customer_id, nearest.keys()) if reported is not None else None,
                    titles=outside,
                    **standing_of(book, customer_id, care_for, subject.whose),
                    **book.known(customer_id),
                ),
            )
        )
    found.waiting += desk.count_waiting(connection, seen, how.now) if not subject.coming else 0
    return found


def what_is_left(book: CallBook, customer_id: UUID, care_for: Care) -> Care:
    """What is still to be told of what a list is about, after calls that were made, or skipped."""
    over = {one.purpose: one.status for one in book.about(customer_id) if one.status in ("done", "skipped")}
    return when_made(care_for, over) if over else care_for


def standing_of(book: CallBook, customer_id: UUID, care_for: Care, whose: ListOf) -> dict[str, Any]:
    """The fields of a `CallCandidate` that say how their call about this stands."""
    there = {one.purpose for one in book.about(customer_id)}
    about = f"D-{whose.deployment_id}" if whose.deployment_id else ""
    announced = f"H-{whose.coming_id}" if whose.coming_id > 0 else ""
    due = [CallReason(one, deployment=about, coming=announced) for one in care_for.due if one not in there]
    standing = book.standing(customer_id, "care", due[0] if due else None, *due[1:])
    return {"call": standing.call, "standing": standing, "hands": book.hands(customer_id, standing)}


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
