"""What a forge said of our commits, kept so that it is asked once: pull and merge requests, by repo and commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, insert, or_, select

from releasewatch.domain.forges import AskedCommit, PullRequest
from releasewatch.domain.messages import NAMING_TRAILER, named_customers
from releasewatch.storage import tables as t
from releasewatch.storage.change_edits import name_customer
from releasewatch.storage.footprints import LONGEST_NAME
from releasewatch.storage.sql import chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime


def asked_before(connection: Connection, repo_id: int, shas: Collection[str]) -> set[str]:
    """Which of some commits a forge was asked about."""
    f = t.forge_commit.c
    found: set[str] = set()
    for part in chunks(sorted(shas)):
        found |= set(connection.scalars(select(f.sha).where(f.repo_id == repo_id, f.sha.in_(part))))
    return found


def requests_of_deployment(connection: Connection, deployment_id: int) -> dict[str, PullRequest]:
    """What is known of the requests of a deployment's changes, by sha; without those who opened them."""
    c, d, f = t.change.c, t.deployment.c, t.forge_commit.c
    rows = connection.execute(
        select(f.repo_id, f.sha, f.number)
        .join_from(t.change, t.deployment, d.deployment_id == c.deployment_id)
        .join(t.forge_commit, (f.repo_id == d.repo_id) & (f.sha == c.sha))
        .where(c.deployment_id == deployment_id, f.number > 0)
        .distinct()
    ).all()
    if not rows:
        return {}
    requests = _requests(connection, rows[0].repo_id, {row.number for row in rows})
    return {row.sha: requests[row.number] for row in rows if row.number in requests}


def requests_of_repo(connection: Connection, repo: str) -> dict[str, PullRequest]:
    """The same of everything that is known of a repo."""
    f = t.forge_commit.c
    repo_id = connection.scalar(select(t.repo.c.repo_id).where(t.repo.c.key == repo))
    rows = connection.execute(select(f.sha, f.number).where(f.repo_id == repo_id, f.number > 0)).all()
    requests = _requests(connection, repo_id, {row.number for row in rows}) if repo_id is not None else {}
    return {row.sha: requests[row.number] for row in rows if row.number in requests}


def _requests(connection: Connection, repo_id: int, numbers: Collection[int]) -> dict[int, PullRequest]:
    r, x = t.forge_request.c, t.forge_label.c
    found: dict[int, PullRequest] = {}
    for part in chunks(sorted(numbers)):
        labels: dict[int, list[str]] = {}
        for row in connection.execute(
            select(x.number, x.label).where(x.repo_id == repo_id, x.number.in_(part)).order_by(x.number, x.label)
        ):
            labels.setdefault(row.number, []).append(row.label)
        for row in connection.execute(select(t.forge_request).where(r.repo_id == repo_id, r.number.in_(part))):
            found[row.number] = PullRequest(
                row.number,
                row.title,
                row.url,
                labels=tuple(labels.get(row.number, ())),
                closes=tuple(row.closes),
                merged_as=row.merged_as,
            )
    return found


def commits_to_ask(connection: Connection, deployment_id: int) -> list[AskedCommit]:
    """The commits of a deployment that may have a request of their own, the newest first.

    The others came with a merge that is among these, whose request is theirs too.
    """
    c = t.change.c
    rows = connection.execute(
        select(c.sha, func.max(c.committed_at).label("committed_at"))
        .where(
            c.deployment_id == deployment_id,
            c.sha != "",
            c.committed_at.is_not(None),
            or_(c.merged_by.is_(None), c.is_merge, c.pull_request.is_not(None)),
        )
        .group_by(c.sha)
        .order_by(func.min(c.change_no))
    )
    return [AskedCommit(row.sha, row.committed_at) for row in rows]


def deployments_since(connection: Connection, repo_id: int, since: datetime | None) -> list[int]:
    """The deployments of a repo that opened since, the newest first."""
    d = t.deployment.c
    query = select(d.deployment_id).where(d.repo_id == repo_id, d.head.is_not(None))
    if since is not None:
        query = query.where(d.opened_at >= since)
    return list(connection.scalars(query.order_by(d.opened_at.desc(), d.deployment_id.desc())))


def store_requests(
    connection: Connection, repo_id: int, found: Sequence[tuple[str, PullRequest | None]], now: datetime
) -> None:
    """Keep what a forge said of commits, in place of what it said before."""
    f = t.forge_commit.c
    for part in chunks(found):
        shas = [sha for sha, _ in part]
        connection.execute(delete(t.forge_commit).where(f.repo_id == repo_id, f.sha.in_(shas)))
        numbers = {sha: request.number if request else 0 for sha, request in part}
        connection.execute(
            insert(t.forge_commit),
            [{"repo_id": repo_id, "sha": sha, "number": number, "fetched_at": now} for sha, number in numbers.items()],
        )
        _store(connection, repo_id, {request.number: request for _, request in part if request}, now)
    names = {sha: named_by([request]) for sha, request in found if request}
    _name_in_deployments(connection, repo_id, {sha: refs for sha, refs in names.items() if refs})


def _store(connection: Connection, repo_id: int, requests: Mapping[int, PullRequest], now: datetime) -> None:
    if not requests:
        return
    for table in (t.forge_person, t.forge_label, t.forge_request):
        connection.execute(delete(table).where(table.c.repo_id == repo_id, table.c.number.in_(requests)))
    rows = [
        {
            "repo_id": repo_id,
            "number": number,
            "title": one.title,
            "url": one.url,
            "closes": list(one.closes),
            "merged_as": one.merged_as,
            "fetched_at": now,
        }
        for number, one in requests.items()
    ]
    connection.execute(insert(t.forge_request), rows)
    labels = [(number, label) for number, one in requests.items() for label in dict.fromkeys(one.labels)]
    people = [(number, one.author) for number, one in requests.items() if one.author]
    for table, column, pairs in ((t.forge_label, "label", labels), (t.forge_person, "author", people)):
        if pairs:
            connection.execute(
                insert(table), [{"repo_id": repo_id, "number": number, column: value} for number, value in pairs]
            )


def named_by(requests: Iterable[PullRequest]) -> list[str]:
    """The customers whom labels name (`customer: KEY`), as written, each once."""
    labels = (label.partition(":") for request in requests for label in request.labels)
    names = named_customers([(word.strip(), value) for word, _, value in labels])
    return [name for name in names if len(name) <= LONGEST_NAME]


def _name_in_deployments(connection: Connection, repo_id: int, names: Mapping[str, Sequence[str]]) -> None:
    """Who is named by a label is named in every deployment that brought the change and did not take it back."""
    c, d = t.change.c, t.deployment.c
    for sha, refs in names.items():
        numbers = connection.scalars(
            select(c.deployment_id)
            .join_from(t.change, t.deployment, d.deployment_id == c.deployment_id)
            .where(d.repo_id == repo_id, c.sha == sha, c.side == "added", c.reverted_by.is_(None))
            .distinct()
        ).all()
        for deployment_id in numbers:
            for ref in refs:
                name_customer(connection, deployment_id, sha, ref)


def named_by_labels(connection: Connection, repo_id: int) -> dict[str, list[str]]:
    """The customers whom labels name, by the sha of the change."""
    x, f = t.forge_label.c, t.forge_commit.c
    rows: Iterable[Any] = connection.execute(
        select(f.sha, x.label)
        .join_from(t.forge_label, t.forge_commit, (f.repo_id == x.repo_id) & (f.number == x.number))
        .where(x.repo_id == repo_id, func.lower(x.label).startswith(NAMING_TRAILER))
        .order_by(f.sha, x.label)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.sha, []).extend(named_by([PullRequest(0, "", "", labels=(row.label,))]))
    return {sha: refs for sha, refs in found.items() if refs}


def rename_in_labels(connection: Connection, names: Collection[str], token: str) -> int:
    """Labels that named a customer who is forgotten name the key that stands for them; answers how many."""
    x = t.forge_label
    rows = connection.execute(select(x).where(func.lower(x.c.label).startswith(NAMING_TRAILER))).all()
    done = 0
    for row in rows:
        word, _, value = row.label.partition(":")
        said = named_customers([(word.strip(), value)])
        if set(names).isdisjoint(said):
            continue
        label = f"{word}: {', '.join(dict.fromkeys(token if name in names else name for name in said))}"
        this = (x.c.repo_id == row.repo_id, x.c.number == row.number)
        connection.execute(delete(x).where(*this, x.c.label.in_([row.label, label])))
        connection.execute(insert(x).values(repo_id=row.repo_id, number=row.number, label=label))
        done += 1
    return done


def rows_naming(connection: Connection, names: Collection[str]) -> list[dict[str, Any]]:
    """The labels that name a customer by one of their names."""
    x = t.forge_label
    rows = connection.execute(select(x).where(func.lower(x.c.label).startswith(NAMING_TRAILER))).mappings()
    return [dict(row) for row in rows if set(names) & set(named_by([PullRequest(0, "", "", labels=(row["label"],))]))]
