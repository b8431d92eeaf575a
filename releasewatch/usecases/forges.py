"""Asking the forge what pull requests our changes came with, once for each commit, and as far as it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from releasewatch.domain.forges import FORGE_TITLES
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, OutsideFailedError
from releasewatch.storage import catalogs, deployments, forges

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from releasewatch.domain.forges import AskedCommit, PullRequest
    from releasewatch.ports import Forge
    from releasewatch.storage.ledger import Ledger

_AT_ONCE = 100
"""How many answers are kept together: what was told before a forge stops answering is not asked again."""


@dataclass(slots=True)
class Enriched:
    """What asking a forge came to. `known`: commits it was asked about before; `with_request` + `without` + `open` were
    asked now; `missing`: those it did not tell of any more, and `why`."""

    known: int = 0
    with_request: int = 0
    without: int = 0
    missing: int = 0
    why: str = ""
    hint: str = ""


def chosen_deployments(ledger: Ledger, repo: str, ref: str | None, since: datetime | None) -> list[int]:
    """The deployments that are to be enriched: the one that is named, else those of a repo since.

    Raises InvalidCallError for one of another repo: its forge is not this one.
    """
    with ledger.read() as connection:
        if ref is not None:
            found = deployments.resolve_deployment(connection, ref, repo=repo, environment=None)
            if found.repo != repo:
                raise InvalidCallError(
                    f"{found.id} is a deployment of {found.repo}, and this is {repo}.",
                    f"Run the same command in a clone of {found.repo}.",
                )
            return [found.row.deployment_id]
        repo_id = catalogs.repo_id_of(connection, repo)
        return [] if repo_id is None else forges.deployments_since(connection, repo_id, since)


def enrich(
    ledger: Ledger, forge: Forge, repo: str, numbers: Sequence[int], now: datetime, *, again: bool = False
) -> Enriched:
    """Ask for the requests of the changes of some deployments of a repo; what the forge says is kept as it comes.

    Never raises because of the forge: it tells in `why` what kept it. `again`: what was told before is asked anew.
    """
    report = Enriched()
    asked: dict[str, AskedCommit] = {}
    with ledger.read() as connection:
        repo_id = catalogs.repo_id_of(connection, repo)
        for number in numbers if repo_id is not None else ():
            asked |= {one.sha: one for one in forges.commits_to_ask(connection, number)}
        before = set() if again or repo_id is None else forges.asked_before(connection, repo_id, asked)
    report.known = len(before)
    waiting = {sha: one for sha, one in asked.items() if sha not in before}
    if repo_id is None or not waiting:
        return report
    found: list[tuple[str, PullRequest | None]] = []
    try:
        for sha, request in forge.pull_requests(list(waiting.values())):
            found.append((sha, request))
            waiting.pop(sha, None)
            report.with_request += request is not None
            report.without += request is None
            if len(found) >= _AT_ONCE:
                _keep(ledger, repo, repo_id, found, now)
    except OutsideFailedError as error:
        report.missing, report.why, report.hint = len(waiting), error.message, error.hint
    _keep(ledger, repo, repo_id, found, now)
    return report


def _keep(ledger: Ledger, repo: str, repo_id: int, found: list[tuple[str, PullRequest | None]], now: datetime) -> None:
    if found:
        with ledger.write() as connection:
            ledger.lock(connection, f"releasewatch:forge:{repo}")
            forges.store_requests(connection, repo_id, found, now)
        found.clear()


def enriched_document(forge: Forge, report: Enriched) -> dict[str, Any]:
    """The report as `--format json` gives it."""
    return {
        "kind": forge.kind,
        "project": forge.project,
        "known_before": report.known,
        "with_pull_request": report.with_request,
        "without_pull_request": report.without,
        "missing": report.missing,
        "why_missing": report.why or None,
    }


def enriched_words(forge: Forge, report: Enriched) -> str:
    """The report in a sentence."""
    title = FORGE_TITLES[forge.kind]
    noun = "merge request" if forge.kind == "gitlab" else "pull request"
    if report.missing:
        return f"{title} did not tell the {noun}s of {counted(report.missing, 'commit')}: {report.why}"
    if asked := report.with_request + report.without:
        return f"{title} told the {noun}s of {report.with_request} of {counted(asked, 'commit')}."
    if not report.known:
        return f"Nothing to ask {title}: no change is recorded in that time."
    were = "was" if report.known == 1 else "were"
    return f"Nothing to ask {title}: {counted(report.known, 'commit')} {were} asked about before."
