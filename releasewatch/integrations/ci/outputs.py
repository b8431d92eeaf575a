"""What a step gives on to those after it: outputs of GitHub Actions, a dotenv report of GitLab, variables of Azure.

Values are single words (ids, counts, shas): what holds anything else is given to GitHub alone, whose file can hold it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

GITHUB_FILE = "GITHUB_OUTPUT"
DOTENV_VARIABLE = "RELEASEWATCH_DOTENV"
AZURE = "azure-pipelines"

_WORD = re.compile(r"[A-Za-z0-9._:/@+-]{0,400}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def write_github_outputs(environ: Mapping[str, str], values: Mapping[str, str]) -> bool:
    """Set outputs of this step (GITHUB_OUTPUT); False where there is no such file or it is closed.

    Each stands between delimiters that nobody can guess, so that a value cannot begin another output:
    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#multiline-strings
    """
    file = environ.get(GITHUB_FILE)
    if not file:
        return False
    delimiter = f"releasewatch-{secrets.token_hex(16)}"
    text = "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())
    try:
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError:
        return False
    return True


def dotenv_report(values: Mapping[str, str]) -> str:
    """The lines of a dotenv report, which GitLab takes without blank lines, comments or quotes, and up to 5 KB:
    https://docs.gitlab.com/ci/variables/dotenv_variables/
    """
    return "".join(f"{variable_name(name)}={value}\n" for name, value in _words(values))


def azure_variables(values: Mapping[str, str]) -> list[str]:
    """The lines that set output variables: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands"""
    return [
        f"##vso[task.setvariable variable={variable_name(name)};isOutput=true]{value}" for name, value in _words(values)
    ]


def variable_name(output: str) -> str:
    """What an output is called where it is a variable: `deployment` -> `RELEASEWATCH_DEPLOYMENT`."""
    return f"RELEASEWATCH_{output.upper()}"


def _words(values: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in values.items() if _NAME.fullmatch(name) and _WORD.fullmatch(value)]
