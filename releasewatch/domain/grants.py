"""Who may do what with which part of the ledger: the rights of the roles that a database server can give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Holds = Literal[
    "facts",
    "customers",
    "impacts",
    "staff",
    "people",
    "authors",
    "contacts",
    "contracts",
    "notes",
    "calls",
    "told",
    "settings",
    "outbox",
    "numbers",
    "imports",
    "forgotten",
]
"""What a table holds; every table holds one of these.

facts: what runs where, what changed, incidents. customers: organisations and what they use. impacts: what they
suffered. staff: our people by their keys. people: their names and addresses. authors: those of who wrote and deployed.
contacts: those of customers' people, and what was said of calling them. contracts: values and renewals. notes: what
somebody wrote or quoted. calls: lists and calls. told: which customer was told what and when, in no words. outbox: what
is to be told by which rule. numbers: the counters that give ids. imports: runs of imports. forgotten: digests of who
was.
"""

Right = Literal["read", "add", "write"]
"""read: SELECT. write: SELECT, INSERT, UPDATE and DELETE. add: INSERT, and DELETE by key; the rest is not read."""


@dataclass(frozen=True, slots=True)
class Role:
    """What somebody of this role is given. `words`: who of our people said something, and why, may be read, too.

    `reads`: of customers and people, in words.
    """

    name: str
    does: str
    reads: str
    rights: Mapping[Holds, Right]
    words: bool


ROLES = {
    role.name: role
    for role in (
        Role(
            "pipeline",
            "records and plans deployments, opens incidents",
            "keys, names and aliases of customers (for rules of one customer, Customer: trailers and the search of "
            "notes for names), their tier, time zone, account manager's key, entitlements, freezes without the "
            "reasons, and how an incident hurt them; keys, teams and absences of our people; titles, subjects and "
            "release notes of changes. No contact, name or address of a person, note, call, contract value, nor who "
            "said or decided something and why",
            {
                "facts": "write",
                "customers": "read",
                "impacts": "read",
                "staff": "read",
                "authors": "add",
                "told": "read",
                "settings": "read",
                "outbox": "write",
                "numbers": "write",
                "imports": "read",
            },
            words=False,
        ),
        Role(
            "oncall",
            "works incidents: blame, impact, who is hurt; sees no contact and no contract",
            "what a pipeline's role reads, and reasons, notes, calls, names of our people and of authors. No contact "
            "and no contract value",
            {
                "facts": "write",
                "customers": "read",
                "impacts": "write",
                "staff": "read",
                "people": "read",
                "authors": "write",
                "notes": "write",
                "calls": "read",
                "told": "read",
                "settings": "read",
                "outbox": "write",
                "numbers": "write",
                "imports": "read",
            },
            words=True,
        ),
        Role(
            "account",
            "keeps the directory and works the calls; records no deployment and pushes no settings",
            "everything",
            {
                "facts": "read",
                "customers": "write",
                "impacts": "write",
                "staff": "write",
                "people": "write",
                "authors": "write",
                "contacts": "write",
                "contracts": "write",
                "notes": "write",
                "calls": "write",
                "told": "write",
                "settings": "read",
                "outbox": "write",
                "numbers": "write",
                "imports": "write",
                "forgotten": "write",
            },
            words=True,
        ),
        Role(
            "reader",
            "reads deployments, exposure and incidents; writes nothing",
            "what a pipeline's role reads, and who said or decided something, and why",
            dict.fromkeys(("facts", "customers", "impacts", "staff", "told", "settings", "outbox", "imports"), "read"),
            words=True,
        ),
    )
}
