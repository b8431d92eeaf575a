"""Finds the components that a path belongs to, by gitignore patterns read as git reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from releasewatch.domain.catalog import Catalog, PathOwners
from releasewatch.domain.patterns import FIRST_CLASS_MARK, Pattern, byte_text, read_pattern
from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_REMEMBERED = 1 << 15
"""How many paths and folders are remembered before the memory starts anew: it stays flat on any history."""

_STARS_AND_SPACES = re.compile(r"\\.|\*+| ", re.DOTALL)
_AS_PATHSPEC_READS = {"*": "*", " ": "\\ "}


@dataclass(frozen=True, slots=True)
class _Rule:
    negated: bool
    folders_only: bool
    by_name: bool
    matches: Callable[[str], object]


class PatternList:
    """Patterns in the order written, which decide as one ignore file does: the last one that matches wins.

    pathspec translates each pattern. Its `GitIgnoreSpec` does not make the decision: it lets `!` re-include
    what lies in an excluded folder (its issue 129). Nor are its classes used: there `[!a]` matches a slash,
    and neither `[[:alpha:]]` nor an escape means what it means to git.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        """Raises InvalidCallError for a pattern that `read_pattern` refuses."""
        self._read = tuple(_read(text) for text in patterns)
        wanted = [pattern for pattern in self._read if not pattern.negated]
        self.literal_paths = frozenset(path for pattern in wanted if (path := pattern.literal_path) is not None)
        self.anchors = frozenset("/".join(pattern.literal_folders) for pattern in wanted)
        """Folders or paths, in byte text, at or below which alone something can match; `""` is anywhere."""

    @cached_property
    def _rules(self) -> tuple[_Rule, ...]:
        """The last pattern first; compiled when first asked: most components of a large repo never are."""
        return tuple(_compile(pattern) for pattern in reversed(self._read))

    def takes(self, entry: str, name: str, *, is_folder: bool) -> bool:
        """Whether these patterns take a file or folder (`name` is its last part) itself, in byte text."""
        for rule in self._rules:
            if rule.folders_only and not is_folder:
                continue
            if rule.matches(name if rule.by_name else entry):
                return not rule.negated
        return False

    def matches(self, path: str) -> bool:
        """Whether a path is taken: itself, or because a folder it lies in is (no `!` brings it back then)."""
        *folders, name = byte_text(path).split("/")
        entry = ""
        for folder in folders:
            entry += folder
            if self.takes(entry, folder, is_folder=True):
                return True
            entry += "/"
        return self.takes(entry + name, name, is_folder=False)


@dataclass(frozen=True, slots=True)
class _Folder:
    """Which pattern lists (by number) take a whole folder, and which may take something below it."""

    taken_by: frozenset[int] = frozenset()
    still_open: tuple[int, ...] = ()


class GitignoreMapper:
    """A `PathMapper` for one catalog.

    Component patterns mostly begin with a literal folder. Each folder of the tree is decided once, and a path
    is held against the few lists that can reach it, however many components there are.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._keys = ("", *(component.key for component in catalog.components))
        self._lists = (
            _list("no_effect", catalog.no_effect),
            *(_list(c.key, c.paths) for c in catalog.components),
        )
        self._anchored: dict[str, tuple[int, ...]] = {}
        for number, patterns in enumerate(self._lists):
            for anchor in patterns.anchors:
                self._anchored[anchor] = (*self._anchored.get(anchor, ()), number)
        self._root = _Folder(still_open=self._anchored.get("", ()))
        self._folders: dict[str, _Folder] = {}
        self._paths: dict[str, PathOwners] = {}
        self._answers: dict[tuple[frozenset[int], bool], PathOwners] = {}

    def owners(self, path: str) -> PathOwners:
        """The components of a path (surrogateescape for bytes that are not UTF-8).

        A path that matches `no_effect` belongs to nothing, unless a component names exactly this path.
        """
        found = self._paths.get(path)
        if found is None:
            if len(self._paths) >= _REMEMBERED:
                self._paths.clear()
            found = self._paths[path] = self._find(byte_text(path))
        return found

    def _find(self, entry: str) -> PathOwners:
        cut = entry.rfind("/")
        folder = self._folder(entry[:cut]) if cut > 0 else self._root
        takers = self._takers(folder, entry, entry[cut + 1 :], is_folder=False)
        no_effect = 0 in takers
        if no_effect:
            takers = frozenset(n for n in takers if n and entry in self._lists[n].literal_paths)
        answer = self._answers.get((takers, no_effect))
        if answer is None:
            components = frozenset(self._keys[number] for number in takers)
            answer = PathOwners(components, no_effect=no_effect and not components)
            self._answers[takers, no_effect] = answer
        return answer

    def _folder(self, path: str) -> _Folder:
        """Decide a folder after those it lies in, outermost first, as git does."""
        known = self._folders.get(path)
        if known is not None:
            return known
        if len(self._folders) >= _REMEMBERED:
            self._folders.clear()
        folder, entry = self._root, ""
        for name in path.split("/"):
            entry = f"{entry}/{name}" if entry else name
            above, known = folder, self._folders.get(entry)
            if known is None:
                taken_by = self._takers(above, entry, name, is_folder=True)
                open_here = dict.fromkeys((*above.still_open, *self._anchored.get(entry, ())))
                known = _Folder(taken_by, tuple(number for number in open_here if number not in taken_by))
                self._folders[entry] = known
            folder = known
        return folder

    def _takers(self, above: _Folder, entry: str, name: str, *, is_folder: bool) -> frozenset[int]:
        lists, taken_by = self._lists, above.taken_by
        more = [n for n in above.still_open if lists[n].takes(entry, name, is_folder=is_folder)]
        more += [n for n in self._anchored.get(entry, ()) if lists[n].takes(entry, name, is_folder=is_folder)]
        return taken_by.union(more) if more else taken_by


def _read(text: str) -> Pattern:
    try:
        return read_pattern(text)
    except InvalidCallError as error:
        raise InvalidCallError(f"the pattern {text!r} cannot be used: {error.message}", error.hint) from error


def _list(where: str, patterns: Sequence[str]) -> PatternList:
    try:
        return PatternList(patterns)
    except InvalidCallError as error:
        raise InvalidCallError(f"in {where}, {error.message}", error.hint) from error


def _compile(pattern: Pattern) -> _Rule:
    """A rule whose `matches` answers for one file or folder itself, never for what lies in it.

    pathspec's expression also accepts what lies below a match: hence `fullmatch`, except where a pattern ends
    in `**` and means just that. A pattern that is not anchored is compared with the last part of a path
    alone.
    """
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
    return _Rule(pattern.negated, pattern.folders_only, not pattern.anchored, matches)


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
