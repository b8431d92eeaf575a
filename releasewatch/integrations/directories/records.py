"""Turns the cells of one row, whatever file they came from, into a customer, a contact or an entitlement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from releasewatch.domain.backtest import PastIncident
from releasewatch.domain.customers import (
    ANY,
    PRODUCT,
    UNKNOWN,
    Consent,
    Contact,
    Customer,
    Entitlement,
    Kind,
    Problem,
    Row,
)
from releasewatch.domain.freezes import CustomerFreeze
from releasewatch.domain.staff import Staff
from releasewatch.domain.versions import is_one_version
from releasewatch.integrations.directories import fields
from releasewatch.integrations.directories.fields import BadValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
"""Stands in a row that is refused in any case."""


@dataclass(slots=True)
class Cells:
    """The trimmed cells of one row by our names for the columns; collects what is wrong with them.

    `unknown`: what cannot be read and is taken as not known, which is no reason to refuse the row.
    """

    values: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unknown: list[Problem] = field(default_factory=list)

    def read(self, column: str, how: Callable[[str], T], empty: T) -> T:
        """The cell's value; `empty` when nothing stands there, or when what stands there was put on the list."""
        text = self.values.get(column, "")
        if not text:
            return empty
        try:
            return how(text)
        except BadValueError as error:
            self.problems.append(Problem(column, str(error)))
            return empty

    def read_if_known(self, column: str, how: Callable[[str], str]) -> str:
        """Like `read`, for a cell without which the row is worth having."""
        try:
            return how(self.values.get(column, "")) if self.values.get(column, "") else ""
        except BadValueError as error:
            self.unknown.append(Problem(column, str(error)))
            return ""

    def require(self, column: str, how: Callable[[str], str]) -> str:
        """Like `read`, for a cell that must not be empty."""
        if not self.values.get(column, "") and all(one.column != column for one in self.problems):
            self.problems.append(Problem(column, "is empty"))
        return self.read(column, how, "")

    def states(self, shape: Shape[Any]) -> bool:
        """Whether a row says anything about this kind: one of a wide file may well not."""
        return not shape.stating or any(self.values.get(column) for column in shape.stating) or bool(self.problems)


@dataclass(frozen=True, slots=True)
class Shape(Generic[Row]):
    """What a file of one kind holds: columns, those it cannot do without, those that say whom a row is about.

    `stating`: in a file that feeds several kinds, a row without any of these says nothing about this one.
    """

    kind: Kind
    columns: tuple[str, ...]
    required: tuple[str, ...]
    identity: tuple[str, ...]
    read: Callable[[Cells], Row]
    keeps_attributes: bool = False
    stating: tuple[str, ...] = ()


def _read_customer(cells: Cells) -> Customer:
    key = cells.require("key", fields.read_key)
    aliases: tuple[str, ...] = cells.read("aliases", fields.read_keys, ())
    return Customer(
        key=key,
        name=cells.require("name", fields.read_text),
        aliases=tuple(alias for alias in aliases if alias != key),
        parent=cells.read("parent", fields.read_key, ""),
        customer_tier=cells.read("customer_tier", fields.read_key, ""),
        segment=cells.read("segment", fields.read_text, ""),
        contract_value=cells.read("contract_value", fields.read_amount, None),
        currency=cells.read("currency", fields.read_currency, ""),
        renewal_on=cells.read("renewal_on", fields.read_day, None),
        account_manager=cells.read("account_manager", fields.read_key, ""),
        country=cells.read("country", fields.read_country, ""),
        timezone=cells.read_if_known("timezone", fields.read_timezone),
        language=cells.read("language", fields.read_language, ""),
        do_not_call=cells.read("do_not_call", fields.read_boolean, False),
        escalated=cells.read("escalated", fields.read_boolean, False),
        sla_minutes=cells.read("sla_minutes", fields.read_integer, 0),
        credit_after_minutes=cells.read("credit_after_minutes", fields.read_integer, 0),
        attributes=_attributes(cells),
    )


def _attributes(cells: Cells) -> dict[str, str]:
    kept = {}
    for name in sorted(cells.attributes):
        text = cells.attributes[name]
        if not text:
            continue
        try:
            kept[name] = fields.read_text(text)
        except BadValueError as error:
            cells.problems.append(Problem(name, str(error)))
    return kept


def _read_contact(cells: Cells) -> Contact:
    return Contact(
        customer=cells.require("customer", fields.read_key),
        name=cells.require("name", fields.read_text),
        key=cells.read("key", fields.read_key, ""),
        role=cells.read("role", fields.read_text, ""),
        phone=cells.read("phone", fields.read_phone, ""),
        email=cells.read("email", fields.read_line, ""),
        language=cells.read("language", fields.read_language, ""),
        timezone=cells.read_if_known("timezone", fields.read_timezone),
        best_from=cells.read("best_from", fields.read_clock, ""),
        best_to=cells.read("best_to", fields.read_clock, ""),
        primary=cells.read("primary", fields.read_boolean, False),
        do_not_call=cells.read("do_not_call", fields.read_boolean, False),
        consent=cast("Consent", cells.read("consent", fields.read_consent, "")),
    )


def _read_entitlement(cells: Cells) -> Entitlement:
    component = cells.read("component", fields.read_key, "")
    product = cells.read("product", fields.read_key, "")
    named = [bool(cells.values.get(column)) for column in ("component", "product")]
    if all(named):
        cells.problems.append(Problem("product", "is given beside a component; a row names one of the two"))
    elif not any(named):
        cells.problems.append(Problem("component", "is empty, and so is product; a row names one of the two"))
    elif UNKNOWN in (component, product) or component.startswith(PRODUCT):
        cells.problems.append(Problem("component" if component else "product", "is no key of a component or product"))
    starts = cells.read("valid_from", fields.read_start, None)
    ends = cells.read("valid_to", fields.read_end, None)
    if starts and ends and starts >= ends:
        cells.problems.append(Problem("valid_to", "ends before it begins"))
    version = cells.read("version", fields.read_key, ANY)
    is_version = version in (ANY, UNKNOWN) or is_one_version(version)
    return Entitlement(
        customer=cells.require("customer", fields.read_key),
        component=component,
        product=product,
        environments=cells.read("environment", _read_axis, (ANY,)),
        regions=cells.read("region", _read_axis, (ANY,)),
        rings=cells.read("ring", _read_axis, (ANY,)),
        version=version if is_version else UNKNOWN,
        valid_from=starts,
        valid_to=ends,
        written_version="" if is_version else version,
    )


def _read_staff(cells: Cells) -> Staff:
    away_from = cells.read("away_from", fields.read_typed_day, None)
    away_to = cells.read("away_to", fields.read_typed_day, None)
    if away_from and away_to and away_to < away_from:
        cells.problems.append(Problem("away_to", "ends before it begins"))
    return Staff(
        key=cells.require("key", fields.read_key),
        name=cells.require("name", fields.read_text),
        email=cells.read("email", fields.read_line, ""),
        team=cells.read("team", fields.read_key, ""),
        languages=cells.read("languages", fields.read_languages, ()),
        timezone=cells.read("timezone", fields.read_timezone, ""),
        manager=cells.read("manager", fields.read_key, ""),
        away_from=away_from,
        away_to=away_to,
        left_on=cells.read("left_on", fields.read_typed_day, None),
    )


def _read_incident(cells: Cells) -> PastIncident:
    started = cells.read("started_at", fields.read_start, None)
    ended = cells.read("ended_at", fields.read_end, None)
    if started is None and not cells.problems:
        cells.problems.append(Problem("started_at", "is empty"))
    if started and ended and ended < started:
        cells.problems.append(Problem("ended_at", "is before it started"))
    head = cells.read("head", fields.read_key, "")
    customers: tuple[str, ...] = cells.read("customers", fields.read_keys, ())
    if not customers:
        cells.problems.append(Problem("customers", "names nobody; write who complained, with ; between"))
    return PastIncident(started or _NEVER, customers, ended, head)


def _read_freeze(cells: Cells) -> CustomerFreeze:
    first = cells.read("from", fields.read_typed_day, None)
    last = cells.read("to", fields.read_typed_day, None)
    if not cells.problems:
        cells.problems += [Problem(name, "is empty") for name in ("from", "to") if not cells.values.get(name)]
    if first and last and last < first:
        cells.problems.append(Problem("to", "ends before it begins"))
    return CustomerFreeze(
        cells.require("customer", fields.read_key),
        first or _NEVER.date(),
        last or _NEVER.date(),
        cells.read("reason", fields.read_text, ""),
    )


def _read_axis(text: str) -> tuple[str, ...]:
    return fields.read_keys(text) or (ANY,)


CUSTOMERS: Shape[Customer] = Shape(
    kind="customers",
    columns=(
        "key",
        "name",
        "aliases",
        "parent",
        "customer_tier",
        "segment",
        "contract_value",
        "currency",
        "renewal_on",
        "account_manager",
        "country",
        "timezone",
        "language",
        "do_not_call",
        "escalated",
        "sla_minutes",
        "credit_after_minutes",
    ),
    required=("key", "name"),
    identity=("key",),
    read=_read_customer,
    keeps_attributes=True,
)

CONTACTS: Shape[Contact] = Shape(
    kind="contacts",
    columns=(
        "customer",
        "name",
        "key",
        "role",
        "phone",
        "email",
        "language",
        "timezone",
        "best_from",
        "best_to",
        "primary",
        "do_not_call",
        "consent",
    ),
    required=("customer", "name"),
    identity=("customer", "key", "email", "name"),
    read=_read_contact,
    stating=("name", "key", "phone", "email"),
)

ENTITLEMENTS: Shape[Entitlement] = Shape(
    kind="entitlements",
    columns=(
        "customer",
        "component",
        "product",
        "environment",
        "region",
        "ring",
        "version",
        "valid_from",
        "valid_to",
    ),
    required=("customer",),
    identity=("customer", "component", "product"),
    read=_read_entitlement,
    stating=("component", "product"),
)

STAFF: Shape[Staff] = Shape(
    kind="staff",
    columns=(
        "key",
        "name",
        "email",
        "team",
        "languages",
        "timezone",
        "manager",
        "away_from",
        "away_to",
        "left_on",
    ),
    required=("key", "name"),
    identity=("key",),
    read=_read_staff,
)

FREEZES: Shape[CustomerFreeze] = Shape(
    kind="freezes",
    columns=("customer", "from", "to", "reason"),
    required=("customer", "from", "to"),
    identity=("customer",),
    read=_read_freeze,
)

INCIDENTS: Shape[PastIncident] = Shape(
    kind="incidents",
    columns=("started_at", "ended_at", "customers", "head"),
    required=("started_at", "customers"),
    identity=("started_at",),
    read=_read_incident,
)

SHAPES: dict[Kind, Shape[Any]] = {shape.kind: shape for shape in (CUSTOMERS, CONTACTS, ENTITLEMENTS)}
"""The files of a directory; that of our own people is no part of one."""
