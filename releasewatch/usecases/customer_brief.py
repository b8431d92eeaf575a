"""One screen for a customer on the line: what hurts them, what reached them, what we said and promised, what to say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from releasewatch.domain.call_hands import gravest_first
from releasewatch.domain.call_purposes import IN_IT, Due, Standing
from releasewatch.domain.calls import CallCandidate, PlannedCall, plan_call
from releasewatch.domain.inbound import LOOK_BACK
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.promises import in_order
from releasewatch.domain.their_time import in_their_time
from releasewatch.domain.times import format_utc
from releasewatch.storage import (
    call_attempts,
    call_facts,
    call_history,
    catalogs,
    customer_reports,
    impacts,
    incidents,
    merges,
    promises,
)
from releasewatch.storage.calls import ListOf
from releasewatch.storage.customer_search import search_customer
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_candidates import CallBook, Planning, reason_of
from releasewatch.usecases.call_documents import reason_document
from releasewatch.usecases.call_showing import find_as_listed
from releasewatch.usecases.call_tellings import Tellings
from releasewatch.usecases.calls import find_care_row
from releasewatch.usecases.customer_reach import Reaching, reached_lately, reaching_document
from releasewatch.usecases.deployment_lists import instant_or_none
from releasewatch.usecases.inbound_documents import report_document
from releasewatch.usecases.incident_calls import find_incident_row
from releasewatch.usecases.incident_scene import Scene, look_at
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incident_wording import Wording
from releasewatch.usecases.named_people import hiding, shown
from releasewatch.usecases.open_incidents import read_open
from releasewatch.usecases.promises import promise_document

RECENT = timedelta(days=30)
"""How far back calls and reports are told; what is open, or promised, is told however old it is."""

_WORDED = 3
"""Of so many deployments, the newest, it is said what may be said of them, and of the newest of all what may not: one
screen, and no minutes of waiting."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What is known of one customer, before anything is withheld. `row`: whom to speak with, and when."""

    key: str
    document: dict[str, Any]


def brief_customer(ledger: Ledger, words: str, how: Planning, reveal: Reveal) -> Brief:
    """Everything on one screen about the customer whom some words mean; texts of talks only where contacts may be.

    Raises AmbiguousNameError with the keys of those who may be meant, or UnknownNameError.
    """
    with ledger.read() as connection:
        customer = search_customer(connection, words)
        theirs = merges.members_of(connection, customer.customer_id)
        going = [one for one in call_history.calls_of(connection, theirs, how.now) if one.status == "open"]
    rows = {one.call_id: row for one in going if (row := find_as_listed(ledger, one, how)) is not None}
    with ledger.read() as connection:
        one = _Briefing(connection, customer.customer_id, customer.key, how, reveal, rows)
        return Brief(customer.key, one.document())


@dataclass(frozen=True, slots=True)
class _Words:
    """What may be said about one incident or deployment, and what not; `left_out`: texts, for what they hold."""

    document: dict[str, Any]
    left_out: int

    @property
    def is_worth_telling(self) -> bool:
        """Of an incident always, for that nothing was agreed is worth knowing; else where there are words."""
        one = self.document
        return bool(one["about"].startswith("INC-") or one["say"] or one["do_not_say"])


class _Briefing:
    """One look at a customer, inside a transaction. `rows`: their open calls, as the lists have them."""

    def __init__(
        self,
        connection: Any,
        customer: UUID,
        key: str,
        how: Planning,
        reveal: Reveal,
        rows: Mapping[int, PlannedCall],
    ) -> None:
        self._connection, self._customer, self._key, self._how = connection, customer, key, how
        self._reveal = reveal
        self._members = merges.members_of(connection, customer)
        self._components = catalogs.component_keys(connection)
        members = call_facts.only_member(customer, how.now)
        self._book = CallBook(connection, members, ListOf(deployment_id=0), how.now)
        self._known = self._book.known(customer)
        _, names = self._book.names_of(customer, key)
        self._name = min(names, default="")
        self._rows = rows
        # Without a call nothing has to wait for another one: who was called yesterday is at their desk all the same.
        at_hand = {**self._known, "talks": ()}
        plain = CallCandidate(key=key, name=self._name or key, reach="direct", breaking=True, **at_hand)
        self._plain = plan_call(plain, how.weights, how.hours, how.now)
        self._row = min(rows.values(), key=gravest_first, default=self._plain)

    def document(self) -> dict[str, Any]:
        """The whole brief."""
        since = self._how.now - LOOK_BACK
        reached = reached_lately(
            self._connection,
            self._customer,
            since,
            self._how.now,
            self._how.now,
            self._how.without_entitlement,
        )
        found, blamed = self._incidents()
        spoken_of = [one for one in reached.found if one.number not in blamed and one.reach != "dependent"][:_WORDED]
        cared = self._cared_for(one for one in reached.found if one in spoken_of or one in reached.found[:_WORDED])
        words = [
            *(words for _, words in found if words is not None),
            *(self._care_words(*one, spoken_of) for one in cared),
        ]
        today = self._how.now.date()
        kept = in_order([one for _, one in promises.promises_of(self._connection, self._members)], today)
        recent = self._how.now - RECENT
        return {
            "customer": self._about(),
            "incidents": [document for document, _ in found],
            "reached": [{**reaching_document(one), "blamed_for": blamed.get(one.number, [])} for one in reached.found],
            "more_reached": reached.more,
            "reported": [
                report_document(one, self._components.get(one.said.component_id, ""), self._reveal)
                for one in reversed(customer_reports.reports_of(self._connection, [self._customer], since=recent))
            ],
            "calls": self._calls(),
            "promises": [
                promise_document(one, today, None, self._reveal)
                for one in kept
                if one.state == "open" or one.made_at >= recent
            ],
            "words": [one.document for one in words if one.is_worth_telling],
            "say": list(dict.fromkeys(text for one in words for text in one.document["say"])),
            "do_not_say": list(dict.fromkeys(text for one in words for text in one.document["do_not_say"])),
            "left_unsaid": sum(one.left_out for one in words),
            "contacts": [] if self._reveal < Reveal.CONTACTS else self._contacts(),
            "callable": self._callable(),
        }

    def _about(self) -> dict[str, Any]:
        known, row = self._known, self._plain
        local = row.availability.local_now
        document: dict[str, Any] = {
            "key": self._key,
            "name": self._name or None,
            "customer_tier": known["tier"] or None,
            "account_manager": known["account_manager"] or None,
            "account_manager_note": known["owner_note"] or None,
            "country": known["country"] or None,
            "language": known["language"] or None,
            "timezone": row.local_zone or None,
            "local_time": local.isoformat(timespec="minutes") if local is not None else None,
            "do_not_call": known["do_not_call"],
            "escalated": known["escalated"],
        }
        if self._reveal >= Reveal.NAMES:
            return {**document, "withheld": []}
        withheld = [name for name in document if name != "key" and document[name] is not None]
        return {**document, **dict.fromkeys(withheld), "withheld": withheld}

    def _incidents(self) -> tuple[list[tuple[dict[str, Any], _Words | None]], dict[int, list[str]]]:
        """Open incidents that hold them, and those that they were called about of late; who is blamed in them."""
        viewing = Viewing(self._how.now, without_entitlement=self._how.without_entitlement)
        spoken = call_history.incidents_of(self._connection, self._members, self._how.now - LOOK_BACK)
        refs = {one.incident_id: one for one in read_open(self._connection, self._how.now)}
        refs |= {n: incidents.resolve_incident(self._connection, f"INC-{n}") for n in spoken if n not in refs}
        found = []
        blamed: dict[int, list[str]] = {}
        for number in sorted(refs, reverse=True):
            scene = look_at(self._connection, refs[number], viewing)
            states = impacts.states_of(self._connection, scene.question, [self._customer])
            state = states.get(self._customer, "")
            for deployment, link in scene.links.items():
                if link.state in incidents.BLAMED:
                    blamed.setdefault(deployment, []).append(scene.incident.id)
            if not state and number not in spoken:
                continue
            row = find_incident_row(self._connection, scene.incident.id, self._customer, self._how)
            tellings = Tellings.of(self._connection, scene)
            told_at = tellings.last_at(self._customer)
            words = None if row is None else self._worded(row, scene, tellings)
            document = {
                "incident": scene.incident.id,
                "title": scene.state.title,
                "severity": scene.state.severity or None,
                "status": scene.state.status,
                "state": state or None,
                "since": format_utc(scene.window.started_at),
                "until": instant_or_none(scene.window.until),
                "call": (row.candidate.call or None) if row is not None else None,
                "owed": (row.candidate.hurt_purpose or None) if row is not None and row.verdict != "leave" else None,
                "because": list(row.because) if row is not None else [],
                "told_at": format_utc(told_at) if told_at is not None else None,
            }
            found.append((document, words))
        if self._reveal >= Reveal.NAMES:
            return found, blamed
        titles = [str(document["title"]) for document, _ in found]
        hides = hiding(self._connection, (), titles, (), self._how.now)
        return [(shown(document, ("title",), hides), words) for document, words in found], blamed

    def _worded(self, row: PlannedCall, scene: Scene, tellings: Tellings) -> _Words | None:
        """What may be said of one incident, whatever else is in their call; also where nothing is due: they ask."""
        hurt = row.candidate.hurt
        if hurt is None or not (hurt.due.purpose or hurt.state in IN_IT):
            return None
        asked = hurt if hurt.due.purpose else replace(hurt, due=Due("update", "they ask"))
        titles = catalogs.titles_for_customers(self._connection, self._how.now, scene.question.known_at)
        wording = Wording(self._connection, self._book, scene, tellings, titles, self._how)
        alone = Standing(group="incident")
        say = wording.of(self._customer, self._key, asked, alone, row.candidate.titles)
        about = replace(row.candidate, say=say.lines, say_withheld=say.withheld, say_outdated=say.outdated)
        about = replace(about, know=say.know, do_not_say=say.embargoed)
        name = scene.incident.id
        return self._words(name, replace(row, candidate=about), is_draft=name in row.candidate.standing.drafts)

    def _cared_for(self, reached: Iterable[Reaching]) -> list[tuple[Reaching, PlannedCall]]:
        """Their rows of what reached them: what may be said of it, and what is not to be spoken of yet."""
        rows = ((one, find_care_row(self._connection, one.number, self._customer, self._how)) for one in reached)
        return [(one, row) for one, row in rows if row is not None]

    def _care_words(self, one: Reaching, row: PlannedCall, spoken_of: Sequence[Reaching]) -> _Words:
        """What may be said of a deployment, as far as it is spoken of, and what of it may not be."""
        if one in spoken_of:
            return self._words(f"D-{one.number}", row)
        silent = replace(row.candidate, say=(), say_withheld=0, know=())
        return self._words(f"D-{one.number}", replace(row, candidate=silent))

    def _words(self, about: str, row: PlannedCall, *, is_draft: bool = False) -> _Words:
        """By the customer's own clock; where names may not be shown, nothing that holds theirs or tells their zone."""
        one = row.candidate
        say, left_out = one.say_outside
        if self._reveal >= Reveal.NAMES:
            say, left_out = tuple(in_their_time(text, self._plain.local_zone) for text in one.say), one.say_withheld
        document = {
            "about": about,
            "agreed": bool(one.say),
            "outdated": one.say_outdated,
            "draft": is_draft,
            "say": list(say),
            "do_not_say": list(dict.fromkeys((*one.know, *one.do_not_say))),
        }
        return _Words(document, left_out)

    def _calls(self) -> list[dict[str, Any]]:
        since = self._how.now - RECENT
        rows = call_history.calls_of(self._connection, self._members, since)
        return [self._call(row) for row in rows]

    def _call(self, row: Any) -> dict[str, Any]:
        items = call_history.live_items(self._connection, row)
        attempts = call_attempts.attempts_of(self._connection, row.customer_id, row.call_id)
        return {
            "id": f"C-{row.call_id}",
            "group": row.call_group,
            "status": row.status,
            "items": [reason_document(reason_of(one)) for one in items],
            "next_at": None if row.next_at is None else format_utc(row.next_at),
            **(self._when(listed) if (listed := self._rows.get(row.call_id)) is not None else {}),
            "attempts": [self._attempt(one) for one in reversed(attempts)],
        }

    def _attempt(self, row: Any) -> dict[str, Any]:
        texts = {name: getattr(row, name) or None for name in ("note", "quote", "ask_engineering")}
        hidden = list(texts) if self._reveal < Reveal.CONTACTS else []
        withheld = [name for name in hidden if texts[name] is not None]
        by = row.recorded_by if self._reveal >= Reveal.NAMES else None
        return {
            "at": format_utc(row.attempted_at),
            "channel": row.channel,
            "disposition": row.disposition,
            "outcome": row.outcome or None,
            "reached": row.reached,
            "by": by or None,
            **texts,
            **dict.fromkeys(withheld),
            "withheld": withheld,
        }

    def _contacts(self) -> list[dict[str, Any]]:
        return [
            {
                "name": one.name,
                "role": one.role or None,
                "phone": one.phone or None,
                "email": one.email or None,
                "language": one.language or None,
                "hours": f"{one.best_from}-{one.best_to}" if one.best_from and one.best_to else None,
                "may_be_called": not (one.do_not_call or one.consent == "no" or self._known["do_not_call"]),
                "wrong_number": one.wrong_number,
                "to_call": self._row.may_dial and one == self._row.contact,
            }
            for one in self._known["contacts"]
        ]

    def _hindrance(self) -> str | None:
        """Why nobody may be dialled: the end of the verdict, whose beginning is about what the call is for."""
        if self._row.may_dial:
            return None
        row = self._row if self._plain.may_dial else self._plain
        because = row.verdict_because if self._reveal >= Reveal.NAMES else row.verdict_outside
        said = because.removesuffix(", so write")
        return said.rpartition("; ")[2] if row is self._row else said.partition("; ")[2] or because

    def _callable(self) -> dict[str, Any]:
        """When they may be dialled for their gravest open call, as its list says; without one, when at all."""
        return {"call": self._row.candidate.call or None, **self._when(self._row), "why_not": self._hindrance()}

    def _when(self, row: PlannedCall) -> dict[str, Any]:
        found, window = row.availability, row.availability.window
        names = self._reveal >= Reveal.NAMES
        shown = window if names else None
        return {
            "callable": found.callable,
            "from": format_utc(shown.from_at) if shown is not None else None,
            "until": format_utc(shown.until_at) if shown is not None else None,
            "at_any_hour": found.by_rule or None,
            "holiday": found.holiday or None if names else None,
        }
