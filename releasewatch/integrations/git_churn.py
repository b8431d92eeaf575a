"""Counts how often each file was changed in a span of time: one log, parsed as it streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from releasewatch.integrations.git_begun import RAW
from releasewatch.integrations.git_log_parser import PATHS_FORMAT, parse_touched

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from releasewatch.integrations.git_commands import GitCommands


@dataclass(frozen=True, slots=True)
class Churn:
    """How many commits touched each path. Merges count by the commits that they bring.

    `complete` is False when a shallow clone ends within the time looked at.
    """

    commits: Mapping[str, int] = field(default_factory=dict)
    complete: bool = True


def read_churn(commands: GitCommands, head: str, since: datetime, boundary: Collection[str]) -> Churn:
    """The churn in the history of a commit from an instant on. `boundary`: shallow commits, whose paths git invents."""
    counts: dict[str, int] = {}
    complete = True
    options = (*RAW, PATHS_FORMAT, f"--since={since:%Y-%m-%dT%H:%M:%S%z}")
    with commands.stream("log", *options, head, "--") as log:
        for sha, paths in parse_touched(log):
            if sha in boundary:
                complete = False
                continue
            for path in paths:
                counts[path] = counts.get(path, 0) + 1
    return Churn(counts, complete)
