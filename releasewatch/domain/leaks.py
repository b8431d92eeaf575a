"""Looks through a text that will leave the house for what must not be in it: names, and items of inner audience."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

# Scripts that are written without spaces: each character is a word of its own, or no name inside a sentence is found.
_SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_SPACELESS}]|[^\W_{_SPACELESS}]+")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_SPACELESS_CHARACTER = re.compile(rf"[{_SPACELESS}]")

MIN_NAME = 3
MIN_DIGITS = 5
MIN_SENTENCE_WORDS = 3
MIN_SENTENCE_LETTERS = 12


@dataclass(frozen=True, slots=True)
class Leak:
    """One place where the text holds what it must not. `name` is for the person who may decide, never for a message."""

    category: str
    line: int
    name: str


class LeakScanner:
    """Finds any of many names in a text, as whole words, whatever their case, accents' form and punctuation.

    `names` are matched from three characters on (two in scripts without spaces), and from five digits on when they are
    digits alone: a shorter one is a word of some sentence ("IT", "GO", the year 2026), and a guard that always cries is
    switched off. `sentences` are matched from three words and twelve letters on, for the same reason ("fix typo").
    `marks` are matched however short they are ("D-5").
    Building takes one pass over the names, a scan one pass over the text, however many names there are.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        sentences: Mapping[str, str] | None = None,
        marks: Mapping[str, str] | None = None,
    ) -> None:
        self._phrases: dict[tuple[str, ...], tuple[str, str]] = {}
        self._lengths: dict[str, set[int]] = {}
        for name, category in names.items():
            words = tuple(words_of(name))
            if _is_a_name(words):
                self._add(words, category, name)
        for sentence, category in (sentences or {}).items():
            words = tuple(words_of(sentence))
            if len(words) >= MIN_SENTENCE_WORDS and sum(map(len, words)) >= MIN_SENTENCE_LETTERS:
                self._add(words, category, sentence)
        for mark, category in (marks or {}).items():
            if words := tuple(words_of(mark)):
                self._add(words, category, mark)

    def _add(self, words: tuple[str, ...], category: str, name: str) -> None:
        self._phrases.setdefault(words, (category, name))
        self._lengths.setdefault(words[0], set()).add(len(words))

    def scan(self, text: str, allow: Collection[str] = ()) -> tuple[Leak, ...]:
        """Every hit, in order of the text, lines counted from 1; a name is reported once per line.

        `allow`: names that a person passed by hand, or that are the reader's own; compared as names are. What lies in
        an allowed name is allowed with it.
        """
        if not self._phrases:
            return ()
        allowed = {tuple(words_of(name)) for name in allow}
        lengths = {len(name) for name in allowed if name}
        found: dict[Leak, None] = {}
        words: list[str] = []
        lines: list[int] = []
        for number, line in enumerate(text.split("\n"), 1):
            here = words_of(line)
            words += here
            lines += [number] * len(here)
        passed_until = 0
        for at, word in enumerate(words):
            for length in lengths:
                if tuple(words[at : at + length]) in allowed:
                    passed_until = max(passed_until, at + length)
            for length in self._lengths.get(word, ()):
                phrase = tuple(words[at : at + length])
                hit = self._phrases.get(phrase)
                if hit is not None and at + length > passed_until:
                    found[Leak(hit[0], lines[at], hit[1])] = None
        return tuple(found)


def find_leaks(text: str, forbidden: Mapping[str, str], allow: Iterable[str] = ()) -> tuple[Leak, ...]:
    """Scan one text for names (name to category), as `LeakScanner` does; keep the scanner when there are many texts."""
    return LeakScanner(forbidden).scan(text, tuple(allow))


def words_of(text: str) -> list[str]:
    """The words of a text in a form that is the same however they were typed."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE))
    return _WORD.findall(text.casefold())


def _is_a_name(words: tuple[str, ...]) -> bool:
    whole = "".join(words)
    if whole.isdigit():
        return len(whole) >= MIN_DIGITS
    return len(whole) >= (2 if _SPACELESS_CHARACTER.match(whole) else MIN_NAME)
