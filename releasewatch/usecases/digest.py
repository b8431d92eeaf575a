"""`digest`: one page for an account manager: what they promised, whom to call, and what reached their customers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from releasewatch.domain.call_bands import BANDS
from releasewatch.domain.call_hands import gravest_first, may_be_taken, next_to_take
from releasewatch.domain.call_rules import kept_by
from releasewatch.domain.call_sendings import Withdrawn
from releasewatch.domain.calls import PlannedCall
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError
from releasewatch.storage import customer_review, digest, staff
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_candidates import Planning, RankedList
from releasewatch.usecases.call_documents import call_document
from releasewatch.usecases.calls import list_calls
from releasewatch.usecases.care_rows import list_plain_rows
from releasewatch.usecases.customer_review import ReviewRequest, review_customers
from releasewatch.usecases.incident_calls import list_incident_calls
from releasewatch.usecases.incident_contacts import Asking
from releasewatch.usecases.promises import Listing, list_promises, promise_document

GIVEN_WITHIN = timedelta(days=30)
"""A list that was given away longer ago is in nobody's hands any more, whatever became of it."""

_CLOSED = frozenset({"not_planned", "done", "skipped", "withdrawn"})
_CALLABLE = ("now", "unknown", "later", "never")


@dataclass(frozen=True, slots=True)
class DigestRequest:
    """Whose day, and since when what happened is told."""

    account_manager: str
    since: datetime


@dataclass(frozen=True, slots=True)
class _Lists:
    """The lists to be read: incidents and deployments by number; of each that is only coming (0: check-ins) whom.
    `nobodys`: how many open calls nobody makes, by the options that name their list, the gravest one of each call."""

    incidents: list[int]
    deployments: list[int]
    plain: dict[int, list[Any]]
    nobodys: dict[str, int]


def make_digest(ledger: Ledger, asked: DigestRequest, how: Planning, asking: Asking, reveal: Reveal) -> dict[str, Any]:
    """The document of `digest --format json`, without its schema number, with names and contacts: calls as `call list`
    has them, before anything is withheld."""
    if asked.since >= how.now:
        raise InvalidCallError("What has happened since then is still to come.", "Check --since.")
    who = asked.account_manager
    with ledger.read() as connection:
        team = next((one.team for one in staff.read_staff(connection) if one.key == who), "")
        wanted = _lists_of(connection, who, team, how.now)
    found: dict[str, tuple[str, PlannedCall]] = {}
    withdrawn: list[dict[str, Any]] = []
    beyond: list[dict[str, Any]] = []
    for number in wanted.incidents:
        made = list_incident_calls(ledger, f"INC-{number}", how, who)
        _take(found, made.calls.subject, made.calls.rows)
        withdrawn += _withdrawn(made, who, team)
        beyond += _beyond(made)
    for number in wanted.deployments:
        made = list_calls(ledger, number, how, who)
        _take(found, made.calls.subject, made.calls.rows)
        withdrawn += _withdrawn(made, who, team)
        beyond += _beyond(made)
    with ledger.read() as connection:
        for coming_id, customers in wanted.plain.items():
            rows = list_plain_rows(connection, customers, coming_id, how)
            name = f"H-{coming_id}" if coming_id else "check-ins"
            _take(found, name, kept_by((row for _, row in rows), who))
    promises = list_promises(ledger, Listing(how.now, account_manager=who))
    review = review_customers(ledger, ReviewRequest(who, asked.since, how.now), asking)
    today = how.now.date()
    listed = sorted(found.values(), key=_turn)
    chosen = next_to_take((row for _, row in listed), {who})
    return {
        "account_manager": who,
        "since": format_utc(asked.since),
        "as_of": format_utc(how.now),
        "promises": [promise_document(one.promise, today, one.account_manager, reveal) for one in promises],
        "calls": [
            {"list": name, **call_document(row), "claim": _claim(row), "claimable": may_be_taken(row)}
            for name, row in listed
        ],
        "next": _claim(chosen) if chosen is not None else None,
        "nobodys_calls": [
            {"calls": many, "see": f"releasewatch call list {of}"} for of, many in wanted.nobodys.items()
        ],
        "versions_withdrawn": withdrawn,
        "lists_beyond": beyond,
        "customers": [
            {
                "key": one["key"],
                "name": one["name"],
                "deployments": one["releases"]["deployments"],
                "incidents": one["incidents"],
            }
            for one in review["customers"]
            if one["releases"]["deployments"] or one["incidents"]
        ],
    }


def _lists_of(connection: Any, who: str, team: str, now: datetime) -> _Lists:
    """The lists on which somebody may have an open call, and those that they were given."""
    book, today = staff.read_book(connection), now.date()

    def may_call(name: str) -> bool:
        """Their own, those of somebody who is away, and what goes up to them when it is late."""
        keeper = book.owner(name, today).key
        return who in (keeper, book.caller(name, "", today).key, book.manager_of(keeper or name, today))

    names = {name for name in staff.count_customers(connection, now) if may_call(name)}
    mine = {row.customer_id for row in customer_review.kept_customers(connection, names, now)}
    made = {name for name in staff.count_customers(connection, now) if name and book.caller(name, "", today).key}
    kept = {row.customer_id for row in customer_review.kept_customers(connection, made, now)}
    nobodys: dict[int, str] = {}
    incidents: set[int] = set()
    deployments: set[int] = set()
    plain: dict[int, list[Any]] = {}
    for row in digest.open_reasons(connection):
        if row.customer_id not in kept and not row.assigned_to and (row.incident_id or row.deployment_id):
            of = f"--incident INC-{row.incident_id}" if row.incident_id else f"--deployment D-{row.deployment_id}"
            nobodys.setdefault(row.call_id, of)
        if row.customer_id not in mine and not row.assigned_to:
            continue
        if row.incident_id:
            incidents.add(row.incident_id)
        elif row.deployment_id:
            deployments.add(row.deployment_id)
        elif row.customer_id not in plain.setdefault(row.coming_id, []):
            plain[row.coming_id].append(row.customer_id)
    for given in digest.lists_given(connection, who, team, now - GIVEN_WITHIN):
        if given.incident_id:
            incidents.add(given.incident_id)
        else:
            deployments.add(given.deployment_id)
    return _Lists(
        sorted(incidents, reverse=True), sorted(deployments, reverse=True), plain, dict(Counter(nobodys.values()))
    )


def _take(found: dict[str, tuple[str, PlannedCall]], name: str, rows: Iterable[PlannedCall]) -> None:
    """Put in the open calls of a list; one that is on several is there once, as the list says for which it is gravest,
    of like ones the first."""
    for row in rows:
        call = row.candidate.call
        if not call or row.candidate.standing.status in _CLOSED:
            continue
        if call not in found or gravest_first(row) < gravest_first(found[call][1]):
            found[call] = (name, row)


def _claim(row: PlannedCall) -> str:
    return f"releasewatch call claim {row.candidate.call}"


def _turn(one: tuple[str, PlannedCall]) -> tuple[int, int, bool, int, str]:
    """Who is at the desk comes first; then by band, incidents before care, and as they stand on their lists."""
    name, row = one
    candidate = row.candidate
    place = (_CALLABLE.index(row.availability.callable), BANDS.index(row.band))
    return (*place, candidate.hurt is None, row.rank, f"{name} {candidate.key}")


def _withdrawn(made: RankedList, who: str, team: str) -> list[dict[str, Any]]:
    """Of the versions that somebody has, those which do not hold any more."""
    return [
        {
            "list": made.calls.subject,
            "version": one.sending.version,
            "at": format_utc(one.sending.at),
            "because": one.because,
            "sentence": one.sentence(names=True),
        }
        for one in made.calls.withdrawn
        if _has(one, who, team) and one.sending.at >= made.calls.as_of - GIVEN_WITHIN
    ]


def _beyond(made: RankedList) -> list[dict[str, Any]]:
    """That there are more customers than a list holds; whose they are is not known, for nobody ranked them."""
    found = made.calls.beyond
    if not found.customers:
        return []
    return [{"list": made.calls.subject, **found.document["beyond"], "sentence": found.line}]


def _has(one: Withdrawn, who: str, team: str) -> bool:
    sent = one.sending
    return sent.audience == "everyone" or (sent.audience, sent.receiver) in (("account_manager", who), ("team", team))
