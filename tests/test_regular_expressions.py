"""What no regular expression of the program may use, because a Python that we run on gets it wrong."""

from __future__ import annotations

import re
from pathlib import Path

import releasewatch

SOURCES = sorted(Path(releasewatch.__file__).parent.rglob("*.py"))

_GIVES_NOTHING_BACK = re.compile(r"""\)(?:[*+?]|\{[0-9,]+\})\+|\(\?>""")
"""A group that is repeated possessively, or is atomic."""


def test_no_group_is_repeated_without_giving_back() -> None:
    """Before 3.11.5 Python matches such a group where what is in it has a choice and fails (gh-106052): `a**` was taken
    for `(?:a++|\\*(?!\\*))++`. Of single characters (`[a-z]++`) it is right."""
    found = [
        f"{path.name}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if _GIVES_NOTHING_BACK.search(line)
    ]
    assert len(SOURCES) > 400
    assert found == []
