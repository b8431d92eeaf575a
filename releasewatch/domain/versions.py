"""Versions of the copies that customers run themselves: when two are the same, and what is no version at all."""

from __future__ import annotations

import re

_LETTER = re.compile(r"[vV](?=[0-9])")
_RANGE = re.compile(
    r"""[<>=^~*|,;!()\[\]{}\s…\u2013\u2014] # comparisons, ranges, lists, sentences
    | \.\.                       # 1.0..2.0
    | (?:^|[.\-_])[xX](?:$|[.\-_]) # 1.x
    | [+]$                       # 1.2+
    """,
    re.VERBOSE,
)
_WORD = re.compile(
    r"any|all|latest|newest|current|stable|lts|edge|nightly|canary|beta|preview|snapshot|next|head|main|master|trunk"
    r"|dev|develop|unknown|various|none|n/?a|tbd|-+",
    re.IGNORECASE,
)


_TELLABLE = re.compile(r"[0-9.<>=^~*xXvV|,;!()\[\]{}+\s-]+")


def plain_version(text: str) -> str:
    """A version as it is compared: without spaces around it, and without a `v` before its first digit."""
    text = text.strip()
    return _LETTER.sub("", text, count=1) if _LETTER.match(text) else text


def spellings(release: str) -> tuple[str, ...]:
    """The ways in which a release may be written as the version of a copy."""
    plain = plain_version(release)
    return (plain, f"v{plain}", f"V{plain}") if plain[:1].isdigit() else (plain,)


def is_one_version(text: str) -> bool:
    """Whether a text names one version: a range (`>=1.0`, `1.x`, `*`) or a word that moves on (`latest`) does not."""
    return not _RANGE.search(text) and not _WORD.fullmatch(text)


def tellable(text: str) -> str:
    """What is no version, as it may be told everywhere: a range or a usual word, and nothing else of a cell."""
    return text if _TELLABLE.fullmatch(text) or _WORD.fullmatch(text) else "other words"
