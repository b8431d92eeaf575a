"""GitHub's own description of its API: it understands what we ask, and what it promises is read.

Prism serves the description; then it stands between us and our fake, so that the fake's answers are held to it as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from releasewatch.domain.forges import ForgeMark
from releasewatch.errors import OutsideFailedError
from releasewatch.integrations.forges import GitHub
from releasewatch.secret import Secret
from tests.support.data import real_data
from tests.support.fake_forges import TOKEN, FakeGitHub
from tests.support.forge_contract import ONE, QUICK, TWO, asked, check_forge
from tests.support.http_server import running_server
from tests.support.prism import running_prism


@pytest.fixture(scope="module")
def described() -> Iterator[str]:
    with running_prism(real_data("openapi", "github-subset.json")) as url:
        yield url


def github(url: str) -> GitHub:
    return GitHub(url, "acme/shop", Secret(TOKEN), patience=QUICK)


def test_the_examples_of_the_description_are_read(described: str) -> None:
    """Its lists lead on to api.github.com, where nothing is asked: the token belongs to Prism alone."""
    forge = github(described)
    forge.probe()
    ((_, found),) = forge.pull_requests(asked(ONE))
    assert found is not None
    assert (found.number, found.title, found.author, found.labels) == (1347, "Amazing new feature", "octocat", ("bug",))
    with pytest.raises(OutsideFailedError, match=r"api\.github\.com:443, another server"):
        list(forge.deployments("production", None))
    assert forge.mark(ForgeMark("production", ONE, "failed", "main", "https://ci.example.org/8", True))
    assert not forge.mark(ForgeMark("production", ONE, "succeeded"))


def test_our_questions_and_the_fakes_answers_keep_to_the_description() -> None:
    description = real_data("openapi", "github-subset.json")
    (example,) = json.loads(description.read_text())["components"]["examples"]["pull-request-simple-items"]["value"]
    with running_server() as server:
        fake = FakeGitHub(server, like=example | {"requested_teams": []})
        fake.root = ""
        fake.merge(7, "Invoices show the due date", ONE, labels=["audience: account"])
        fake.deploy(1, TWO, "production", "2026-01-05T10:00:00Z", ("success", "2026-01-05T10:05:00Z"))
        with running_prism(description, server.url) as url:
            check_forge(github(url))
    assert [one.get("state") for one in fake.made] == ["failure", None, "success"]
