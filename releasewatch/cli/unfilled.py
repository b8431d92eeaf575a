"""Names that a pipeline was to fill in, and did not: with `$(REGION)` no place of that name may begin to exist."""

from __future__ import annotations

import re

import click

_LEFT = re.compile(r"\$[A-Za-z_({\[]|\{\{|<no value>")
"""What a variable looks like of Azure, a shell, GitLab, or a template of Go or Jinja."""

_WHOLE = re.compile(r"\$[A-Za-z_]\w*|\$[({\[][^)}\]]*[)}\]]+|\{\{[^}]*\}\}|<no value>")
"""The same where it is all there is."""


def check_filled_in(
    type_: click.ParamType[str],
    text: str,
    param: click.Parameter | None,
    ctx: click.Context | None,
    *,
    whole: bool = False,
) -> None:
    """Refuse a name that holds a variable; with `whole` one that is nothing else. Raises click's BadParameter."""
    if _WHOLE.fullmatch(text) if whole else _LEFT.search(text):
        type_.fail(
            f"{text!a} holds a variable that was not filled in. Set it where the job is defined, or write the name.",
            param,
            ctx,
        )
