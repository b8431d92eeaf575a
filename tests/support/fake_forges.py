"""Small forges in this process: what GitHub and GitLab answer to our questions, with pages, limits and failures.

Their answers hold the fields that are read; GitHub's are held against its published description in `tests/realworld`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from tests.support.http_server import Reply, Request, WebServer

TOKEN = "canary-forge-4c1e"
Item = dict[str, Any]
Before = Callable[[Request], Reply | None]


@dataclass
class FakeForge:
    """What both have in common. `before` may answer in the forge's place; `page` is how much one page holds at most."""

    server: WebServer
    project: str = "acme/shop"
    pulls: list[Item] = field(default_factory=list)
    of_commit: dict[str, list[int]] = field(default_factory=dict)
    made: list[Item] = field(default_factory=list)
    before: Before | None = None
    page: int = 100
    unknown: set[str] = field(default_factory=set)
    like: Item = field(default_factory=dict)
    """What a request holds beside what is read."""

    def __post_init__(self) -> None:
        self.server.handler = self

    def __call__(self, request: Request) -> Reply:
        early = self.before(request) if self.before else None
        if early is not None:
            return early
        if request.headers.get(*self.token_header()) != self.token_value():
            return Reply({"message": "Bad credentials"}, 401)
        path = request.path.removeprefix(self.root)
        if not path.startswith(self.home):
            return Reply({"message": "Not Found"}, 404)
        reply = self.answer(request, path.removeprefix(self.home).strip("/"))
        return replace(reply, headers={"Content-Type": "application/json", **reply.headers})

    root = ""
    home = ""

    def token_header(self) -> tuple[str, str]:
        raise NotImplementedError

    def token_value(self) -> str:
        raise NotImplementedError

    def answer(self, request: Request, path: str) -> Reply:
        raise NotImplementedError

    def listed(self, request: Request, items: Sequence[Item]) -> Reply:
        """One page of a list, with where the next one is."""
        size = min(self.page, int(request.query.get("per_page", "30")))
        number = int(request.query.get("page", "1"))
        query = "&".join(f"{name}={value}" for name, value in request.query.items() if name != "page")
        headers = {"x-ratelimit-remaining": "4999", "RateLimit-Remaining": "4999"}
        if number * size < len(items):
            address = f"{self.server.url}{request.path}?{query}&page={number + 1}"
            headers["Link"] = f'<{address}>; rel="next", <{address}>; rel="last"'
        return Reply(list(items[(number - 1) * size : number * size]), headers=headers)

    def sent(self, request: Request) -> Item:
        """The document that was sent."""
        found: Item = json.loads(request.body)
        return found


_ADDRESSES = (
    "avatar_url url html_url followers_url following_url gists_url starred_url subscriptions_url organizations_url "
    "repos_url events_url received_events_url"
)
USER: Item = {
    "login": "ada",
    "id": 1,
    "node_id": "MDQ6VXNlcjE=",
    "type": "User",
    "site_admin": False,
    "gravatar_id": "",
    **dict.fromkeys(_ADDRESSES.split(), "https://api.example.org/x"),
}
LABEL: Item = {
    "id": 1,
    "node_id": "MDU6TGFiZWwx",
    "url": "https://api.example.org/x",
    "description": "",
    "color": "ededed",
    "default": False,
}


class FakeGitHub(FakeForge):
    """GitHub's REST API as far as it is asked."""

    root = "/api/v3"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.home = f"/repos/{self.project}"
        self.deployments: list[Item] = []
        self.statuses: dict[int, list[Item]] = {}

    def token_header(self) -> tuple[str, str]:
        return "authorization", ""

    def token_value(self) -> str:
        return f"Bearer {TOKEN}"

    def merge(
        self, number: int, title: str, sha: str, *, labels: Sequence[str] = (), body: str = "", **more: Any
    ) -> None:
        """A pull request that was merged as a commit."""
        self.pulls.insert(
            0,
            self.like
            | {
                "number": number,
                "title": title,
                "state": "closed",
                "html_url": f"https://github.example.org/{self.project}/pull/{number}",
                "user": USER,
                "body": body,
                "labels": [LABEL | {"name": label} for label in labels],
                "merge_commit_sha": sha,
                "merged_at": "2026-01-05T12:00:00Z",
                "updated_at": "2026-01-05T12:00:00Z",
            }
            | more,
        )
        self.of_commit.setdefault(sha, []).append(number)

    def deploy(self, number: int, sha: str, environment: str, at: str, *statuses: tuple[str, str]) -> None:
        """A deployment with `(state, instant)`s, the oldest first."""
        self.deployments.insert(0, self._deployment(number, sha, environment, at))
        self.statuses[number] = [self._status(state, instant) for state, instant in reversed(statuses)]

    def answer(self, request: Request, path: str) -> Reply:
        match path.split("/"):
            case ["pulls"]:
                return self.listed(request, self.pulls)
            case ["commits", sha, "pulls"]:
                if sha in self.unknown:
                    return Reply({"message": f"No commit found for SHA: {sha}"}, 422)
                numbers = self.of_commit.get(sha, [])
                return self.listed(request, [one for one in self.pulls if one["number"] in numbers])
            case ["deployments"] if request.method == "POST":
                sent = self.sent(request)
                at = "2026-01-06T00:00:00Z"
                made = self._deployment(len(self.deployments) + 900, sent["ref"], sent["environment"], at)
                self.deployments.insert(0, made)
                self.statuses[made["id"]] = []
                self.made.append(sent)
                return Reply(made, 201)
            case ["deployments"]:
                wanted = {name: value for name, value in request.query.items() if name in ("sha", "environment")}
                fitting = [one for one in self.deployments if wanted.items() <= one.items()]
                return self.listed(request, fitting)
            case ["deployments", number, "statuses"] if request.method == "POST":
                sent = self.sent(request)
                status = self._status(sent["state"], "2026-01-06T00:00:01Z") | {
                    "log_url": sent.get("log_url", "https://ci.example.org")
                }
                self.statuses[int(number)].insert(0, status)
                self.made.append(sent)
                return Reply(status, 201)
            case ["deployments", number, "statuses"]:
                return self.listed(request, self.statuses[int(number)])
        return Reply({"message": "Not Found"}, 404)

    def _deployment(self, number: int, sha: str, environment: str, at: str) -> Item:
        url = f"https://api.example.org{self.home}"
        return {
            "id": number, "node_id": "DE_1", "sha": sha, "ref": sha, "task": "deploy", "payload": {},
            "environment": environment, "original_environment": environment, "description": None, "creator": USER,
            "created_at": at, "updated_at": at, "url": f"{url}/deployments/{number}", "repository_url": url,
            "statuses_url": f"{url}/deployments/{number}/statuses",
        }  # fmt: skip

    def _status(self, state: str, at: str) -> Item:
        url = f"https://api.example.org{self.home}"
        return {
            "id": 1, "node_id": "DES_1", "state": state, "creator": USER, "description": "",
            "environment": "production",
            "target_url": "https://ci.example.org/7", "log_url": "https://ci.example.org/7", "created_at": at,
            "updated_at": at, "url": f"{url}/deployments/1/statuses/1", "deployment_url": f"{url}/deployments/1",
            "repository_url": url,
        }  # fmt: skip


class FakeGitLab(FakeForge):
    """GitLab's REST API as far as it is asked."""

    root = "/api/v4"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.home = f"/projects/{self.project}"
        self.deployments: list[Item] = []
        self.notes: dict[int, list[Item]] = {}

    def __call__(self, request: Request) -> Reply:
        return super().__call__(replace(request, path=unquote(request.path)))

    def token_header(self) -> tuple[str, str]:
        return "private-token", ""

    def token_value(self) -> str:
        return TOKEN

    def merge(
        self, number: int, title: str, sha: str, *, labels: Sequence[str] = (), body: str = "", **more: Any
    ) -> None:
        """A merge request that was merged as a commit."""
        self.pulls.insert(
            0,
            {
                "id": 1000 + number,
                "iid": number,
                "title": title,
                "state": "merged",
                "web_url": f"https://gitlab.example.org/{self.project}/-/merge_requests/{number}",
                "author": {"username": "ada"},
                "description": body,
                "labels": list(labels),
                "merge_commit_sha": sha,
                "squash_commit_sha": None,
                "merged_at": "2026-01-05T12:00:00.000Z",
                "updated_at": "2026-01-05T12:00:00.000Z",
            }
            | more,
        )
        self.of_commit.setdefault(sha, []).append(number)

    def deploy(self, number: int, sha: str, environment: str, at: str, *statuses: tuple[str, str]) -> None:
        """A deployment with `(status, instant)`s, of which the last is what it has."""
        status, ended = statuses[-1] if statuses else ("created", at)
        self.deployments.insert(
            0,
            {
                "id": number, "iid": number, "ref": "main", "sha": sha, "status": status, "created_at": at,
                "updated_at": ended, "environment": {"name": environment},
                "deployable": {"started_at": at, "finished_at": ended, "web_url": "https://ci.example.org/7"},
            },
        )  # fmt: skip

    def answer(self, request: Request, path: str) -> Reply:
        match path.split("/"):
            case ["merge_requests"]:
                return self.listed(request, self.pulls)
            case ["merge_requests", number, "notes", *which]:
                return self._note(request, self.notes.setdefault(int(number), []), which)
            case ["repository", "commits", sha, "merge_requests"]:
                if sha in self.unknown:
                    return Reply({"message": "404 Commit Not Found"}, 404)
                numbers = self.of_commit.get(sha, [])
                return self.listed(request, [one for one in self.pulls if one["iid"] in numbers])
            case ["deployments"] if request.method == "POST":
                sent = self.sent(request)
                self.made.append(sent)
                self.deploy(900, sent["sha"], sent["environment"], "2026-01-06T00:00:00Z", (sent["status"], ""))
                return Reply(self.deployments[0], 201)
            case ["deployments"]:
                environment = request.query.get("environment")
                return self.listed(
                    request, [one for one in self.deployments if one["environment"]["name"] == environment]
                )
        return Reply({"message": "404 Not Found"}, 404)

    def _note(self, request: Request, notes: list[Item], which: list[str]) -> Reply:
        if request.method == "GET":
            return self.listed(request, notes)
        if request.method == "POST" and not which:
            notes.append({"id": 300 + len(notes), "system": False, **self.sent(request)})
            return Reply(notes[-1], 201)
        found = [one for one in notes if request.method == "PUT" and [str(one["id"])] == which]
        for one in found:
            one |= self.sent(request)
            return Reply(one, 200)
        return Reply({"message": "404 Not Found"}, 404)
