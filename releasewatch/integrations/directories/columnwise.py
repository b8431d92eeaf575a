"""Reads many rows of a file at once, column by column: most cells are plain, and most of them occur again.

Only rows in which nothing is the matter are read this way. Whatever needs a second look (a cell that cannot be read,
a row that may be a total, one that names a component and a product) is read by itself, which says what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from releasewatch.domain.customers import ANY, PRODUCT, UNKNOWN, Contact, Customer, Entitlement, Kind, Together
from releasewatch.domain.versions import is_one_version
from releasewatch.integrations.directories import fields
from releasewatch.integrations.directories.fields import BadValueError
from releasewatch.integrations.directories.totals import begins_total, total_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from releasewatch.domain.customers import Block
    from releasewatch.integrations.directories.columns import Layout
    from releasewatch.integrations.directories.sheets import Line

TOGETHER = 512
_ALONE = 8
"""So few rows are no longer halved to find the one in which something is the matter."""
_REMEMBERED = 20_000


class _Remembered(dict[str, Any]):
    """What the cells of a column mean; forgets all of them when there are too many, so that memory stays flat."""

    def __init__(self, how: Callable[[str], Any], empty: Any) -> None:
        super().__init__({"": empty})
        self._how, self._empty = how, empty

    def all(self, cells: Sequence[str]) -> list[Any]:
        """What some cells of the column mean."""
        return list(map(self.__getitem__, cells))

    def __missing__(self, text: str) -> Any:
        trimmed = text.strip()
        value = self._how(_plain(trimmed)) if trimmed else self._empty
        if len(self) >= _REMEMBERED:
            self.clear()
            self[""] = self._empty
        self[text] = value
        return value


class _Texts(_Remembered):
    """The same for a column that means what it says: nearly every cell of a name or a number is a new one."""

    def all(self, cells: Sequence[str]) -> list[str]:
        """What some cells of the column mean."""
        texts = list(map(str.strip, cells))
        return texts if fields.stand_as_they_are(texts) else list(map(self.__getitem__, texts))


def _plain(text: str) -> str:
    """The text, unless it may be a spreadsheet's error."""
    if text[:1] == "#":
        raise BadValueError("needs a second look")
    return text


def _remembered(how: Callable[[str], Any], empty: Any) -> _Remembered:
    return (_Texts if how in fields.TEXTS else _Remembered)(how, empty)


def _axis(text: str) -> tuple[str, ...]:
    return fields.read_keys(text) or (ANY,)


def _version(text: str) -> tuple[str, str]:
    """The version, and what stands in its place and is none."""
    key = fields.read_key(text)
    return (key, "") if key == UNKNOWN or is_one_version(key) else (UNKNOWN, key)


_COLUMNS: Mapping[Kind, Mapping[str, tuple[Callable[[str], Any], Any]]] = {
    "customers": {
        "key": (fields.read_key, ""),
        "name": (fields.read_text, ""),
        "aliases": (fields.read_keys, ()),
        "parent": (fields.read_key, ""),
        "customer_tier": (fields.read_key, ""),
        "segment": (fields.read_text, ""),
        "contract_value": (fields.read_amount, None),
        "currency": (fields.read_currency, ""),
        "renewal_on": (fields.read_day, None),
        "account_manager": (fields.read_key, ""),
        "country": (fields.read_country, ""),
        "timezone": (fields.read_timezone, ""),
        "language": (fields.read_language, ""),
        "do_not_call": (fields.read_boolean, False),
        "escalated": (fields.read_boolean, False),
        "sla_minutes": (fields.read_integer, 0),
        "credit_after_minutes": (fields.read_integer, 0),
    },
    "contacts": {
        "customer": (fields.read_key, ""),
        "name": (fields.read_text, ""),
        "key": (fields.read_key, ""),
        "role": (fields.read_text, ""),
        "phone": (fields.read_phone, ""),
        "email": (fields.read_line, ""),
        "language": (fields.read_language, ""),
        "timezone": (fields.read_timezone, ""),
        "best_from": (fields.read_clock, ""),
        "best_to": (fields.read_clock, ""),
        "primary": (fields.read_boolean, False),
        "do_not_call": (fields.read_boolean, False),
        "consent": (fields.read_consent, ""),
    },
    "entitlements": {
        "customer": (fields.read_key, ""),
        "component": (fields.read_key, ""),
        "product": (fields.read_key, ""),
        "environment": (_axis, (ANY,)),
        "region": (_axis, (ANY,)),
        "ring": (_axis, (ANY,)),
        "version": (_version, (ANY, "")),
        "valid_from": (fields.read_start, None),
        "valid_to": (fields.read_end, None),
    },
}
"""How each column is read, in the order of the fields of what is made of them, and what an empty cell means."""


class Columnwise:
    """Reads rows of one file, of which every column means what it says."""

    def __init__(self, kind: Kind, layout: Layout) -> None:
        self._kind: Kind = kind
        self._width = layout.width
        self._columns = [
            (layout.places[name][0] if name in layout.places else None, _remembered(how, empty))
            for name, (how, empty) in _COLUMNS[kind].items()
        ]
        self._others = [(name, at, _remembered(fields.read_text, "")) for name, at in sorted(layout.others.items())]

    def read(self, lines: Sequence[Line], one_by_one: Callable[[Line], Sequence[Any]]) -> Iterator[Block[Any]]:
        """What the rows state, in order; those that need a second look are read `one_by_one`."""
        if not lines:
            return
        try:
            together = self._all(lines)
        except BadValueError:
            if len(lines) <= _ALONE:
                yield [found for line in lines for found in one_by_one(line)]
                return
            middle = len(lines) // 2
            yield from self.read(lines[:middle], one_by_one)
            yield from self.read(lines[middle:], one_by_one)
        else:
            yield together

    def _all(self, lines: Sequence[Line]) -> Together[Any]:
        numbers, rows, damages = zip(*lines, strict=True)
        if any(damages) or set(map(len, rows)) != {self._width}:
            raise BadValueError("needs a second look")
        cells = list(zip(*rows, strict=True))
        # Nearly every row begins with something else: only where one does not is each looked at.
        if any(map(begins_total, set(map(str.strip, set(cells[0]))))) and any(map(total_row, rows)):
            raise BadValueError("needs a second look")
        values: list[Any] = [
            [meaning[""]] * len(rows) if at is None else meaning.all(cells[at]) for at, meaning in self._columns
        ]
        others = [(name, meaning.all(cells[at])) for name, at, meaning in self._others]
        return Together(numbers, *_MADE[self._kind](values, others))


_Made = tuple["list[Any]", "Callable[..., Any]"]
"""The fields of what is made, and what makes it of them."""


def _made_customers(values: list[Any], others: list[tuple[str, list[str]]]) -> _Made:
    keys, names, aliases = values[:3]
    _all_there(keys, names)
    values[2] = [tuple(one for one in many if one != key) for key, many in zip(keys, aliases, strict=True)]
    kept: list[dict[str, str]] = [{} for _ in keys]
    for name, texts in others:
        for attributes, text in zip(kept, texts, strict=True):
            if text:
                attributes[name] = text
    return [*values, kept], Customer


def _made_contacts(values: list[Any], _: object) -> _Made:
    _all_there(values[0], values[1])
    return values, Contact


def _made_entitlements(values: list[Any], _: object) -> _Made:
    customers, components, products, environments, regions, rings, versions, starts, ends = values
    _all_there(customers)
    for component, product in set(zip(components, products, strict=True)):
        subject = component or product
        if not subject or (component and product) or subject == UNKNOWN or component.startswith(PRODUCT):
            raise BadValueError("needs a second look")
    if any(ends) and any(start and end and start >= end for start, end in zip(starts, ends, strict=True)):
        raise BadValueError("needs a second look")
    version, written = zip(*versions, strict=True)
    fields = [customers, components, products, environments, regions, rings, version, starts, ends, written]
    return fields, Entitlement


def _all_there(*columns: Sequence[str]) -> None:
    if not all(map(all, columns)):
        raise BadValueError("needs a second look")


_MADE: Mapping[Kind, Callable[[list[Any], list[tuple[str, list[str]]]], _Made]] = {
    "customers": _made_customers,
    "contacts": _made_contacts,
    "entitlements": _made_entitlements,
}


def find_columnwise(kind: Kind, layout: Layout, *, shared: bool) -> Columnwise | None:
    """The reader for a file; None where some column has to be made of others, or a row may say nothing."""
    plain = all(heading.is_plain for _, heading in layout.places.values())
    if kind not in _COLUMNS or shared or not plain or layout.joined or layout.elsewhere or layout.looked_up:
        return None
    return Columnwise(kind, layout)
