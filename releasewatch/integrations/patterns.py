"""Finds the components that a path belongs to, by gitignore patterns read as git reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import methodcaller
from types import MappingProxyType
from typing import TYPE_CHECKING

from releasewatch.domain.catalog import Catalog, PathOwners
from releasewatch.domain.patterns import Pattern, byte_text, read_pattern
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.pattern_rules import Ending, Exactly, Rule, compile_rule, place_of, place_of_common

if TYPE_CHECKING:
    from collections.abc import Iterable

    from releasewatch.integrations.pattern_rules import Test

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


_Question = tuple[bool, "Test | None"]
"""Whether folders alone are meant, and the test that a name (or path) has to pass."""

_Asked = Mapping[_Question, Sequence[int]]
"""The numbers of the lists that ask a question: many ask the same one, and it is answered once."""


_NOTHING: _Asked = MappingProxyType({})


@dataclass(slots=True)
class _Folder:
    """Which pattern lists (by number) take a whole folder, and what may take something below it.

    `still_open`: lists that exclude as well, so that their patterns are asked in their order. `inside`, `under` and
    `deep`: single patterns of the others (`Place`). Where those ask a name for its ending, or whether it is one that
    they spell out, names that end alike have one answer, but for those in `named` (None where something asks for more).
    `alike` keeps it by ending, apart for files (`.md`; `""` for none) and folders (`.d/`, `/`).
    """

    taken_by: frozenset[int]
    still_open: tuple[int, ...]
    inside: _Asked
    under: _Asked
    deep: _Asked
    named: frozenset[str] | None = field(init=False)
    alike: dict[str, frozenset[int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.named = None
        if self.deep or self.still_open:
            return
        named: list[str] = []
        for _, test in (*self.inside, *self.under):
            if isinstance(test, Exactly):
                named.append(test.text)
            elif test is not None and not isinstance(test, Ending):
                return
        self.named = frozenset(named)


class GitignoreMapper:
    """A `PathMapper` for one catalog.

    Component patterns mostly begin with a literal folder. Each folder of the tree is decided once, and a path is held
    against the few patterns that can reach it, however many components there are; mostly not even that, when another
    file of its folder has the same ending. Where a list excludes nothing, its patterns need no order, and each is
    looked up by its own folder; a list with a `!` is asked as a whole.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._keys = ("", *(component.key for component in catalog.components))
        self._texts = (catalog.no_effect, *(component.paths for component in catalog.components))
        self._lists: dict[int, PatternList] = {}
        self._anchored: dict[str, tuple[int, ...]] = {}
        self._placed: dict[str, dict[str, dict[_Question, list[int]]]] = {"is": {}, "in": {}, "under": {}, "deep": {}}
        askers: dict[str, list[int]] = {}  # components that are alike have patterns that are
        folders: dict[str, str | None] = {}
        for number, texts in enumerate(self._texts):
            if any(map(_EXCLUDES, texts)):
                for anchor in self._list(number).anchors:
                    self._anchored[anchor] = (*self._anchored.get(anchor, ()), number)
                continue
            for text in texts:
                found = askers.get(text)
                if found is None:
                    found = askers[text] = self._askers_of(number, text, folders)
                found.append(number)
        self._root = self._below("", frozenset(), self._anchored.get("", ()), _NOTHING, _NOTHING)
        self._folders: dict[str, _Folder] = {}
        self._paths: dict[str, PathOwners] = {}
        self._answers: dict[tuple[frozenset[int], bool], PathOwners] = {}

    def _askers_of(self, number: int, text: str, folders: dict[str, str | None]) -> list[int]:
        """The lists that ask what a pattern asks, where it is looked up. Raises InvalidCallError."""
        place = place_of_common(text, folders)
        if place is None:
            try:
                place = place_of(_read(text))
            except InvalidCallError as error:
                raise self._named(number, error) from error
        how, folder, folders_only, test = place
        return self._placed[how].setdefault(folder, {}).setdefault((folders_only, test), [])

    def _list(self, number: int) -> PatternList:
        """The patterns of one list as a whole: few are asked so. Raises InvalidCallError."""
        found = self._lists.get(number)
        if found is None:
            try:
                found = self._lists[number] = PatternList(self._texts[number])
            except InvalidCallError as error:
                raise self._named(number, error) from error
        return found

    def _named(self, number: int, error: InvalidCallError) -> InvalidCallError:
        return InvalidCallError(f"in {self._keys[number] or 'no_effect'}, {error.message}", error.hint)

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
        parent, _, name = entry.rpartition("/")
        folder = self._folder(parent) if parent else self._root
        takers = self._takers(folder, entry, name, is_folder=False)
        no_effect = 0 in takers
        if no_effect:
            takers = frozenset(n for n in takers if n and entry in self._list(n).literal_paths)
        answer = self._answers.get((takers, no_effect))
        if answer is None:
            components = frozenset(map(self._keys.__getitem__, takers))
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
                known = self._folders[entry] = self._decide(above, entry, name)
            folder = known
        return folder

    def _decide(self, above: _Folder, entry: str, name: str) -> _Folder:
        """A folder by the one it lies in; what has taken it need not be asked about what is in it."""
        taken_by = self._takers(above, entry, name, is_folder=True)
        open_here = dict.fromkeys((*above.still_open, *self._anchored.get(entry, ())))
        still_open = tuple([number for number in open_here if number not in taken_by])
        return self._below(entry, taken_by, still_open, above.under, above.deep)

    def _below(
        self, entry: str, taken_by: frozenset[int], still_open: tuple[int, ...], under: _Asked, deep: _Asked
    ) -> _Folder:
        placed = self._placed
        return _Folder(
            taken_by,
            still_open,
            placed["in"].get(entry, _NOTHING),
            _and_here(under, placed["under"].get(entry)),
            _and_here(deep, placed["deep"].get(entry)),
        )

    def _takers(self, above: _Folder, entry: str, name: str, *, is_folder: bool) -> frozenset[int]:
        """The lists that take a file or folder, and those that have taken the one it lies in."""
        if above.named is None or name in above.named:
            found = self._ask(above, entry, name, is_folder=is_folder)
        else:
            _, dot, ending = name.rpartition(".")
            alike = (dot + ending if dot else "") + "/" * is_folder
            known = above.alike.get(alike)
            if known is None:
                known = above.alike[alike] = self._ask(above, entry, name, is_folder=is_folder)
            found = known
        exactly = self._placed["is"].get(entry)
        if exactly is not None:
            found = found.union(*(numbers for (only, _), numbers in exactly.items() if is_folder or not only))
        if self._anchored:
            whole = (*above.still_open, *self._anchored.get(entry, ()))
            found = found.union([n for n in whole if self._list(n).takes(entry, name, is_folder=is_folder)])
        return found

    def _ask(self, above: _Folder, entry: str, name: str, *, is_folder: bool) -> frozenset[int]:
        more: list[int] = []
        for asked, of in ((above.inside, name), (above.under, name), (above.deep, entry)):
            for (folders_only, test), numbers in asked.items():
                if (is_folder or not folders_only) and (test is None or test(of)):
                    more += numbers
        return above.taken_by.union(more) if more else above.taken_by


def _and_here(above: _Asked, here: _Asked | None) -> _Asked:
    """What is asked below a folder: what was above it, and what is here."""
    if not here:
        return above
    return {**above, **{question: (*above.get(question, ()), *numbers) for question, numbers in here.items()}}


def _read(text: str) -> Pattern:
    try:
        return read_pattern(text)
    except InvalidCallError as error:
        raise InvalidCallError(f"the pattern {text!r} cannot be used: {error.message}", error.hint) from error
