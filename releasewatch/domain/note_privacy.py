"""Notes for a channel on which no name may be shown: without who did it, and without texts that name somebody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from releasewatch.domain.notes import NoteGroup
from releasewatch.domain.privacy import WITHHELD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from releasewatch.domain.notes import NoteItem, Notes, NoteSection


def texts_in(notes: Notes) -> Iterator[str]:
    """Every text of notes that somebody wrote: subjects, sentences, paths, the release's name. Titles of components are
    of the catalog."""
    yield notes.release or ""
    for section in (*notes.sections, *notes.removed):
        for group in section.groups:
            for item in group.items:
                yield from _texts_of(item)
    yield from notes.unmapped_sample
    yield from (path for path, _ in notes.merge_paths)
    yield from (problem for _, problem in notes.problems)


def without_names(notes: Notes, hides: Callable[[str], bool]) -> tuple[Notes, int]:
    """The notes with a few words in place of each text that is hidden, and how many those were; nobody is named."""
    many = 0

    def shown(text: str) -> str:
        nonlocal many
        if not text or not hides(text):
            return text
        many += 1
        return WITHHELD

    def of_item(item: NoteItem) -> NoteItem:
        return replace(
            item,
            text=shown(item.text),
            wording=shown(item.wording),
            breaking_note=shown(item.breaking_note),
            authors=(),
            commits=tuple(map(of_item, item.commits)),
        )

    def of_section(section: NoteSection) -> NoteSection:
        groups = tuple(NoteGroup(group.title, tuple(map(of_item, group.items))) for group in section.groups)
        return replace(section, groups=groups)

    made = replace(
        notes,
        release=shown(notes.release) if notes.release else notes.release,
        actor=None,
        sections=tuple(map(of_section, notes.sections)),
        removed=tuple(map(of_section, notes.removed)),
        unmapped_sample=tuple(map(shown, notes.unmapped_sample)),
        merge_paths=tuple((shown(path), sha) for path, sha in notes.merge_paths),
        problems=tuple((sha, shown(problem)) for sha, problem in notes.problems),
    )
    return made, many


def _texts_of(item: NoteItem) -> Iterator[str]:
    yield from (item.text, item.wording, item.breaking_note)
    for commit in item.commits:
        yield from _texts_of(commit)
