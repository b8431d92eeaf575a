"""Ranges composed from recorded releases of real histories, against what git itself says of any two of them."""

from __future__ import annotations

import random
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.catalog import Catalog, Component
from releasewatch.domain.releases import Range, printable_path
from releasewatch.integrations.git_history import open_history
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.secret import Secret
from releasewatch.storage.migrate import open_ledger
from releasewatch.storage.release_history import ReleaseHistory
from releasewatch.usecases.releases import record_release
from releasewatch.usecases.surroundings import Surroundings
from tests.support.data import real_data

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 1, tzinfo=UTC)
RELEASES = 30
PAIRS = 60


def facts(found: Range) -> dict[str, object]:
    """What must be the same, in any order."""
    removed = found.removed or ()
    return {
        "kind": found.kind,
        "complete": found.history_complete,
        "net": {printable_path(c.path): (c.status, c.old_blob, c.new_blob) for c in found.net},
        "added": {c.sha: (c.subject, c.body, c.author_name, c.reverted_by) for c in found.added},
        "reverting": {c.sha: set(c.reverts_in_range) for c in found.added},
        "removed": {c.sha: (c.subject, c.reverted_by) for c in removed},
        "paths": {c.sha: {printable_path(path) for path in c.paths} for c in (*found.added, *removed)},
    }


@pytest.mark.parametrize("bundle", ["commitlint", "git-cliff", "git-2005"])
def test_any_two_releases_differ_as_git_says(bundle: str, tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    subprocess.run(["git", "clone", "-q", str(real_data("histories", f"{bundle}.bundle")), str(repo)], check=True)
    history = open_history(repo, fetch_missing=False)
    tags = sorted((tag for tag in history.tags() if tag.sha and tag.at), key=lambda tag: (tag.at, tag.name))[-RELEASES:]
    catalog = Catalog("world", (Component(key="all", title="All", paths=("/**",)),))
    ledger = open_ledger(Secret(f"sqlite:///{tmp_path / 'ledger.db'}"))
    around = Surroundings("world", history, lambda _sha: catalog, GitignoreMapper)
    for tag in tags:
        record_release(ledger, around, tag.name, tag.name, NOW)
    stored = ReleaseHistory(ledger, 1, str(tags[-1].sha))
    chosen = random.Random(3)
    kinds: set[str] = set()
    for _ in range(PAIRS):
        base, head = (str(tag.sha) for tag in chosen.sample(tags, 2))
        ours, gits = stored.read_range(base, head), history.read_range(base, head)
        assert facts(ours) == facts(gits), (base, head)
        named = {printable_path(path): merge for path, merge in gits.merge_paths.items()}
        assert ours.merge_paths.keys() == named.keys(), (base, head)
        kinds.add(ours.kind)
        paths = sorted(change.path for change in ours.net)[:50]
        theirs = {printable_path(path): blob for path, blob in history.blobs_at(head, paths).items()}
        assert dict(stored.blobs_at(head, paths)) == theirs
    assert {"forward", "rollback"} <= kinds
    ledger.close()
