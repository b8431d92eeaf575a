"""Recording deployment after deployment of real histories: components as an independent reading of `git diff` says."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from releasewatch.domain.catalog import Catalog, Component
from releasewatch.domain.note_building import build_notes
from releasewatch.integrations.git_history import open_history
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.rendering.documents import render_notes
from releasewatch.secret import Secret
from releasewatch.storage.migrate import open_ledger
from releasewatch.usecases.deployments import Describing, describe
from releasewatch.usecases.notes import Reading, notes_of_deployment
from releasewatch.usecases.record_facts import RecordRequest
from releasewatch.usecases.recording import record
from releasewatch.usecases.surroundings import Surroundings
from tests.support.data import real_data

DEPLOYMENTS = 61
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def git(repo: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(repo), *words], check=True, capture_output=True, encoding="utf-8", errors="surrogateescape"
    ).stdout


def tags(repo: Path) -> list[str]:
    found = git(repo, "tag", "--sort=creatordate", "--format=%(refname:short)").split()
    return [git(repo, "rev-parse", f"{tag}^{{commit}}").strip() for tag in found[-DEPLOYMENTS:]]


def first_parent_merges(repo: Path) -> list[str]:
    found = git(repo, "rev-list", "--first-parent", "--merges", f"--max-count={DEPLOYMENTS}", "HEAD").split()
    return found[::-1]


def folders_of(repo: Path, heads: list[str], depth: int) -> list[str]:
    """Every folder of a depth that exists at one of the heads."""
    found: set[str] = set()
    for head in (heads[0], heads[len(heads) // 2], heads[-1]):
        for path in git(repo, "ls-tree", "-r", "-z", "--name-only", head).split("\0"):
            parts = path.split("/")
            if len(parts) > depth:
                found.add("/".join(parts[:depth]))
    return sorted(found)


def components_by_diff(repo: Path, base: str, head: str, folders: list[str]) -> set[str]:
    changed = git(repo, "diff", "--name-only", "--no-renames", "-z", base, head).split("\0")
    return {f"world/part-{n}" for n, folder in enumerate(folders) if any(p.startswith(f"{folder}/") for p in changed)}


@pytest.mark.parametrize(
    ("bundle", "heads_of", "depth"),
    [
        ("commitlint", tags, 2),
        ("git-cliff", tags, 1),
        ("git-2005", tags, 1),
        ("mybinder-deploy", first_parent_merges, 1),
    ],
)
def test_components_are_those_that_git_diff_says(bundle, heads_of, depth, tmp_path):
    repo = tmp_path / "repo"
    subprocess.run(["git", "clone", "-q", str(real_data("histories", f"{bundle}.bundle")), str(repo)], check=True)
    heads = heads_of(repo)
    assert len(heads) == DEPLOYMENTS
    folders = folders_of(repo, heads, depth)
    assert len(folders) > 2
    catalog = Catalog(
        "world",
        tuple(Component(key=f"part-{n}", title=folder, paths=(f"/{folder}/**",)) for n, folder in enumerate(folders)),
    )
    ledger = open_ledger(Secret(f"sqlite:///{tmp_path / 'ledger.db'}"))
    around = Surroundings("world", open_history(repo, fetch_missing=False), lambda _sha: catalog, GitignoreMapper)
    before = None
    touched = 0
    for number, head in enumerate(heads):
        now = FIRST_DAY + timedelta(hours=number)
        done = record(
            ledger, around, RecordRequest("production", "production", now, head=head, finished_at=now, run=str(number))
        )
        document = describe(ledger, done.deployment_id, Describing(now, {}))
        assert document["deployment"]["head"] == head
        if before is not None:
            found = {c["key"] for c in document["components"]}
            assert found == components_by_diff(repo, before, head, folders), head
            touched += len(found)
        given = notes_of_deployment(ledger, done.deployment_id, None, Reading(now))
        for audience in ("engineering", "account", "customer"):
            for form in ("md", "html"):
                assert render_notes(build_notes(given, audience), form)
        before = head
    ledger.close()
    assert touched > DEPLOYMENTS // 2
