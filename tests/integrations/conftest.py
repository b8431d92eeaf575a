"""What the tests of the adapters share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.git_reading import GitProcesses
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> RepoBuilder:
    """An empty git repo."""
    return RepoBuilder(tmp_path / "repo")


@pytest.fixture
def git_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitProcesses:
    """Watches every git process that the code under test starts from here on (a RepoBuilder's are not seen)."""
    file = tmp_path / "git-processes.json"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(file))
    return GitProcesses(file)
