"""Asks git itself which paths a list of gitignore patterns takes."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.support.repos import git_environment, run_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


class GitIgnore:
    """An empty git repo whose only patterns are those of the question at hand; the paths need not exist."""

    def __init__(self, folder: Path) -> None:
        self._repo = folder / "repo"
        self._patterns = folder / "patterns"
        self._repo.mkdir(parents=True)
        run_git(self._repo, "init", "-q", "--template=")

    def taken(self, patterns: Sequence[str], paths: Iterable[str]) -> set[str]:
        """The paths that `git check-ignore --no-index` prints, by one process."""
        self._patterns.write_bytes(b"".join(os.fsencode(pattern) + b"\n" for pattern in patterns))
        command = ["git", "-c", f"core.excludesFile={self._patterns}", "-c", "core.ignoreCase=false"]
        command += ["check-ignore", "--no-index", "--stdin", "-z"]
        asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
        answer = subprocess.run(
            command, cwd=self._repo, env=git_environment(), input=asked, capture_output=True, check=False
        )
        if answer.returncode not in (0, 1):  # 1: it takes none of them
            raise AssertionError(os.fsdecode(answer.stderr))
        return {os.fsdecode(path) for path in answer.stdout.split(b"\0") if path}
