"""Several deployments told as one: each change once, and nothing as new that was taken back within the period."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from releasewatch.domain.messages import named_customers, without_pull_request
from releasewatch.domain.notes import CustomerScope, NoteChange, NotesInput, Period

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from releasewatch.domain.audiences import Subjects
    from releasewatch.domain.deployments import Place
    from releasewatch.domain.releases import Side

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Part:
    """One deployment of a period: its notes, and where it went."""

    given: NotesInput
    targets: tuple[Place, ...]


@dataclass(slots=True)
class _Story:
    """What became of one change over the period.

    How it was first told and in which deployments; the cells where it is by the end, of those it came to; all
    components it was told of; which deployment took it back, or brought back what had been taken.
    """

    change: NoteChange
    first: Side
    told_in: set[str] = field(default_factory=set)
    live: set[tuple[str, Place]] = field(default_factory=set)
    components: set[str] = field(default_factory=set)
    undone_by: str = ""


def merge_parts(
    parts: Sequence[Part], period: Period, now: datetime, subjects: Subjects, *, for_one: bool = False
) -> NotesInput:
    """The notes of a period, of its succeeded deployments from the oldest on.

    A change that several brought stands there once. What was rolled back in every place that it went to, and what a
    later deployment reverted, is undone: engineering alone is told. `for_one`: the parts are those that reach one
    customer, for whom a rollback anywhere counts, because which places are theirs is not told apart here.
    """
    stories: dict[str, _Story] = {}
    for part in parts:
        _tell(stories, part, for_one=for_one)
    changes = [_net(story) for story in reversed(stories.values())]
    _mark_later_reverts(changes, {story.change.sha: story.told_in for story in stories.values()})
    given = [part.given for part in parts]
    live = {key for change in changes for key in change.components}
    return NotesInput(
        repo=", ".join(sorted({one.repo for one in given})),
        head=None,
        now=now,
        environment=given[-1].environment if given else None,
        deployment=_named([one.deployment or "" for one in given]) or None,
        period=period,
        changes=changes,
        components={key: label for one in given for key, label in one.components.items()},
        sources=_united_sources(given),
        not_deployed=frozenset(key for one in given for key in one.not_deployed) - live,
        has_blank=any(one.has_blank for one in given),
        unmapped=_unmapped(given),
        unmapped_sample=tuple(dict.fromkeys(path for one in given for path in one.unmapped_sample)),
        merge_paths={path: sha for one in given for path, sha in one.merge_paths.items()},
        history_complete=all(one.history_complete for one in given),
        why_incomplete=next((one.why_incomplete for one in given if one.why_incomplete), None),
        subjects=subjects,
        edits={sha or one.deployment or "": edit for one in given for sha, edit in one.edits.items()},
    )


def only_for(given: NotesInput, scope: CustomerScope) -> NotesInput:
    """One deployment with the changes that reach one customer by it: it may go where another component is theirs.

    Merges stay with what they brought, which is told of under their title.
    """
    kept = [_reaches(given, change, scope) or _names_one(change, scope) for change in given.changes]
    if not any(kept):
        return replace(given, changes=())
    changes = [change for change, keep in zip(given.changes, kept, strict=True) if keep or change.is_merge]
    return replace(given, changes=changes)


def _reaches(given: NotesInput, change: NoteChange, scope: CustomerScope) -> bool:
    if scope.origins is not None:
        return scope.concerns(change.touches)
    return any(key == own or key in given.sources.get(own, ()) for own in scope.components for key in change.components)


def _names_one(change: NoteChange, scope: CustomerScope) -> bool:
    return not scope.refs.isdisjoint(named_customers(change.trailers))


def _tell(stories: dict[str, _Story], part: Part, *, for_one: bool) -> None:
    """Oldest change first, so that the newest deployment's changes end up last, and first in the document."""
    name = part.given.deployment or ""
    added = {change.sha for change in part.given.changes if change.side == "added"}
    for change in reversed(part.given.changes):
        components = [key for key in change.components if key not in part.given.not_deployed]
        if change.components and not components:
            continue  # it went nowhere; the deployment that brings it will tell of it
        if change.side == "removed" and change.sha in added:
            continue  # against another baseline it came here
        # One without git goes by its deployment: what people said of it by hand must not be taken for another's.
        key = change.sha or name
        story = stories.pop(key, None) or _Story(replace(change, sha=key), change.side)
        stories[key] = story
        story.told_in.add(name)
        story.components |= set(components)
        if change.side == "added":
            merged_by = change.merged_by or story.change.merged_by
            story.change = replace(change, sha=key, merged_by=merged_by, side=story.first)
            story.live |= {(key, at) for key in components or [""] for at in part.targets}
            story.undone_by = name if story.first == "removed" else ""
        else:
            story.live -= {
                (key, at)
                for key, at in story.live
                if key in (components or [""]) and (for_one or any(target.covers(at) for target in part.targets))
            }
            if story.first == "added" and not story.live:
                story.undone_by = name


def _net(story: _Story) -> NoteChange:
    reverted_by = story.undone_by or story.change.reverted_by
    here = {key for key, _ in story.live if key} if story.first == "added" else set()
    components = tuple(sorted(here or story.components))
    # Numbers of baselines are a deployment's own.
    return replace(story.change, components=components, touches=frozenset(), reverted_by=reverted_by)


def _mark_later_reverts(changes: Sequence[NoteChange], told_in: Mapping[str, set[str]]) -> None:
    """Mark what a later deployment reverted; `changes` come newest first. Within one, that was decided when recorded.

    A revert that was itself undone undoes nothing, and one that leaves a component of the other untouched leaves it
    standing. What a revert had undone stands again when the revert is undone.
    """
    by_sha = {change.sha: change for change in changes if change.sha and change.side == "added"}
    for at, reverter in enumerate(changes):
        if reverter.side != "added" or reverter.reverted_by or not (reverter.reverts or reverter.reverts_subjects):
            continue
        for target in _targets(reverter, changes[at + 1 :], by_sha):
            is_told_together = not told_in[target.sha].isdisjoint(told_in[reverter.sha])
            if target.reverted_by or is_told_together or not set(target.components) <= set(reverter.components):
                continue
            target.reverted_by = reverter.sha
            for restored in changes:
                if restored.side == "added" and restored.reverted_by == target.sha:
                    restored.reverted_by = None
                    restored.components = restored.components or reverter.components


def _targets(reverter: NoteChange, older: Sequence[NoteChange], by_sha: dict[str, NoteChange]) -> Iterator[NoteChange]:
    found = [by_sha[sha] for sha in reverter.reverts if sha in by_sha and by_sha[sha] is not reverter]
    if found or reverter.reverts:
        yield from found
        return
    for subject in reverter.reverts_subjects:
        fits = (one for one in older if one.side == "added" and subject in _names(one))
        target = next(fits, None)
        if target is not None:
            yield target


def _names(change: NoteChange) -> set[str | None]:
    return {change.subject, without_pull_request(change.subject), change.title}


def _united_sources(given: Iterable[NotesInput]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for one in given:
        for key, sources in one.sources.items():
            found[key] = found.get(key, frozenset()) | sources
    return found


def _unmapped(given: Sequence[NotesInput]) -> int:
    """How many paths belong to no component; where not all are known by name, one may be counted twice."""
    if all(one.unmapped == len(one.unmapped_sample) for one in given):
        return len({path for one in given for path in one.unmapped_sample})
    return sum(one.unmapped for one in given)


def _named(ids: Sequence[str]) -> str:
    unique = list(Counter(ids))
    if len(unique) <= _SHOWN:
        return ", ".join(unique)
    return f"{len(unique)}, from {unique[0]} to {unique[-1]}"
