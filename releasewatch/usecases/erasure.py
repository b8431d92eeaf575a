"""Forgetting a person or a customer, and giving out all that is held about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from releasewatch.domain.erasure import forgotten_key
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.errors import RefusedError
from releasewatch.storage import erasing, merges, personal_rows
from releasewatch.storage.customers import get_ref, resolve_customer
from releasewatch.storage.imports.runs import next_instant
from releasewatch.storage.scrubbing import scrub
from releasewatch.storage.suppressions import suppress
from releasewatch.usecases.sameness import DIRECTORY_LOCK, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasewatch.domain.erasure import Identity
    from releasewatch.storage.ledger import Ledger
    from releasewatch.storage.personal_rows import Person

ELSEWHERE = (
    ("directory", "The directory and its exports, from which they came: they are to be forgotten there too."),
    ("documents", "Notes and call lists that were rendered, and mails that were sent."),
    ("spools", "Records that pipelines have spooled, and messages that wait in an outbox."),
    ("backups", "Backups and copies of the ledger."),
)
"""What no command of ours can reach, whatever the ledger holds."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """Somewhere that may still hold them. `count`: in how many places, where that can be counted."""

    where: str
    text: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was forgotten. `rows`: by table how many went or were emptied; `suppressed`: ways to know them again.

    `customers`: the keys that stand for them from now on.
    """

    customers: tuple[str, ...]
    contacts: int
    rows: Mapping[str, int]
    suppressed: int
    unreached: tuple[Unreached, ...]


Secret = Callable[[], bytes]
"""Gives 32 random bytes."""


def forget_customer(ledger: Ledger, ref: str, word: Word, fresh_secret: Secret, *, dry_run: bool) -> Erasure:
    """Forget a customer, their contacts, and those whom they took over.

    What past deployments reached stays countable: the customer's row stays, under a key that says nothing. The next
    import does not bring them back. `dry_run`: the ledger is one that forgets what it is told.
    """
    with ledger.write() as connection:
        at, members = _begin(ledger, connection, ref, word)
        names = personal_rows.names_of(connection, members)
        people = personal_rows.people_of(connection, members)
        emails = erasing.only_theirs(connection, members, {email for one in people for email in one.emails})
        identities: list[tuple[Identity, str]] = [("customer", one.hex) for one in members]
        identities += [("name", name) for name in sorted(names)]
        titles = personal_rows.titles_of(connection, members)
        rows = Counter[str]()
        for one in members:
            rows.update(erasing.erase_customer(connection, one, emails, word.by, at))
        kept = suppress(
            connection, uuid5(members[0], at.isoformat()), identities, fresh_secret(), (word.why, word.by, at)
        )
        unreached = _elsewhere(connection, [*names, *titles, *(name for one in people for name in one.names)])
    return Erasure(
        tuple(forgotten_key(one) for one in members), len(people), rows, kept, _scrubbed(ledger, unreached, dry_run)
    )


def forget_contact(
    ledger: Ledger, customer: str, ref: str, word: Word, fresh_secret: Secret, *, dry_run: bool
) -> Erasure:
    """Forget a person, at every customer they were a contact of, and as the author of what they wrote.

    The next import does not bring them back, by their key, address, or a number that is theirs alone.
    """
    with ledger.write() as connection:
        at, members = _begin(ledger, connection, customer, word)
        person = personal_rows.resolve_contact(connection, members, ref)
        identities: list[tuple[Identity, str]] = [("contact", person.contact_id.hex)]
        identities += [("email", email) for email in sorted(person.emails)]
        own_numbers = personal_rows.numbers_of_one(connection, person)
        identities += [("phone", number) for number in sorted(own_numbers)]
        identities += personal_rows.other_ids(connection, person)
        rows = erasing.erase_person(connection, person, at)
        kept = suppress(
            connection, uuid5(person.contact_id, at.isoformat()), identities, fresh_secret(), (word.why, word.by, at)
        )
        unreached = _elsewhere(connection, [*person.names, *person.emails])
        keys = tuple(get_ref(connection, one).key for one in members[:1])
    return Erasure(keys, 1, rows, kept, _scrubbed(ledger, unreached, dry_run))


def _begin(ledger: Ledger, connection: Any, ref: str, word: Word) -> tuple[Any, list[UUID]]:
    ledger.lock(connection, DIRECTORY_LOCK)
    at = next_instant(connection, word.now)
    return at, merges.members_of(connection, resolve_customer(connection, ref).customer_id)


def _elsewhere(connection: Any, names: Sequence[str]) -> list[Unreached]:
    many = personal_rows.count_texts_naming(connection, names)
    git = "Texts of changes that hold one of their names, and the git history that those come from."
    return [Unreached("git", git, many), *(Unreached(*one) for one in ELSEWHERE)]


def _scrubbed(ledger: Ledger, unreached: list[Unreached], dry_run: bool) -> tuple[Unreached, ...]:
    left = None if dry_run else scrub(ledger)
    return (*unreached, *((Unreached("database", left),) if left else ()))


def ask_first(*, confirmed: bool, dry_run: bool) -> None:
    """Raise RefusedError unless somebody has said that it is meant: it cannot be taken back."""
    if not confirmed and not dry_run:
        raise RefusedError(
            "What is forgotten cannot be brought back; nothing was changed.",
            "Look first with --dry-run, then say --yes.",
        )


def erasure_document(done: Erasure, *, dry_run: bool) -> dict[str, Any]:
    """What `forget --format json` gives: counts and where else to look, and nobody's name."""
    return {
        "forgotten": {
            "customers": list(done.customers),
            "contacts": done.contacts,
            "rows": {table: many for table, many in sorted(done.rows.items()) if many},
            "suppressed": done.suppressed,
        },
        "not_reached": [{"where": one.where, "text": one.text, "count": one.count} for one in done.unreached],
        "dry_run": dry_run,
    }


def export_customer(ledger: Ledger, ref: str, reveal: Reveal, now: Any) -> dict[str, Any]:
    """All that the ledger holds about a customer and those whom they took over, table by table.

    Raises RefusedError where contacts may not be shown.
    """
    _require_contacts(reveal)
    with ledger.read() as connection:
        customer = resolve_customer(connection, ref)
        members = merges.members_of(connection, customer.customer_id)
        rows = personal_rows.rows_of_customer(connection, members)
    return {"customer": customer.key, "directory": customer.directory, "at": format_utc(now), "rows": rows}


def export_contact(ledger: Ledger, ref: str, contact: str, reveal: Reveal, now: Any) -> dict[str, Any]:
    """All that the ledger holds about a person, table by table. Raises RefusedError where it may not be shown."""
    _require_contacts(reveal)
    with ledger.read() as connection:
        customer = resolve_customer(connection, ref)
        members = merges.members_of(connection, customer.customer_id)
        person: Person = personal_rows.resolve_contact(connection, members, contact)
        rows = personal_rows.rows_of_contact(connection, person)
    return {"customer": customer.key, "contact": str(person.contact_id), "at": format_utc(now), "rows": rows}


def _require_contacts(reveal: Reveal) -> None:
    if reveal < Reveal.CONTACTS:
        raise RefusedError(
            "An export holds names, numbers and contract values, which may not be shown here.",
            "Write it with -o FILE (0600), or ask for it on a terminal with --reveal contacts; in CI it takes -o FILE, "
            '--reveal contacts and [privacy] ci = "contacts".',
        )
