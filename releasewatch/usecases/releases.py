"""Releases: recording one at build time, finding the one that a deploy job means, and showing what is stored."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from releasewatch.domain.head_graph import HeadGraph
from releasewatch.domain.times import format_utc
from releasewatch.errors import AmbiguousNameError, InvalidCallError, UnknownNameError
from releasewatch.storage import catalogs, deployments, releases
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.products import refresh_subjects
from releasewatch.storage.release_history import ReleaseHistory
from releasewatch.usecases.deployment_lists import Seeing
from releasewatch.usecases.named_people import hiding_below_names, shown
from releasewatch.usecases.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from releasewatch.domain.catalog import Catalog
    from releasewatch.domain.releases import Range
    from releasewatch.ports import History, PathMapper


NEAR = 20
"""Among so many of the releases recorded last one is looked for that a new one can be joined to."""


@dataclass(frozen=True, slots=True)
class RecordedRelease:
    """A release that the ledger has, and whether it had it already."""

    repo: str
    name: str
    head: str
    already_recorded: bool
    remarks: tuple[str, ...] = ()


def record_release(ledger: Ledger, around: Surroundings, name: str, rev: str, now: datetime) -> RecordedRelease:
    """Keep a release's commit, its catalog, and what lies between it and what else the ledger knows.

    That is: the release recorded before it, all that is live somewhere, and the nearest earlier tag, as far as no
    stored range leads there yet. Safe to repeat; the same name for another commit is an InvalidCallError. Git is read
    outside of the write transaction.
    """
    history = _history(around)
    head = history.resolve(rev)
    catalog = around.catalog_at(head)
    if not catalog.components:
        raise InvalidCallError(
            f"The catalog of {catalog.repo} has no component, so a release of it could reach nobody.",
            "Describe the components in releasewatch.toml: [components.KEY] with paths.",
        )
    with ledger.read() as connection:
        repo_id = catalogs.repo_id_of(connection, around.repo)
        if repo_id is not None and _is_known(connection, repo_id, around.repo, name, head):
            return RecordedRelease(around.repo, name, head, already_recorded=True)
        newest = [] if repo_id is None else releases.newest_heads(connection, repo_id, NEAR)
        live = [] if repo_id is None else releases.live_heads(connection, repo_id)
        edges = [] if repo_id is None else releases.edges_of(connection, repo_id)
    tag = history.nearest_tag(head)
    bases = [*_before(history, newest, head), *live, *([tag[1]] if tag else [])]
    ranges = _read_ranges(history, head, bases, edges)
    is_shallow = history.is_shallow()
    with ledger.write() as connection:
        ledger.lock(connection, "releasewatch:catalog")
        repo_id = catalogs.ensure_repo(connection, around.repo)
        if _is_known(connection, repo_id, around.repo, name, head):
            return RecordedRelease(around.repo, name, head, already_recorded=True)
        catalog_id, is_new = catalogs.register_catalog(connection, catalog, now)
        if is_new:
            refresh_subjects(connection, now)
        values = {
            "repo_id": repo_id,
            "name": name,
            "head": head,
            "catalog_id": catalog_id,
            "tag": tag[0] if tag else None,
            "tag_sha": tag[1] if tag else None,
            "shallow": is_shallow,
            "recorded_at": now,
        }
        releases.insert_release(connection, values, ranges)
    remarks = dict.fromkeys(found.why_incomplete for found, _ in ranges if found.why_incomplete)
    return RecordedRelease(around.repo, name, head, already_recorded=False, remarks=tuple(remarks))


def _history(around: Surroundings) -> History:
    if around.history is None:
        raise InvalidCallError("A release is recorded from a clone of its repo.", "Run it in the checkout.")
    return around.history


def _is_known(connection: Any, repo_id: int, repo: str, name: str, head: str) -> bool:
    """Whether it is recorded already; raises InvalidCallError when its name stands for another commit."""
    found = releases.find_release(connection, repo_id, name)
    if found is None:
        return False
    if found.head != head:
        raise InvalidCallError(
            f"The release {name!r} of {repo} is recorded as commit {found.head}, and this is {head}.",
            "A release is one commit: give this one a name of its own, or name the other commit with --head.",
        )
    return True


def _before(history: History, newest: Sequence[str], head: str) -> list[str]:
    """The release to be joined to: the newest in the history of this one, else the newest that this clone has.

    Builds of branches are recorded as well, and another clone may lack their commits.
    """
    present = [sha for sha in newest if history.contains(sha)]
    return next(([sha] for sha in present if history.is_ancestor(sha, head)), present[:1] or list(newest[:1]))


def _read_ranges(
    history: History, head: str, bases: Sequence[str], edges: Sequence[releases.Edge]
) -> list[tuple[Range, bool]]:
    """What git says of each base that no stored range, and none of those read before it, leads to already."""
    joined = [(edge.base, edge.head) for edge in edges if edge.complete]
    found: list[tuple[Range, bool]] = []
    for base in dict.fromkeys(bases):
        if HeadGraph(joined).connects(base, head):
            continue
        stretch = history.read_range(base, head)
        found.append((stretch, stretch.kind != "unknown" or bool(stretch.net) or history.contains(base)))
        if stretch.removed is not None:
            joined.append((base, head))
    return found


@dataclass(frozen=True, slots=True)
class StoredRelease:
    """A release of the ledger that a deploy job without a checkout means."""

    repo: str
    repo_id: int
    name: str
    head: str


def choose_release(ledger: Ledger, name: str, components: Sequence[str], usual_repo: str | None) -> StoredRelease:
    """The recorded release of this name: of the repo that full component keys name, else of the usual one where it has
    it, else of the only one that does.

    Raises UnknownNameError with the near ones, AmbiguousNameError with the repos.
    """
    repos = {key.rpartition("/")[0] for key in components if "/" in key}
    with ledger.read() as connection:
        rows = releases.releases_called(connection, name)
        found = [row for row in rows if not repos or row.repo in repos]
        if len(found) > 1 and any(row.repo == usual_repo for row in found):
            found = [row for row in found if row.repo == usual_repo]
        bare = [key for key in components if "/" not in key]
        if len(found) > 1 and bare:
            having = {row.repo for row in found if _has(catalogs.load_catalog(connection, row.catalog_id), bare)}
            found = [row for row in found if row.repo in having] or found
        if not found:
            raise _unknown(connection, name, repos)
    if len(found) > 1:
        candidates = ", ".join(row.repo for row in found)
        raise AmbiguousNameError(
            f"Several repos have a release {name!r}.", f"Say which by a full component key, REPO/KEY, of: {candidates}"
        )
    (row,) = found
    return StoredRelease(row.repo, row.repo_id, row.name, row.head)


def _has(catalog: Catalog, bare: Sequence[str]) -> bool:
    return set(bare) <= {component.key for component in catalog.components}


def is_new(ledger: Ledger) -> bool:
    """Whether nothing of any repo was ever recorded in this ledger."""
    with ledger.read() as connection:
        return not releases.knows_repos(connection)


def _unknown(connection: Any, name: str, repos: set[str]) -> UnknownNameError:
    rows = [row for row in releases.list_releases(connection, repo=None, limit=1000) if not repos or row.repo in repos]
    near = difflib.get_close_matches(name, dict.fromkeys(row.name for row in rows), n=3)
    newest = [row.name for row in rows[:3]]
    hint = f"Did you mean {' or '.join(near)}?" if near else f"The newest are: {', '.join(newest)}." if newest else ""
    where = f" of {' or '.join(sorted(repos))}" if repos else ""
    return UnknownNameError(
        f"The ledger has no release {name!r}{where}.",
        " ".join(filter(None, (hint, "A build records one with: releasewatch release record --release V"))),
    )


def stored_surroundings(
    ledger: Ledger, found: StoredRelease, mapper_of: Callable[[Catalog], PathMapper]
) -> Surroundings:
    """What recording reads where there is no clone: the stored release and the ranges that lead to it."""
    history = ReleaseHistory(ledger, found.repo_id, found.head)
    return Surroundings(found.repo, history, history.catalog_at, mapper_of)


def list_document(
    ledger: Ledger, seeing: Seeing, *, repo: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """The document of `release list --format json`, newest first."""
    if cursor is not None and not cursor.isdigit():
        raise InvalidCallError(
            f"{cursor!r} is no cursor of a list of releases.", "Give next_cursor of the page before."
        )
    with ledger.read() as connection:
        rows = releases.list_releases(connection, repo=repo, limit=limit + 1, before=int(cursor) if cursor else None)
        hides = _hiding(connection, rows[:limit], seeing)
    more = str(rows[limit - 1].release_id) if len(rows) > limit else None
    return {"releases": [_summary(row, hides) for row in rows[:limit]], "next_cursor": more}


def _hiding(connection: Any, rows: Sequence[Any], seeing: Seeing) -> Callable[[str], bool] | None:
    texts = [text for row in rows for text in (row.name, row.tag)]
    return hiding_below_names(connection, texts, seeing.reveal, seeing.now)


def _summary(row: Any, hides: Callable[[str], bool] | None) -> dict[str, Any]:
    document = {
        "repo": row.repo,
        "release": row.name,
        "head": row.head,
        "tag_before": row.tag,
        "recorded_at": format_utc(row.recorded_at),
    }
    return shown(document, ("release", "tag_before"), hides)


def show_document(ledger: Ledger, seeing: Seeing, name: str, repo: str | None) -> dict[str, Any]:
    """The document of `release show --format json`: what is stored of a release, and where it was deployed."""
    found = choose_release(ledger, name, [f"{repo}/"] if repo else [], None)
    with ledger.read() as connection:
        (row,) = [one for one in releases.releases_called(connection, name) if one.repo_id == found.repo_id]
        catalog = catalogs.load_catalog(connection, row.catalog_id)
        gone_to = [
            deployments.get_deployment(connection, number)
            for number in releases.deployments_of(connection, found.repo_id, name)
        ]
        return {
            "release": {
                **_summary(row, _hiding(connection, [row], seeing)),
                "components": list(catalog.full_keys),
                "compared_with": [
                    {
                        "base": one.base,
                        "range": one.kind,
                        "added": one.added,
                        "removed": one.removed,
                        "paths": one.paths if one.has_net else None,
                        "history_complete": one.removed is not None,
                        "why_incomplete": one.why_incomplete,
                    }
                    for one in releases.range_counts(connection, row.release_id)
                ],
                "deployments": [
                    {
                        "id": one.id,
                        "environment": one.environment,
                        "status": one.row.status,
                        "opened_at": format_utc(one.row.opened_at),
                    }
                    for one in gone_to
                ],
            }
        }
