"""Finding a change by its name, and what people said of changes by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, insert, select

from releasewatch.domain.audiences import Audience
from releasewatch.domain.change_edits import ChangeEdit
from releasewatch.errors import AmbiguousNameError, InvalidCallError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.storage.deployments import resolve_deployment
from releasewatch.storage.readable import readable
from releasewatch.storage.sql import insert_row

_CANDIDATES = 5
_SHORTEST = 4
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class FoundChange:
    """A change that was recorded. `ref`: its full sha, or `D-12` when it is without git.

    `deployments`: all that tell of it; `taken_back_by`: those of them that took it away somewhere, and `brought_by`
    those that put it there.
    """

    repo_id: int
    repo: str
    ref: str
    subject: str
    brought_by: tuple[int, ...]
    taken_back_by: tuple[int, ...] = ()

    @property
    def deployments(self) -> tuple[int, ...]:
        """Their numbers, in order."""
        return tuple(sorted({*self.brought_by, *self.taken_back_by}))


@dataclass(frozen=True, slots=True)
class Said:
    """One statement by hand, with who made it, when and why."""

    edit: ChangeEdit
    why: str
    recorded_by: str
    recorded_at: datetime


def resolve_change(connection: Connection, ref: str, repo: str | None) -> FoundChange:
    """A recorded change by the beginning of its sha, or by the id of the deployment that it is (a change without git).

    Raises UnknownNameError, AmbiguousNameError with the candidates.
    """
    if ref[:2] in ("D-", "d-"):
        return _without_git(connection, ref)
    word = ref.lower()
    if len(word) < _SHORTEST or not set(word) <= _HEX:
        raise InvalidCallError(
            f"{ref!r} names no change.", f"Give a sha (at least {_SHORTEST} digits), or D-12 for a change without git."
        )
    c, d = t.change.c, t.deployment.c
    rows = connection.execute(
        select(d.repo_id, t.repo.c.key, c.sha)
        .join_from(t.change, t.deployment, d.deployment_id == c.deployment_id)
        .join(t.repo, t.repo.c.repo_id == d.repo_id)
        .where(c.sha >= word, c.sha < word + "g", t.repo.c.key == repo if repo is not None else c.sha != "")
        .distinct()
        .order_by(t.repo.c.key, c.sha)
        .limit(_CANDIDATES + 1)
    ).all()
    if not rows:
        raise UnknownNameError(
            f"No recorded deployment brought a change {ref!r}.", "See them: releasewatch notes render --deployment ID"
        )
    if len(rows) > 1:
        words = [f"{row.key} {row.sha[:12]}" for row in rows[:_CANDIDATES]]
        words += ["…"] if len(rows) > _CANDIDATES else []
        raise AmbiguousNameError(
            f"{ref!r} may mean several changes.",
            f"Give more of the sha, or --repo. Candidates: {', '.join(words)}",
        )
    return _found(connection, rows[0].repo_id, rows[0].key, rows[0].sha)


def _found(connection: Connection, repo_id: int, repo: str, sha: str) -> FoundChange:
    c, d = t.change.c, t.deployment.c
    rows = connection.execute(
        select(c.deployment_id, c.side, c.subject)
        .join_from(t.change, t.deployment, d.deployment_id == c.deployment_id)
        .where(c.sha == sha, d.repo_id == repo_id)
        .distinct()
        .order_by(c.deployment_id)
    ).all()
    of_side = {side: tuple(row.deployment_id for row in rows if row.side == side) for side in ("added", "removed")}
    return FoundChange(repo_id, repo, sha, rows[0].subject, of_side["added"], of_side["removed"])


def _without_git(connection: Connection, ref: str) -> FoundChange:
    found = resolve_deployment(connection, ref, repo=None, environment=None)
    if found.row.kind != "change":
        raise InvalidCallError(
            f"{found.id} brought changes of git and is none itself.", "Give the sha of the change that is meant."
        )
    return FoundChange(found.row.repo_id, found.repo, found.id, found.row.title, (found.row.deployment_id,))


def add_edit(
    connection: Connection, change: FoundChange, edit: ChangeEdit, now: datetime, *, why: str, recorded_by: str
) -> None:
    """Keep a statement. A customer who is named by it is named in every deployment that brought the change."""
    insert_row(
        connection,
        t.change_edit,
        repo_id=change.repo_id,
        ref=change.ref,
        audience=edit.audience or "",
        wording=edit.wording,
        is_silent=edit.is_silent,
        embargo=edit.embargo,
        customer=edit.customer,
        why=why,
        recorded_by=recorded_by,
        recorded_at=now,
    )
    if edit.customer:
        sha = "" if change.ref.startswith("D-") else change.ref
        for deployment_id in change.deployments:
            name_customer(connection, deployment_id, sha, edit.customer)


def name_customer(connection: Connection, deployment_id: int, sha: str, customer: str) -> None:
    """Keep that a change of a deployment names a customer, by a key or alias as it was written."""
    c, k = t.change.c, t.change_customer.c
    rows = connection.execute(select(c.change_no).where(c.deployment_id == deployment_id, c.sha == sha))
    named = set(connection.scalars(select(k.change_no).where(k.deployment_id == deployment_id, k.ref == customer)))
    wanted = [row.change_no for row in rows if row.change_no not in named]
    if wanted:
        connection.execute(
            insert(t.change_customer),
            [{"deployment_id": deployment_id, "change_no": number, "ref": customer} for number in wanted],
        )


def edits_of(connection: Connection, repo_id: int, ref: str) -> list[Said]:
    """Everything that was said of one change, oldest first."""
    e = t.change_edit.c
    rows = connection.execute(
        select(*readable(connection, t.change_edit)).where(e.repo_id == repo_id, e.ref == ref).order_by(e.edit_id)
    )
    return [Said(_edit(row), row.why, row.recorded_by, row.recorded_at) for row in rows]


def edits_of_repo(connection: Connection, repo: str) -> dict[str, list[ChangeEdit]]:
    """What was said of every change of a repo, oldest first, by full sha (or `D-12`)."""
    e = t.change_edit.c
    rows = connection.execute(
        select(*readable(connection, t.change_edit))
        .join_from(t.change_edit, t.repo, t.repo.c.repo_id == e.repo_id)
        .where(t.repo.c.key == repo)
        .order_by(e.edit_id)
    )
    found: dict[str, list[ChangeEdit]] = {}
    for row in rows:
        found.setdefault(row.ref, []).append(_edit(row))
    return found


def named_by_hand(connection: Connection, repo_id: int) -> dict[str, list[str]]:
    """The customers whom people named by hand, by the sha of the change."""
    e = t.change_edit.c
    rows = connection.execute(
        select(e.ref, e.customer).where(e.repo_id == repo_id, e.customer != "").order_by(e.edit_id)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.ref, []).append(row.customer)
    return found


def trailers_of(connection: Connection, deployments: Sequence[int], ref: str) -> list[tuple[str, str]]:
    """What the commit itself says in its trailers; nothing for a change without git."""
    if not deployments or ref.startswith("D-"):
        return []
    c, r = t.change.c, t.change_trailer.c
    rows = connection.execute(
        select(r.key, r.value)
        .join_from(
            t.change_trailer,
            t.change,
            (r.deployment_id == c.deployment_id) & (r.change_no == c.change_no),
        )
        .where(c.deployment_id == deployments[0], c.sha == ref)
        .order_by(r.change_no, r.trailer_no)
    )
    return list(dict.fromkeys((row.key, row.value) for row in rows))


def _edit(row: Any) -> ChangeEdit:
    return ChangeEdit(
        cast("Audience", row.audience) if row.audience else None, row.wording, row.is_silent, row.embargo, row.customer
    )
