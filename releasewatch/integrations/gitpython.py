"""The part of GitPython that starts git, without the rest of it.

To import anything of it runs the package's own beginning, which loads objects, indexes, references and remotes, and
asks git twice for its version: an eighth of notes from git, and none of it is used here. Nor is `gitdb`, which reads
objects for it. So for the time of this import neither package has a beginning; whoever imports them later gets the rest
(but finds `git.cmd` by an import alone).
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where the whole package is loaded after all, it fails when there is no git; we say that in our own words.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")


@contextmanager
def _without_beginning(name: str) -> Iterator[None]:
    """Let modules of a package be imported whose `__init__` is not run."""
    spec = find_spec(name)
    if spec is None or name in sys.modules:
        yield
        return
    sys.modules[name] = module_from_spec(spec)
    try:
        yield
    finally:
        del sys.modules[name]


try:
    with _without_beginning("gitdb"), _without_beginning("git"):
        from git.cmd import Git
        from git.exc import GitCommandNotFound
except ImportError:  # a GitPython whose parts need more of each other than 3.2's
    from git.cmd import Git
    from git.exc import GitCommandNotFound

_named = os.environ.get("GIT_PYTHON_GIT_EXECUTABLE", "")

EXECUTABLE = _named if shutil.which(_named) else Git.git_exec_name
"""The git that GitPython would start: `git`, unless that variable names another one that is there."""

__all__ = ["EXECUTABLE", "Git", "GitCommandNotFound"]
