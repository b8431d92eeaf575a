"""What one gitignore pattern asks of a file or folder, and below which folder it can ask anything at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import methodcaller
from typing import Literal, NamedTuple

from releasewatch.domain.patterns import FIRST_CLASS_MARK, Pattern
from releasewatch.errors import InvalidCallError

_STARS_AND_SPACES = re.compile(r"\\.|\*+| ", re.DOTALL)
_AS_PATHSPEC_READS = {"*": "*", " ": "\\ "}

_SPECIAL = re.compile(r"[^\x20-\x7e]|[\\*?]")

PLAIN_FOLDER = re.compile(r"/?(?:(?!\.\.?(?:/|\Z))[\w.@+-]++(?:/(?=[\w.@+-])|(?=\Z|/\*\*\Z)))+(?:/\*\*)?", re.ASCII)
"""What stands in front of a plain pattern's last slash: a folder from the root, spelled out, and maybe a `/**`."""

_PLAIN_NAME = re.compile(r"(?!\.\.?\Z)(?:[\w.@+-]++|\*(?!\*))+", re.ASCII)

Test = Callable[[str], object]


class Ending:
    """The test of `*.md`: the last dot of a name and what is behind it. Names that end alike are alike to it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, name: str) -> bool:
        return name.endswith(self.text)


class Exactly:
    """The test of a name that is spelled out."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, name: str) -> bool:
        return name == self.text


@dataclass(frozen=True, slots=True)
class Rule:
    """Whether a pattern matches a file or folder itself, by its last part (`by_name`) or its whole path."""

    negated: bool
    folders_only: bool
    by_name: bool
    matches: Test


class Place(NamedTuple):
    """Where a pattern that excludes nothing is looked up, so that no path is held against those that cannot match it.

    - `is`: it is `folder`, a literal path, itself.
    - `in`: a last part that passes `test` directly in `folder`; `under`: the same at any depth below it.
    - `deep`: the whole path passes `test`, and lies below `folder`.

    `test` is None where every name passes.
    """

    how: Literal["is", "in", "under", "deep"]
    folder: str
    folders_only: bool
    test: Test | None = None


def place_of(pattern: Pattern) -> Place:
    """The place of a pattern. The forms that nearly all have need no regular expression."""
    folders_only = pattern.folders_only
    if not pattern.anchored:
        return Place("under", "", folders_only, _name_test(pattern.segments[0], pattern))
    line = "/".join(pattern.segments)
    wild = _SPECIAL.search(line)
    if wild is None:
        return Place("is", line, folders_only)
    literal = pattern.literal_path if "\\" in line or not line.isascii() else None
    if literal is not None:
        return Place("is", literal, folders_only)
    cut = line.rfind("/", 0, wild.start())
    folder, rest = line[: max(cut, 0)], line[cut + 1 :]
    if "/" not in rest:
        return Place("in", folder, folders_only, _name_test(rest, pattern))
    if rest.startswith("**/") and "/" not in rest[3:] and rest != "**/**":
        return Place("under", folder, folders_only, _name_test(rest[3:], pattern))
    return Place("deep", "/".join(pattern.literal_folders), folders_only, compile_rule(pattern).matches)


def plain_name(text: str) -> Test | None:
    """The test of what stands behind a pattern's last slash; None for what may mean more than names and stars do."""
    return _plain_name_test(text) if _PLAIN_NAME.fullmatch(text) is not None else None


def _name_test(segment: str, pattern: Pattern) -> Test | None:
    """Whether a name is what a segment spells; None for every name."""
    if pattern.classes:
        return compile_rule(Pattern(False, pattern.folders_only, False, (segment,), pattern.classes)).matches
    return _plain_name_test(segment)


@lru_cache(maxsize=1024)  # the endings of files: a few, in thousands of patterns
def _plain_name_test(segment: str) -> Test | None:
    if segment.strip("*") == "":
        return None
    if _SPECIAL.search(segment) is None:
        return Exactly(segment)
    if segment[0] == "*" and _SPECIAL.search(segment, 1) is None:
        return Ending(segment[1:]) if segment.rfind(".") == 1 else methodcaller("endswith", segment[1:])
    if segment[-1] == "*" and _SPECIAL.search(segment, 0, len(segment) - 1) is None:
        return methodcaller("startswith", segment[:-1])
    return compile_rule(Pattern(False, False, False, (segment,))).matches


def compile_rule(pattern: Pattern) -> Rule:
    """A rule whose `matches` answers for one file or folder itself, never for what lies in it.

    pathspec's expression also accepts what lies below a match: hence `fullmatch`, except where a pattern ends
    in `**` and means just that. A pattern that is not anchored is compared with the last part of a path
    alone.
    """
    # The forms that nearly all patterns have need no expression, and a command without others need not load pathspec.
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    segments = [_for_pathspec(segment) for segment in pattern.segments]
    regex, _ = GitIgnoreSpecPattern.pattern_to_regex("/" + "/".join(segments))
    if regex is None:
        raise InvalidCallError(f"pathspec drops the pattern {'/'.join(segments)!r}")
    for number, allowed in enumerate(pattern.classes):
        regex = regex.replace(chr(FIRST_CLASS_MARK + number), _class_expression(allowed))
    # A name may hold a newline, which the dot of pathspec's expressions has to match as well.
    compiled = re.compile(regex, re.DOTALL)
    whole_subtree = segments[-1] == "**" or regex in (".", "/")
    matches = compiled.search if whole_subtree else compiled.fullmatch
    return Rule(pattern.negated, pattern.folders_only, not pattern.anchored, matches)


def _for_pathspec(segment: str) -> str:
    """A segment that means to pathspec what it means to wildmatch.c.

    Two or more stars are `**` when they are the whole segment, else they are one star; a space is never
    trimmed.
    """
    if len(segment) > 1 and not segment.strip("*"):
        return "**"
    return _STARS_AND_SPACES.sub(lambda found: _AS_PATHSPEC_READS.get(found[0][0], found[0]), segment)


def _class_expression(allowed: frozenset[int]) -> str:
    characters = (chr(code if code < 128 else 0xDC00 + code) for code in sorted(allowed))
    return f"[{''.join(map(re.escape, characters))}]"
