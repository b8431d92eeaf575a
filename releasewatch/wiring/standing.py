"""The folder that a command stands in, which a pipeline may have deleted meanwhile."""

from __future__ import annotations

from pathlib import Path

from releasewatch.errors import OutsideFailedError


def working_folder() -> Path:
    """Where the command stands; raises OutsideFailedError where that is not there any more."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise OutsideFailedError(
            "The folder that this runs in was deleted.", "Run it in one that is there: in the checkout."
        ) from error
