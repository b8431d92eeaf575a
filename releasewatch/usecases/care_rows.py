"""Rows of care calls behind which no deployment of the ledger stands: check-ins, and what is only announced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from releasewatch.domain.call_care import Care, care_of_check_in, care_of_coming
from releasewatch.domain.calls import CallCandidate, PlannedCall, rank_calls
from releasewatch.domain.privacy import opaque_key
from releasewatch.storage import call_facts, care, coming, customer_names
from releasewatch.storage.calls import ListOf
from releasewatch.storage.when import When
from releasewatch.usecases.call_candidates import CallBook, Planning, Ranked
from releasewatch.usecases.calls import standing_of, what_is_left


def rank_plain(connection: Any, whose: ListOf, cares: Mapping[UUID, Care], how: Planning) -> Ranked:
    """The rows of some customers, in the order of a list, by what the directory says of them alone."""
    members = call_facts.some_members(list(cares), how.now)
    book = CallBook(connection, members, whose, how.now, how.rules)
    keys = call_facts.keys_of(connection, list(cares))
    when = When(how.now, how.now)
    ids = {key: customer for customer, key in keys.items()}
    cares = {customer: what_is_left(book, customer, one) for customer, one in cares.items()}
    candidates = [
        CallCandidate(
            key=keys[customer],
            name=customer_names.title_of(connection, customer, when) or keys[customer],
            reach="direct",
            say=one.say,
            know=one.know,
            care=one,
            **standing_of(book, customer, one, whose),
            **book.known(customer),
        )
        for customer, one in cares.items()
    ]
    rules = replace(how.rules, capacity=None)  # so few a week that no day is full of them
    ranked = rank_calls(candidates, how.weights, how.hours, how.now, opaque_key if how.opaque else str, rules)
    return [(ids[row.candidate.key], row) for row in ranked]


def check_in_cares(connection: Any, customers: list[UUID], how: Planning) -> dict[UUID, Care]:
    """What a check-in with each of some customers is for."""
    spoken = care.last_attempt_reached(connection, call_facts.some_members(customers, how.now))
    return {one: care_of_check_in(spoken.get(one), how.care.check_in_after) for one in customers}


def find_plain_row(connection: Any, customer_id: UUID, item: Any, how: Planning) -> PlannedCall | None:
    """The row of a check-in, or of what is coming, without git: what will change is in the list of that."""
    return next((row for _, row in list_plain_rows(connection, [customer_id], item.coming_id, how)), None)


def list_plain_rows(connection: Any, customers: list[UUID], coming_id: int, how: Planning) -> Ranked:
    """The same of several customers; `coming_id` 0: check-ins."""
    if not coming_id:
        return rank_plain(connection, ListOf(check_in=True), check_in_cares(connection, customers, how), how)
    row = coming.get_coming(connection, coming_id)
    where = f"--head {row.head[:10]} --environment {row.environment}"
    know = (f"What will change for them: releasewatch call list --purpose heads_up {where}",)
    of = replace(care_of_coming(row.due_at), know=know)
    return rank_plain(connection, ListOf(coming_id=coming_id), dict.fromkeys(customers, of), how)
