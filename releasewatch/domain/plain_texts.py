"""Tells texts that can name nobody, versions and commits, from those that have to be looked up."""

from __future__ import annotations

import re

_WORDS = (
    "alpha|beta|build|dev|final|hotfix|nightly|patch|post|pre|preview|rc|rel|release|rev|snapshot|stable|ver|version"
)
_WORD = f"(?:{_WORDS}|[a-z])"
_PART = re.compile(rf"{_WORD}?[0-9]{{1,8}}(?:{_WORD}[0-9]{{0,4}})?|{_WORD}?", re.IGNORECASE)
_COMMIT = re.compile(r"g?(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{7,64}", re.IGNORECASE)
_BETWEEN = re.compile(r"[-_.+/]")
_DIALLED = re.compile(r"(?:\+|00?(?=[1-9]))[0-9][-_./0-9]{5,}")


def is_plain(text: str) -> bool:
    """Whether a text is a version or a commit, as releases are mostly called: `v1.4.0-rc.2`, `2026.11.23`, a sha.

    Of those nobody has to ask the ledger whether they name somebody. What may be a number to dial is not one.
    """
    if _DIALLED.fullmatch(text):
        return False
    return all(_PART.fullmatch(part) or _COMMIT.fullmatch(part) for part in _BETWEEN.split(text))
