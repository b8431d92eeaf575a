"""Picks out of texts what can be looked up: beginnings of words, addresses, numbers to dial, deployments, commits."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from releasewatch.domain.leaks import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NO_ADDRESS = "\\s<>()\\[\\],;:\\\"'“”„«»@"
_ADDRESS = re.compile(rf"(?<![^{_NO_ADDRESS}])([^{_NO_ADDRESS}]+@)(?=([^\W_][\w.-]*\w))")
"""From the begin of what may be one, and on from each @: what others wrote is of any length, and read once."""
_DEPLOYMENT = re.compile(r"(?<![^\W_])D-(\d{1,18})(?!\d)", re.IGNORECASE)
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_COMMIT = re.compile(r"(?<![^\W_])(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,40}(?![^\W_])", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_GAP = re.compile(r"[\s().+/_\-\u2010-\u2015]{1,4}")

LONGEST_NUMBER = 15
"""Digits of the longest number that can be dialled, by E.164."""
FEWEST_DIGITS = 7
"""So many digits make a number to dial where it begins as one (a 0, a +); one more where it does not."""
_GROUPS = 8


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands in some texts, to be looked up in the ledger.

    - `beginnings`: the first two letters of each word, casefolded, as far as they are ASCII letters and digits.
    - `addresses`: lower case; `numbers`: digits without leading zeros, by what is written; `deployments`: numbers.
    - `commits`: as written.
    - `words`: every one, as `words_of` gives them; a name that stands in the texts has no other.
    """

    beginnings: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    numbers: Mapping[str, str] = field(default_factory=dict)
    deployments: frozenset[int] = frozenset()
    commits: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    def may_hold(self, name: str) -> bool:
        """Whether a name can stand in the texts: each of its words does."""
        return self.words.issuperset(words_of(name))


@dataclass(frozen=True, slots=True)
class Named:
    """What of the ledger may stand in texts that were looked up: `contacts`: names, addresses and numbers of people at
    customers; `people`: names and addresses of ours; `deployments` by id, and `commits`."""

    contacts: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    deployments: frozenset[str] = frozenset()
    commits: frozenset[str] = frozenset()


def marks_in(texts: Iterable[str]) -> Marks:
    """Everything in texts that can be looked up."""
    plain = [unicodedata.normalize("NFKC", text) for text in dict.fromkeys(texts) if text]
    words = frozenset(word for text in plain for word in words_of(text))
    return Marks(
        frozenset(begin for word in words for begin in _beginnings(word)),
        frozenset("".join(found).casefold() for text in plain for found in _ADDRESS.findall(text)),
        {written: digits for text in plain for written, digits in _numbers(text)},
        frozenset(int(found) for text in plain for found in _DEPLOYMENT.findall(text)),
        frozenset(found for text in plain for found in _COMMIT.findall(_UUID.sub(" ", text))),
        words,
    )


def _beginnings(word: str) -> Iterator[str]:
    """Of a word, in both ways in which an accent may be stored."""
    for form in {word, unicodedata.normalize("NFD", word)}:
        if len(form) > 1 and form[:2].isascii():
            yield form[:2]


def _numbers(text: str) -> Iterator[tuple[str, str]]:
    """Every run of groups of digits that may be a number to dial, as it is written and in digits."""
    groups = list(_DIGITS.finditer(text))
    for first, begin in enumerate(groups):
        digits, before = "", begin
        is_signed = text[max(begin.start() - 1, 0) : begin.start()] == "+"
        for group in groups[first : first + _GROUPS]:
            gap = text[before.end() : group.start()]
            if group is not begin and not _GAP.fullmatch(gap):
                break
            before = group
            if digits and group[0] == "0" and text[group.start() - 1 : group.end() + 1] == "(0)":
                continue  # +49 (0)30: it is dialled within the country alone
            digits += "".join(str(unicodedata.digit(one)) for one in group[0])
            if len(digits) > LONGEST_NUMBER + 2:
                break
            is_dialled = digits[0] == "0" or is_signed
            bare = digits.lstrip("0")
            if len(bare) >= FEWEST_DIGITS and (is_dialled or len(bare) > FEWEST_DIGITS):
                yield text[begin.start() : group.end()], bare
