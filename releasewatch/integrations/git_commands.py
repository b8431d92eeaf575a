"""Runs git through GitPython: one place for its environment, its options, its streams and its errors."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import signal
import threading
import time
from contextlib import contextmanager, suppress
from itertools import chain
from subprocess import Popen, TimeoutExpired
from typing import TYPE_CHECKING, BinaryIO, cast

from releasewatch.domain.words import counted
from releasewatch.errors import GitFailedError, InvalidCallError, ReleasewatchError
from releasewatch.integrations.gitpython import EXECUTABLE, Git, GitCommandNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# What a person may have set for their own eyes and what would change what we read. Options of `git` itself, since
# not every subcommand has a switch for each.
_NEUTRAL = (
    "advice.graftFileDeprecated=false",
    "core.quotePath=false",
    "log.showSignature=false",
    "log.showRoot=true",
    "log.follow=false",
    "log.diffMerges=separate",
    "diff.relative=false",
    "diff.renames=false",
    "color.ui=false",
)
OPTIONS = ("--no-pager", *(part for setting in _NEUTRAL for part in ("-c", setting)))

# Reading writes no lock, asks nothing, and shows the history as it was committed. A partial clone must not fetch the
# objects it misses; git before 2.39.4 does not know GIT_NO_LAZY_FETCH, so every transport is forbidden as well. And it
# need not hand over each commit as it comes: to wake us ten thousand times takes longer than to read what it says.
READING = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_FLUSH": "0",
    "GIT_GLOB_PATHSPECS": "0",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_ICASE_PATHSPECS": "0",
    "GIT_LITERAL_PATHSPECS": "0",
    "GIT_NOGLOB_PATHSPECS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}

MANY_PATHS = 64_000
"""Bytes of paths from which a command line is too long, and reading all and choosing here is better."""

_AT_ONCE = 1 << 20
"""Bytes that one read takes at most; a pipe gives what it has."""

_LONG, _LITTLE, _MOMENT = 1 << 17, 1 << 16, 0.001
"""Bytes from which an answer is a long one, bytes for which it is not worth to be woken then, and seconds in which git
writes more. It writes 4 KiB at a time: to be woken for each took as long as a third of all that we make of them."""

_FOREIGN_OWNER = re.compile(r"(?:dubious ownership in repository at|unsafe repository \()\s*'?([^\n')]+)")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


class GitCommands:
    """git, seen from one folder. Every method raises GitFailedError, or InvalidCallError where there is no repo."""

    def __init__(self, folder: Path, always: Mapping[str, str] | None = None) -> None:
        """`always`: variables that every command gets, before all others.

        Raises InvalidCallError when the folder cannot be entered: GitPython would quietly use another one.
        """
        if not folder.is_dir() or not os.access(folder, os.X_OK):
            raise InvalidCallError(f"Cannot read git history in {folder}: there is no such folder.", _STAND_IN_A_REPO)
        self.folder = folder
        self._always = dict(always or {})
        self._git = Git(folder)

    def read(self, verb: str, *args: str) -> bytes:
        """The output of a command that must succeed."""
        status, output, words = self.ask(verb, *args)
        if status != 0:
            raise self.failure(verb, status, words)
        return output

    def ask(self, verb: str, *args: str, env: Mapping[str, str] = READING) -> tuple[int, bytes, str]:
        """Exit status, output and git's words on stderr, for a command whose status is an answer."""
        with self._started(verb, args, env) as process:
            output, words = process.communicate()
            return process.returncode, output, words.decode("utf-8", "replace")

    def run_for(self, seconds: float, verb: str, *args: str, env: Mapping[str, str]) -> bytes:
        """The output of a command that leaves the machine; it must succeed, and within that time.

        It gets no terminal of its own (a new session), so that neither git nor ssh can ask anybody anything.
        """
        with self._started(verb, args, env, start_new_session=True) as process:
            try:
                output, words = process.communicate(timeout=seconds)
            except BaseException as error:  # Ctrl-C and the end of our own time as well: it has a session of its own
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # what it started ends with it
                if not isinstance(error, TimeoutExpired):
                    raise
                raise GitFailedError(
                    f"git {verb} did not finish within {counted(seconds, 'second')}.", "Try again."
                ) from error
            if process.returncode != 0:
                raise self.failure(verb, process.returncode, words.decode("utf-8", "replace"))
            return output

    @contextmanager
    def stream(self, verb: str, *args: str) -> Iterator[Iterator[bytes]]:
        """The NUL-separated pieces of a command's output, as they arrive; raises at the end when git failed.

        git is ended when the block is left early. Its stderr is read beside its stdout: a git that has much to say
        would otherwise wait for us while we wait for it.
        """
        with self._started(verb, args, READING) as process:
            _widen(cast("BinaryIO", process.stdout).fileno())
            words: list[bytes] = []
            stderr = cast("BinaryIO", process.stderr)
            listener = threading.Thread(target=lambda: words.append(stderr.read()), daemon=True)
            listener.start()
            try:
                yield chain.from_iterable(_pieces(cast("BinaryIO", process.stdout).fileno()))
                # A caller may have stopped reading before the end only by an error, which is on its way out already.
                status = process.wait()
            finally:
                process.kill()
                listener.join()
            if status != 0:
                raise self.failure(verb, status, b"".join(words).decode("utf-8", "replace"))

    def failure(self, verb: str, status: int, words: str) -> ReleasewatchError:
        """What git said on stderr, as one error of ours."""
        if foreign := _FOREIGN_OWNER.search(words):
            return GitFailedError(
                f"git refuses to read {foreign[1]}: the repo belongs to another user.",
                f"If you trust it, run: git config --global --add safe.directory {shlex.quote(foreign[1])}",
            )
        if "not a git repository" in words:
            return InvalidCallError(
                f"Cannot read git history in {self.folder}: it is not a git repo.", _STAND_IN_A_REPO
            )
        if "promisor remote" in words or "lazy fetching disabled" in words:
            return GitFailedError(
                f"git {verb} needs objects that this partial clone left on the server.",
                "Clone with full history and --filter=blob:none (not tree:0), and check out what is deployed.",
            )
        said = next((line for line in words.splitlines() if line.startswith(("fatal: ", "error: "))), words.strip())
        said = _CREDENTIALS.sub("", said) or "it said nothing"
        return GitFailedError(
            f"git {verb} failed in {self.folder} (exit status {status}): {said}",
            f"Try git in {self.folder} yourself; 'git fsck' tells whether the repo is damaged.",
        )

    @contextmanager
    def _started(
        self,
        verb: str,
        args: Sequence[str],
        env: Mapping[str, str],
        *,
        start_new_session: bool = False,
    ) -> Iterator[Popen[bytes]]:
        command = [EXECUTABLE, *OPTIONS, verb, *args]
        env = {**self._always, **env}
        try:
            started = self._git.execute(command, as_process=True, env=env, start_new_session=start_new_session)
        except GitCommandNotFound as error:
            raise GitFailedError(
                "git is needed to read history, and there is no git on PATH.",
                "Install git (for example: apt-get install git), or put it on PATH.",
            ) from error
        except OSError as error:
            raise GitFailedError(
                f"git could not be started: {error.strerror}.", "Check that git can be run."
            ) from error
        process = cast("Popen[bytes]", started.proc)
        started.proc = None  # its life ends with this block, not when the garbage collector passes
        with process:
            try:
                yield process
            finally:
                process.kill()


_STAND_IN_A_REPO = "Run this inside a clone of the deployed repo (git clone URL), or name its folder."


def _widen(pipe: int) -> None:
    """Let git be further ahead of us than the 64 KiB of a pipe: both then work at the same time."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # a system may allow less, and that does as well
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _AT_ONCE)


def _pieces(pipe: int) -> Iterator[list[bytes]]:
    """What stands between the NULs, as many pieces at a time as one read brings."""
    rest = b""
    so_far = 0
    while chunk := os.read(pipe, _AT_ONCE):
        pieces = (rest + chunk).split(b"\0")
        rest = pieces.pop()
        yield pieces
        so_far += len(chunk)
        if so_far > _LONG and len(chunk) < _LITTLE:
            time.sleep(_MOMENT)
    if rest:
        yield [rest]
