"""What went wrong, in the words that make a CI system show it at the top of the run: errors and warnings."""

from __future__ import annotations

from typing import Literal

Level = Literal["error", "warning"]


def annotation(provider: str, level: Level, message: str) -> str | None:
    """The line that annotates the run; None where a system has no such words."""
    if provider == "github-actions":
        return f"::{level} title=releasewatch::{_for_github(message)}"
    if provider == "azure-pipelines":
        return f"##vso[task.logissue type={level}]{_for_azure(message)}"
    return None


def _for_github(message: str) -> str:
    """As @actions/core escapes the data of a command; of a line that is not escaped the rest would be another one."""
    return message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _for_azure(message: str) -> str:
    """As the agent takes it apart: %AZP25 stands for the per cent sign."""
    text = message.replace("%", "%AZP25")
    for sign, escape in ((";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D")):
        text = text.replace(sign, escape)
    return text
