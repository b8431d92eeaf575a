"""`deployment enrich`, and what documents say once a forge was asked: on a fake GitHub and a fake GitLab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Finished, run_here
from tests.support.fake_forges import TOKEN, FakeForge, FakeGitHub, FakeGitLab
from tests.support.http_server import Reply, running_server
from tests.support.repos import RepoBuilder

CONFIG = """
[releasewatch]
repo = "shop"
[forge]
kind = "{kind}"
url = "{url}"
project = "acme/shop"
[components.invoicing]
title = "Invoices"
paths = ["services/invoicing/**"]
"""
ENVIRON = {"RELEASEWATCH_GITHUB_TOKEN": TOKEN, "RELEASEWATCH_GITLAB_TOKEN": TOKEN}


class Shop:
    """A repo with two commits deployed after a first one, and its forge."""

    def __init__(self, folder: Path, forge: FakeForge, kind: str) -> None:
        self.forge = forge
        self.repo = RepoBuilder(folder)
        self.start = self.repo.commit("Start", {"releasewatch.toml": CONFIG.format(kind=kind, url=forge.server.url)})
        self.run("deployment", "record", "--environment", "production", "--key", "one", env={})
        self.squashed = self.repo.commit("wip", {"services/invoicing/a": "1"})
        self.plain = self.repo.commit("Correct a slip", {"services/invoicing/b": "1"})

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> Finished:
        return run_here(*arguments, cwd=self.repo.path, env=ENVIRON if env is None else env)

    def notes(self, audience: str = "engineering") -> str:
        done = self.run("notes", "render", "--deployment", "two", "--audience", audience)
        assert done.status == 0, done.err
        return done.out


@pytest.fixture(params=["github", "gitlab"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    made: type[FakeGitHub | FakeGitLab] = {"github": FakeGitHub, "gitlab": FakeGitLab}[request.param]
    with running_server() as server:
        yield Shop(tmp_path / "shop", made(server), request.param)


def recorded(shop: Shop, env: dict[str, str] | None = None) -> Finished:
    done = shop.run("deployment", "record", "--environment", "production", "--key", "two", "--format", "json", env=env)
    assert done.status == 0, done.err
    return done


def test_titles_of_pull_requests_stand_in_notes(shop: Shop) -> None:
    shop.forge.merge(7, "Invoices show the due date", shop.squashed, body="Closes #3")
    shop.forge.before = lambda _: Reply({}, 503)
    recorded(shop, env={})
    assert "wip" in shop.notes()
    shop.forge.before = None
    done = shop.run("deployment", "enrich", "--deployment", "two", "--format", "json")
    assert done.status == 0, done.err
    told = done.document["forge"]
    assert (told["with_pull_request"], told["without_pull_request"], told["missing"]) == (1, 1, 0)
    notes = shop.notes()
    assert "Invoices show the due date" in notes
    assert "#7" in notes
    assert "wip" not in notes
    assert "Correct a slip" in notes
    asked = len(shop.forge.server.asked)
    again = shop.run("deployment", "enrich", "--deployment", "two", "--format", "json")
    assert again.document["forge"]["known_before"] == 2
    assert len(shop.forge.server.asked) == asked
