"""What a repo is called, and what tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from releasewatch.config import Config, Sources
    from releasewatch.integrations.git_history import GitHistory


def name_of_repo(config: Config, sources: Sources, history: GitHistory | None) -> tuple[str | None, str]:
    """The name, if anything tells it, and the words for what that is."""
    from releasewatch.config import resolve_repo

    try:
        found = resolve_repo(config, sources)
    except InvalidCallError:
        return None, ""
    told = found.source
    if told == "default":
        remote = history.remote_path() if history else None
        told = "the path of the remote origin" if remote else "the name of the folder: there is no remote origin"
    return str(found.value), f"from {told}"
