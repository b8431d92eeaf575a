"""What we promised customers: listed with the overdue ones first, and said to be kept, broken, withdrawn or moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from releasewatch.domain.attempt_times import why_not_due
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.promises import Promise, Word, in_order
from releasewatch.domain.times import format_utc
from releasewatch.errors import AmbiguousNameError, InvalidCallError, UnknownNameError
from releasewatch.storage import calls, merges, promises
from releasewatch.storage import staff as staff_storage
from releasewatch.storage.call_facts import CallFacts, read_facts, some_members
from releasewatch.storage.customer_refs import resolve_customer
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.sql import chunks


@dataclass(frozen=True, slots=True)
class Listing:
    """Which promises. `settled`: those of which somebody said what became of them, too."""

    now: datetime
    customer: str | None = None
    account_manager: str | None = None
    overdue: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A promise, who keeps the relationship now, and whether its day has passed."""

    promise: Promise
    account_manager: str
    overdue: bool


def list_promises(ledger: Ledger, how: Listing) -> list[Kept]:
    """Promises, the overdue ones first, then by day."""
    today = how.now.date()
    with ledger.read() as connection:
        members = None
        if how.customer is not None:
            members = merges.members_of(connection, resolve_customer(connection, how.customer).customer_id)
        found = promises.promises_of(connection, members)
        wanted = [
            (customer, one)
            for customer, one in found
            if (how.settled or one.state == "open") and (not how.overdue or one.is_overdue(today))
        ]
        book = staff_storage.read_book(connection)
        facts: dict[UUID, CallFacts] = {}
        for part in chunks(sorted({customer for customer, _ in wanted})):
            facts |= read_facts(connection, some_members(part, how.now))
        owners = {
            customer: book.owner(facts[customer].account_manager if customer in facts else "", today).key
            for customer, _ in wanted
        }
    mine = {one.attempt_id: owners[customer] for customer, one in wanted}
    return [
        Kept(one, mine[one.attempt_id], one.is_overdue(today))
        for one in in_order([one for _, one in wanted], today)
        if how.account_manager in (None, mine[one.attempt_id])
    ]


def say_of_promise(ledger: Ledger, ref: str, word: Word, now: datetime) -> Promise:
    """Say what became of a promise: of `P-7`, or of the one promise of a call that is still open.

    Saying it twice is saying it once. Raises InvalidCallError for a word that cannot be.
    """
    _check(word, now)
    with ledger.write() as connection:
        ledger.lock(connection, calls.LOCK)
        owner, promise = _find(connection, ref)
        if word.due_on is not None and word.due_on == promise.due_on and promise.state == "open":
            return promise
        if promise.words and promise.words[-1].state == word.state and word.state != "moved":
            return promise
        promises.add_word(connection, promises.next_word(connection), owner, promise.attempt_id, word, now)
        return promises.promises_with(connection, attempt_id=promise.attempt_id)[0][1]


def _check(word: Word, now: datetime) -> None:
    if not word.by:
        raise InvalidCallError("It is not known who says it.", "Say who: --by NAME, or RELEASEWATCH_ACTOR.")
    if (word.state == "moved") != (word.due_on is not None):
        raise InvalidCallError(
            "A promise is moved to a day, and has a new one only then.", "Give: call promise P-7 moved --due DAY"
        )
    if word.state in ("withdrawn", "moved") and not word.why:
        raise InvalidCallError(f"A promise is {word.state} for a reason.", "Give it with --why TEXT.")
    if word.due_on is not None and word.due_on < now.date():
        raise InvalidCallError("The new day has passed already.", "Check --due.")
    if word.due_on is not None and (why := why_not_due(word.due_on, now.date(), now.date())):
        raise InvalidCallError(f"The new day {why}.", "Check the year of --due.")
    if word.said_at > now:
        raise InvalidCallError("That would be in the future.", "Check --at.")


def _find(connection: Any, ref: str) -> tuple[Any, Promise]:
    kind, _, digits = ref.strip().upper().rpartition("-")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else 0
    found = []
    if number and kind in ("P", ""):
        found = promises.promises_with(connection, attempt_id=number)
    elif number and kind == "C":
        of_call = promises.promises_with(connection, call_id=number)
        found = [one for one in of_call if one[1].state == "open"] or of_call
    if len(found) > 1:
        ids = ", ".join(promise.id for _, promise in found)
        raise AmbiguousNameError(f"Several promises were made with {ref!r}.", f"Say which: {ids}")
    if not found:
        raise UnknownNameError(f"There is no promise {ref!r}.", "See them with: releasewatch call promises")
    return found[0]


def promise_document(one: Promise, today: date, account_manager: str | None, reveal: Reveal) -> dict[str, Any]:
    """One promise as JSON has it; `customer` is a key. Its words need the word for contacts, who made it that for
    names."""
    document: dict[str, Any] = {
        "id": one.id,
        "call": f"C-{one.call_id}",
        "customer": one.customer,
        "promise": one.text or None,
        "due_on": one.due_on.isoformat(),
        "state": one.state,
        "overdue": one.is_overdue(today),
        "made_at": format_utc(one.made_at),
        "by": one.made_by or None,
        "account_manager": account_manager or None,
        "why": (one.words[-1].why or None) if one.words else None,
    }
    hidden = ["promise", "why"] if reveal < Reveal.CONTACTS else []
    hidden += ["by", "account_manager"] if reveal < Reveal.NAMES else []
    withheld = [name for name in hidden if document[name] is not None]
    return {**document, **dict.fromkeys(withheld), "withheld": withheld}
