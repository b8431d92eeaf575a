"""What `init` and `catalog import` share: their options, and the words for what was found and left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from releasewatch.cli.output import one_line, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from releasewatch.domain.discovery import Proposal
    from releasewatch.wiring import App

F = TypeVar("F", bound="Callable[..., Any]")

KINDS = ("backstage", "npm", "cargo", "uv", "go", "maven", "compose", "helm", "codeowners", "folders")
"""The sources by name, as `releasewatch.integrations.catalogs` has them; a test holds the two together."""

_SAID = 10


def source_options(function: F) -> F:
    """Which sources are asked, and what they do not see."""
    exclude = click.option(
        "--exclude",
        multiple=True,
        metavar="PATTERN",
        help="Read nothing that this gitignore pattern matches. Repeatable.",
    )
    chosen = click.option(
        "--from",
        "kinds",
        multiple=True,
        type=click.Choice(KINDS),
        metavar="KIND",
        help=f"Ask this source alone: {', '.join(KINDS)}. Repeatable; by default all. codeowners names parts only "
        "where no source before it does (else owners), folders only where none does.",
    )
    return chosen(exclude(function))


def say_left_out(app: App, proposal: Proposal) -> None:
    """Tell how much each source gave, and what was seen and left out."""
    if app.quiet:
        return
    counted = ", ".join(f"{source} {many}" for source, many in proposal.counts.items())
    say(f"Members found: {counted or 'none'}.")
    for sentence in proposal.left_out[:_SAID]:
        say(f"Left out: {one_line(sentence)}")
    if len(proposal.left_out) > _SAID:
        say(f"Left out: {len(proposal.left_out) - _SAID} more; --format json lists them all.")
