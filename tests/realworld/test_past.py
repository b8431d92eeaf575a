"""A hundred tags of real histories as a past: each is compared with what an independent reading says was live."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.catalog import Catalog, Component
from releasewatch.domain.past import PastDeployment
from releasewatch.integrations.git_history import open_history
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.migrate import open_ledger
from releasewatch.usecases.deployment_import import import_past, past_of_tags
from releasewatch.usecases.deployments import Describing, describe
from releasewatch.usecases.record_facts import RecordRequest
from releasewatch.usecases.recording import record
from releasewatch.usecases.surroundings import Surroundings
from tests.support.data import real_data

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MANY = 100


def git(repo: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(repo), *words], check=True, capture_output=True, encoding="utf-8").stdout


def newest_tags(repo: Path) -> list[tuple[int, str, str]]:
    """`(seconds, commit, name)` of the newest tags, as `git tag` sorts and git itself dates them; oldest first."""
    names = git(repo, "tag", "--sort=creatordate").split()
    found = [
        (int(git(repo, "for-each-ref", "--format=%(creatordate:unix)", f"refs/tags/{name}")), name) for name in names
    ]
    return [(at, git(repo, "rev-parse", f"{name}^{{commit}}").strip(), name) for at, name in sorted(found)[-MANY:]]


def request_of(past: PastDeployment) -> RecordRequest:
    return RecordRequest(
        "production", "production", NOW, head=past.head, release=past.release, finished_at=past.finished_at
    )


def counted(repo: Path, *words: str) -> int:
    return int(git(repo, "rev-list", "--count", *words))


@pytest.mark.parametrize("bundle", ["commitlint", "git-cliff"])
def test_baselines_of_a_hundred_tags(bundle: str, tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    subprocess.run(["git", "clone", "-q", str(real_data("histories", f"{bundle}.bundle")), str(repo)], check=True)
    expected = newest_tags(repo)
    assert len(expected) == MANY
    catalog = Catalog("world", (Component(key="all", title="All", paths=("/**",)),))
    ledger = open_ledger(Secret(f"sqlite:///{tmp_path / 'ledger.db'}"))
    history = open_history(repo, fetch_missing=False)
    around = Surroundings("world", history, lambda _sha: catalog, GitignoreMapper)

    def run() -> Any:
        usual = PastDeployment("", None, "production")
        past = past_of_tags(history.tags(), (), datetime.fromtimestamp(expected[0][0], UTC), usual, NOW)
        return import_past(ledger, around, past, request_of)

    report = run()
    assert report.rejected == []
    assert [(int(one.opened_at.timestamp()), one.release) for one in report.deployments] == [
        (at, name) for at, _, name in expected
    ]
    documents = [describe(ledger, int(one.id[2:]), Describing(NOW, {})) for one in report.deployments]
    for (_, before, _), (_, head, name), found in zip(expected, expected[1:], documents[1:], strict=False):
        assert found["deployment"]["base"] == before, name
        assert found["deployment"]["head"] == head, name
        assert found["changes"]["added"] == counted(repo, head, f"^{before}"), name
        assert found["changes"]["removed"] == counted(repo, before, f"^{head}"), name
    first = documents[0]
    if first["deployment"]["base"] is not None:
        assert git(repo, "merge-base", "--is-ancestor", first["deployment"]["base"], expected[0][1]) == ""
        assert first["baselines"][0]["source"] == "tag"

    assert all(one.already_recorded for one in run().deployments)
    with ledger.read() as connection:
        assert len(connection.execute(t.deployment_event.select()).all()) == MANY

    done = record(ledger, around, RecordRequest("production", "production", NOW, head="HEAD", run="1"))
    told = describe(ledger, done.deployment_id, Describing(NOW, {}))
    assert told["deployment"]["base"] == expected[-1][1]
    assert told["changes"]["added"] == counted(repo, "HEAD", f"^{expected[-1][1]}")
    ledger.close()
