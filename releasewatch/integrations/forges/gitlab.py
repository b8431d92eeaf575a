"""GitLab, on gitlab.com or one's own, through the REST API (v4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from releasewatch.domain.closing_words import closed_issues
from releasewatch.domain.forges import ForgeDeployment, ForgeKind, PullRequest
from releasewatch.domain.words import counted
from releasewatch.integrations.forges.requests_of_commits import RequestsOfCommits
from releasewatch.integrations.forges.rest import (
    client_for,
    deployments_made,
    instant,
    link_of,
    number_of,
    plain,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from releasewatch.domain.deployments import Status
    from releasewatch.domain.forges import ForgeMark
    from releasewatch.integrations.forges.rest import ForgeClient
    from releasewatch.secret import Secret

RIGHTS = "the scope read_api and the role Reporter; the scope api and the role Developer for --mark"

NoteWritten = Literal["written", "written anew", "as it was"]

_ENDS: dict[str, Status] = {"success": "succeeded", "failed": "failed", "canceled": "cancelled"}
_STATES = {"succeeded": "success", "failed": "failed", "cancelled": "canceled", "running": "running"}


class GitLab(RequestsOfCommits):
    """One project of GitLab's. `api`: the REST API's address; `project`: `group/name`; `token` may be missing.

    `options` are those of the HTTP client: patience, `within`, `plain_http`.
    """

    kind: ForgeKind = "gitlab"

    def __init__(self, api: str, project: str, token: Secret | None = None, **options: Any) -> None:
        self.project = project
        secrets = {"PRIVATE-TOKEN": token} if token else {}
        self._client: ForgeClient = client_for(self.kind, api, project, secrets, RIGHTS, **options)
        self._repo = f"projects/{quote(project, safe='')}"

    def probe(self) -> str:
        """Read one merge request and one deployment, which need rights of their own."""
        self._client.ask(f"{self._repo}/merge_requests", per_page=1)
        answer = self._client.get(self._client.address(f"{self._repo}/deployments", per_page=1))
        left = answer.headers.get("RateLimit-Remaining", "")
        return f"{counted(int(left), 'request')} left" if left.isdigit() else ""

    def deployments(
        self, environment: str, since: datetime | None, but: Collection[str] = ()
    ) -> Iterator[ForgeDeployment]:
        """In the order in which they were made, the newest first."""
        query = {"environment": environment, "order_by": "created_at", "sort": "desc"}
        pages = self._client.pages(f"{self._repo}/deployments", **query)
        for item, number, created_at in deployments_made(pages, since, but):
            yield self._deployment(item, number, environment, created_at)

    def mark(self, mark: ForgeMark) -> bool:
        """Make a deployment, unless the newest there is of this commit and has ended in this way."""
        query = {"environment": mark.environment, "order_by": "created_at", "sort": "desc"}
        known = self._client.ask(f"{self._repo}/deployments", per_page=1, **query)
        newest = known[0] if known else {}
        state = _STATES[mark.status]
        if (text_of(newest, "sha"), text_of(newest, "status")) == (mark.sha, state):
            return False
        self._client.send(
            f"{self._repo}/deployments",
            {
                "environment": mark.environment,
                "sha": mark.sha,
                "ref": mark.ref or mark.sha,
                "tag": False,
                "status": state,
            },
        )
        return True

    def write_note(self, request: int, marker: str, text: str) -> NoteWritten:
        """Write a note in a merge request, or write it anew: the one that begins with this marker.

        A note of a person is not looked at. Raises NotTakenError where the token may not write.
        """
        notes, body = f"{self._repo}/merge_requests/{request}/notes", f"{marker}\n{text}"
        for page in self._client.pages(notes, order_by="created_at", sort="asc"):
            for item in page:
                held = str(item.get("body") or "")
                if not held.startswith(marker):
                    continue
                if held.strip() == body.strip():
                    return "as it was"
                self._client.send(f"{notes}/{number_of(item, 'id')}", {"body": body}, "PUT")
                return "written anew"
        self._client.send(notes, {"body": body})
        return "written"

    def _merged(self) -> Iterator[list[dict[str, Any]]]:
        query = {"state": "merged", "order_by": "updated_at", "sort": "desc", "scope": "all"}
        return self._client.pages(f"{self._repo}/merge_requests", **query)

    def _holding(self, sha: str) -> list[dict[str, Any]]:
        return self._client.ask(f"{self._repo}/repository/commits/{sha}/merge_requests")

    def _made_by(self, item: dict[str, Any]) -> set[str]:
        return {text_of(item, "merge_commit_sha"), text_of(item, "squash_commit_sha")} - {""}

    def _may_be_merged(self, item: dict[str, Any]) -> bool:
        return text_of(item, "state") in ("opened", "locked")

    def _read(self, item: dict[str, Any]) -> PullRequest | None:
        """A request of the list; None for one that is not merged."""
        number = number_of(item, "iid")
        if not number or item.get("state") != "merged":
            return None
        labels = item.get("labels")
        return PullRequest(
            number,
            text_of(item, "title"),
            link_of(item, "web_url"),
            text_of(item, "author", "username"),
            tuple(plain(label) for label in labels if label) if isinstance(labels, list) else (),
            closed_issues(str(item.get("description") or ""), self.kind, self.project),
            text_of(item, "merge_commit_sha") or text_of(item, "squash_commit_sha"),
        )

    def _deployment(self, item: dict[str, Any], number: int, environment: str, created_at: datetime) -> ForgeDeployment:
        made_by = item.get("deployable")
        job = made_by if isinstance(made_by, dict) else {}
        status = _ENDS.get(text_of(item, "status"))
        ended_at = instant(job.get("finished_at")) or instant(item.get("updated_at"))
        return ForgeDeployment(
            str(number),
            text_of(item, "sha"),
            environment,
            status,
            created_at,
            instant(job.get("started_at")),
            ended_at if status else None,
            link_of(job, "web_url"),
        )
