"""The history of a repo as far as recorded releases tell it: what a deploy job reads where there is no git."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from releasewatch.domain.head_graph import HeadGraph
from releasewatch.domain.range_chains import compose, invert
from releasewatch.domain.releases import Range, printable_path
from releasewatch.domain.reverts import mark_reverts
from releasewatch.errors import UnknownNameError
from releasewatch.storage import catalogs, releases

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from releasewatch.domain.catalog import Catalog
    from releasewatch.ports import RangeWatch
    from releasewatch.storage.ledger import Ledger

UNKNOWN_BLOB = "unknown"
"""The contents of a path that no stored range changes: as they were in whatever was deployed before, and not known."""


class ReleaseHistory:
    """A `History` from stored ranges, seen from one release's commit (`root`).

    Heads that ranges join to the root are those it contains; between any two of them the range is exact. Paths are as
    printed. What lies beyond is admitted as unknown, never taken for nothing.
    """

    def __init__(self, ledger: Ledger, repo_id: int, root: str) -> None:
        self._ledger = ledger
        self._repo_id = repo_id
        self._root = root

    @cached_property
    def _edges(self) -> list[releases.Edge]:
        """Those with commits come first, so that they are preferred."""
        with self._ledger.read() as connection:
            found = releases.edges_of(connection, self._repo_id)
        return sorted(found, key=lambda edge: not edge.complete)

    @cached_property
    def _usable(self) -> list[releases.Edge]:
        return [edge for edge in self._edges if edge.has_net]

    @cached_property
    def _graph(self) -> HeadGraph:
        return HeadGraph((edge.base, edge.head) for edge in self._usable)

    @cached_property
    def _complete(self) -> HeadGraph:
        return HeadGraph((edge.base, edge.head) for edge in self._usable if edge.complete)

    @cached_property
    def _contained(self) -> frozenset[str]:
        return frozenset({self._root, *(step.end for step in self._graph.steps_from(self._root))})

    def resolve(self, rev: str) -> str:
        """The full sha of a release's name, or of a commit that stored ranges join; raises UnknownNameError."""
        with self._ledger.read() as connection:
            found = releases.find_release(connection, self._repo_id, rev)
        if found is not None:
            return str(found.head)
        if rev in self._contained:
            return rev
        raise UnknownNameError(
            f"No recorded release is called {rev!a}, and without a clone nothing else is known.",
            "See: releasewatch release list; or run it in a checkout.",
        )

    def contains(self, sha: str) -> bool:
        """Whether stored ranges join a commit to the release."""
        return sha in self._contained

    def is_shallow(self) -> bool:
        """Whether the build of the release stood in a shallow clone, which may have lacked an earlier tag."""
        with self._ledger.read() as connection:
            return releases.was_shallow(connection, self._repo_id, self._root)

    def is_ancestor(self, ancestor: str, descendant: str) -> bool | None:
        """Whether one commit is in the other's history; None when the stored ranges cannot tell."""
        found = self.read_range(ancestor, descendant)
        return None if found.removed is None else not found.removed

    def nearest_tag(self, head: str, among: Collection[str] | None = None) -> tuple[str, str] | None:
        """`(tag, sha)` of the tag before a release's commit, as git said it at build time; of packages it kept none."""
        if among is not None:
            return None
        with self._ledger.read() as connection:
            return releases.tag_before(connection, self._repo_id, head)

    def package_tags(self) -> frozenset[str]:
        """None: a release keeps the nearest tag of everything alone."""
        return frozenset()

    def read_range(self, base: str | None, head: str, watch: RangeWatch | None = None) -> Range:
        """The difference of two commits, composed along stored ranges; `unknown` where none lead there."""
        if base is None:
            return Range("unknown", None, head, removed=None)
        if base == head:
            return Range("none", base, head)
        way = self._complete.way(base, head) or self._graph.way(base, head)
        if way is None:
            return Range(
                "unknown", base, head, removed=None, history_complete=False, why_incomplete=self._why_not(base, head)
            )
        with self._ledger.read() as connection:
            stretches = [(step, releases.load_range(connection, self._usable[step.edge])) for step in way]
        found = compose([stretch if step.forward else invert(stretch) for step, stretch in stretches])
        net = {change.path for change in found.net}
        mark_reverts(found.added, net)
        mark_reverts(found.removed or (), net)
        return found

    def _why_not(self, base: str, head: str) -> str:
        told = next((e.why_incomplete for e in self._edges if {e.base, e.head} == {base, head}), None)
        return told or (
            f"no recorded release leads from {base} to {head}; releases recorded at every build, in a clone with "
            "full history, would tell what lies between"
        )

    def blobs_at(self, rev: str, paths: Collection[str]) -> Mapping[str, str]:
        """The contents of paths at a commit that stored ranges join, as far as they say.

        A path that none changes has UNKNOWN_BLOB: it is what it was before, whatever that is.
        """
        head = self.resolve(rev)
        with self._ledger.read() as connection:
            rows = releases.path_ends(connection, self._repo_id, [printable_path(path) for path in paths])
        ends: dict[tuple[int, int], dict[str, tuple[str | None, str | None]]] = {}
        for row in rows:
            ends.setdefault((row.release_id, row.range_no), {})[row.path] = (row.old_blob, row.new_blob)
        found: dict[str, str | None] = {}
        for step in self._graph.steps_from(head):
            edge = self._usable[step.edge]
            for path, (old, new) in ends.get((edge.release_id, edge.range_no), {}).items():
                found.setdefault(path, old if step.forward else new)
        known = {path: found.get(printable_path(path), UNKNOWN_BLOB) for path in paths}
        return {path: blob for path, blob in known.items() if blob is not None}

    def file_at(self, rev: str, path: str) -> bytes | None:
        """Nothing: contents are not stored; a release's catalog is kept beside it."""
        return None

    def remote_path(self) -> str | None:
        """Nothing: there is no clone."""
        return None

    def actor_email(self) -> str | None:
        """Nothing: there is no clone."""
        return None

    def catalog_at(self, sha: str | None) -> Catalog:
        """The catalog at a commit that was recorded as a release; of any other one, the root's."""
        with self._ledger.read() as connection:
            number = None if sha is None else releases.catalog_of_head(connection, self._repo_id, sha)
            if number is None:
                number = releases.catalog_of_head(connection, self._repo_id, self._root)
            if number is None:
                raise UnknownNameError(f"The commit {self._root} is not a recorded release.")
            return catalogs.load_catalog(connection, number)
