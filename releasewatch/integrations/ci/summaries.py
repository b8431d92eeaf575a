"""The summary of a step, where a CI system shows one: GitHub Actions, and Azure Pipelines by a file of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

GITHUB_FILE = "GITHUB_STEP_SUMMARY"
AZURE_FOLDER = "AGENT_TEMPDIRECTORY"
LIMIT = 1 << 20
"""Bytes that GitHub takes of one step; of more it shows nothing at all:
https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits"""

_CUT = "\n_Cut here: a summary holds 1 MiB. All of it: `releasewatch deployment show`._\n"


def has_summary(provider: str, environ: Mapping[str, str]) -> bool:
    """Whether this job has a place for a summary."""
    return bool(environ.get(GITHUB_FILE)) or (provider == "azure-pipelines" and bool(environ.get(AZURE_FOLDER)))


def write_summary(environ: Mapping[str, str], text: str) -> str | None:
    """Add to the summary of this step; the line that must be printed for it to be shown, if one must.

    Raises OSError where it cannot be written.
    """
    file = environ.get(GITHUB_FILE)
    if file:
        path = Path(file)
        there = path.stat().st_size if path.exists() else 0
        with path.open("ab") as stream:
            stream.write(cut(text, LIMIT - there).encode())
        return None
    handle, name = tempfile.mkstemp(dir=environ[AZURE_FOLDER], prefix="releasewatch-", suffix=".md")
    with os.fdopen(handle, "wb") as stream:
        stream.write(cut(text, LIMIT).encode())
    return f"##vso[task.uploadsummary]{name}"


def cut(text: str, limit: int) -> str:
    """Text of at most so many bytes in UTF-8, whole lines alone; that it was cut is its last one."""
    if len(text.encode()) <= limit:
        return text
    kept, room = [], limit - len(_CUT.encode())
    for line in text.splitlines(keepends=True):
        room -= len(line.encode())
        if room < 0:
            break
        kept.append(line)
    return "".join([*kept, _CUT]) if room >= 0 or kept or limit >= len(_CUT.encode()) else ""
