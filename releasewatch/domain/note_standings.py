"""Works out, for every change of a set, how far outward it may be told: merges and reverts included."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from releasewatch.domain.audiences import (
    INSIDE,
    SILENT,
    Audience,
    Standing,
    Words,
    may_read,
    narrowest,
    read_words,
    settle,
    visibility_limit,
)
from releasewatch.domain.messages import without_pull_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from releasewatch.domain.catalog import Visibility
    from releasewatch.domain.notes import NoteChange, NotesInput

_Id = tuple[str, str]
"""Side and sha: with several baselines a commit may be added against one and removed against another."""

NO_SUBJECT = "(no subject)"
"""What stands for the text of a change whose message is empty."""


@dataclass(slots=True)
class Reading:
    """One change with everything that was decided about it.

    - `above`: the merges that brought it, innermost first. `members`: of a merge that can stand for what it brought,
      the plain changes it brought itself; `represented_by` is the way back.
    - `void`: it was undone inside the range, or does nothing but undo what it `undoes` there: engineering alone.
    - `leads`: a merge whose title says more than the single commits, in a history where that orders the notes.
    - `live`: the components that matter for readers outside: its own and its members', without those not deployed.
    - `touches`: the same with the baselines, where the notes know them (`NoteChange.touches`).
    - `stated`: what people said of it (trailers, edits, visibility), apart from what follows of itself.
    """

    change: NoteChange
    words: Words = SILENT
    above: tuple[Reading, ...] = ()
    members: list[Reading] = field(default_factory=list)
    represented_by: Reading | None = None
    leads: bool = False
    void: bool = False
    undoes: set[str] = field(default_factory=set)
    live: tuple[str, ...] = ()
    touches: frozenset[tuple[str, int]] = frozenset()
    standing: Standing = INSIDE
    after_embargo: Audience = "engineering"
    stated: Audience = "customer"

    @property
    def wording(self) -> str | None:
        """The sentence for readers outside, if the change has one."""
        return self.words.wording

    def subject(self) -> str:
        """What it calls itself: a merge by its pull request's title, a conventional one without type and scope."""
        change = self.change
        return without_pull_request(change.description or change.title or change.subject)

    def outward(self) -> str:
        """Its text for readers outside."""
        return self.wording or self.subject() or NO_SUBJECT

    def stands_for(self, audience: Audience) -> bool:
        """Whether this merge is told to an audience in place of what it brought.

        Not when it may not be told, and not when a commit of it has a sentence of its own and the merge has none.
        """
        if audience == "engineering" or not self.wording:
            if not (self.leads and self.members):
                return False
            if audience == "engineering":
                return True
        if not self.wording and any(member.wording for member in self.members):
            return False
        return self.is_told_to(audience)

    def is_told_to(self, audience: Audience) -> bool:
        """Whether an audience learns of it at all, be it as a number."""
        return may_read(audience, self.standing.audience) or (audience == "customer" and self.standing.counted)


def is_conventional(changes: Iterable[NoteChange]) -> bool:
    """Whether most subjects of plain commits follow Conventional Commits: then their types order the notes."""
    plain = [change for change in changes if not change.is_merge]
    return 2 * sum(1 for change in plain if change.type) > len(plain)


def read_standings(given: NotesInput) -> tuple[list[Reading], bool]:
    """Every change with its standing, in the order given; and whether the history is conventional."""
    readings: dict[_Id, Reading] = {}
    for number, change in enumerate(given.changes):
        words = read_words(change.trailers, given.edits.get(change.sha), given.now)
        readings[change.side, change.sha or f"#{number}"] = Reading(change, words)
    conventional = is_conventional(reading.change for reading in readings.values())
    _link(readings, conventional)
    _mark_void(readings)
    visible: dict[tuple[str, ...], Audience] = {}  # many changes touch the same components
    for reading in readings.values():
        _decide(reading, given, visible)
    return list(readings.values()), conventional


def _link(readings: Mapping[_Id, Reading], conventional: bool) -> None:
    """Connect commits with the merges that brought them; plain ones become members of the nearest that says more."""
    for reading in readings.values():
        reading.leads = reading.change.is_merge and not conventional and _says_more(reading.change)
    for reading in readings.values():
        if reading.change.merged_by is None:
            continue
        reading.above = tuple(_ancestors(reading.change, readings))
        if not reading.change.is_merge:
            merge = next((merge for merge in reading.above if merge.leads or merge.wording), None)
            if merge is not None:
                merge.members.append(reading)
                reading.represented_by = merge


def _ancestors(change: NoteChange, readings: Mapping[_Id, Reading]) -> Iterator[Reading]:
    seen: set[str] = set()
    sha = change.merged_by
    while sha is not None and sha not in seen:
        seen.add(sha)
        merge = readings.get((change.side, sha))
        if merge is None:
            return
        yield merge
        sha = merge.change.merged_by


def _says_more(merge: NoteChange) -> bool:
    """A pull request's title, or a subject that is not git's own, says more than the single commits do."""
    return merge.title is not None or not merge.subject.startswith("Merge")


def _mark_void(readings: Mapping[_Id, Reading]) -> None:
    for (side, _), reading in readings.items():
        if reading.change.reverted_by:
            reverter = readings.get((side, reading.change.reverted_by))
            if reverter is not None:
                reverter.undoes.add(reading.change.sha)
    for reading in readings.values():
        undone = reading.change.reverted_by or any(merge.change.reverted_by for merge in reading.above)
        reading.void = bool(undone or reading.undoes)
    for reading in readings.values():
        if reading.members and not reading.change.components and all(one.void for one in reading.members):
            reading.void = True


def _decide(reading: Reading, given: NotesInput, visible_of: dict[tuple[str, ...], Audience]) -> None:
    """Narrowest of everything that speaks: its own words, those of the merges above it, its members, its components.

    `visible_of`: what was found of components, put there for the next change that touches the same.
    """
    change, words = reading.change, reading.words
    speaking = [one for one in (words, *[merge.words for merge in reading.above]) if one is not SILENT]
    keys = change.components
    reading.touches = change.touches
    if reading.members:
        speaking += _words_of_members(reading)
        reading.touches = change.touches.union(*(one.change.touches for one in reading.members))
        keys = tuple(dict.fromkeys((*keys, *(key for one in reading.members for key in one.change.components))))
    reading.live = tuple([key for key in keys if key not in given.not_deployed]) if given.not_deployed else keys
    visible = visible_of.get(keys)
    if visible is None:
        visible = visible_of[keys] = visibility_limit(_visibility(key, given) for key in keys)
    bound = visible
    nothing_there = (keys and not reading.live) or (change.is_merge and not keys and not words.wording)
    if reading.void or nothing_there or (reading.members and _is_half_undone(reading)):
        bound = "engineering"
    elif not keys and given.components and not words.wording:
        # A catalog is there and claims no path of it: nobody said that customers may know what it is about.
        bound = "account"
    reading.stated = reading.after_embargo = visible
    if speaking:
        reading.stated = narrowest([visible, *(one.limit for one in speaking)])
        reading.after_embargo = narrowest([bound, *(one.limit_after_embargo for one in speaking)])
    reading.standing = settle(
        bound if bound == reading.stated else narrowest((bound, reading.stated)),
        has_wording=bool(words.wording),
        has_component=bool(reading.live),
        subjects=given.subjects,
    )


def _visibility(key: str, given: NotesInput) -> Visibility:
    label = given.components.get(key)
    return label.visibility if label is not None else "internal"


def _words_of_members(merge: Reading) -> Iterator[Words]:
    """What the commits that a merge brought say about how far it may go; those that were undone say nothing.

    A merge's own sentence was written for readers outside, so a commit that has none to give (`Release-note: none`)
    does not take it away.
    """
    for member in merge.members:
        if not member.void and member.words is not SILENT:
            yield replace(member.words, none=False) if merge.wording else member.words


def _is_half_undone(merge: Reading) -> bool:
    """Whether a commit that it brought was undone, or undoes, across its border: then its title does not hold."""
    if not any(member.void for member in merge.members):
        return False
    inside = {one.change.sha for one in merge.members}
    return any(
        not {member.change.reverted_by or member.change.sha, *member.undoes} <= inside
        for member in merge.members
        if member.void
    )
