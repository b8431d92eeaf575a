"""Guesses what the columns of a CRM's export mean: headings decide first, contents second, and doubt is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from releasewatch.domain.columns import AMOUNTS, DATES, LISTS, SUBJECTS, Heading
from releasewatch.domain.guess_contents import read_amounts, read_days, translate_words
from releasewatch.domain.guess_subjects import Sold, read_labels, read_subjects
from releasewatch.domain.guess_words import CURRENCY, FAX, FIRST_NAMES, HEADINGS, LAST_NAMES, fold

if TYPE_CHECKING:
    from releasewatch.domain.customers import Kind

VALUES_KEPT = 60
"""So many different values of a column are looked at one by one."""
_MOSTLY = 0.5
"""A heading is believed when at least so much of its column reads as what it says."""
_SURELY = 0.9
"""A column without a telling heading is taken for what so much of it reads as."""

REQUIRED: Mapping[Kind, tuple[str, ...]] = {
    "customers": ("key", "name"),
    "contacts": ("customer", "name"),
    "entitlements": ("customer",),
}
_TESTS: Mapping[str, str] = {
    "email": "email",
    "phone": "phone",
    "country": "country",
    "do_not_call": "yes or no",
    "escalated": "yes or no",
    "primary": "yes or no",
    "consent": "yes or no",
    "language": "language",
    "timezone": "timezone",
    "sla_minutes": "number",
    "credit_after_minutes": "number",
    "best_from": "clock",
    "best_to": "clock",
    "currency": "currency",
}
"""What the cells of a column must read as, for a heading to be believed."""
_BY_CONTENTS: Mapping[Kind, Mapping[str, str]] = {
    "customers": {"country": "country"},
    "contacts": {"email": "email", "phone": "phone as written"},
    "entitlements": {},
}
"""Columns that are found by their contents alone."""
WORDS = {"email": "e-mail addresses", "phone": "phone numbers", "phone as written": "phone numbers",
         "country": "countries", "yes or no": "yes or no", "language": "languages", "timezone": "time zones",
         "number": "whole numbers", "clock": "times of day", "currency": "currencies"}  # fmt: skip


@dataclass(slots=True)
class Seen:
    """A column as it was seen. `values`: different values with how often each stands there, as far as they were kept.

    `fits`: how many cells can be read as what. `labels`: of cells like `Plan: A; Add-ons: B`, by label, the values.
    """

    heading: str
    at: int
    filled: int = 0
    values: dict[str, int] = field(default_factory=dict)
    has_more_values: bool = False
    fits: dict[str, int] = field(default_factory=dict)
    labels: dict[str, dict[str, int]] = field(default_factory=dict)
    label_separators: set[str] = field(default_factory=set)

    def share(self, test: str) -> float:
        """How much of what stands in the column reads as something, from 0 to 1."""
        return self.fits.get(test, 0) / self.filled if self.filled else 0.0


@dataclass(frozen=True, slots=True)
class Guess:
    """One of our columns, and the heading that is proposed for it; `why`, and what is doubtful about it."""

    column: str
    heading: Heading
    why: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KindGuess:
    """What a file says of one kind. `doubts` are about columns for which nothing is proposed.

    `missing`: what must be named by hand before it can be read as this kind; empty when it can be read.
    """

    kind: Kind
    guesses: tuple[Guess, ...]
    doubts: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def columns(self) -> dict[str, Heading]:
        """The proposed map."""
        return {guess.column: guess.heading for guess in self.guesses}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file may feed, and the headings that mean nothing to us, with what stands below them."""

    kinds: tuple[KindGuess, ...]
    unmatched: tuple[tuple[str, str], ...]


def propose(columns: Sequence[Seen], sold: Sold) -> Proposal:
    """Propose a map for each kind. `sold`: the products and components that are known, by which cells are read."""
    many = [column.heading.casefold() for column in columns]
    once = [column for column in columns if many.count(column.heading.casefold()) == 1]
    twice = {column.heading.casefold(): column.heading for column in columns if column not in once}
    # What one kind's headings took is not what another kind's contents are guessed from.
    named = {c.heading for kind in HEADINGS for sets in HEADINGS[kind].values() for c in once if _tier(c, sets) >= 0}
    kinds = [_propose_kind(kind, once, sold, named) for kind in HEADINGS]
    used = {name for one in kinds for guess in one.guesses for name in (guess.heading.name, *guess.heading.more)}
    doubted = tuple(
        f"{heading!r} is there twice: name each column once, or it is not used" for heading in twice.values()
    )
    if doubted:
        first = kinds[0]
        kinds[0] = KindGuess(first.kind, first.guesses, (*first.doubts, *doubted), first.missing)
    rest = tuple((column.heading, looks_like(column)) for column in columns if column.heading not in used)
    return Proposal(tuple(kinds), rest)


def _propose_kind(kind: Kind, columns: Sequence[Seen], sold: Sold, named: set[str]) -> KindGuess:
    guesses: list[Guess] = []
    doubts: list[str] = []
    taken: set[str] = set()
    labelled = [c for c in columns if c.labels and c.share("labelled") >= _SURELY]
    for column, sets in HEADINGS[kind].items():
        found, said = _by_heading(column, sets, [c for c in columns if c.heading not in taken and c not in labelled])
        if column == "phone" and found is not None:
            found, more = _better_phone(found[0], sets, columns)
            said += more
        doubts += said
        if found is None and not said and column in _BY_CONTENTS[kind]:
            found, said = _by_contents(kind, column, [c for c in columns if c.heading not in named | taken])
            doubts += said
        if found is None:
            continue
        guess, said = _read(column, *found, sold)
        doubts += said
        if guess:
            guesses.append(guess)
            taken.add(guess.heading.name)
    for one in labelled:
        have = {guess.column for guess in guesses}
        for column, heading, why, said_of_it in read_labels(kind, one, have, sold):
            guesses.append(Guess(column, heading, why, tuple(said_of_it)))
    if kind == "customers":
        guesses += _currency_of_heading(guesses)
    elif kind == "contacts":
        name = _name_of_two(columns, guesses)
        guesses += [name] if name else []
    elif kind == "entitlements":
        guesses = _component_or_product(guesses, sold)
    return KindGuess(kind, tuple(guesses), tuple(doubts), tuple(_missing(kind, guesses, columns)))


def _tier(column: Seen, sets: Sequence[frozenset[str]]) -> int:
    folded = fold(column.heading)
    return next((at for at, words in enumerate(sets) if folded in words), -1)


def _by_heading(
    column: str, sets: Sequence[frozenset[str]], columns: Sequence[Seen]
) -> tuple[tuple[Seen, str] | None, list[str]]:
    """The one whose heading says it, of those whose cells do not say otherwise."""
    doubts = []
    # A file of headings alone contradicts none of them.
    blank = not any(one.filled for one in columns)
    for tier in range(len(sets)):
        fitting = []
        for one in (one for one in columns if _tier(one, sets) == tier):
            problem = "" if blank else _contradiction(column, one)
            if problem:
                doubts.append(f"{column}: not {one.heading!r}, {problem}")
            else:
                fitting.append(one)
        if len(fitting) == 1:
            return (fitting[0], "its heading says so"), doubts
        if fitting:
            names = ", ".join(repr(one.heading) for one in fitting)
            return None, [*doubts, f"{column}: {len(fitting)} columns could be it, choose one of {names}"]
    return None, doubts


def _better_phone(
    taken: Seen, sets: Sequence[frozenset[str]], columns: Sequence[Seen]
) -> tuple[tuple[Seen, str], list[str]]:
    """Of a number at a desk and a mobile one the former, unless it stands in less than half as many rows."""
    others = [c for c in columns if c is not taken and _tier(c, sets) > 0 and not _contradiction("phone", c)]
    fuller = [c for c in others if taken.filled * 2 < c.filled]
    if len(fuller) == 1:
        one = fuller[0]
        why = f"its heading says so, and it is filled in {one.filled} rows, {taken.heading!r} in {taken.filled}"
        return (one, why), [f"phone: not {taken.heading!r}, which is filled in fewer than half as many rows"]
    because = f"which holds phone numbers too; {taken.heading!r} is taken before a mobile number"
    return (taken, "its heading says so"), [f"phone: not {one.heading!r}, {because}" for one in others]


def _contradiction(column: str, one: Seen) -> str:
    """Why the cells below a heading are not what it says, or nothing."""
    if not one.filled:
        return "which is empty throughout"
    if one.share("error") >= _MOSTLY:
        return "which holds a spreadsheet's errors"
    if column in DATES and not any(one.share(test) >= _MOSTLY for test in one.fits if test.startswith("date ")):
        return "whose cells are no dates"
    if column in AMOUNTS and max(one.share(test) for test in ("amount", "amount .", "amount ,")) < _MOSTLY:
        return "whose cells are no amounts"
    test = _TESTS.get(column)
    # A column of phone numbers that a spreadsheet has broken is one of phone numbers all the same.
    broken = one.share("damaged") if column == "phone" else 0
    if test and one.share(test) + broken < _MOSTLY:
        return f"whose cells are mostly no {WORDS[test]}"
    return ""


def _by_contents(kind: Kind, column: str, columns: Sequence[Seen]) -> tuple[tuple[Seen, str] | None, list[str]]:
    test = _BY_CONTENTS[kind][column]
    fitting = [c for c in columns if c.filled > 1 and c.share(test) >= _SURELY and fold(c.heading) not in FAX]
    if len(fitting) == 1:
        read = fitting[0].fits[test]
        return (fitting[0], f"{read} of its {fitting[0].filled} cells are {WORDS[test]}; its heading does not say"), []
    if fitting:
        names = ", ".join(repr(one.heading) for one in fitting)
        return None, [f"{column}: several columns hold {WORDS[test]}, choose one of {names}"]
    return None, []


def _read(column: str, seen: Seen, why: str, sold: Sold) -> tuple[Guess | None, list[str]]:
    """What has to be made of the cells of a column that was found."""
    heading, said = Heading(seen.heading), list(_damage(column, seen))
    if column in DATES:
        found, more = read_days(seen)
        if found is None:
            return None, [f"{column}: {seen.heading!r} would be it, but {more[0]}"]
        heading = Heading(seen.heading, format=found)
        said += more
    elif column in AMOUNTS:
        decimal, more = read_amounts(seen)
        if decimal is None:
            return None, [f"{column}: {seen.heading!r} would be it, but {more[0]}"]
        heading = Heading(seen.heading, decimal=decimal)
        said += more
    elif column in SUBJECTS:
        heading, more = read_subjects(column, seen, sold)
        said += more
    elif column in LISTS and column != "aliases":
        said += _axis(column, seen, sold)
        if said and sold.regions and column == "region":
            return None, [f"{column}: not {seen.heading!r}, {said[0]}"]
    elif _TESTS.get(column) in ("yes or no", "language"):
        values, more = translate_words(seen, _TESTS[column])
        heading = Heading(seen.heading, values)
        said += more
    return Guess(column, heading, why, tuple(said)), []


def _damage(column: str, seen: Seen) -> Iterator[str]:
    """Cells that will be rejected, whatever the map says."""
    damaged, errors = seen.fits.get("damaged", 0), seen.fits.get("error", 0)
    if damaged:
        yield f"cells with a number as a spreadsheet shortens it (4.9151E+11), rejected with their rows: {damaged}"
    if errors:
        yield f"cells with a spreadsheet's error, rejected with their rows: {errors}"
    test = _TESTS.get(column)
    if test and column not in ("do_not_call", "escalated", "primary", "consent", "phone"):
        other = seen.filled - seen.fits.get(test, 0) - damaged - errors
        if other > 0:
            yield f"cells that are no {WORDS[test]}, rejected with their rows: {other} of {seen.filled}"


def _axis(column: str, seen: Seen, sold: Sold) -> list[str]:
    if column != "region":
        return []
    known = {region.casefold() for region in sold.regions}
    if not known:
        return ["no regions are configured; is it where the software runs, or where the customer sits?"]
    return [] if any(value.casefold() in known for value in seen.values) else ["none of its values is a region we know"]


def _currency_of_heading(guesses: Sequence[Guess]) -> list[Guess]:
    """`Umsatz (EUR)` says the currency of every row, when no column and no cell does."""
    amount = next((guess for guess in guesses if guess.column == "contract_value"), None)
    if amount is None or any(guess.column == "currency" for guess in guesses):
        return []
    found = CURRENCY.search(amount.heading.name)
    if not found:
        return []
    code = "EUR" if found[1] == "€" else found[1]
    return [Guess("currency", Heading(constant=code), f"the heading {amount.heading.name!r} says so")]


def _name_of_two(columns: Sequence[Seen], guesses: Sequence[Guess]) -> Guess | None:
    """First and last name in columns of their own."""
    firsts = [one for one in columns if fold(one.heading) in FIRST_NAMES]
    lasts = [one for one in columns if fold(one.heading) in LAST_NAMES]
    taken = {guess.heading.name for guess in guesses}
    if any(guess.column == "name" for guess in guesses) or len(firsts) != 1 or len(lasts) != 1:
        return None
    if {firsts[0].heading, lasts[0].heading} & taken:
        return None
    return Guess("name", Heading(firsts[0].heading, more=(lasts[0].heading,)), "first and last name, as headings say")


def _component_or_product(guesses: Sequence[Guess], sold: Sold) -> list[Guess]:
    """A column of products whose values are the components that we know is one of components."""
    found = []
    columns = {guess.column for guess in guesses}
    for guess in guesses:
        keys = set(guess.heading.values.values())
        if guess.column == "product" and "component" not in columns and keys and keys <= set(sold.components.values()):
            guess = Guess("component", guess.heading, f"{guess.why}, and its values are components", guess.doubts)
        found.append(guess)
    return found


def _missing(kind: Kind, guesses: Sequence[Guess], columns: Sequence[Seen]) -> Iterator[str]:
    have = {guess.column: guess.heading.name for guess in guesses}
    for column in REQUIRED[kind]:
        if column not in have:
            what = "the customer's key" if column in ("key", "customer") else f"the {kind[:-1]}'s name"
            hint = ""
            if column == "key" and "name" in have:
                hint = f'; if names never change, key = "{have["name"]}" would do'
            yield f"{column}: no column reads as {what}{hint}"
    if kind == "entitlements" and not have.keys() & set(SUBJECTS):
        yield "product or component: no column reads as what a customer uses"


def looks_like(column: Seen) -> str:
    """What stands in a column whose heading says nothing to us, in a few words."""
    if not column.filled:
        return "empty"
    if fold(column.heading) in FAX:
        return "fax numbers, which nobody calls"
    if column.labels and column.share("labelled") >= _SURELY:
        return "lists with labels"
    for test, words in WORDS.items():
        if test not in ("phone", "number") and column.share(test) >= _SURELY:
            return words
    forms = [test.removeprefix("date ") for test in column.fits if test.startswith("date ")]
    surely = [form for form in forms if column.share(f"date {form}") >= _SURELY]
    if surely:
        return f"dates, {' or '.join(surely[:2])}"
    return "numbers" if max(column.share("amount"), column.share("number")) >= _SURELY else "text"
