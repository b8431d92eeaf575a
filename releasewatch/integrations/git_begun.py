"""Sets git to work on a range before what reads its answer is loaded: this module needs next to nothing itself."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from releasewatch.integrations.git_commands import GitCommands

# Never --numstat, --stat or -M: 16 times slower, and in a partial clone they fetch the contents of files.
RAW = (
    "-z", "--raw", "--no-abbrev", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv",
    "--ignore-submodules=none", f"-O{os.devnull}",
)  # fmt: skip
# By date, but never a parent before its child: what is "earlier" must not depend on somebody's wrong clock.
LOG = (*RAW, "--encoding=UTF-8", "--date-order")

# %m says on which side of `base...head` a commit is: `<` is reachable from base, `>` from head.
COMMIT_FORMAT = "--format=%m%H%x00%P%x00%an%x00%ae%x00%at%x00%ct%x00%s%x00%b"


class Begun:
    """git at work on a range: a log of both sides and a diff of the ends, two processes at the same time.

    Each goes on as far as its pipe holds while nobody reads, so that whoever began it may do something else first.
    """

    def __init__(self, commands: GitCommands, base: str, head: str) -> None:
        with ExitStack() as streams:
            self.log = streams.enter_context(
                commands.stream("log", *LOG, COMMIT_FORMAT, "--left-right", f"{base}...{head}", "--")
            )
            self.changes = streams.enter_context(commands.stream("diff-tree", "-r", *RAW, base, head, "--"))
            self._streams = streams.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._streams.__exit__(kind, error, trace)

    def give_up(self) -> None:
        """End git, unread as it is."""
        with suppress(_UnreadError), self:
            raise _UnreadError


class _UnreadError(Exception):
    """Ends the streams of what nobody reads: one that is left without an error waits for git's last word."""
