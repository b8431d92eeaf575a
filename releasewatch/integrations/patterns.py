"""Finds the components that a path belongs to, by gitignore patterns read as git reads them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from operator import methodcaller
from typing import TYPE_CHECKING

from releasewatch.domain.catalog import Catalog, PathOwners
from releasewatch.domain.patterns import Pattern, byte_text, read_pattern
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.pattern_index import PatternIndex
from releasewatch.integrations.pattern_rules import Rule, compile_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from releasewatch.integrations.pattern_index import Keys, Question

_EXCLUDES = methodcaller("startswith", "!")

_REMEMBERED = 1 << 15
"""How many paths and folders are remembered before the memory starts anew: it stays flat on any history."""


class PatternList:
    """Patterns in the order written, which decide as one ignore file does: the last one that matches wins.

    pathspec translates each pattern. Its `GitIgnoreSpec` does not make the decision: it lets `!` re-include
    what lies in an excluded folder (its issue 129). Nor are its classes used: there `[!a]` matches a slash,
    and neither `[[:alpha:]]` nor an escape means what it means to git.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        """Raises InvalidCallError for a pattern that `read_pattern` refuses."""
        self.texts = tuple(patterns)
        self.read = tuple(map(_read, self.texts))
        self.excludes = any(pattern.negated for pattern in self.read)

    @cached_property
    def literal_paths(self) -> frozenset[str]:
        """The paths that patterns spell out."""
        return frozenset(path for one in self.read if not one.negated and (path := one.literal_path) is not None)

    @cached_property
    def anchors(self) -> frozenset[str]:
        """Folders or paths, in byte text, at or below which alone something can match; `""` is anywhere."""
        return frozenset("/".join(pattern.literal_folders) for pattern in self.read if not pattern.negated)

    @cached_property
    def _rules(self) -> tuple[Rule, ...]:
        """The last pattern first; compiled when first asked: most components of a large repo never are."""
        return tuple(compile_rule(pattern) for pattern in reversed(self.read))

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


@dataclass(slots=True)
class _Folder:
    """Who takes all of a folder, and what may take something in it.

    - `still_open`: lists that exclude as well, so that their patterns are asked in their order.
    - `inside`, `below`: what must be asked of the names directly in it, and at any depth.
    - `known`: where names that end alike have one answer, but for those that a pattern spells out, the answer by the
      ending (`""` for none); None where something asks for more.
    - `looked_up`: who has a plain pattern for all below it, by what is behind that pattern's last slash.
    """

    path: str
    above: _Folder | None
    taken_by: frozenset[str]
    still_open: tuple[str, ...]
    inside: Sequence[Question]
    below: Sequence[Question]
    known: dict[str, PathOwners] | None
    looked_up: dict[str, Keys] = field(default_factory=dict)


class GitignoreMapper:
    """A `PathMapper` for one catalog.

    Component patterns mostly begin with a literal folder. Each folder of the tree is decided once, by the patterns that
    speak of it, and a path is held against the few that can reach it, however many components there are; mostly not
    even that, when another file of its folder has the same ending. Where a list excludes nothing, its patterns need no
    order (`PatternIndex`); a list with a `!` is asked as a whole.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Raises InvalidCallError for a pattern that can mean nothing."""
        self._texts = {"": catalog.no_effect, **{component.key: component.paths for component in catalog.components}}
        self._lists: dict[str, PatternList] = {}
        self._anchored: dict[str, tuple[str, ...]] = {}
        patterns: defaultdict[str, Keys] = defaultdict(list)  # components that are alike have patterns that are
        for key, texts in self._texts.items():
            if "!" in "".join(texts) and any(map(_EXCLUDES, texts)):
                for anchor in self._list(key).anchors:
                    self._anchored[anchor] = (*self._anchored.get(anchor, ()), key)
                continue
            for text in texts:
                patterns[text].append(key)
        self._index = PatternIndex(patterns, self._read)
        self._root = self._opened(None, "", frozenset(), self._anchored.get("", ()))
        self._folders: dict[str, _Folder] = {}
        self._paths: dict[str, PathOwners] = {}

    def _read(self, key: str, text: str) -> Pattern:
        try:
            return _read(text)
        except InvalidCallError as error:
            raise _named(key, error) from error

    def _list(self, key: str) -> PatternList:
        """The patterns of one list as a whole: few are asked so. Raises InvalidCallError."""
        found = self._lists.get(key)
        if found is None:
            try:
                found = self._lists[key] = PatternList(self._texts[key])
            except InvalidCallError as error:
                raise _named(key, error) from error
        return found

    def owners(self, path: str) -> PathOwners:
        """The components of a path (surrogateescape for bytes that are not UTF-8).

        A path that matches `no_effect` belongs to nothing, unless a component names exactly this path.
        """
        found = self._paths.get(path)
        if found is None:
            if len(self._paths) >= _REMEMBERED:
                self._paths.clear()
            found = self._paths[path] = self._find(path if path.isascii() else byte_text(path))
        return found

    def _find(self, entry: str) -> PathOwners:
        parent, _, name = entry.rpartition("/")
        folder = self._folders.get(parent) or self._folder(parent)
        alike = folder.known
        if alike is None or name in self._index.spelled or entry in self._anchored:
            return self._answer(self._takers(folder, entry, name, is_folder=False), entry)
        at = name.rfind(".")
        ending = name[at:] if at >= 0 else ""
        found = alike.get(ending)
        if found is None:
            takers = self._takers(folder, entry, name, is_folder=False)
            found = self._answer(takers, entry)
            if "" not in takers:  # else it depends on the whole path
                alike[ending] = found
        return found

    def _answer(self, takers: frozenset[str], entry: str) -> PathOwners:
        if "" not in takers:
            return PathOwners(takers)
        spelled = frozenset(key for key in takers if key and entry in self._list(key).literal_paths)
        return PathOwners(spelled, no_effect=not spelled)

    def _folder(self, path: str) -> _Folder:
        """Decide a folder after those it lies in, outermost first, as git does."""
        if len(self._folders) >= _REMEMBERED:
            self._folders.clear()
        undecided: list[tuple[str, str]] = []
        known: _Folder | None = None
        while path and (known := self._folders.get(path)) is None:
            parent, _, name = path.rpartition("/")
            undecided.append((path, name))
            path = parent
        folder = known or self._root
        for entry, name in reversed(undecided):
            folder = self._folders[entry] = self._decide(folder, entry, name)
        return folder

    def _decide(self, above: _Folder, entry: str, name: str) -> _Folder:
        """A folder by the one it lies in; what has taken it need not be asked about what is in it."""
        taken_by = self._takers(above, entry, name, is_folder=True)
        still_open: tuple[str, ...] = ()
        if self._anchored:
            open_here = dict.fromkeys((*above.still_open, *self._anchored.get(entry, ())))
            still_open = tuple([key for key in open_here if key not in taken_by])
        return self._opened(above, entry, taken_by, still_open)

    def _opened(
        self, above: _Folder | None, entry: str, taken_by: frozenset[str], still_open: tuple[str, ...]
    ) -> _Folder:
        """A folder that some have taken, with what is said of it."""
        whole = self._index.whole(entry)
        inside = below = above.below if above is not None else ()
        said = self._index.said(entry)
        if said is not None:
            whole += said.taken_by
            below = (*below, *said.below)
            inside = (*below, *said.inside)
        taken_by = taken_by.union(whole) if whole else taken_by
        alike = not still_open and (not inside or all(one.tells_endings_apart for one in inside))
        return _Folder(entry, above, taken_by, still_open, inside, below, {} if alike else None)

    def _takers(self, above: _Folder, entry: str, name: str, *, is_folder: bool) -> frozenset[str]:
        """Who takes a file or folder, and who has taken the one it lies in."""
        index = self._index
        more: Keys = []
        last = index.endings.get(name[name.rfind(".") :])
        if last is not None:
            more = index.inside(above.path, last) + self._below(above, last)
        if name in index.spelled:
            more += index.inside(above.path, name)
            more += self._below(above, name)
        for question in above.inside:
            if question.takes(entry, name, is_folder=is_folder):
                more += question.keys
        if self._anchored:
            whole = (*above.still_open, *self._anchored.get(entry, ()))
            more += [key for key in whole if self._list(key).takes(entry, name, is_folder=is_folder)]
        return above.taken_by.union(more) if more else above.taken_by

    def _below(self, folder: _Folder, last: str) -> Keys:
        """Who has a plain pattern that ends so for all below a folder, or below one that it lies in."""
        waiting: list[_Folder] = []
        at: _Folder | None = folder
        keys: Keys | None = None
        while at is not None and (keys := at.looked_up.get(last)) is None:
            waiting.append(at)
            at = at.above
        found = keys or []
        for one in reversed(waiting):
            here = self._index.below(one.path, last)
            found = one.looked_up[last] = found + here if here else found
        return found


def _named(key: str, error: InvalidCallError) -> InvalidCallError:
    return InvalidCallError(f"in {key or 'no_effect'}, {error.message}", error.hint)


def _read(text: str) -> Pattern:
    try:
        return read_pattern(text)
    except InvalidCallError as error:
        raise InvalidCallError(f"the pattern {text!r} cannot be used: {error.message}", error.hint) from error
