"""What a repo is called, and what tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Callable

    from releasewatch.config import Config, Sources
    from releasewatch.integrations.git_history import GitHistory


def name_of_repo(config: Config, sources: Sources, history: Callable[[], GitHistory | None]) -> tuple[str | None, str]:
    """The name, if anything tells it, and the words for what that is; git is asked when nothing else does."""
    from releasewatch.config import resolve_repo

    try:
        found = resolve_repo(config, sources)
    except InvalidCallError:
        return None, ""
    told = found.source
    if told == "default":
        found_by_git = history()
        remote = found_by_git.remote_path() if found_by_git else None
        told = "the path of the remote origin" if remote else "the name of the folder: there is no remote origin"
    return str(found.value), f"from {told}"
