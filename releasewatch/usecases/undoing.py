"""Which earlier deployments a deployment takes back, and which later ones take it back: ledger and git together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from releasewatch.domain.deployments import Cell, Later, Place, possible_stand_ins, standing_in
from releasewatch.domain.footprint import Footprint, OriginFact
from releasewatch.domain.releases import Commit, Range, printable_path
from releasewatch.domain.undoing import Carried, CarriedPath, Judgement, Since, is_partly_gone, judge
from releasewatch.errors import UnknownNameError
from releasewatch.ports import History
from releasewatch.storage import catalogs, undoing, windows
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.windows import CellSet, Ending
from releasewatch.usecases.record_facts import Seen

_ESCAPED_BYTE = re.compile(r"\\x([0-9a-f]{2})")


def endings_of_earlier(
    ledger: Ledger,
    history: History,
    seen: Seen,
    footprint: Footprint,
    ranges: Mapping[str | None, Range],
    head: str,
) -> list[Ending]:
    """The windows of earlier deployments that this one ends, with the reason, cell by cell.

    Candidates are found by commits (those that left, were reverted, or came back) and by content (a path that is again
    what it was before), so that a year of deployments that nobody takes back costs nothing.
    """
    found: list[Ending] = []
    if seen.repo_id is None or seen.environment_id is None:
        return found
    judge_at = _Judge(ledger, history, seen)
    for number, block in enumerate(footprint.blocks):
        if block.baseline.source != "deployment" or block.range == "none":
            continue
        since = judge_at.since(ranges[block.baseline.base])
        with ledger.read() as connection:
            ids = catalogs.component_ids(connection, block.components)
            keys = {component_id: key for key, component_id in ids.items()}
            suspects = _suspects(connection, seen, footprint, number, since)
            where = possible_stand_ins(block.places)
            cells = CellSet(seen.repo_id, seen.environment_id, frozenset(keys), where)
            rows = windows.open_origins(
                connection, cells, seen.standing.opened_at, seen.number, suspects, with_named=True
            )
            grids = windows.grids(connection, (row.deployment_id for row in rows))
            carried = undoing.load_carried(connection, rows)
        since = replace(since, blobs=_blobs(history, head, carried.values()))
        held = {(row.deployment_id, row.origin_no, Place(row.region, row.ring)) for row in rows}
        for origin, row in {(row.deployment_id, row.origin_no): row for row in rows}.items():
            verdict = judge_at.judge(carried[origin], since, row.head, head)
            if verdict.verdict == "carried":
                continue
            for place in block.places:
                # A region that is named for the first time gets its own row only when this deployment is written.
                if (*origin, standing_in(place, grids[row.deployment_id])) in held:
                    ending = Ending(*origin, place, verdict.reason, doubt=verdict.verdict == "undecided")
                    cell = Cell(keys[row.carrier_id], place.region, place.ring)
                    found += judge_at.unless_still_there(ending, carried[origin], cell, row.head)
    return found


def _suspects(connection: Any, seen: Seen, footprint: Footprint, block: int, since: Since) -> set[int] | None:
    """The deployments that may have been taken back; None for whichever: nothing is known of the difference."""
    if since.differing is None:
        return None
    repo_id, environment_id = seen.repo_id or 0, seen.environment_id or 0
    net = [(component, change) for number, component, change in footprint.changed_paths if number == block]
    ids = catalogs.component_ids(connection, sorted({component for component, _ in net}))
    now = {(ids[c], printable_path(change.path)): change.new_blob for c, change in net if c in ids}
    found = {
        row.deployment_id
        for row in undoing.changed_paths(connection, now)
        if since.removed is None or now[row.component_id, row.path] == row.old_blob
    }
    gone = {*(since.removed or ()), *since.reverted}
    found |= undoing.brought_by_sha(connection, repo_id, environment_id, gone, "added")
    # a rollback is undone when the commits that it took away come back
    return found | undoing.brought_by_sha(connection, repo_id, environment_id, since.added, "removed")


def endings_by_later(
    ledger: Ledger, history: History, seen: Seen, footprint: Footprint, head: str
) -> list[tuple[Later, Ending]]:
    """For a deployment recorded after later ones: which of them took it back first, cell by cell.

    The endings' `deployment_id` is 0 until the deployment has a number.
    """
    found: list[tuple[Later, Ending]] = []
    done: set[tuple[int, Place]] = set()
    judge_at = _Judge(ledger, history, seen)
    for later in seen.later:
        hit = [
            (fact, place)
            for fact in footprint.origins
            for place in footprint.blocks[fact.block].places
            if (fact.number, place) not in done and later.covers(_cell(fact, place))
        ]
        if not hit or later.head == head:
            continue
        carried = {fact.number: _carried(footprint, fact) for fact, _ in hit}
        verdicts = judge_at.judge_between(carried, head, later.head)
        for fact, place in hit:
            verdict = verdicts[fact.number]
            if verdict.verdict == "undone":
                done.add((fact.number, place))
            if verdict.verdict != "carried":
                doubt = verdict.verdict == "undecided"
                found.append((later, Ending(0, fact.number, place, verdict.reason, doubt=doubt)))
    return found


class _Judge:
    """Decides what is left of what was carried; reads the range between two heads once."""

    def __init__(self, ledger: Ledger, history: History, seen: Seen) -> None:
        self._ledger = ledger
        self._history = history
        self._seen = seen
        self._between: dict[tuple[str, str], Since] = {}

    def since(self, found: Range) -> Since:
        """What a range says of its head as against its base, without the contents at the head."""
        added = [commit for commit in found.added if not commit.reverted_by]
        reverting = {commit.sha: commit for commit in added if commit.reverts_shas or commit.reverts_subjects}
        reverted = self._find_reverted(reverting.values())
        unknown = found.kind == "unknown" and not found.net and not self._history.contains(found.base or "")
        return Since(
            added={commit.sha for commit in added},
            removed=None if found.removed is None else {commit.sha for commit in found.removed},
            reverted=reverted,
            touched={printable_path(p) for c in added if c.sha not in reverting for p in c.paths},
            differing=None if unknown else {printable_path(change.path) for change in found.net},
        )

    def judge(self, carried: Carried, since: Since, brought_at: str | None, head: str) -> Judgement:
        """The verdict at a head; where some changes are gone, earlier deployments may have taken the others."""
        verdict = judge(carried, since)
        if verdict.verdict == "carried" and brought_at and is_partly_gone(carried, since):
            return self.judge_between({0: carried}, brought_at, head)[0]
        return verdict

    def judge_between(self, carried: Mapping[int, Carried], brought_at: str, head: str) -> dict[int, Judgement]:
        """What is left at one head of what was brought by another one."""
        if not (self._history.contains(head) and self._history.contains(brought_at)):
            unseen = Judgement("undecided", f"not decided: this clone lacks {head[:12]} or {brought_at[:12]}")
            return dict.fromkeys(carried, unseen)
        if (brought_at, head) not in self._between:
            self._between[brought_at, head] = self.since(self._history.read_range(brought_at, head))
        since = replace(self._between[brought_at, head], blobs=_blobs(self._history, head, carried.values()))
        return {number: judge(entry, since) for number, entry in carried.items()}

    def unless_still_there(self, ending: Ending, carried: Carried, cell: Cell, brought_at: str | None) -> list[Ending]:
        """An ending found late: the next deployment of the cell is recorded already, and may hold the change again.

        It was compared with something older than this one and says nothing of that change: were the window ended here,
        nobody would be told whom it reaches since then. So it stays open.
        """
        after = next((later for later in self._seen.later if later.covers(cell)), None)
        if after is None or brought_at is None:
            return [ending]
        verdict = self.judge_between({0: carried}, brought_at, after.head)[0]
        if verdict.verdict == "undecided":
            return [replace(ending, reason=verdict.reason, doubt=True)]
        return [ending] if verdict.verdict == "undone" else []

    def _find_reverted(self, reverting: Iterable[Commit]) -> dict[str, frozenset[str]]:
        """What commits revert outside of their own range: full sha to the paths that the reverting touched."""
        found: dict[str, set[str]] = {}
        for commit in reverting:
            for sha in self._reverted_by(commit):
                found.setdefault(sha, set()).update(printable_path(path) for path in commit.paths)
        if not found or self._seen.repo_id is None:
            return {}
        with self._ledger.read() as connection:
            brought = undoing.brought_by_merges(connection, self._seen.repo_id, found)
        for merge, members in brought.items():
            for sha in members:
                found.setdefault(sha, set()).update(found[merge])
        return {sha: frozenset(paths) for sha, paths in found.items()}

    def _reverted_by(self, commit: Commit) -> set[str]:
        """The full sha where it resolves, else the quoted subject, nearest earlier."""
        inside = commit.reverts_in_range
        stated = [sha for sha in commit.reverts_shas if not any(one.startswith(sha) for one in inside)]
        shas = {full for sha in stated if (full := self._resolve(sha)) is not None}
        if shas or inside or self._seen.repo_id is None or self._seen.environment_id is None:
            return shas
        with self._ledger.read() as connection:
            named = (
                undoing.sha_of_subject(
                    connection, self._seen.repo_id, self._seen.environment_id, subject, commit.committed_at
                )
                for subject in commit.reverts_subjects
            )
            return {sha for sha in named if sha is not None}

    def _resolve(self, sha: str) -> str | None:
        """The commit that a message means: the ledger may know one that this clone lacks, and the other way round."""
        if self._seen.repo_id is not None:
            with self._ledger.read() as connection:
                if sha in undoing.known_shas(connection, self._seen.repo_id, [sha]):
                    return sha
                known = undoing.sha_of_abbreviation(connection, self._seen.repo_id, sha) if len(sha) < 40 else None
                if known is not None:
                    return known
        with suppress(UnknownNameError):
            return self._history.resolve(sha)
        return None


def _blobs(history: History, head: str, carried: Iterable[Carried]) -> dict[str, str]:
    """The contents at a head of every path that is carried, by printable path."""
    paths = {path for entry in carried for one in entry.paths for path in _raw_paths(one.path)}
    return {printable_path(path): blob for path, blob in history.blobs_at(head, sorted(paths)).items()}


def _raw_paths(printable: str) -> Collection[str]:
    """What git may call a path that is kept as printable text: `\\xNN` was a byte, unless it stands in the name."""
    if "\\x" not in printable:
        return (printable,)
    as_bytes = _ESCAPED_BYTE.sub(lambda found: chr(0xDC00 + int(found[1], 16)), printable)
    return (printable, as_bytes)


def _cell(fact: OriginFact, place: Place) -> Cell:
    return Cell(fact.origin.carrier, place.region, place.ring)


def _carried(footprint: Footprint, fact: OriginFact) -> Carried:
    """What an origin brings, as the ledger would give it back."""
    sides = {c.number: (c.commit.sha, c.side) for c in footprint.changes if not c.commit.reverted_by}
    changes = {
        sides[touch.change]
        for touch in footprint.touches
        if touch.block == fact.block and touch.component == fact.origin.touched and touch.change in sides
    }
    paths = [
        CarriedPath(printable_path(change.path), change.old_blob, change.new_blob)
        for block, component, change in footprint.changed_paths
        if block == fact.block and component == fact.origin.touched
    ]
    complete = footprint.blocks[fact.block].history_complete
    return Carried(0, fact.number, tuple(sorted(changes)), tuple(paths), complete)
