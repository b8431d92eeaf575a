"""The files that git tracks in a work tree, and how often the newest commits touched each."""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from typing import TYPE_CHECKING

from releasewatch.errors import InvalidCallError, OutsideFailedError
from releasewatch.integrations.git_commands import GitCommands

if TYPE_CHECKING:
    from pathlib import Path

NEWEST = 2000
"""Commits that are looked at for churn, at most."""

_COMMIT = b"\x01"
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def find_work_tree(folder: Path) -> Path:
    """The root of the work tree that a folder lies in; raises InvalidCallError outside of git."""
    commands = GitCommands(folder)
    status, output, words = commands.ask("rev-parse", "--show-toplevel")
    if status != 0 and "work tree" in words:
        raise InvalidCallError(f"{folder} is a git repo without a work tree.", "Run this in a clone with files.")
    if status != 0:
        raise commands.failure("rev-parse", status, words)
    return type(folder)(os.fsdecode(output.removesuffix(b"\n")))


def tracked_files(root: Path) -> tuple[str, ...]:
    """The regular files that git tracks in a work tree and that are still there, by path; no links, no submodules."""
    commands = GitCommands(root)
    listed = commands.read("ls-files", "-z", "--stage", "--cached")
    gone = {os.fsdecode(path) for path in commands.read("ls-files", "-z", "--deleted").split(b"\0")}
    entries = (entry.partition(b"\t") for entry in listed.split(b"\0"))
    found = {os.fsdecode(path) for what, _, path in entries if what[:3] == b"100"} - gone
    real = {"": True}
    return tuple(sorted(path for path in found if _is_real(root, path.rpartition("/")[0], real)))


def _is_real(root: Path, folder: str, known: dict[str, bool]) -> bool:
    """Whether no link stands on the way to a folder: git still tracks what lay there before."""
    if folder not in known:
        known[folder] = _is_real(root, folder.rpartition("/")[0], known) and not (root / folder).is_symlink()
    return known[folder]


def files_at(folder: Path, sha: str) -> tuple[str, ...]:
    """The regular files in the tree of a commit, by path; no links and no submodules."""
    listed = GitCommands(folder).read("ls-tree", "-r", "-z", "--full-tree", sha)
    entries = (entry.partition(b"\t") for entry in listed.split(b"\0"))
    return tuple(sorted(os.fsdecode(path) for what, _, path in entries if what[:3] == b"100"))


def read_tracked(root: Path, path: str, largest: int) -> bytes | None:
    """A file of the work tree, at most `largest` bytes and one more; None when it is gone or a link leads elsewhere."""
    file = root / path
    real_root = os.path.realpath(root)
    if os.path.realpath(file.parent) != os.path.normpath(os.path.join(real_root, os.path.dirname(path))):  # noqa: PTH118, PTH120 - names, not files
        return None
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise OutsideFailedError(f"{path} cannot be read: {error.strerror}.", "Check its rights.") from error
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return stream.read(largest + 1)


def count_churn(root: Path) -> tuple[int, dict[str, int]]:
    """How many commits were looked at (the newest, merges aside), and how many of them touched each folder and file."""
    commands = GitCommands(root)
    status, _, _ = commands.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if status != 0:
        return 0, {}
    commits, touched = 0, Counter[str]()
    entries: set[str] = set()
    options = ("-z", "--no-merges", "--no-renames", "--name-only", f"--max-count={NEWEST}", "--format=%x01")
    with commands.stream("log", *options, "HEAD", "--") as pieces:
        for piece in pieces:
            if piece.startswith(_COMMIT):
                touched.update(entries)
                entries = set()
                commits += 1
            path = os.fsdecode(piece.removeprefix(_COMMIT).removeprefix(b"\n"))
            while path:
                entries.add(path)
                path = path.rpartition("/")[0]
    touched.update(entries)
    return commits, dict(touched)
