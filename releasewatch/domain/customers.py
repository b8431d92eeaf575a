"""Customers, contacts and entitlements as a directory states them; their ids; and when an import must ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha1
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal

    from releasewatch.domain.backtest import PastIncident
    from releasewatch.domain.customer_reports import Ticket
    from releasewatch.domain.freezes import CustomerFreeze
    from releasewatch.domain.past import PastDeployment
    from releasewatch.domain.staff import Staff

Kind = Literal["customers", "contacts", "entitlements", "staff", "incidents", "deployments", "reports", "freezes"]
Mode = Literal["snapshot", "changes"]
Consent = Literal["yes", "no", ""]
PhoneState = Literal["valid", "possible", "unparsable", ""]

ANY = ""
UNKNOWN = "?"
"""On an axis of an entitlement: `''` is any, `?` is unknown (and reaches the customer as *possible*)."""

PRODUCT = "product:"
"""What the subject of an entitlement to a product begins with."""


@dataclass(frozen=True, slots=True)
class Customer:
    """An organisation as its directory states it. Empty text, 0 minutes and None: the directory does not say."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    parent: str = ""
    customer_tier: str = ""
    segment: str = ""
    contract_value: Decimal | None = None
    currency: str = ""
    renewal_on: date | None = None
    account_manager: str = ""
    country: str = ""
    timezone: str = ""
    language: str = ""
    do_not_call: bool = False
    escalated: bool = False
    sla_minutes: int = 0
    credit_after_minutes: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at a customer. `customer` is a key or an alias, `phone` as given, `best_*` a local `HH:MM`."""

    customer: str
    name: str
    key: str = ""
    role: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    timezone: str = ""
    best_from: str = ""
    best_to: str = ""
    primary: bool = False
    do_not_call: bool = False
    consent: Consent = ""


class Entitlement(NamedTuple):
    """A customer uses a component or a product (exactly one of the two is not empty) in all cells of its axes.

    `customer` is a key or an alias; `component` is as written, with or without its repo. `valid_from` None: not stated.
    `valid_to` is the first instant at which it is no longer true, None when no end is known. `written_version`: what
    stands in the place of a version and is none (a range, or a word such as latest); it is then unknown.
    """

    customer: str
    component: str = ""
    product: str = ""
    environments: tuple[str, ...] = (ANY,)
    regions: tuple[str, ...] = (ANY,)
    rings: tuple[str, ...] = (ANY,)
    version: str = ANY
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    written_version: str = ""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that was looked at. `e164` may carry an extension as RFC 3966 writes it: `+12065559857;ext=5467`.

    `state`: valid; possible (it reads as a number of that country, but is none that is given out there; `e164` is then
    empty unless its length fits); unparsable; or empty when no number was given.
    """

    e164: str = ""
    state: PhoneState = ""


PhoneReader = Callable[[str, str], Phone]
"""Looks at a number as given, with the customer's country (ISO 3166-1 alpha-2, or empty)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell; never what it holds."""

    column: str
    reason: str


Row = TypeVar(
    "Row", bound="Customer | Contact | Entitlement | Staff | PastIncident | PastDeployment | Ticket | CustomerFreeze"
)


class Stated(NamedTuple, Generic[Row]):
    """A row of a file that could be read; `line` is where it begins."""

    line: int
    row: Row


@dataclass(frozen=True, slots=True)
class Together(Generic[Row]):
    """Rows that could be read, column by column: `lines` is where each begins, `columns` are the fields of what is
    `made` of a row. A million rows are written without making a million of these."""

    lines: Sequence[int]
    columns: Sequence[Sequence[Any]]
    made: Callable[..., Row]

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[Stated[Row]]:
        return map(Stated, self.lines, map(self.made, *self.columns))

    def part(self, first: int, end: int) -> Together[Row]:
        """Some of the rows that follow each other."""
        if (first, end) == (0, len(self.lines)):
            return self
        return Together(self.lines[first:end], [column[first:end] for column in self.columns], self.made)

    def at(self, places: Sequence[int]) -> Together[Row]:
        """The rows at these places, two or more, of which one may be named several times."""
        chosen = itemgetter(*places)
        return Together(chosen(self.lines), list(map(chosen, self.columns)), self.made)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was refused. `identity` holds its identifying cells as far as they can be read, so that what it speaks
    of keeps its state."""

    line: int
    problems: tuple[Problem, ...]
    identity: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What importing one file does.

    `read`, `silent` and `rejected` are rows of the file; the others are facts in the ledger: one for a customer or
    contact, one for each cell of an entitlement. `silent`: rows that say nothing about this kind. `present`: facts
    before the import. `waiting`: entitlements to what the ledger does not know yet, or not in full; it is `subjects`
    components and products, of which `waiting_for` names some. `no_version`: rows whose version is none and was taken
    as unknown, for what was written. `arrived`: of the unchanged those whose component was waited for and is known now.
    `repeated`: rows (cells of entitlements) that say again what one further up says. `unsettled`: other columns of the
    file in which rows about one customer differ, so that they are no attribute of that customer. `made_callable`:
    customers for whom do-not-call is switched off. `suppressed`: rows of the file that speak of somebody who was
    forgotten. `odd`: customers who can be read and look wrong, by a word for what.
    """

    kind: Kind
    read: int
    rejected: int
    added: int
    changed: int
    ended: int
    unchanged: int
    present: int
    made_callable: int = 0
    waiting: int = 0
    arrived: int = 0
    waiting_for: tuple[str, ...] = ()
    subjects: int = 0
    no_version: Mapping[str, int] = field(default_factory=dict)
    repeated: int = 0
    silent: int = 0
    unsettled: tuple[str, ...] = ()
    suppressed: int = 0
    odd: Mapping[str, int] = field(default_factory=dict)


Block = Together[Row] | Sequence[Stated[Row] | Rejected]
"""Some rows of a file that follow each other, as they were read."""


def customer_id(directory: str, key: str) -> UUID:
    """The permanent id of a customer: UUIDv5 of the directory's permanent id and the external key."""
    return UUID(bytes=customer_id_bytes(directory, key))


def customer_id_bytes(directory: str, key: str) -> bytes:
    """The same id in its 16 bytes: for a million, the objects alone take longer than all else about them."""
    return _uuid5(_namespace(directory), key)


def contact_id(directory: str, customer: UUID, contact: Contact) -> UUID:
    """The permanent id of a contact: by its key, else by customer and e-mail, else by customer and name."""
    return UUID(bytes=contact_id_bytes(directory, customer.bytes, contact.key, contact.email, contact.name))


def contact_id_bytes(directory: str, customer: bytes, key: str, email: str, name: str) -> bytes:
    """The same id in its 16 bytes, of the fields that it is made of."""
    if key:
        return _uuid5(_namespace(directory), f"contact:key:{key}")
    if email:
        return _uuid5(customer, f"contact:email:{email.casefold()}")
    return _uuid5(customer, f"contact:name:{name}")


@lru_cache(maxsize=8)
def _namespace(directory: str) -> bytes:
    return uuid5(NAMESPACE_URL, f"releasewatch:directory:{directory}").bytes


def _uuid5(namespace: bytes, name: str) -> bytes:
    """What `uuid.uuid5(UUID(bytes=namespace), name).bytes` is (RFC 9562, section 5.5)."""
    found = bytearray(sha1(namespace + name.encode(), usedforsecurity=False).digest()[:16])
    found[6] = found[6] & 0x0F | 0x50
    found[8] = found[8] & 0x3F | 0x80
    return bytes(found)


ENDING_FREE = 5
"""So many rows may end without a word, however small the directory is."""
ENDING_SHARE = 10
"""More than one row in so many must not end without a word."""
CALLABLE_FREE = 5
"""For so many customers do-not-call may be switched off without a word."""


def ending_needs_word(ending: int, present: int, staying: int = 0) -> bool:
    """Whether a snapshot ends so much that somebody must say so: more than 10 % and 5 rows (files.md), or all.

    `staying`: of what was known, what the file holds. A file without rows, or one of something else, leaves nothing of
    however few there were.
    """
    if ending > ENDING_FREE and ending * ENDING_SHARE > present:
        return True
    return ending >= present > 0 and not staying


def callable_needs_word(switched_off: int) -> bool:
    """Whether do-not-call is switched off for so many customers that somebody must say so."""
    return switched_off > CALLABLE_FREE
