"""One customer is one customer: the names that they answer to, and those who were merged into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.storage import aliases, merges
from releasewatch.storage.call_joining import join_open_calls, part_calls
from releasewatch.storage.calls import LOCK as CALLS_LOCK
from releasewatch.storage.customers import get_ref, resolve_customer
from releasewatch.storage.imports.runs import next_instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from releasewatch.storage.customers import CustomerRef
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.customers import Looking

DIRECTORY_LOCK = "releasewatch:directory"
"""Held by whatever changes who a name means: imports, and the words of our people."""


@dataclass(frozen=True, slots=True)
class Word:
    """Who of our people says something, why, and when."""

    by: str
    why: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """What was said about a customer's aliases: how many are new, gone, and as they were already."""

    customer: str
    added: int
    removed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge (or taking it back) did. `already`: it was so before. `calls`: open calls that joined or parted."""

    customer: str
    survivor: str
    calls: int
    already: bool = False


def change_aliases(ledger: Ledger, ref: str, add: Sequence[str], remove: Sequence[str], word: Word) -> Changed:
    """Give a customer names, and take names from them; an import never undoes either.

    Raises RefusedError for a name that somebody else answers to, InvalidCallError for a name that they do not have.
    """
    if both := sorted(set(add) & set(remove)):
        raise InvalidCallError(f"{both[0]!r} cannot be added and removed at once.", "Name it once.")
    with ledger.write() as connection:
        ledger.lock(connection, DIRECTORY_LOCK)
        at = next_instant(connection, word.now)
        customer = resolve_customer(connection, ref)
        members = merges.members_of(connection, customer.customer_id)
        removed = sum(_remove(connection, customer, members, name, word, at) for name in dict.fromkeys(remove))
        owners = aliases.owners_of(connection, add)
        added = 0
        for name in dict.fromkeys(add):
            others = [one for one in owners.get(name, []) if one not in members]
            if others:
                raise _taken(connection, name, others[0])
            added += aliases.add_alias(connection, customer.customer_id, name, word.why, word.by, at)
    return Changed(customer.key, added, removed, len(set(add)) - added)


def _remove(
    connection: Any, customer: CustomerRef, members: Sequence[UUID], name: str, word: Word, at: datetime
) -> bool:
    if name in {get_ref(connection, one).key for one in members}:
        raise InvalidCallError(f"{name!r} is the key of the customer, which stays.", "Remove aliases only.")
    gone = [aliases.remove_alias(connection, one, name, word.why, word.by, at) for one in members]
    if not any(gone):
        raise InvalidCallError(
            f"{customer.key} does not answer to {name!r}.", f"See: releasewatch customer alias {customer.key}"
        )
    return True


def _taken(connection: Any, name: str, owner: UUID) -> RefusedError:
    other = get_ref(connection, owner).key
    return RefusedError(
        f"{name!r} is what the customer {other} answers to; a name means one customer.",
        f"Take it from them first (customer alias {other} --remove …), or, if they are the same: customer merge.",
    )


def alias_document(ledger: Ledger, ref: str, looking: Looking) -> dict[str, Any]:
    """The names of a customer as `customer alias --format json` gives them, with who said so."""
    with ledger.read() as connection:
        customer = resolve_customer(connection, ref)
        members = merges.members_of(connection, customer.customer_id, looking.when)
        lines = aliases.aliases_of(connection, members, looking.when)
    withheld = [] if looking.reveal >= Reveal.NAMES else ["aliases"]
    return {
        "customer": looking.key(customer.key),
        "aliases": [
            {
                "alias": line.alias,
                "of": line.of,
                "source": line.source,
                "recorded_from": format_utc(line.recorded_from),
                "why": line.why or None,
                "recorded_by": line.recorded_by or None,
            }
            for line in lines
            if not withheld and line.alias != line.of
        ],
        "withheld": withheld,
    }


def merge_customers(ledger: Ledger, ref: str, into: str, word: Word) -> Merged:
    """Say that a customer was taken over by another one; what is known of both stays, and is read as the survivor's.

    Their open calls join the survivor's. Raises InvalidCallError for a merge into themselves or in a circle, and
    RefusedError when they were merged into somebody else already.
    """
    with ledger.write() as connection:
        ledger.lock(connection, DIRECTORY_LOCK)
        at = next_instant(connection, word.now)
        customer = resolve_customer(connection, ref, through=False)
        survivor = resolve_customer(connection, into)
        before = merges.merge_of(connection, customer.customer_id)
        if before is not None and before.survivor == survivor.customer_id:
            return Merged(customer.key, survivor.key, 0, already=True)
        if before is not None:
            other = get_ref(connection, before.direct).key
            raise RefusedError(
                f"{customer.key} was merged into {other} already.",
                f"Merge {other} itself, or take that back first: customer merge {customer.key} --undo --why TEXT",
            )
        if survivor.customer_id == customer.customer_id:
            raise _circle(connection, customer, into)
        merge = merges.Merge(customer.customer_id, survivor.customer_id, survivor.customer_id, word.why, word.by, at)
        merges.add_merge(connection, merge)
        ledger.lock(connection, CALLS_LOCK)
        calls = join_open_calls(connection, customer.customer_id, survivor.customer_id, at)
    return Merged(customer.key, survivor.key, calls)


def _circle(connection: Any, customer: CustomerRef, into: str) -> InvalidCallError:
    named = resolve_customer(connection, into, through=False)
    if named.customer_id == customer.customer_id:
        return InvalidCallError(f"{customer.key} cannot be merged into itself.", "Name the survivor with --into.")
    return InvalidCallError(
        f"{named.key} was merged into {customer.key} itself, which would make a circle.",
        f"Take that back first: customer merge {named.key} --undo --why TEXT",
    )


def undo_merge(ledger: Ledger, ref: str, word: Word) -> Merged:
    """Take a merge back: from now on both are read as themselves again; what joined the survivor's call parts.

    Raises InvalidCallError when there is none, RefusedError while the one they went to was merged on.
    """
    with ledger.write() as connection:
        ledger.lock(connection, DIRECTORY_LOCK)
        at = next_instant(connection, word.now)
        customer = resolve_customer(connection, ref, through=False)
        merge = merges.merge_of(connection, customer.customer_id)
        if merge is None:
            raise InvalidCallError(f"{customer.key} is merged into nobody.", "See: releasewatch customer show")
        direct = get_ref(connection, merge.direct).key
        if merge.direct != merge.survivor:
            raise RefusedError(
                f"{customer.key} was merged into {direct}, and {direct} was merged on since.",
                f"Take that back first: customer merge {direct} --undo --why TEXT",
            )
        merges.end_merge(connection, merge, at, word.why, word.by)
        ledger.lock(connection, CALLS_LOCK)
        calls = part_calls(connection, customer.customer_id, merge.survivor, at)
    return Merged(customer.key, direct, calls)
