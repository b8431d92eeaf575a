"""GitHub and GitHub Enterprise, through the REST API (version 2022-11-28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from releasewatch.domain.closing_words import closed_issues
from releasewatch.domain.forges import ForgeDeployment, ForgeKind, PullRequest
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, OutsideFailedError
from releasewatch.integrations.forges.requests_of_commits import RequestsOfCommits
from releasewatch.integrations.forges.rest import (
    client_for,
    deployments_made,
    instant,
    link_of,
    number_of,
    text_of,
)
from releasewatch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from releasewatch.domain.deployments import Status
    from releasewatch.domain.forges import ForgeMark
    from releasewatch.integrations.forges.rest import ForgeClient

RIGHTS = "read of pull requests and deployments; write of deployments for --mark"

_ENDS: dict[str, Status] = {"success": "succeeded", "failure": "failed", "error": "failed"}
_STATES = {"succeeded": "success", "failed": "failure", "cancelled": "error", "running": "in_progress"}
_PAGES_OF_STATUSES = 5


class GitHub(RequestsOfCommits):
    """One repo of GitHub's. `api`: the REST API's address; `project`: `owner/name`; `token` may be missing.

    `options` are those of the HTTP client: patience, `within`, `plain_http`.
    """

    kind: ForgeKind = "github"

    def __init__(self, api: str, project: str, token: Secret | None = None, **options: Any) -> None:
        if project.count("/") != 1 or not all(project.split("/")):
            raise InvalidCallError(
                f"{project} is not the path of a repo of GitHub's: wanted owner/name.", "Set project in [forge]."
            )
        self.project = project
        secrets = {"Authorization": Secret(f"Bearer {token.reveal()}")} if token else {}
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        self._client: ForgeClient = client_for(self.kind, api, project, secrets, RIGHTS, headers=headers, **options)
        self._repo = f"repos/{quote(project)}"

    def probe(self) -> str:
        """Read one pull request and one deployment, which need rights of their own."""
        self._client.ask(f"{self._repo}/pulls", per_page=1)
        answer = self._client.get(self._client.address(f"{self._repo}/deployments", per_page=1))
        left = answer.headers.get("x-ratelimit-remaining", "")
        return f"{counted(int(left), 'request')} left" if left.isdigit() else ""

    def deployments(
        self, environment: str, since: datetime | None, but: Collection[str] = ()
    ) -> Iterator[ForgeDeployment]:
        """Each with its statuses, for which it has to be asked once more."""
        pages = self._client.pages(f"{self._repo}/deployments", environment=environment)
        for item, number, created_at in deployments_made(pages, since, but):
            yield self._deployment(item, number, environment, created_at)

    def mark(self, mark: ForgeMark) -> bool:
        """Give the deployment of this commit there a status; make one where there is none."""
        known = self._client.ask(f"{self._repo}/deployments", sha=mark.sha, environment=mark.environment, per_page=1)
        if known:
            made = known[0]
        else:
            made = self._client.send(
                f"{self._repo}/deployments",
                {
                    "ref": mark.sha,
                    "environment": mark.environment,
                    "auto_merge": False,
                    "required_contexts": [],
                    "production_environment": mark.is_production,
                    "description": "Recorded by releasewatch",
                },
            )
        number = made.get("id")
        if not isinstance(number, int):
            raise OutsideFailedError("GitHub: it made no deployment (it answered without an id).", "Look there.")
        path, state = f"{self._repo}/deployments/{number}/statuses", _STATES[mark.status]
        newest = self._client.ask(path, per_page=1)
        if newest and text_of(newest[0], "state") == state:
            return False
        run = {"log_url": mark.url} if mark.url.startswith(("https://", "http://")) else {}
        self._client.send(path, {"state": state, "description": "Recorded by releasewatch", **run})
        return True

    def _merged(self) -> Iterator[list[dict[str, Any]]]:
        return self._client.pages(f"{self._repo}/pulls", state="closed", sort="updated", direction="desc")

    def _holding(self, sha: str) -> list[dict[str, Any]]:
        return self._client.ask(f"{self._repo}/commits/{sha}/pulls")

    def _made_by(self, item: dict[str, Any]) -> set[str]:
        return {text_of(item, "merge_commit_sha")} - {""}

    def _may_be_merged(self, item: dict[str, Any]) -> bool:
        return text_of(item, "state") == "open"

    def _read(self, item: dict[str, Any]) -> PullRequest | None:
        """A request of the list; None for one that was closed without merging."""
        number = number_of(item, "number")
        if not number or not item.get("merged_at"):
            return None
        given = item.get("labels")
        labels = [text_of(one, "name") for one in given if isinstance(one, dict)] if isinstance(given, list) else []
        return PullRequest(
            number,
            text_of(item, "title"),
            link_of(item, "html_url"),
            text_of(item, "user", "login"),
            tuple(label for label in labels if label),
            closed_issues(str(item.get("body") or ""), self.kind, self.project),
            text_of(item, "merge_commit_sha"),
        )

    def _deployment(self, item: dict[str, Any], number: int, environment: str, created_at: datetime) -> ForgeDeployment:
        """With its end: the newest status that is one. `inactive` only says that another one followed."""
        status: Status | None = None
        started_at = finished_at = None
        url = ""
        for read, page in enumerate(self._client.pages(f"{self._repo}/deployments/{number}/statuses"), 1):
            for said in page:
                state, at = text_of(said, "state"), instant(said.get("created_at"))
                if status is None and state in _ENDS:
                    status, finished_at = _ENDS[state], at
                    url = link_of(said, "log_url") or link_of(said, "target_url")
                elif state == "in_progress":
                    started_at = at
            if read >= _PAGES_OF_STATUSES:
                break
        return ForgeDeployment(
            str(number), text_of(item, "sha"), environment, status, created_at, started_at, finished_at, url
        )
