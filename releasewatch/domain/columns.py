"""How a directory's own file says what one of our columns holds: its heading, and what has to be made of its cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

DateFormat = Literal["YYYY-MM-DD", "DD.MM.YYYY", "DD.MM.YY", "DD/MM/YYYY", "MM/DD/YYYY", "DD-MM-YYYY", "YYYY/MM/DD"]
"""The order in which a column writes day, month and year; `YY` is 20YY."""
DecimalSign = Literal[".", ","]

DATE_FORMATS: tuple[DateFormat, ...] = get_args(DateFormat)
DATES = ("renewal_on", "valid_from", "valid_to")
"""Columns that hold a day, and may have a format."""
AMOUNTS = ("contract_value",)
"""Columns that hold an amount of money, and may say which sign stands before the decimals."""
LISTS = ("aliases", "environment", "region", "ring")
"""Columns whose cell may hold several values, with `;` between them in our own files."""
SUBJECTS = ("component", "product")
"""Columns of which each value makes an entitlement of its own."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a file calls one of our columns, and what its cells mean.

    `values`: what a value means here; one not listed stays as it is, one that means nothing ('') is left out.
    `separator` stands between the parts of a cell, `prefix` picks the parts that begin with it, `list` stands between
    the values of a picked part. `more`: further headings whose cells follow with a blank between, as a last name
    follows a first one. `instead`: what to look for in a file that has no such column; `optional`: whether it
    may have none of them. `constant` takes the place of a heading. `format` and `decimal`: empty as in our files.
    `file`: another file that the column is read from, where `match` names the customer's key; of several rows the
    newest by `newest` counts, or what most say.
    """

    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    constant: str = ""
    separator: str = ""
    prefix: str = ""
    list: str = ""
    format: DateFormat | Literal[""] = ""
    decimal: DecimalSign | Literal[""] = ""
    more: tuple[str, ...] = ()
    instead: tuple[Heading, ...] = ()
    optional: bool = False
    file: str = ""
    match: str = ""
    newest: str = ""
    is_plain: bool = field(init=False, default=False, compare=False, repr=False)
    """Whether a cell means what it says."""

    def __post_init__(self) -> None:
        made = (self.values, self.constant, self.is_taken_apart, self.format, self.decimal, self.more)
        object.__setattr__(self, "is_plain", not any(made))

    @property
    def is_taken_apart(self) -> bool:
        """Whether a cell may hold several values."""
        return bool(self.separator or self.prefix or self.list)


ColumnMap = Mapping[str, Heading]
"""Our name for a column to the file's own heading."""


def take_apart(text: str, heading: Heading) -> tuple[str, ...]:
    """The values of a cell, each once, translated: of `Plan: Business; Add-ons: A, B` with `;`, `Add-ons:` and `,`
    that is A and B. Upper and lower case do not matter in a prefix."""
    parts = text.split(heading.separator) if heading.separator else [text]
    if heading.prefix:
        wanted = heading.prefix.casefold()
        stripped = (part.strip() for part in parts)
        parts = [part[len(heading.prefix) :] for part in stripped if part.casefold().startswith(wanted)]
    if heading.list:
        parts = [one for part in parts for one in part.split(heading.list)]
    found = (heading.values.get(one, one) for part in parts if (one := part.strip()))
    return tuple(dict.fromkeys(one for one in found if one))


def tidy(heading: str) -> str:
    """A heading on one line: spreadsheets break long ones."""
    return " ".join(heading.split())
