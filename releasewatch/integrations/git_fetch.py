"""Fetches what a shallow or single-branch clone lacks of a range: one commit for the difference, then the history."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from releasewatch.errors import GitFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from releasewatch.integrations.git_commands import GitCommands

# No ref moves, nothing is pruned, packed or recursed into: only objects arrive, and the shallow boundary moves.
_QUIETLY = (
    "--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-auto-maintenance", "--recurse-submodules=no",
)  # fmt: skip

# Small steps first: most baselines are near. The last one takes the whole history, without the contents of its files:
# that makes the clone a partial one, but a fetch of every version of every file could take longer than the release.
_DEEPER = (("--deepen=200",), ("--deepen=2000",), ("--unshallow", "--filter=blob:none"))


class GitFetcher:
    """Fetching for one clone; every method raises GitFailedError when the remote cannot or will not give it."""

    def __init__(self, commands: GitCommands, seconds: float) -> None:
        """`seconds` is how long one fetch may take."""
        self._commands = commands
        self._seconds = seconds

    def fetch_commit(self, sha: str, *, shallow: bool) -> None:
        """Fetch one commit with its tree. A clone that is not shallow stays so: it gets the commit's history too."""
        self._fetch(("--depth=1",) if shallow else (), self._remote(), sha)

    def deepen(self, boundary: Callable[[], Collection[str]]) -> Iterator[None]:
        """Move the shallow boundary back, further with each step that the caller asks for.

        `boundary` tells the commits where history ends now. They came from the remote, so it knows them, which it need
        not know of head: that may have been made in this job and never pushed.
        """
        remote = self._remote()
        for options in _DEEPER:
            self._fetch(options, remote, *boundary())
            yield

    def fetch(self, *options: str, what: Sequence[str]) -> None:
        """Fetch what is named: commits, or refspecs."""
        self._fetch(options, self._remote(), *what)

    def fetch_blob(self, blob: str) -> bytes:
        """The content of one blob that a partial clone left on the server."""
        return self._commands.run_for(self._seconds, "cat-file", "blob", blob, env=self._environment())

    def _remote(self) -> str:
        names = self._commands.read("remote").decode("utf-8", "surrogateescape").split("\n")
        remotes = [name for name in names if name]
        if "origin" in remotes:
            return "origin"
        if len(remotes) != 1:
            raise GitFailedError("There is no remote to fetch from.", "Add one: git remote add origin URL.")
        return remotes[0]

    def _fetch(self, options: tuple[str, ...], *what: str) -> None:
        self._commands.run_for(self._seconds, "fetch", *_QUIETLY, *options, "--", *what, env=self._environment())

    def _environment(self) -> dict[str, str]:
        """Nothing may ask a person: no terminal, no askpass window, ssh in batch mode."""
        env = {
            "GIT_TERMINAL_PROMPT": "0",
            "GCM_INTERACTIVE": "never",
            "SSH_ASKPASS": "",
            "SSH_ASKPASS_REQUIRE": "never",
        }
        ssh = os.environ.get("GIT_SSH_COMMAND", "").strip() or self._configured_ssh() or "ssh"
        # Another ssh program (plink, a wrapper) has its own options; without a terminal it cannot ask either.
        if "GIT_SSH" not in os.environ and PurePath(ssh.split()[0]).name == "ssh":
            env["GIT_SSH_COMMAND"] = f"{ssh} -o BatchMode=yes -o ConnectTimeout=20"
        return env

    def _configured_ssh(self) -> str:
        status, value, _ = self._commands.ask("config", "--get", "core.sshCommand")
        return value.decode("utf-8", "surrogateescape").strip() if status == 0 else ""
