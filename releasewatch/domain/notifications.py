"""Which rules a fact concerns, what is kept of that until it is sent, what is sent, and when it is tried again."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

When = Literal[
    "deployment_recorded",
    "exposure_over",
    "incident_opened",
    "incident_updated",
    "incident_resolved",
    "call_overdue",
    "list_ready",
    "list_withdrawn",
    "reports_together",
]
"""What others can be told of, in the order in which it is documented."""

WHEN: tuple[When, ...] = get_args(When)

State = Literal["waiting", "sending", "sent", "given_up", "not_needed", "dropped"]
"""`given_up`: refused for good, or tried too often; `not_needed`: it would say what is not so; `dropped`: by hand."""

STATES: tuple[State, ...] = get_args(State)

OPEN_STATES: tuple[State, ...] = ("waiting", "sending")

MOST_ATTEMPTS = 12
"""After so many attempts (the waits between them make about a day) it is given up."""

LEASE = timedelta(minutes=5)
"""For so long a notification is its sender's; one that was killed meanwhile left it to the next."""

_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)
_LONGEST_ASKED = timedelta(days=1)
_UNSAID = "SEV2"
"""What an incident counts as when nobody said its severity, as in the score of a call."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`[notify.NAME]`, as far as it decides whether somebody is told. Empty filters: of all."""

    name: str
    when: frozenset[str]
    environments: frozenset[str] = frozenset()
    severity: str = ""
    exposure_over: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, by numbers alone.

    `subject`: deployment, incident or call, and its `number`. `occasion` tells it from the other facts of that kind
    and subject: the same text is the same fact. `detail`: a number that is needed to say it (a version, a statement).
    `environment` and `severity`: empty where they are not known.
    """

    kind: When
    subject: Literal["deployment", "incident", "call"]
    number: int
    occasion: str
    at: datetime
    environment: str = ""
    severity: str = ""
    detail: int = 0


@dataclass(frozen=True, slots=True)
class Notification:
    """That a rule's receiver is to be told of a fact. `key` is the same for the same rule and fact."""

    rule: str
    kind: When
    subject: str
    number: int
    detail: int
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Message:
    """What is said: a title of one line, a plain text of some lines, and the same as data.

    `key` is the same each time it is sent, and another one for everything else: letters, digits and `_`. `kind`: what
    it is about, in the word of the settings. `at`: since when it is so.
    """

    title: str
    text: str
    key: str
    kind: str
    at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""


def concerned(rules: Collection[Rule], fact: Fact) -> Iterator[Notification]:
    """Who is to be told of a fact. What is not known of it rules nobody out.

    Of a deployment that was recorded, rules with `exposure_over` are to be told if it reaches so many: that is counted
    when it is sent, not while the record holds its locks.
    """
    for rule in rules:
        for kind in _kinds(fact):
            if kind in rule.when and _passes(rule, fact):
                key = key_of(rule.name, kind, fact)
                yield Notification(rule.name, kind, fact.subject, fact.number, fact.detail, fact.at, key)


def key_of(rule: str, kind: str, fact: Fact) -> str:
    """What receivers know the notification by: letters, digits and `_` (a full stop has a meaning in signatures)."""
    said = "\n".join((rule, kind, fact.subject, str(fact.number), fact.occasion))
    return "rw_" + hashlib.sha256(said.encode()).hexdigest()[:32]


def next_try(attempts: int, now: datetime, asked: float | None = None) -> datetime:
    """When to try again after so many attempts; `asked`: the seconds that the receiver wants to be left alone."""
    wait = min(_FIRST_WAIT * (1 << min(attempts - 1, 20)), _LONGEST_WAIT)
    if asked is not None:
        wait = max(wait, min(timedelta(seconds=asked), _LONGEST_ASKED))
    return now + wait


def _kinds(fact: Fact) -> tuple[When, ...]:
    return (fact.kind, "exposure_over") if fact.kind == "deployment_recorded" else (fact.kind,)


def _passes(rule: Rule, fact: Fact) -> bool:
    if rule.environments and fact.environment and fact.environment not in rule.environments:
        return False
    about_incident = fact.kind.startswith("incident_") or bool(fact.severity)
    return not (rule.severity and about_incident and (fact.severity or _UNSAID) > rule.severity)
