"""Recorded releases: writing them with the ranges that lead to them, and reading both back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from sqlalchemy import Connection, func, insert, literal, select

from releasewatch.domain.artifacts import Artifact
from releasewatch.domain.messages import commit_saying
from releasewatch.domain.releases import Commit, PathChange, Range, RangeKind, Side, printable_path
from releasewatch.storage import tables as t
from releasewatch.storage.readable import may_read
from releasewatch.storage.sql import chunks, insert_row, path_digest

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Edge:
    """A stored range: what joins two heads. `complete`: its commits are known, not only the difference of the trees."""

    release_id: int
    range_no: int
    base: str
    head: str
    complete: bool
    has_net: bool
    why_incomplete: str | None = None


def find_release(connection: Connection, repo_id: int, name: str) -> Any:
    """The row of a repo's release, or None."""
    r = t.release.c
    return connection.execute(select(t.release).where(r.repo_id == repo_id, r.name == name)).first()


def knows_repos(connection: Connection) -> bool:
    """Whether anything of any repo was ever recorded; not so in a ledger that was only just made."""
    return connection.scalar(select(t.repo.c.repo_id).limit(1)) is not None


def releases_called(connection: Connection, name: str) -> list[Any]:
    """Every repo's release of this name, with `repo`: the repo's key."""
    query = select(t.release, t.repo.c.key.label("repo")).join_from(t.release, t.repo).where(t.release.c.name == name)
    return list(connection.execute(query.order_by(t.repo.c.key)))


def list_releases(
    connection: Connection, *, repo: str | None, limit: int | None, before: int | None = None
) -> list[Any]:
    """The releases recorded last, newest first, with `repo`; `before`: the number of the last one already shown."""
    query = select(t.release, t.repo.c.key.label("repo")).join_from(t.release, t.repo)
    if repo is not None:
        query = query.where(t.repo.c.key == repo)
    if before is not None:
        query = query.where(t.release.c.release_id < before)
    return list(connection.execute(query.order_by(t.release.c.release_id.desc()).limit(limit)))


def newest_heads(connection: Connection, repo_id: int, many: int) -> list[str]:
    """The commits of the releases of a repo that were recorded last, newest first."""
    r = t.release.c
    query = select(r.head).where(r.repo_id == repo_id).order_by(r.release_id.desc()).limit(many)
    return list(dict.fromkeys(connection.scalars(query)))


def catalog_of_head(connection: Connection, repo_id: int, head: str) -> int | None:
    """The number of the catalog at a commit that was recorded as a release."""
    r = t.release.c
    query = select(r.catalog_id).where(r.repo_id == repo_id, r.head == head).order_by(r.release_id.desc()).limit(1)
    return connection.scalar(query)


def was_shallow(connection: Connection, repo_id: int, head: str) -> bool:
    """Whether every build of a commit stood in a clone that was cut off."""
    r = t.release.c
    found = connection.scalars(select(r.shallow).where(r.repo_id == repo_id, r.head == head)).all()
    return bool(found) and all(found)


def tag_before(connection: Connection, repo_id: int, head: str) -> tuple[str, str] | None:
    """`(tag, sha)` of the nearest tag before a release's commit, as git said it at build time."""
    r = t.release.c
    row = connection.execute(
        select(r.tag, r.tag_sha).where(r.repo_id == repo_id, r.head == head, r.tag.is_not(None)).limit(1)
    ).first()
    return None if row is None else (row.tag, row.tag_sha)


def live_heads(connection: Connection, repo_id: int) -> list[str]:
    """What runs somewhere: the head of the newest succeeded deployment of each scope and target, wherever."""
    d = t.deployment.c
    place = (d.environment_id, d.scope_id, t.target.c.region, t.target.c.ring)
    ranked = (
        select(
            d.head,
            func.row_number()
            .over(partition_by=place, order_by=(d.opened_at.desc(), d.deployment_id.desc()))
            .label("rank"),
        )
        .join_from(t.deployment, t.target, t.target.c.deployment_id == d.deployment_id)
        .where(d.repo_id == repo_id, d.head.is_not(None), d.succeeded.is_(True))
        .subquery()
    )
    return sorted(connection.scalars(select(ranked.c.head).where(ranked.c.rank == 1).distinct()))


def edges_of(connection: Connection, repo_id: int) -> list[Edge]:
    """Every stored range of a repo, the oldest first."""
    g = t.release_range.c
    rows = connection.execute(
        select(t.release_range)
        .join_from(t.release_range, t.release)
        .where(t.release.c.repo_id == repo_id)
        .order_by(g.release_id, g.range_no)
    )
    return [
        Edge(r.release_id, r.range_no, r.base, r.head, r.removed is not None, r.has_net, r.why_incomplete) for r in rows
    ]


def insert_release(connection: Connection, values: Mapping[str, Any], ranges: Sequence[tuple[Range, bool]]) -> int:
    """Write a release and the ranges that lead to it, each with whether the trees' difference is known."""
    release_id = insert_row(connection, t.release, **values)
    for number, (found, has_net) in enumerate(ranges):
        key = {"release_id": release_id, "range_no": number}
        connection.execute(
            insert(t.release_range).values(
                **key,
                base=found.base,
                head=found.head,
                kind=found.kind,
                added=len(found.added),
                removed=None if found.removed is None else len(found.removed),
                paths=len(found.net),
                has_net=has_net,
                why_incomplete=found.why_incomplete,
            )
        )
        _insert_commits(connection, key, found)
        paths = {printable_path(change.path): {**key, **_path_values(change, found)} for change in found.net}
        _many(connection, t.release_path, paths.values())
    return release_id


def _insert_commits(connection: Connection, key: Mapping[str, int], found: Range) -> None:
    sides = [("added", commit) for commit in found.added] + [("removed", commit) for commit in found.removed or ()]
    numbered = [({**key, "commit_no": number}, side, commit) for number, (side, commit) in enumerate(sides)]
    _many(
        connection,
        t.release_commit,
        (
            {
                **at,
                "side": side,
                "sha": commit.sha,
                "parents": list(commit.parents),
                "subject": commit.subject,
                "body": commit.body,
                "authored_at": commit.authored_at,
                "committed_at": commit.committed_at,
                "paths": [printable_path(path) for path in commit.paths],
            }
            for at, side, commit in numbered
        ),
    )
    _many(
        connection,
        t.release_author,
        ({**at, "name": commit.author_name, "email": commit.author_email} for at, _, commit in numbered),
    )


def _path_values(change: PathChange, found: Range) -> dict[str, Any]:
    path = printable_path(change.path)
    return {
        "path_digest": path_digest(path),
        "path": path,
        "status": change.status,
        "old_blob": change.old_blob,
        "new_blob": change.new_blob,
        "merge": found.merge_paths.get(change.path),
    }


def _many(connection: Connection, table: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    waiting = iter(rows)
    while part := list(islice(waiting, AT_ONCE)):
        connection.execute(insert(table), part)


def load_range(connection: Connection, edge: Edge) -> Range:
    """A stored range as git told it; its commits bear no marks of reverts."""
    g, c, a, p = t.release_range.c, t.release_commit.c, t.release_author.c, t.release_path.c
    row = connection.execute(
        select(t.release_range).where(g.release_id == edge.release_id, g.range_no == edge.range_no)
    ).one()
    if may_read(connection, t.release_author):
        same = (a.release_id == c.release_id) & (a.range_no == c.range_no) & (a.commit_no == c.commit_no)
        written = select(t.release_commit, a.name, a.email).join_from(
            t.release_commit, t.release_author, same, isouter=True
        )
    else:  # a deployment recorded by this role from a release then has no authors
        written = select(t.release_commit, literal("").label("name"), literal("").label("email"))
    mine = c.release_id == edge.release_id, c.range_no == edge.range_no
    commits = connection.execute(written.where(*mine).order_by(c.commit_no)).all()
    paths = connection.execute(
        select(t.release_path).where(p.release_id == edge.release_id, p.range_no == edge.range_no).order_by(p.path)
    ).all()
    sides: dict[Side, list[Commit]] = {"added": [], "removed": []}
    for one in commits:
        sides[cast("Side", one.side)].append(_commit(one))
    return Range(
        cast("RangeKind", row.kind),
        row.base,
        row.head,
        tuple(PathChange(one.path, one.status, one.old_blob, one.new_blob) for one in paths),
        tuple(sides["added"]),
        None if row.removed is None else tuple(sides["removed"]),
        {one.path: one.merge for one in paths if one.merge is not None},
        history_complete=row.removed is not None,
        why_incomplete=row.why_incomplete,
    )


def _commit(row: Any) -> Commit:
    return commit_saying(
        row.sha,
        tuple(row.parents),
        row.name or "",
        row.email or "",
        row.authored_at,
        row.committed_at,
        row.subject,
        row.body,
        tuple(row.paths),
    )


def path_ends(connection: Connection, repo_id: int, paths: Collection[str]) -> list[Any]:
    """Where stored ranges change one of some paths: rows of release_id, range_no, path, old_blob, new_blob."""
    p = t.release_path.c
    found: list[Any] = []
    for part in chunks(sorted({path_digest(path) for path in paths})):
        found += connection.execute(
            select(p.release_id, p.range_no, p.path, p.old_blob, p.new_blob)
            .join_from(t.release_path, t.release, t.release.c.release_id == p.release_id)
            .where(t.release.c.repo_id == repo_id, p.path_digest.in_(part))
        ).all()
    return found


def range_counts(connection: Connection, release_id: int) -> list[Any]:
    """The ranges stored with a release, without their commits and paths."""
    g = t.release_range.c
    return list(connection.execute(select(t.release_range).where(g.release_id == release_id).order_by(g.range_no)))


def deployments_of(connection: Connection, repo_id: int, name: str) -> list[int]:
    """The numbers of the deployments of a release, newest first."""
    d = t.deployment.c
    query = select(d.deployment_id).where(d.repo_id == repo_id, d.release == name)
    return list(connection.scalars(query.order_by(d.opened_at.desc(), d.deployment_id.desc())))


def release_of_artifact(connection: Connection, repo_id: int, artifact: Artifact) -> Any:
    """The row of a repo's release that an artifact is of, by one of its names, else by its commit; None for none."""
    for name in artifact.releases:
        found = find_release(connection, repo_id, name)
        if found is not None:
            return found
    r = t.release.c
    query = select(t.release).where(r.repo_id == repo_id, r.head.in_(artifact.commits)).order_by(r.release_id.desc())
    return connection.execute(query.limit(1)).first() if artifact.commits else None
