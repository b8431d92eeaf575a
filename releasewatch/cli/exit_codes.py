"""What the exit status means to a pipeline. The table in the README is this one."""

from __future__ import annotations

from releasewatch.errors import InvalidCallError, OutsideFailedError, RefusedError, ReleasewatchError

DONE = 0
FAILED_AS_ASKED = 1
CALL_IS_WRONG = 2
OUTSIDE_FAILED = 3
REFUSED = 4
BUG = 70
INTERRUPTED = 130

MEANINGS = {
    DONE: "done, or done already",
    FAILED_AS_ASKED: "the question was answered, and the answer is the one you asked to fail on",
    CALL_IS_WRONG: "the call is wrong: command, config, unknown name, ledger version",
    OUTSIDE_FAILED: "something outside failed (ledger, git, disk): retry, or look there",
    REFUSED: "refused: somebody else holds it, or a guard asks for an explicit word",
    BUG: "a bug in releasewatch: its trace is in a log file",
    INTERRUPTED: "interrupted",
}


def of_error(error: ReleasewatchError) -> int:
    """The status for one of our own errors."""
    if isinstance(error, RefusedError):
        return REFUSED
    if isinstance(error, OutsideFailedError):
        return OUTSIDE_FAILED
    if isinstance(error, InvalidCallError):
        return CALL_IS_WRONG
    raise AssertionError(f"{type(error).__name__} belongs to no branch of the tree")
