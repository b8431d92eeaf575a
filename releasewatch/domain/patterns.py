"""Reads one gitignore pattern as git reads it, and refuses what git would drop in silence."""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_CLASS_MARK = 0xE000
"""Code point that stands for the first `[...]` of a pattern, one higher for the second."""

_SLASH = ord("/")
_COMMON = re.compile(r"/?(?:(?!\.\.?(?:/|\Z))(?:\*\*|(?:[\w.@+-]++|\*(?!\*))+)(?:/(?!\Z)|/?\Z))+", re.ASCII)
"""Names of letters, digits and a few signs, with single stars, and `**` between slashes: what nearly all patterns are.
Nothing in them means anything but itself, so they need no second look."""
_REMEMBERED = 1 << 15

_PLAIN = re.compile(r"(?:\\.|[^\\*?\ue000-\uf8ff])*\Z", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_GLUED_STARS = re.compile(r"[^*?\\\ue000-\uf8ff]*[^*?\\\ue000-\uf8ff/]\*\*+(?:/|\Z)", re.DOTALL)


def _bytes_of(characters: Iterable[str]) -> frozenset[int]:
    return frozenset(map(ord, characters))


_PUNCTUATION = _bytes_of(string.punctuation)
_ALNUM = _bytes_of(string.ascii_letters + string.digits)
# git's own tables of characters (its `isspace` knows no vertical tab and no form feed), whatever the locale.
_NAMED_CLASSES = {
    "alnum": _ALNUM,
    "alpha": _bytes_of(string.ascii_letters),
    "blank": _bytes_of(" \t"),
    "cntrl": frozenset(range(1, 32)) | {127},
    "digit": _bytes_of(string.digits),
    "graph": _ALNUM | _PUNCTUATION,
    "lower": _bytes_of(string.ascii_lowercase),
    "print": _ALNUM | _PUNCTUATION | {32},
    "punct": _PUNCTUATION,
    "space": _bytes_of(" \t\n\r"),
    "upper": _bytes_of(string.ascii_uppercase),
    "xdigit": _bytes_of(string.hexdigits),
}


class Pattern(NamedTuple):
    """One pattern taken apart (a tuple: of 20,000, dataclasses take twice the time).

    `segments` are what stands between the slashes, in byte text, with escapes in place and a mark for each
    `[...]`; `classes` are the bytes that each mark stands for. A pattern that is not `anchored` has one
    segment, compared with the name of a file or folder at any depth.
    """

    negated: bool
    folders_only: bool
    anchored: bool
    segments: tuple[str, ...]
    classes: tuple[frozenset[int], ...] = ()

    @property
    def literal_folders(self) -> tuple[str, ...]:
        """The leading segments without a wildcard, unescaped; none when the pattern is not anchored."""
        found: list[str] = []
        for segment in self.segments if self.anchored else ():
            if _PLAIN.match(segment) is None:
                break
            found.append(_ESCAPED.sub(r"\1", segment))
        return tuple(found)

    @property
    def literal_path(self) -> str | None:
        """The one path from the root, in byte text, that the pattern spells out; else None."""
        if all(_PLAIN.match(segment) for segment in self.segments):
            return "/".join(_ESCAPED.sub(r"\1", segment) for segment in self.segments)
        return None


def byte_text(text: str) -> str:
    """One character for each byte of a path: git matches bytes, so `?` and `[...]` stand for one byte each.

    Bytes above ASCII become lone surrogates, which no text function takes for a space or a letter.
    """
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("ascii", "surrogateescape")


@lru_cache(maxsize=_REMEMBERED)  # the settings are checked with them first, and paths are mapped by them then
def read_pattern(text: str) -> Pattern:
    """Take a pattern apart by the rules of git's `dir.c` and `wildmatch.c`.

    Raises InvalidCallError for a pattern that could never match a path, and for the one form where git
    contradicts its manual; the message is the reason alone, as a sentence without the pattern.
    """
    if _COMMON.fullmatch(text):
        folders_only = text.endswith("/")
        anchored = "/" in text[:-1]
        return Pattern(False, folders_only, anchored, tuple(text.strip("/").split("/")))
    if any(ord(character) < 32 or character == "\x7f" for character in text):
        raise InvalidCallError("a pattern cannot hold a control character")
    line = _trim_end(byte_text(text))
    if line.startswith("#"):
        raise InvalidCallError(
            "git reads a line that begins with # as a comment",
            r"Write \# for a name that begins with that sign.",
        )
    negated = line.startswith("!")
    line = line[1:] if negated else line
    anchored = "/" in line[:-1]  # a slash between brackets counts as well
    line, classes = _take_out_classes(line)
    folders_only = line.endswith("/")
    line = (line[:-1] if folders_only else line).removeprefix("/")
    segments = tuple(line.split("/"))
    _check_segments(segments, line, anchored)
    return Pattern(negated, folders_only, anchored, segments, classes)


def _trim_end(line: str) -> str:
    """Drop the spaces at the end, except an escaped one."""
    end = at = 0
    while at < len(line):
        if line[at] == "\\":
            at += 2
            end = min(at, len(line))
        else:
            at += 1
            end = end if line[at - 1] == " " else at
    return line[:end]


def _check_segments(segments: tuple[str, ...], line: str, anchored: bool) -> None:
    if not line:
        raise InvalidCallError("an empty pattern matches nothing")
    if "" in segments:
        raise InvalidCallError("two slashes in a row match nothing", "Leave one of them out.")
    if "." in segments or ".." in segments:
        raise InvalidCallError(
            "a pattern begins at the root of the repo and cannot hold the folders . and ..",
            "Write it without them, as in services/shop/**.",
        )
    if anchored and _GLUED_STARS.match(line):
        # git compares the literal beginning apart and then takes these stars for a whole segment, against
        # gitignore(5), which calls them regular asterisks.
        raise InvalidCallError(
            "two stars that are glued to the end of a name mean one thing in git and another in its manual",
            "Write one star for the rest of a name, or /** for everything in a folder.",
        )


def _take_out_classes(line: str) -> tuple[str, tuple[frozenset[int], ...]]:
    """The line with a mark in place of each `[...]`, and the bytes that each stands for."""
    kept: list[str] = []
    classes: list[frozenset[int]] = []
    at = 0
    while at < len(line):
        character = line[at]
        if character == "[":
            allowed, at = _read_class(line, at + 1)
            kept.append(chr(FIRST_CLASS_MARK + len(classes)))
            classes.append(allowed)
            continue
        if character == "\\":
            at += 1
            if at == len(line):
                raise InvalidCallError("a pattern cannot end in a backslash", r"Write \\ for a backslash in a name.")
            if line[at] == "/":
                raise InvalidCallError("a slash needs no backslash: no name holds one")
            character += line[at]
        kept.append(character)
        at += 1
    return "".join(kept), tuple(classes)


def _read_class(line: str, start: int) -> tuple[frozenset[int], int]:
    """The bytes allowed by a class that begins behind its `[`, and where it ends; as in wildmatch.c."""
    at = start
    negated = line[at : at + 1] in ("!", "^")
    at += negated
    allowed: set[int] = set()
    previous: int | None = None
    first = True
    while first or line[at : at + 1] != "]":
        first = False
        if line.startswith("-", at) and previous is not None and line[at + 1 : at + 2] not in ("", "]"):
            last, at = _read_byte(line, at + 1)
            allowed.update(range(previous, last + 1))
            previous = None
        elif (name := _class_name(line, at)) is not None:
            if name not in _NAMED_CLASSES:
                raise InvalidCallError(
                    f"[:{name}:] is no class of characters", f"There are {', '.join(_NAMED_CLASSES)}."
                )
            allowed |= _NAMED_CLASSES[name]
            previous = None
            at += len(name) + len("[::]")
        else:
            previous, at = _read_byte(line, at)
            allowed.add(previous)
    found = (frozenset(range(1, 256)) - allowed if negated else frozenset(allowed)) - {_SLASH}
    if not found:
        raise InvalidCallError(f"[{line[start:at]}] matches no character")
    return found, at + 1


def _class_name(line: str, at: int) -> str | None:
    """The name in `[:name:]` when one stands here; anything else that begins with `[` is that character."""
    if not line.startswith("[:", at):
        return None
    end = line.find("]", at + 2)
    return line[at + 2 : end - 1] if end > at + 2 and line[end - 1] == ":" else None


def _read_byte(line: str, at: int) -> tuple[int, int]:
    """The byte at a place, a backslash before it skipped, and the place behind it."""
    at += line.startswith("\\", at)
    if at >= len(line):
        raise InvalidCallError("a [ in a pattern needs its ]", r"Write \[ for a bracket in a name.")
    code = ord(line[at])
    return (code if code < 128 else code - 0xDC00), at + 1
