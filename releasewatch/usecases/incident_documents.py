"""Gathers the one record that every document of an incident is made from, and what must not leave with an outer one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

from releasewatch.domain.audiences import Audience, Subjects
from releasewatch.domain.incident_document_building import build_document
from releasewatch.domain.incident_facts import (
    BlameFacts,
    BlameWord,
    FixFacts,
    HurtFacts,
    HurtWindow,
    IncidentFacts,
    PlaceFacts,
)
from releasewatch.domain.leaks import LeakScanner
from releasewatch.domain.note_building import PreparedNotes, prepare_notes, texts_of
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.errors import InvalidCallError, LedgerUnavailableError
from releasewatch.storage import (
    catalogs,
    customer_names,
    deployments,
    fixes,
    impacts,
    incidents,
    named_people,
    window_endings,
)
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.impact_survey import survey
from releasewatch.storage.impact_unsure import find_unsure_in
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.when import When
from releasewatch.usecases.incident_scene import Scene, look_at
from releasewatch.usecases.incident_showing import FETCHED, Showing, describe_customer
from releasewatch.usecases.named_people import find_named
from releasewatch.usecases.notes import Reading, labels_of, notes_of_deployment

SHOWN_CUSTOMERS = 50
"""So many customers stand in a report; the others are counted, and `incident show --customers` has them all."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts, names that an outer document must not hold, and those that its own reader is called by."""

    facts: IncidentFacts
    names: tuple[str, ...]
    own: frozenset[str]


def gather_incident(
    ledger: Ledger, ref: str, how: Showing, *, customer: str | None = None, subjects: Subjects = "account"
) -> Gathered:
    """Everything that is known of an incident as of an instant, for documents of any audience.

    `customer`: the one that it is for, by key or alias; `subjects`: as in `[notes]`. What may be said of a change is
    decided as of now, whatever instant is looked at. Raises InvalidCallError where there was no incident yet, or the
    customer is not in it; LedgerUnavailableError where this role may not read the names to look for.
    """
    now = how.viewing.now
    with ledger.read() as connection:
        incident = incidents.resolve_incident(connection, ref)
        if not named_people.may_look(connection):
            raise LedgerUnavailableError(
                f"A document of {incident.id} is searched for people's names first, and this role may not read them.",
                "Have it made with the rights of account staff: releasewatch db grant --role account",
            )
        scene = look_at(connection, incident, how.viewing)
        if not scene.state.status:
            raise InvalidCallError(
                f"{incident.id} had not been opened then.", f"See: releasewatch incident show {incident.id}"
            )
        known_at = scene.question.known_at
        links = incidents.read_links(connection, incident.incident_id, known_at)
        words = fixes.read_words(connection, incident.id, known_at)
        standing = fixes.read_fixes(connection, incident.id, known_at)
        numbers = sorted({link.deployment_id for link in links} | {fix.deployment_id for fix in words})
        found = {number: deployments.get_deployment(connection, number) for number in numbers}
        actors = {deployments.read_actor(connection, number) for number in numbers}
        in_force = catalogs.catalogs_in_force(connection, now, now).values()
        labels = labels_of(*(catalogs.load_catalog(connection, number) for number in in_force))
        blamed = [one.question.deployment_id for one in scene.question.blamed]
        ended = window_endings.ended_by(connection, blamed, scene.question.at, scene.question.known_at)
        seen = survey(connection, scene.question)
        unsure = find_unsure_in(connection, scene.question)
        names = catalogs.component_keys(connection)
        customers = list(islice(_customers(connection, scene, names, how), SHOWN_CUSTOMERS))
        one, own = _the_one(connection, scene, names, how, customer)
        forbidden = customer_names.all_names(connection, now)
    notes = {number: _notes(ledger, number, Reading(now, subjects)) for number in numbers}
    told_of = [*(one.why for one in links), *(one.why for one in words)]
    told_of += [text for one in notes.values() for reading in one.readings for text in texts_of(reading)]
    with ledger.read() as connection:
        named = find_named(connection, [*(text for one in scene.statements for text in (one.value, one.why)), *told_of])
    blame = tuple(
        BlameFacts(
            row.id,
            row.environment,
            row.row.opened_at,
            tuple(
                BlameWord(link.state, link.why, link.score, link.recorded_by, link.recorded_at)
                for link in links
                if link.deployment_id == number
            ),
            notes[number],
        )
        for number, row in found.items()
        if any(link.deployment_id == number for link in links)
    )
    told = {
        fix: FixFacts(
            found[fix.deployment_id].id,
            found[fix.deployment_id].row.opened_at,
            fix.why,
            fix.recorded_by,
            fix.recorded_at,
            notes[fix.deployment_id],
        )
        for fix in words
    }
    said = {fix.deployment_id for fix in standing}
    facts = IncidentFacts(
        id=incident.id,
        given_key=incident.key if incident.key != incident.id else "",
        as_of=scene.question.at,
        known_at=how.viewing.known_at,
        state=scene.state,
        window=scene.window,
        statements=scene.statements,
        labels=labels,
        blame=blame,
        fixes=tuple(told[fix] for fix in standing),
        past_fixes=tuple(facts for fix, facts in told.items() if fix not in standing),
        proposed_fixes=tuple(f"D-{number}" for number in ended if number not in said),
        counts=seen.counts,
        unsure=unsure,
        places=tuple(_place(row) for row in seen.places),
        customers=tuple(customers),
        customer=one,
        people=frozenset({*actors, *_authors(notes.values())} - {""}),
        named=named,
    )
    folded = {name.casefold() for name in own}
    return Gathered(facts, tuple(name for name in forbidden if name.casefold() not in folded), own)


def find_held(
    ledger: Ledger, ref: str, how: Showing, audience: Audience, texts: Sequence[str], *, subjects: Subjects
) -> tuple[list[str], int] | None:
    """What in each text keeps documents for its audience from being written, in words without a name (empty: nothing);
    and the number of the last entry of the timeline. None where this role may not read the names to look for."""
    with ledger.read() as connection:
        if not named_people.may_look(connection):
            return None
    gathered = gather_incident(ledger, ref, how, subjects=subjects)
    made = build_document(gathered.facts, "update" if audience == "customer" else "brief", audience)
    scanners = {
        "a customer's name": LeakScanner(dict.fromkeys(gathered.names, "")),
        "the name, address or number of somebody at a customer": LeakScanner(dict.fromkeys(made.named.contacts, "")),
        "a text that they may not read": LeakScanner({}, dict.fromkeys(made.held, "")),
        "the name of one of our people": LeakScanner(dict.fromkeys(made.people, "")),
        "a deployment or a commit": LeakScanner(
            dict.fromkeys(made.named.commits, ""), marks=dict.fromkeys(made.named.deployments, "")
        ),
    }
    found = [next((what for what, scanner in scanners.items() if scanner.scan(text)), "") for text in texts]
    entries = (one.number for one in gathered.facts.statements if one.kind == "entry")
    return found, max(entries, default=0)


def _notes(ledger: Ledger, number: int, reading: Reading) -> PreparedNotes:
    return prepare_notes(notes_of_deployment(ledger, number, None, reading))


def _authors(notes: Iterable[PreparedNotes]) -> Iterator[str]:
    for one in notes:
        yield from (change.author_name for change in one.given.changes)


def _place(row: Any) -> PlaceFacts:
    return PlaceFacts(row.region, row.ring, int(row.still_exposed), int(row.returned))


def _customers(
    connection: Any, scene: Scene, names: dict[int, str], how: Showing, customer_id: Any = None
) -> Iterator[HurtFacts]:
    if how.reveal < Reveal.KEYS:
        return
    rows = impacts.stream_customers(connection, scene.question, FETCHED, customer_id)
    for _, group in groupby(rows, key=attrgetter("customer_id")):
        yield _hurt(list(group), scene, names, how)


def _hurt(rows: Sequence[Any], scene: Scene, names: dict[int, str], how: Showing) -> HurtFacts:
    named = how.reveal >= Reveal.NAMES
    item = describe_customer(rows, scene, names, with_words=named)
    return HurtFacts(
        key=opaque_key(item["key"]) if how.opaque and not named else item["key"],
        name=(item["name"] or "") if named else "",
        account_manager=(item["account_manager"] or "") if named else "",
        state=item["state"],
        level=rows[0].level or "",  # of the others it is but that of the component
        first_at=rows[0].first_at,
        last_at=rows[0].last_at,
        many=item["count"],
        windows=_windows(item["windows"], scene),
        still_exposed=bool(item["still_exposed"]),
        reasons=tuple(item["reasons"]),
    )


def _windows(items: Sequence[dict[str, Any]], scene: Scene) -> tuple[HurtWindow, ...]:
    """The windows of a customer, as far as they lie in the impact."""
    q = scene.question
    found = []
    for item in items:
        ends = _instant(item["carrying_until"])
        until = min((end for end in (ends, q.until) if end is not None), default=None)
        since = max(datetime.fromisoformat(item["live_from"]), q.started_at)
        if until is not None and until > q.at:
            until = None
        if until is None or since <= until:
            found.append(
                HurtWindow(
                    item["component"],
                    item["region"] or "",
                    item["ring"] or "",
                    since,
                    until,
                    item["deployment"] or "",
                )
            )
    return tuple(dict.fromkeys(found))


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def _the_one(
    connection: Any, scene: Scene, names: dict[int, str], how: Showing, customer: str | None
) -> tuple[HurtFacts | None, frozenset[str]]:
    """The customer whom the document is for, and by which names they may read of themselves where it goes."""
    if customer is None:
        return None, frozenset()
    who = resolve_customer(connection, customer)
    found = next(_customers(connection, scene, names, how, who.customer_id), None)
    if found is None:
        shown = opaque_key(who.key) if how.opaque and how.reveal < Reveal.NAMES else who.key
        raise InvalidCallError(
            f"{shown} is not in {scene.incident.id}.",
            f"If they are: releasewatch incident impact {scene.incident.id} --add {shown} --why TEXT",
        )
    if how.reveal < Reveal.NAMES:
        return found, frozenset() if how.opaque else frozenset({who.key})
    when = When(how.viewing.now, how.viewing.now)
    aliases = customer_names.aliases_of(connection, who.customer_id, when)
    titles = customer_names.titles_of(connection, who.customer_id, when)
    return found, frozenset({who.key, *aliases, *titles})
