"""Looking up the directory: the list of customers, and everything about one, as far as it may be shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.domain.times import format_utc
from releasewatch.errors import RefusedError
from releasewatch.storage.customers import (
    count_customers,
    cursor_of,
    get_customer,
    list_customers,
    resolve_customer,
)
from releasewatch.storage.staff import read_book
from releasewatch.storage.suppressions import read_suppressions
from releasewatch.storage.types import OPEN_START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from releasewatch.storage.customers import (
        ContactLine,
        CustomerDetails,
        CustomerLine,
        EntitlementLine,
        MarkLine,
        When,
    )
    from releasewatch.storage.ledger import Ledger
    from releasewatch.storage.merges import MergeLine

_NAMED = ("name", "customer_tier", "account_manager", "country")
"""What of a line is shown only where names may be."""
_NAMED_FACTS = (
    "name",
    "customer_tier",
    "segment",
    "account_manager",
    "country",
    "timezone",
    "language",
    "do_not_call",
    "escalated",
    "sla_minutes",
    "credit_after_minutes",
)
_PRIVATE = ("contract_value", "currency", "renewal_on", "attributes", "contacts", "marks")
"""What of a customer is shown only where contacts may be; attributes may hold anything that a CRM does."""


@dataclass(frozen=True, slots=True)
class Looking:
    """As of when, and how much may be shown where it goes. `opaque`: where names may not be shown, keys neither."""

    when: When
    reveal: Reveal
    opaque: bool = False

    @property
    def hides_keys(self) -> bool:
        """Whether a stand-in is shown for a customer's key."""
        return self.opaque and self.reveal < Reveal.NAMES

    def key(self, key: str) -> str:
        """A customer's key as it may be shown."""
        return opaque_key(key) if self.hides_keys else key


def list_document(ledger: Ledger, looking: Looking, *, limit: int, after: str | None) -> dict[str, Any]:
    """One page of customers as `customer list --format json` gives it. Where only counts may be shown, their number."""
    with ledger.read() as connection:
        if looking.reveal < Reveal.KEYS:
            count = count_customers(connection, looking.when)
            return {"customers": [], "next_cursor": None, "count": count, "withheld": ["customers"]}
        # One more than is shown says whether there is a next page.
        lines = list(list_customers(connection, looking.when, limit=limit + 1, after=after))
    more = len(lines) > limit
    # A cursor is made of the key, and is withheld where that is.
    hidden = more and looking.hides_keys
    shown = lines[:limit] if looking.reveal >= Reveal.NAMES else [_withhold(line, looking) for line in lines[:limit]]
    return {
        "customers": [_line(line, looking) for line in shown],
        "next_cursor": cursor_of(lines[limit - 1]) if more and not hidden else None,
        "withheld": ["next_cursor"] if hidden else [],
    }


def read_customers(ledger: Ledger, looking: Looking) -> Iterator[CustomerLine]:
    """Every customer, streamed, with as much as may be shown; what is withheld is empty.

    Raises RefusedError where not even keys may be shown.
    """
    require_keys(looking)
    with ledger.read() as connection:
        if looking.reveal >= Reveal.NAMES:
            yield from list_customers(connection, looking.when)
            return
        # A loop ends the statement before the connection when somebody stops reading; a generator around it does not.
        for line in list_customers(connection, looking.when):
            yield _withhold(line, looking)


def _withhold(line: CustomerLine, looking: Looking) -> CustomerLine:
    return line._replace(key=looking.key(line.key), name="", customer_tier="", account_manager="", country="")


def customer_documents(ledger: Ledger, looking: Looking) -> Iterator[dict[str, Any]]:
    """The same as `read_customers`, each as an item of `list_document`."""
    return (_line(line, looking) for line in read_customers(ledger, looking))


def _line(line: CustomerLine, looking: Looking) -> dict[str, Any]:
    """The item of a line as it may be shown."""
    key, directory, name, customer_tier, account_manager, country, entitlements = line
    return {
        "key": key,
        "directory": directory,
        "name": name or None,
        "customer_tier": customer_tier or None,
        "account_manager": account_manager or None,
        "country": country or None,
        "entitlements": entitlements,
        "withheld": [] if looking.reveal >= Reveal.NAMES else list(_NAMED),
    }


def show_document(ledger: Ledger, ref: str, looking: Looking) -> dict[str, Any]:
    """One customer as `customer show --format json` gives it; `ref` is a key, an alias or a unique beginning.

    Raises UnknownNameError, AmbiguousNameError, and RefusedError where not even keys may be shown.
    """
    require_keys(looking)
    when = looking.when
    with ledger.read() as connection:
        found = get_customer(connection, resolve_customer(connection, ref), when)
        owner = read_book(connection).owner(found.facts.account_manager if found.facts else "", when.at.date())
        forgotten = read_suppressions(connection).holds("customer", found.ref.customer_id.hex)
    named = {name: getattr(found.facts, name) if found.facts else None for name in _NAMED_FACTS}
    kept_by = f"{owner.key or 'nobody'} ({owner.note})" if owner.note and named["account_manager"] else None
    related = {
        "kept_by": kept_by,
        "aliases": list(found.aliases),
        "parent": found.parent,
        "children": list(found.children),
    }
    merged = [_dated(one) for one in found.merged]
    shown: dict[str, Any] = {**named, **related, "merged": merged, **_private(found)}
    withheld = [name for name in shown if not _may_show(name, looking.reveal)]
    return {
        "customer": {
            "key": looking.key(found.ref.key),
            "directory": found.ref.directory,
            "in_directory": found.facts is not None,
            "forgotten": forgotten,
            "recorded_at": format_utc(found.recorded_at),
            **{name: None if name in withheld else _plain(value) for name, value in shown.items()},
            "contact_count": len(found.contacts),
            "entitlements": [_entitlement(one) for one in found.entitlements],
        },
        "at": format_utc(when.at),
        "known_at": format_utc(when.known_at) if when.known_at else None,
        "withheld": withheld,
    }


def _may_show(name: str, reveal: Reveal) -> bool:
    return reveal >= (Reveal.CONTACTS if name in _PRIVATE else Reveal.NAMES)


def _plain(value: Any) -> Any:
    return None if value == "" else value


def _private(found: CustomerDetails) -> dict[str, Any]:
    contract = found.contract
    value = contract.contract_value if contract else None
    renewal = contract.renewal_on if contract else None
    return {
        "contract_value": str(value) if value is not None else None,
        "currency": contract.currency if contract else None,
        "renewal_on": renewal.isoformat() if renewal else None,
        "attributes": dict(contract.attributes) if contract else {},
        "contacts": [_contact(one) for one in found.contacts],
        "marks": [_mark(one, found) for one in found.marks],
    }


def _dated(one: MarkLine | MergeLine) -> dict[str, Any]:
    return {**asdict(one), "recorded_from": format_utc(one.recorded_from)}


def _mark(one: MarkLine, found: CustomerDetails) -> dict[str, Any]:
    """A mark, with the name of the contact whom it is about."""
    item = {name: _plain(value) for name, value in _dated(one).items() if name != "contact_id"}
    contact = next((c for c in found.contacts if c.contact_id == one.contact_id), None)
    return {**item, "contact": contact.name or contact.key if contact else None}


def _contact(one: ContactLine) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(one).items() if name != "contact_id"}


def _entitlement(one: EntitlementLine) -> dict[str, Any]:
    return {
        **asdict(one),
        "of": one.of or None,
        # null: for as long as anybody knows
        "valid_from": format_utc(one.valid_from) if one.valid_from > OPEN_START else None,
        "valid_to": format_utc(one.valid_to) if one.valid_to else None,
    }


def require_names(reveal: Reveal, what: str) -> None:
    """Refuse where customers may not be named. `what` tells of them: "A digest". Raises RefusedError."""
    if reveal < Reveal.NAMES:
        raise RefusedError(
            f"{what} tells of each customer by name, which may not be shown here.",
            "Write it to a file (-o), or ask for it: --reveal names",
        )


def require_keys(looking: Looking) -> None:
    """Refuse where not even keys may be shown. Raises RefusedError."""
    if looking.reveal < Reveal.KEYS:
        raise RefusedError(
            "The log of a public repository shows counts only, and a customer's row is more than that.",
            "Ask from a terminal, or from a private repository's pipeline.",
        )
