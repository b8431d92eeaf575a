"""Holding a plan to rules: what breaks which, and by whose word it passes all the same."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from releasewatch.domain.gate import Found, Rule, Violation, Word, judge, parse_rule
from releasewatch.domain.incidents import OPEN_STATUSES, fold, impact_window
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import deployments, footprints, gate, gate_approvals, incidents, staff
from releasewatch.storage.customer_refs import resolve_customer
from releasewatch.storage.gate import ExposedCustomers
from releasewatch.storage.gate_approvals import Planned
from releasewatch.storage.types import LATEST

if TYPE_CHECKING:
    from releasewatch.domain.freezes import Freeze
    from releasewatch.ports import History
    from releasewatch.storage.exposure_ways import ExposureQuestion
    from releasewatch.storage.ledger import Ledger

_MOST_INCIDENTS = 1000
"""So many open incidents are looked at, the newest."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What a plan is held to. `fixes`: the incidents that it is said to fix."""

    rules: tuple[Rule, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    fixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """A broken rule that passes, and by which word."""

    violation: Violation
    word: Word


@dataclass(slots=True)
class Verdict:
    """What a plan was held to, what it breaks, and what passes by a word. `remarks` are worth saying."""

    rules: tuple[Rule, ...] = ()
    violations: list[Violation] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A plan that was recorded in a ledger that forgets."""

    connection: Any
    deployment_id: int
    document: Mapping[str, Any]
    question: ExposureQuestion
    tier: str
    now: datetime


def hold_to(
    connection: Any,
    deployment_id: int,
    document: Mapping[str, Any],
    question: ExposureQuestion,
    asked: Gate,
    tier: str,
    now: datetime,
) -> Verdict:
    """What a plan breaks; one statement or a few for each rule, however many customers it reaches.

    Raises UnknownNameError or AmbiguousNameError for a customer, a tier or an incident that nobody knows.
    """
    plan = _Plan(connection, deployment_id, document, question, tier, now)
    verdict = Verdict(asked.rules)
    exposed = ExposedCustomers(connection, question)
    words = _words(plan)
    fixed = _fixed_incident(plan, asked.fixes, verdict)
    for rule in asked.rules:
        violation = judge(rule, _look(plan, exposed, rule, asked, verdict))
        if violation is None:
            continue
        word = words.get(rule.text) or (Word("fixes", ref=fixed) if fixed else None)
        if word is None:
            verdict.violations.append(violation)
        else:
            verdict.passed.append(Passed(violation, word))
    return verdict


def _words(plan: _Plan) -> dict[str, Word]:
    d = plan.document["deployment"]
    if d["head"] is None:
        return {}
    planned = Planned(d["repo"], d["environment"], d["head"])
    recorded = gate_approvals.deployments_of_head(plan.connection, planned, without=plan.deployment_id)
    accepted = gate_approvals.read_acceptances(plan.connection, recorded)
    return {**accepted, **gate_approvals.read_approvals(plan.connection, planned)}


def _fixed_incident(plan: _Plan, refs: Sequence[str], verdict: Verdict) -> str:
    """The first incident that is open and said to be fixed; empty when there is none."""
    for ref in refs:
        found = incidents.find_fixed(plan.connection, ref)
        if found is None:
            continue
        said = incidents.read_statements(plan.connection, [found.incident_id])[found.incident_id]
        status = fold(said, plan.now, LATEST).status
        if status in OPEN_STATUSES:
            return found.id
        verdict.remarks.append(f"{found.id} is {status}: that this fixes it lets no rule pass.")
    return ""


def _look(plan: _Plan, exposed: ExposedCustomers, rule: Rule, asked: Gate, verdict: Verdict) -> Found:
    match rule.kind:
        case "customers":
            counts = plan.document["exposure"]
            return exposed.nearest() if counts["named"] + counts["direct"] > int(rule.value) else Found()
        case "exposed":
            return exposed.all() if plan.document["exposure"]["customers"] > int(rule.value) else Found()
        case "tier":
            return exposed.of_tiers(_tiers(plan, rule, verdict))
        case "customer":
            return exposed.these([resolve_customer(plan.connection, rule.value).customer_id])
        case "hurt-within":
            return _hurt(plan, exposed, int(rule.value))
        case "freeze":
            return _frozen(plan, exposed, asked.freezes)
        case "open-incident":
            return Found(named=tuple(_open_incidents(plan)))
        case "unmapped":
            counts = plan.document["exposure"]
            return Found(counts["not_ruled_out"], paths=plan.document["unmapped"]["paths"])
        case "account-manager-away":
            return exposed.kept_by(_gone(plan, exposed))


def _tiers(plan: _Plan, rule: Rule, verdict: Verdict) -> list[str]:
    """The tiers that a rule means, in capitals or not; one that nobody has today breaks nothing, and is told.

    Raises UnknownNameError for a tier that no customer ever had, unless there are no customers yet.
    """
    there = gate.customer_tiers(plan.connection, plan.now)
    meant = [one for one in there if one.casefold() == rule.value.casefold()]
    if meant:
        return meant
    ever = gate.customer_tiers(plan.connection, None)
    if any(one.casefold() == rule.value.casefold() for one in ever):
        verdict.remarks.append(f"No customer has the tier {rule.value!r} today: {rule.text} cannot be broken.")
    elif gate.has_customers(plan.connection):
        near = difflib.get_close_matches(rule.value, ever, n=1)
        raise UnknownNameError(
            f"No customer has the tier {rule.value!r} of the rule {rule.text}.",
            f"Did you mean {near[0]}?" if near else "Tiers are what the directory holds as customer_tier.",
        )
    return []


def _hurt(plan: _Plan, exposed: ExposedCustomers, days: int) -> Found:
    since = plan.now - timedelta(days=days)
    numbers = gate.incidents_that_hurt(plan.connection)
    kinds = ("status", "impact_started_at", "impact_ended_at", "replaced")
    lasted, cancelled = [], []
    for number, said in incidents.read_statements(plan.connection, numbers, kinds).items():
        state = fold(said, plan.now, LATEST)
        until = impact_window(state, None, plan.now).until
        if state.status == "cancelled":
            cancelled.append(number)
        elif until is None or until >= since:
            lasted.append(number)
    return exposed.hurt_since(since, lasted, cancelled) if numbers else Found()


def _frozen(plan: _Plan, exposed: ExposedCustomers, freezes: Sequence[Freeze]) -> Found:
    environment = plan.document["deployment"]["environment"]
    day = plan.now.date()
    on = tuple(one.sentence(environment) for one in freezes if one.is_on(day, environment, plan.tier))
    theirs = exposed.frozen_on(day)
    return Found(theirs.customers, theirs.sample, on)


def _open_incidents(plan: _Plan) -> list[str]:
    """The open incidents that are about a component which the plan changes, there; by what they are blamed on, too."""
    changed = {one["key"] for one in plan.document["components"] if one["distance"] == 0}
    environment = plan.document["deployment"]["environment"]
    there = incidents.list_incidents(
        plan.connection, limit=_MOST_INCIDENTS, statuses=OPEN_STATUSES, at=plan.now, known_at=LATEST
    )
    statements = incidents.read_statements(plan.connection, [one.incident_id for one in there])
    found = []
    for one in there:
        state = fold(statements[one.incident_id], plan.now, LATEST)
        if state.environment not in ("", environment):
            continue
        about = set(state.components) or _blamed_components(plan.connection, one.incident_id)
        if about & changed:
            found.append(one.id)
    return found


def _blamed_components(connection: Any, incident_id: int) -> set[str]:
    return {
        row.full_key
        for number in incidents.blamed_deployments(connection, incident_id)
        for row in footprints.read_reached(connection, number)
        if row.distance == 0
    }


def _gone(plan: _Plan, exposed: ExposedCustomers) -> list[str]:
    """The account managers whose customers nobody who is here keeps today."""
    book, day = staff.read_book(plan.connection), plan.now.date()
    owners = {one: book.owner(one, day).key for one in exposed.account_managers()}
    return [one for one, owner in owners.items() if not owner or book.is_gone(owner, day)]


def words_of(ledger: Ledger, deployment_id: int) -> list[tuple[Rule, Word]]:
    """The rules that a deployment went out against: accepted with it, or approved for its commit there."""
    with ledger.read() as connection:
        found = deployments.get_deployment(connection, deployment_id)
        words = gate_approvals.read_acceptances(connection, [deployment_id])
        if found.row.head is not None:
            planned = Planned(found.repo, found.environment, found.row.head)
            before = gate_approvals.read_approvals(connection, planned, until=found.row.recorded_at)
            words = {**before, **words}
    return [(parse_rule(text), word) for text, word in sorted(words.items())]


@dataclass(frozen=True, slots=True)
class Approved:
    """An approval. `before`: the one that was there already, and stays."""

    planned: Planned
    rule: Rule
    before: Word | None


def approve(
    ledger: Ledger,
    history: History | None,
    planned: Planned,
    rule: str,
    *,
    why: str,
    recorded_by: str,
    now: datetime,
) -> Approved:
    """Let a commit go to an environment although it breaks a rule; safe to repeat.

    Raises UnknownNameError for a commit that neither the clone nor the ledger knows, InvalidCallError for what is no
    rule or has no reason.
    """
    asked = parse_rule(rule)
    if not why.strip():
        raise InvalidCallError("An approval has a reason.", "Give it with --why TEXT.")
    if history is not None:
        planned = Planned(planned.repo, planned.environment, history.resolve(planned.head))
    with ledger.write() as connection:
        ledger.lock(connection, "releasewatch:gate_approval")
        if history is None and not gate_approvals.knows_head(connection, planned.repo, planned.head):
            raise UnknownNameError(
                f"The ledger knows no commit {planned.head!r} of {planned.repo}.",
                "Run it in a clone, or give the full sha of what was released or deployed.",
            )
        before = gate_approvals.add_approval(
            connection, planned, asked.text, why=why.strip(), recorded_by=recorded_by, now=now
        )
    return Approved(planned, asked, before)
