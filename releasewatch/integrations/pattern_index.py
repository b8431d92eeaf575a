"""Finds what the patterns of a catalog ask of a name, by the folder that it is in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from releasewatch.integrations.pattern_rules import PLAIN_FOLDER, Ending, Exactly, place_of, plain_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from releasewatch.domain.patterns import Pattern
    from releasewatch.integrations.pattern_rules import Test

Keys = list[str]
"""Who has a pattern: the keys of components."""

_NOBODY: Keys = []


@dataclass(frozen=True, slots=True)
class Question:
    """What a pattern asks that cannot be looked up by its text.

    `test` is None where every name passes; `of_path`: it is for the path from the root.
    """

    folders_only: bool
    of_path: bool
    test: Test | None
    keys: Keys

    def takes(self, entry: str, name: str, *, is_folder: bool) -> bool:
        """Whether a file or folder passes."""
        if self.folders_only and not is_folder:
            return False
        return self.test is None or bool(self.test(entry if self.of_path else name))

    @property
    def tells_endings_apart(self) -> bool:
        """Whether names that end alike have one answer, but for a name that it spells out."""
        return self.test is None or (not self.of_path and isinstance(self.test, Ending | Exactly))


@dataclass(slots=True)
class Said:
    """What is asked in a folder that cannot be looked up: who takes all of it, and questions for the names directly in
    it, and at any depth below it."""

    taken_by: Keys = field(default_factory=list)
    inside: list[Question] = field(default_factory=list)
    below: list[Question] = field(default_factory=list)


class PatternIndex:
    """The patterns that exclude nothing, so that their order does not matter.

    Nearly all are plain: a folder that is spelled out, and behind the last slash nothing, `**`, a name or an ending
    (`a/b/`, `a/b/**`, `a/b/c.md`, `a/**/*.md`). Whoever knows a folder and a name knows what the plain patterns are
    called that take it, and looks them up: of twenty thousand, none is taken apart. That each is right is known all the
    same, for of folders and names there are fewer. The others are read, and kept by the folder that they speak of.
    """

    def __init__(self, patterns: Mapping[str, Keys], read: Callable[[str, str], Pattern]) -> None:
        """Patterns with those who have each; `read` takes one apart that somebody has, or says what is wrong."""
        self._plain = dict(patterns)
        self._said: dict[str, Said] = {}
        self.spelled: set[str] = set()
        """Names that a pattern spells out."""
        self.endings: dict[str, str] = {}
        """What stands behind the last slash of a plain pattern (`*.md`) by the ending that it takes (`.md`)."""
        for text in _not_plain(patterns, self.spelled, self.endings):
            del self._plain[text]
            self._keep(read(patterns[text][0], text), patterns[text])

    def said(self, folder: str) -> Said | None:
        """What is asked in a folder (from the root, in byte text) by patterns that are not plain; nothing in most."""
        return self._said.get(folder)

    def whole(self, folder: str) -> Keys:
        """Who takes a folder, or everything in it."""
        plain = self._plain
        found: Keys = []
        for text in (f"{folder}/", f"/{folder}/", f"{folder}/**", f"/{folder}/**"):
            if text in plain:
                found += plain[text]
        return found

    def inside(self, folder: str, last: str) -> Keys:
        """Who has a plain pattern for this folder alone, with this behind its last slash."""
        return self._plain.get(f"{folder}/{last}", _NOBODY) + self._plain.get(f"/{folder}/{last}", _NOBODY)

    def below(self, folder: str, last: str) -> Keys:
        """Who has one for all that is below it."""
        return self._plain.get(f"{folder}/**/{last}", _NOBODY) + self._plain.get(f"/{folder}/**/{last}", _NOBODY)

    def _keep(self, pattern: Pattern, keys: Keys) -> None:
        how, folder, folders_only, test = place_of(pattern)
        if how == "is" and not folders_only:
            folder, _, name = folder.rpartition("/")
            test = Exactly(name)
        said = self._said.setdefault(folder, Said())
        if (how == "is" and folders_only) or (how in ("in", "under") and test is None and not folders_only):
            said.taken_by += keys
            return
        if isinstance(test, Exactly):
            self.spelled.add(test.text)
        questions = said.inside if how in ("is", "in") else said.below
        questions.append(Question(folders_only, how == "deep", test, keys))


def _not_plain(texts: Iterable[str], spelled: set[str], endings: dict[str, str]) -> list[str]:
    """Those of some patterns that have no plain form. Names and endings of the others are put into `spelled` and
    `endings`."""
    folders: dict[str, bool] = {}
    names: dict[str, bool] = {}
    others: list[str] = []
    for text in texts:
        folder, _, name = text.rpartition("/")
        usable = folders.get(folder)
        if usable is None:
            usable = folders[folder] = PLAIN_FOLDER.fullmatch(folder) is not None
        if name == "**" or not name:
            # Of all that is below a folder there is no plain way to say so, and `a/` is any folder of that name.
            if usable and not folder.endswith("/**") and (name or "/" in folder):
                continue
        elif usable:
            if name not in names:
                test = plain_name(name)
                names[name] = isinstance(test, Ending | Exactly)
                if isinstance(test, Ending):
                    endings[test.text] = name
                elif isinstance(test, Exactly):
                    spelled.add(name)
            if names[name]:
                continue
        others.append(text)
    return others
