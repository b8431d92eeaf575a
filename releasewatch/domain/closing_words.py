"""Reads which issues a pull or merge request says it closes, by each forge's own rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from releasewatch.domain.forges import ForgeKind

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
"""What no forge reads a reference in: comments of a template, and code."""

_REF = r"(?:https?://[^\s/]+/(?P<path>[\w.~/-]+?)/(?:-/)?issues/(?P<no>\d{1,9})|(?P<repo>[\w.~/-]+)?#(?P<number>\d{1,9}))\b"
_ONE = re.compile(_REF)
_UNNAMED = re.sub(r"\?P<[a-z]+>", "?:", _REF)
_LIST = rf"{_REF}(?:(?:[ ]*,?[ ]+and[ ]+|[ ]*,?[ ]*)(?:issues?[ ]+)?{_UNNAMED})*"

_RULES: dict[str, re.Pattern[str]] = {
    # https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
    "github": re.compile(rf"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?P<refs>{_REF})", re.IGNORECASE),
    # https://docs.gitlab.com/user/project/issues/managing_issues/#default-closing-pattern
    "gitlab": re.compile(
        r"\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?):?[ ]+(?:issues?[ ]+)?"
        rf"(?P<refs>{_LIST})",
        re.IGNORECASE,
    ),
}


def closed_issues(text: str, kind: ForgeKind, project: str) -> tuple[str, ...]:
    """The issues that a description says are closed: `#12` of the project itself, else `group/project#12`."""
    if "#" not in text and "/issues/" not in text:
        return ()
    found: dict[str, None] = {}
    for closing in _RULES[kind].finditer(_COMMENT.sub(" ", text)):
        for ref in _ONE.finditer(closing["refs"]):
            where = (ref["path"] or ref["repo"] or "").strip("/")
            other = "" if where.casefold() == project.casefold() else where
            found[f"{other}#{ref['no'] or ref['number']}"] = None
    return tuple(found)
