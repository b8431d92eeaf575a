"""What a step gives on to those after it, where the CI system has a file for that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_output(environ: Mapping[str, str], name: str, line: str) -> bool:
    """Set an output of one line (GitHub Actions: GITHUB_OUTPUT); False where there is no such file or it is closed."""
    file = environ.get("GITHUB_OUTPUT")
    if not file or "\n" in line:
        return False
    try:
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.write(f"{name}={line}\n")
    except OSError:
        return False
    return True
