"""What the tests of reading git have in common: a reader that never fetches, and short views of what it found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from releasewatch.integrations.git_history import GitHistory, open_history

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.domain.releases import Commit, Range
    from tests.support.repos import RepoBuilder


class GitProcesses:
    """The git processes that ran while a variable named a trace file; also those that git itself started."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def verbs(self) -> list[str]:
        """The subcommands that ran since the last time, in order."""
        events = [json.loads(line) for line in self._file.read_text().splitlines()] if self._file.exists() else []
        self._file.unlink(missing_ok=True)
        return [event["name"] for event in events if event["event"] == "cmd_name"]


def reader(repo: RepoBuilder) -> GitHistory:
    """The history of a built repo, without leave to fetch."""
    return open_history(repo.path, fetch_missing=False)


def subjects(commits: tuple[Commit, ...] | None) -> list[str]:
    """The subjects of commits, in order."""
    assert commits is not None
    return [commit.subject for commit in commits]


def net(found: Range) -> dict[str, str]:
    """`{path: letter}` of the net difference."""
    return {change.path: change.status for change in found.net}
