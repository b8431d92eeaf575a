"""Finds a customer by what somebody on the line says: part of a name, an alias, a number, a mail address or domain."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from releasewatch.errors import AmbiguousNameError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.storage.customer_refs import CustomerRef, find_exactly, get_ref, through_merges
from releasewatch.storage.types import OPEN_END

MOST = 10
"""So many matches are named; who has more asks for more of the name."""

_WHITE = "\t\n\v\f\r\x85\xa0\u2007\u2009\u2028\u202f\u3000"
_MARKS = "\x01\x02"
"""Two signs that are in no name: a run of blanks becomes a run of these pairs, which loses all but its ends."""

_FEWEST_DIGITS = 6
_FEWEST_LETTERS = 2


def search_customer(connection: Connection, words: str) -> CustomerRef:
    """The one customer whom some words mean: a whole key or alias before a number, an address, or part of a name.

    Raises AmbiguousNameError with the keys of those who match, or UnknownNameError; neither holds a name.
    """
    words = " ".join(words.split())
    found = find_exactly(connection, words) if words and "\0" not in words else []
    for find in (_by_number, _by_address, _by_part):
        if not found and words and "\0" not in words:
            found = through_merges(connection, [get_ref(connection, one) for one in find(connection, words)])
    if len(found) == 1:
        return found[0]
    if found:
        keys = sorted({one.key for one in found})
        more = ", …" if len(keys) > MOST else ""
        raise AmbiguousNameError("That may mean several customers.", f"Name one by key: {', '.join(keys[:MOST])}{more}")
    raise UnknownNameError(
        "No customer has that key, alias, number, mail domain, or part of a name.", "See: releasewatch customer list"
    )


def _by_number(connection: Connection, words: str) -> list[Any]:
    """Whose contact has a number that ends with these digits, as it is dialled abroad or at home."""
    if re.search(r"[^\d\s()+./-]", words):
        return []
    digits = re.sub(r"\D", "", words.replace("(0)", "")).lstrip("0")
    if len(digits) < _FEWEST_DIGITS:
        return []
    d = t.contact_detail.c
    return _current(connection, d.phone_e164.like(f"%{digits}"))


def _by_address(connection: Connection, words: str) -> list[Any]:
    """Whose contact has this mail address, or one at this domain."""
    d, folded = t.contact_detail.c, words.casefold()
    if "@" in folded.lstrip("@"):
        found = _current(connection, func.lower(d.email) == folded)
        if found:
            return found
        domain = folded.rpartition("@")[2]
        return [one.customer_id for one in find_exactly(connection, domain)]
    domain = folded.lstrip("@")
    if "." not in domain or " " in domain:
        return []
    return _current(connection, func.lower(d.email).endswith(f"@{domain}", autoescape=True))


def contact_addresses(connection: Connection) -> dict[str, set[UUID]]:
    """Whose contacts have which mail address, casefolded; of everybody, for who has many addresses to look up."""
    d, c = t.contact_detail.c, t.contact.c
    same = and_(*(d[name] == c[name] for name in ("customer_id", "contact_id", "valid_from", "recorded_from")))
    query = select(d.email, d.customer_id).join_from(t.contact_detail, t.contact, same)
    query = query.where(c.valid_to == OPEN_END, c.recorded_to == OPEN_END, d.email != "")
    found: dict[str, set[UUID]] = {}
    for email, customer in connection.execute(query.distinct()):
        for one in re.split(r"[;,\s]+", email.casefold()):
            if one:
                found.setdefault(one, set()).add(customer)
    return found


def _by_part(connection: Connection, words: str) -> list[Any]:
    """Whose name or alias holds these words, whatever their case."""
    if len(words) < _FEWEST_LETTERS:
        return []
    f, a = t.customer_fact.c, t.customer_alias.c
    named = select(f.customer_id).where(f.valid_to == OPEN_END, f.recorded_to == OPEN_END, _holds(f.name, words))
    called = select(a.customer_id).where(a.recorded_to == OPEN_END, _holds(a.alias, words))
    return list(connection.scalars(named.union(called).limit(MOST * 3)))


def _holds(column: Any, words: str) -> ColumnElement[bool]:
    """Whether a column holds some words. Between several, a name may have line breaks and more blanks than one."""
    first, *more = words.split(" ")
    if not more:
        return _holds_as_written(column, words)
    # One word of them is looked for first: folding the blanks of every name would take longer than the rest.
    return and_(_holds_as_written(column, first), _holds_as_written(_folded(column), words))


def _folded(column: Any) -> ColumnElement[str]:
    """The same with one blank for each run of white space."""
    for one in _WHITE:
        column = func.replace(column, one, " ")
    for before, after in ((" ", _MARKS), (_MARKS[::-1], ""), (_MARKS, " ")):
        column = func.replace(column, before, after)
    folded: ColumnElement[str] = column
    return folded


def _holds_as_written(column: Any, words: str) -> ColumnElement[bool]:
    # SQLite folds the case of ASCII alone: of other letters the usual writings are tried.
    writings = {words, words.lower(), words.upper(), words.capitalize(), words.title()}
    return or_(
        func.lower(column).contains(words.lower(), autoescape=True),
        *(column.contains(one, autoescape=True) for one in sorted(writings)),
    )


def _current(connection: Connection, condition: ColumnElement[bool]) -> list[Any]:
    d, c = t.contact_detail.c, t.contact.c
    same = and_(*(d[name] == c[name] for name in ("customer_id", "contact_id", "valid_from", "recorded_from")))
    query = select(d.customer_id).join_from(t.contact_detail, t.contact, same)
    query = query.where(c.valid_to == OPEN_END, c.recorded_to == OPEN_END, condition)
    return list(connection.scalars(query.distinct().limit(MOST * 3)))
