"""GitHub Actions: https://docs.github.com/actions/reference/workflows-and-actions/variables"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

SIGN = "GITHUB_ACTIONS"
VARIABLES: dict[str, tuple[str, ...]] = {
    "run": ("GITHUB_RUN_ID",),
    "attempt": ("GITHUB_RUN_ATTEMPT",),
    "sha": ("GITHUB_SHA",),
    "ref": ("GITHUB_REF",),
    "repo": ("GITHUB_REPOSITORY",),
    "actor": ("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"),
}


def is_public(environ: Mapping[str, str]) -> bool:
    """Whether the event's payload says that the repository is public. Not told, it is taken as private."""
    payload = environ.get("GITHUB_EVENT_PATH")
    if not payload:
        return False
    try:
        event = json.loads(Path(payload).read_bytes())
    except (OSError, ValueError):
        return False
    repository = event.get("repository") if isinstance(event, dict) else None
    if not isinstance(repository, dict):
        return False
    return repository.get("visibility") == "public" or repository.get("private") is False
