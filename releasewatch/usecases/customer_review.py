"""`report customer`: what each customer of an account manager had of a quarter, for the talk about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from releasewatch.domain.call_report import Contacted, count_promises
from releasewatch.domain.impact_measures import COUNTED
from releasewatch.domain.promises import Promise
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError
from releasewatch.storage import care, catalogs, customer_review, deployments, promises, staff
from releasewatch.storage.call_facts import some_members
from releasewatch.storage.exposure_many import ways_of_each
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import LATEST
from releasewatch.usecases.call_report import promises_document
from releasewatch.usecases.deployment_lists import instant_or_none
from releasewatch.usecases.deployments import question_of
from releasewatch.usecases.incident_contacts import Asking, Gathered, gather

_AT_ONCE = 400
"""So many deployments are asked about at once."""


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """Whose customers, and which period, half-open."""

    account_manager: str
    since: datetime
    until: datetime


@dataclass(slots=True)
class _Review:
    """What is gathered of one customer; `releases` and `incidents` as JSON has them."""

    key: str
    name: str
    releases: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)


def review_customers(ledger: Ledger, asked: ReviewRequest, how: Asking) -> dict[str, Any]:
    """The document of `report customer --format json`, without its schema number, with names."""
    if asked.since >= asked.until:
        raise InvalidCallError("The period would end before it begins.", "Check --since and --until.")
    today = how.now.date()
    with ledger.read() as connection:
        managers = staff.keepers_of(connection, asked.account_manager, today)
        rows = customer_review.kept_customers(connection, managers, how.now)
        reviews = {row.customer_id: _Review(row.key, row.name or "") for row in rows}
        customers = sorted(reviews)
        if reviews:
            _add_releases(connection, reviews, customers, asked, how)
            _add_requests(connection, reviews, customers, how)
            found = gather(connection, how, asked.since, asked.until, lambda row: row.customer_id in reviews)
            for one in found:
                _add_incident(reviews, one)
            members = customer_review.members_among(connection, customers)
            for customer, promise in promises.promises_of(connection, sorted(members)):
                if asked.since.date() <= promise.due_on < asked.until.date() and customer in reviews:
                    reviews[customer].promises.append(promise)
    return {
        "since": format_utc(asked.since),
        "until": format_utc(asked.until),
        "as_of": format_utc(how.now),
        "account_manager": asked.account_manager,
        "customers": [_document(one, today) for one in reviews.values()],
    }


def _add_releases(
    connection: Any, reviews: dict[UUID, _Review], customers: Sequence[UUID], asked: ReviewRequest, how: Asking
) -> None:
    """What came to them: each deployment once, from when it was first live where they are."""
    keys = catalogs.component_keys(connection)
    tiers = {row.key: row.tier for row in catalogs.environments(connection)}
    until = min(asked.until, how.now)
    for numbers in chunks(customer_review.live_in(connection, asked.since, asked.until), _AT_ONCE):
        found = deployments.get_deployments(connection, numbers)
        questions = [
            question_of(one, tiers[one.environment], until, LATEST, how.without_entitlement) for one in found.values()
        ]
        reached: dict[tuple[int, UUID], list[Any]] = defaultdict(list)
        for part in chunks(customers):
            for number, ways in ways_of_each(connection, questions, part).items():
                for row in ways:
                    if asked.since <= row.live_from < asked.until:
                        reached[number, row.customer_id].append(row)
        for number in numbers:
            for customer, review in reviews.items():
                if mine := reached.get((number, customer)):
                    review.releases.append(_release(found[number], mine, keys))


def _release(one: deployments.DeploymentRow, rows: Sequence[Any], keys: Any) -> dict[str, Any]:
    components = {keys[row.component_id] for row in rows if row.component_id is not None}
    return {
        "deployment": one.id,
        "release": one.row.release or None,
        "repo": one.repo,
        "environment": one.environment,
        "kind": one.row.kind,
        "components": sorted(components),
        "possible": not any(row.certain for row in rows),
        "live_from": format_utc(min(row.live_from for row in rows)),
    }


def _add_requests(connection: Any, reviews: dict[UUID, _Review], customers: Sequence[UUID], how: Asking) -> None:
    """Changes that came with these deployments and were put into a call as good news: they waited for them."""
    for part in chunks(customers):
        for customer, refs in care.told_news(connection, some_members(part, how.now)).items():
            if customer not in reviews:
                continue
            reached = {one["deployment"] for one in reviews[customer].releases}
            for ref, numbers in sorted(refs.items()):
                came = sorted(number for number in numbers if f"D-{number}" in reached)
                if came:
                    reviews[customer].requests.append({"change": ref, "deployment": f"D-{came[0]}"})


def _add_incident(reviews: dict[UUID, _Review], one: Gathered) -> None:
    contacts = {contact.customer: contact for contact in one.contacts}
    state = one.scene.state
    for customer, suffered in one.suffered.items():
        if suffered["state"] not in COUNTED:
            continue
        contact: Contacted | None = contacts.get(customer)
        reviews[customer].incidents.append(
            {
                "incident": one.incident.id,
                "title": state.title,
                "severity": state.severity or None,
                "status": state.status,
                "impact_started_at": format_utc(one.scene.window.started_at),
                **suffered,
                "first": contact.first if contact is not None else None,
                "told_at": instant_or_none(contact.told_at) if contact is not None else None,
                "reported_at": instant_or_none(contact.reported_at) if contact is not None else None,
            }
        )


def _document(one: _Review, today: Any) -> dict[str, Any]:
    firsts = [each["first"] for each in one.incidents if each["state"] != "possible"]
    return {
        "key": one.key,
        "name": one.name or None,
        "releases": {
            "reached": sum(not each["possible"] for each in one.releases),
            "possible": sum(each["possible"] for each in one.releases),
            "deployments": one.releases,
        },
        "requests_delivered": {"changes": len(one.requests), "items": one.requests},
        "minutes": {state: _sum(one.incidents, state) for state in COUNTED},
        "credit_due": {state: _credit(one.incidents, state) for state in COUNTED},
        "called_first": {
            "we": firsts.count("we"),
            "they": firsts.count("they"),
            "neither": firsts.count(None),
            "incidents": len(firsts),
        },
        "promises": promises_document(count_promises(one.promises, today)),
        "incidents": one.incidents,
    }


def _credit(found: Iterable[dict[str, Any]], state: str) -> dict[str, int]:
    """Incidents after which a credit is due, or would be if they went on; `known`: those for which a limit is known."""
    mine = [each["credit"]["stands"] for each in found if each["state"] == state and each["credit"] is not None]
    return {"due": mine.count("passed"), "running": mine.count("running"), "known": len(mine)}


def _sum(found: Iterable[dict[str, Any]], state: str) -> dict[str, int | None]:
    """The minutes in one state, and those in their working hours; the latter None where their zone is not known."""
    mine = [each for each in found if each["state"] == state]
    working = [each["working_minutes"] for each in mine]
    return {
        "incidents": len(mine),
        "minutes": sum(each["minutes"] for each in mine),
        "working_minutes": None if None in working else sum(working),
    }
