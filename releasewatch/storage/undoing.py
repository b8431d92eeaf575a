"""Which earlier deployments a later one may have taken back: found by commits and by contents, never by walking all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select, tuple_

from releasewatch.domain.messages import without_pull_request
from releasewatch.domain.releases import Side
from releasewatch.domain.undoing import Carried, CarriedPath
from releasewatch.storage import tables as t
from releasewatch.storage.sql import chunks, path_digest


def brought_by_sha(
    connection: Connection, repo_id: int, environment_id: int, shas: Collection[str], side: Side
) -> set[int]:
    """Deployments of a repo in an environment that added (or, as a rollback, removed) one of these commits."""
    found: set[int] = set()
    for part in chunks(sorted(shas)):
        found |= set(
            connection.scalars(
                select(t.change.c.deployment_id)
                .join_from(t.change, t.deployment, t.deployment.c.deployment_id == t.change.c.deployment_id)
                .where(
                    t.change.c.sha.in_(part),
                    t.change.c.side == side,
                    t.deployment.c.repo_id == repo_id,
                    t.deployment.c.environment_id == environment_id,
                )
                .distinct()
            )
        )
    return found


def known_shas(connection: Connection, repo_id: int, shas: Collection[str]) -> set[str]:
    """Those of some commits that the ledger has as changes of a repo."""
    found: set[str] = set()
    for part in chunks(sorted(shas)):
        found |= set(connection.scalars(_shas_of(repo_id).where(t.change.c.sha.in_(part)).distinct()))
    return found


def sha_of_abbreviation(connection: Connection, repo_id: int, prefix: str) -> str | None:
    """The one commit of the ledger that begins with an abbreviated sha; None when there is none, or several."""
    after = prefix + "g"  # the character behind the last hexadecimal digit
    rows = connection.scalars(
        _shas_of(repo_id).where(t.change.c.sha >= prefix, t.change.c.sha < after).distinct().limit(2)
    ).all()
    return rows[0] if len(rows) == 1 else None


def sha_of_subject(
    connection: Connection, repo_id: int, environment_id: int, subject: str, before: datetime
) -> str | None:
    """The newest commit not younger than `before`, of those that went to an environment, that bears a quoted subject.

    By its subject, with or without the ` (#12)` that a forge puts behind it, or by the title of its pull request.
    """
    c = t.change.c
    bears = or_(
        c.subject == subject,
        c.pull_request_title == subject,
        c.subject.startswith(f"{subject} (#", autoescape=True),
    )
    rows = connection.execute(
        select(c.sha, c.subject, c.pull_request_title)
        .join_from(t.change, t.deployment, t.deployment.c.deployment_id == c.deployment_id)
        .where(
            bears,
            c.side == "added",
            c.committed_at <= before,
            t.deployment.c.repo_id == repo_id,
            t.deployment.c.environment_id == environment_id,
        )
        .order_by(c.committed_at.desc(), c.deployment_id.desc(), c.change_no)
    )
    for row in rows:
        if subject in (row.subject, without_pull_request(row.subject), row.pull_request_title):
            return str(row.sha)
    return None


def brought_by_merges(connection: Connection, repo_id: int, shas: Collection[str]) -> dict[str, set[str]]:
    """For each merge of the ledger among some commits those that it brought to its line, by inner merges as well."""
    c = t.change.c
    found: dict[str, set[str]] = {}
    for sha in sorted(shas):
        where = list(
            connection.scalars(
                select(c.deployment_id)
                .join_from(t.change, t.deployment, t.deployment.c.deployment_id == c.deployment_id)
                .where(c.sha == sha, c.is_merge.is_(True), t.deployment.c.repo_id == repo_id)
                .distinct()
            )
        )
        waiting, brought = {sha} if where else set(), set[str]()
        while waiting:
            rows = connection.scalars(
                select(c.sha).where(c.deployment_id.in_(where), c.merged_by.in_(sorted(waiting))).distinct()
            )
            waiting = set(rows) - brought
            brought |= waiting
        if brought:
            found[sha] = brought
    return found


def _shas_of(repo_id: int) -> Any:
    return (
        select(t.change.c.sha)
        .join_from(t.change, t.deployment, t.deployment.c.deployment_id == t.change.c.deployment_id)
        .where(t.deployment.c.repo_id == repo_id)
    )


def changed_paths(connection: Connection, paths: Iterable[tuple[int, str]]) -> Iterable[Any]:
    """Who ever changed one of some paths, wherever: rows of `deployment_id, component_id, path, old_blob`.

    `paths`: `(component_id, path)`. Asked component by component: only so does SQLite use the index.
    """
    p = t.changed_path.c
    wanted: dict[int, set[str]] = {}
    for component_id, path in paths:
        wanted.setdefault(component_id, set()).add(path_digest(path))
    for component_id, digests in sorted(wanted.items()):
        for part in chunks(sorted(digests)):
            yield from connection.execute(
                select(p.deployment_id, p.component_id, p.path, p.old_blob).where(
                    p.component_id == component_id, p.path_digest.in_(part)
                )
            )


def load_carried(connection: Connection, origins: Sequence[Any]) -> dict[tuple[int, int], Carried]:
    """What each origin brought; `origins` are rows with deployment_id, origin_no, baseline_no and touched_id."""
    wanted = {(o.deployment_id, o.baseline_no, o.touched_id) for o in origins}
    changes = _changes_of(connection, wanted)
    paths = _paths_of(connection, wanted)
    complete = _complete_blocks(connection, {(o.deployment_id, o.baseline_no) for o in origins})
    return {
        (o.deployment_id, o.origin_no): Carried(
            o.deployment_id,
            o.origin_no,
            tuple(changes.get((o.deployment_id, o.baseline_no, o.touched_id), ())),
            tuple(paths.get((o.deployment_id, o.baseline_no, o.touched_id), ())),
            (o.deployment_id, o.baseline_no) in complete,
        )
        for o in origins
    }


_Touched = tuple[int, int, int]
"""`(deployment_id, baseline_no, component_id)`"""


def _changes_of(connection: Connection, wanted: Collection[_Touched]) -> Mapping[_Touched, list[tuple[str, Side]]]:
    c, o = t.change.c, t.change_component.c
    found: dict[_Touched, list[tuple[str, Side]]] = {}
    for part in chunks(sorted(wanted)):
        for row in connection.execute(
            select(o.deployment_id, o.baseline_no, o.component_id, c.sha, c.side)
            .join_from(
                t.change_component, t.change, and_(c.deployment_id == o.deployment_id, c.change_no == o.change_no)
            )
            .where(tuple_(o.deployment_id, o.baseline_no, o.component_id).in_(list(part)), c.reverted_by.is_(None))
            .order_by(o.deployment_id, o.change_no)
        ):
            found.setdefault((row.deployment_id, row.baseline_no, row.component_id), []).append((row.sha, row.side))
    return found


def _paths_of(connection: Connection, wanted: Collection[_Touched]) -> Mapping[_Touched, list[CarriedPath]]:
    p = t.changed_path.c
    found: dict[_Touched, list[CarriedPath]] = {}
    for part in chunks(sorted(wanted)):
        for row in connection.execute(
            select(t.changed_path)
            .where(tuple_(p.deployment_id, p.baseline_no, p.component_id).in_(list(part)))
            .order_by(p.deployment_id, p.path)
        ):
            entry = CarriedPath(row.path, row.old_blob, row.new_blob)
            found.setdefault((row.deployment_id, row.baseline_no, row.component_id), []).append(entry)
    return found


def _complete_blocks(connection: Connection, wanted: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    b = t.baseline.c
    found: set[tuple[int, int]] = set()
    for part in chunks(sorted(wanted)):
        rows = connection.execute(
            select(b.deployment_id, b.baseline_no).where(
                tuple_(b.deployment_id, b.baseline_no).in_(list(part)), b.history_complete.is_(True)
            )
        )
        found |= {(row.deployment_id, row.baseline_no) for row in rows}
    return found
