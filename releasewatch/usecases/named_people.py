"""Finds who is named in texts that leave the house, or a channel: customers, people at them, and our own.

What looks for names is loaded for texts that can hold one: nearly every record shows a version alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from releasewatch.domain.incidents import OF_STAFF
from releasewatch.domain.plain_texts import is_plain
from releasewatch.domain.privacy import Reveal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from releasewatch.domain.incidents import Statement
    from releasewatch.domain.text_marks import Named


def find_named(connection: Any, texts: Iterable[str]) -> Named:
    """Whom texts can name, to be looked for as a `LeakScanner` does; only the texts' own words are looked up.

    Names of contacts and of authors are told by two words and more: one alone (Grace, Will, build) is a word of any
    sentence. An account manager's key is told alone: our people call them by it.
    """
    from releasewatch.domain.text_marks import Marks, Named, marks_in
    from releasewatch.storage import named_people

    marks = marks_in(texts)
    if marks == Marks():
        return Named()
    contacts = {one for one in named_people.contacts_like(connection, marks) if _is_whole(one)}
    authors = {one for one in named_people.authors_like(connection, marks.beginnings) if _is_whole(one)}
    there = named_people.deployments_among(connection, marks.deployments)
    return Named(
        frozenset(
            {
                *contacts,
                *named_people.contacts_at(connection, marks.addresses),
                *named_people.contacts_called(connection, marks.numbers),
            }
        ),
        frozenset(
            {
                *named_people.account_managers_like(connection, marks.beginnings),
                *authors,
                *named_people.ours_at(connection, marks.addresses),
            }
        ),
        frozenset(f"D-{number}" for number in there),
        marks.commits,
    )


def hiding(
    connection: Any, statements: Sequence[Statement], others: Iterable[str], people: Iterable[str], now: datetime
) -> Callable[[str], bool]:
    """What tells which texts name a customer, somebody there, or one of our people, where no name may be shown.

    Of the texts of these statements and of `others`. `people`: known to be ours, with those whom statements name.
    Versions and commits name nobody, and are not looked up.
    """
    told = (*(text for one in statements for text in (one.value, one.why)), *others)
    texts = [text for text in told if text and not is_plain(text)]
    if not texts:
        return lambda _: False
    from releasewatch.domain.leaks import LeakScanner
    from releasewatch.domain.text_marks import marks_in
    from releasewatch.storage import named_people

    if not named_people.may_look(connection):
        return lambda text: not is_plain(text)  # a role that may not read names cannot know whether a text holds one
    found = find_named(connection, texts)
    customers = named_people.customers_like(connection, marks_in(texts), now)
    leading = {one.value for one in statements if one.kind in OF_STAFF} | {one.recorded_by for one in statements}
    names = (*customers, *found.contacts, *found.people, *people, *leading)
    scanner = LeakScanner(dict.fromkeys(names, "somebody"))
    return lambda text: bool(scanner.scan(text))


def shown(document: dict[str, Any], texts: Collection[str], hides: Callable[[str], bool] | None) -> dict[str, Any]:
    """A document whose `texts` are None where they name somebody, and which says so in `withheld`."""
    hidden = [name for name in texts if hides is not None and document[name] and hides(document[name])]
    before = document.get("withheld", [])
    return {**document, **dict.fromkeys(hidden), "withheld": list(dict.fromkeys([*before, *hidden]))}


def shown_of(texts: Mapping[str, Any], hides: Callable[[str], bool] | None) -> dict[str, Any]:
    """Texts by key, None where they name somebody."""
    return {key: None if hides is not None and hides(str(text)) else text for key, text in texts.items()}


def hiding_below_names(
    connection: Any, texts: Iterable[str | None], reveal: Reveal, now: datetime
) -> Callable[[str], bool] | None:
    """The same of titles, names of releases and subjects; None where names may be shown, and all of them."""
    if reveal >= Reveal.NAMES:
        return None
    return hiding(connection, (), [text for text in texts if text], (), now)


def _is_whole(name: str) -> bool:
    from releasewatch.domain.leaks import words_of

    return len(words_of(name)) > 1
