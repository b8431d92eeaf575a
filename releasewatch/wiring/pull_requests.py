"""The settings of a pull request: those of the commit it goes into, so that a proposal decides nothing but its catalog.

Who may be shown what, where the ledger is and which secrets are named is said by what was accepted before. From the
checkout itself come the components and `[catalog]` alone: what the proposal would deploy.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.errors import RefusedError, UnknownNameError

if TYPE_CHECKING:
    from releasewatch.config import Config
    from releasewatch.integrations.ci.facts import CiFacts
    from releasewatch.integrations.git_history import GitHistory

Loading = Callable[[Callable[[Path, str], bytes | None]], "Config"]

_FULL = "clone with full history and --filter=blob:none (in GitHub Actions: fetch-depth: 0, filter: blob:none)"


def config_of_base(ci: CiFacts, cwd: Path, load: Loading) -> Config:
    """The settings at the commit that a pull request goes into; `load` reads files as it is told to.

    A file that the pipeline names outside of the checkout is read as it is. Raises UnknownNameError where that commit
    is not told or not here: what the checkout says instead is not taken.
    """
    from releasewatch.config import find_git_root, read_file
    from releasewatch.integrations.git_history import open_history

    top = find_git_root(cwd.absolute())
    if top is None:
        here = load(read_file)
        if here.path is None:
            return here  # no checkout: there is nothing of the proposal's to read
        raise _not_here(ci)
    history = open_history(cwd)  # one that may fetch: the file itself, which a partial clone leaves on its server
    base = _base_commit(ci, history)
    root = Path(os.path.realpath(top))

    def read(folder: Path, name: str) -> bytes | None:
        place = Path(os.path.realpath(folder)) / name
        if not place.is_relative_to(root):
            return read_file(folder, name)
        return history.file_at(base, place.relative_to(root).as_posix())

    config = load(read)
    if config.path is None:
        return config
    return replace(config, where=f"{config.where} at {base[:12]}, which the pull request goes into")


def _base_commit(ci: CiFacts, history: GitHistory) -> str:
    branch = (ci.base_branch or "").removeprefix("refs/heads/")
    for name in (ci.base, f"refs/remotes/origin/{branch}" if branch else None):
        if name is None:
            continue
        try:
            return history.resolve(name)
        except UnknownNameError:
            continue  # a shallow clone may lack the commit and know the branch
    raise _not_here(ci)


def _not_here(ci: CiFacts) -> UnknownNameError:
    which = f"The settings of a pull request ({ci.pull_request}) are read from the commit that it goes into"
    told = ci.base or ci.base_branch
    if told is None:
        return UnknownNameError(
            f"{which}, and {ci.provider} does not tell which one that is.",
            "Set RELEASEWATCH_CI_BASE to it, or to its branch, e.g. origin/main.",
        )
    return UnknownNameError(f"{which} ({told}), and that is not here.", f"Fetch it: {_FULL}.")


def refuse_in_pull_request(ci: CiFacts | None, what: str) -> None:
    """Raise where a pull request would do what only accepted changes may do. `what`: "push settings"."""
    if ci is not None and ci.pull_request is not None:
        raise RefusedError(
            f"A pull request ({ci.pull_request}) must not {what}.",
            "Do it on the branch that it goes into, once merged.",
        )
