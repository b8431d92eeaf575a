"""Writes components into a configuration file, each guess with its reason in a comment; what people wrote is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tomlkit
from tomlkit.items import Array, Table

from releasewatch.config.loading import parse_config, sounds_like_production
from releasewatch.config.problems import shown
from releasewatch.domain.discovery import in_line
from releasewatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from releasewatch.domain.discovery import Proposal, ProposedComponent, SeenEnvironments

_SAID = 30
"""Sentences about what was left out that a file holds at most; the command says all of them."""
_FILES = 5


def starter_file(
    repo: str | None,
    repo_from: str,
    no_effect: Sequence[tuple[str, str]],
    proposal: Proposal,
    environments: SeenEnvironments,
    organisation_version: int | None = None,
) -> str:
    """A first releasewatch.toml. `no_effect`: patterns of what reaches no customer, each with its reason.

    `organisation_version`: of the settings that the organisation has in the ledger; it then keeps the environments.
    """
    document = tomlkit.document()
    _comments(document, _opening(proposal))
    document.add(tomlkit.nl())
    general = tomlkit.table()
    if repo is None:
        general.add(tomlkit.comment('The name of this repo in the ledger could not be told; write: repo = "NAME"'))
    else:
        general.add(tomlkit.comment(in_line(f"repo: {repo_from}")))
        general["repo"] = repo
    document["releasewatch"] = general
    if no_effect:
        catalog = tomlkit.table()
        patterns = tomlkit.array().multiline(multiline=True)
        for pattern, because in no_effect:
            patterns.add_line(pattern, comment=in_line(because))
        patterns.add_line(indent="")
        catalog.add(tomlkit.comment("Paths that can reach no customer, as far as their names tell:"))
        catalog["no_effect"] = patterns
        document["catalog"] = catalog
    text = tomlkit.dumps(document)
    text = text.rstrip("\n") + "\n" + _tables(proposal.components, ("components",))
    return _checked(text + "\n" + _environments(environments, organisation_version), "releasewatch.toml")


_EXAMPLE = (
    "No file here names an environment. Say where you deploy to, for example:",
    "[environments.production]",
    'tier = "production"',
    'regions = ["eu", "us"]',
    'rings = ["early", "stable"]',
)


def _environments(seen: SeenEnvironments, organisation_version: int | None) -> str:
    """The tables of environments, each with where it was seen; an example when there are none."""
    document = tomlkit.document()
    unread = f"Not read for environments: {', '.join(seen.unread[:_FILES])}" + (" …" if seen.unread[_FILES:] else "")
    _comments(document, [unread] if seen.unread else [])
    if organisation_version is not None:
        _comments(
            document,
            [f"Environments are the organisation's, in the ledger (version {organisation_version}): config show"],
        )
        return tomlkit.dumps(document)
    if not seen.found:
        _comments(document, _EXAMPLE)
        return tomlkit.dumps(document)
    outer = tomlkit.table(is_super_table=True)
    told: dict[str, str] = {}
    for one in seen.found:
        table = tomlkit.table()
        for line in one.because:
            table.add(tomlkit.comment(in_line(line)))
        if sounds_like_production(one.name):
            alike = told.setdefault("production", one.name)
            if alike != one.name:
                table.add(tomlkit.comment(in_line(f"perhaps the same as {alike}: then keep one of them")))
            table.add(tomlkit.comment("production: a word of its name says so; add regions and rings if there are any"))
            table["tier"] = "production"
        else:
            table.add(tomlkit.comment('no customers, as far as its name tells; else: tier = "production"'))
        outer[one.name] = table
    document["environments"] = outer
    return tomlkit.dumps(document)


def components_fragment(proposal: Proposal, *, pyproject: bool = False) -> str:
    """The tables `[components.KEY]` alone, to be put into a configuration file."""
    document = tomlkit.document()
    _comments(document, _opening(proposal))
    prefix = ("tool", "releasewatch", "components") if pyproject else ("components",)
    return tomlkit.dumps(document) + _tables(proposal.components, prefix)


def with_components(text: str, proposal: Proposal, where: str, *, pyproject: bool = False) -> str:
    """The text of a configuration file with components added at its end, everything else untouched to the byte.

    Raises ConfigError when the file cannot take them: components that stand within one line, for example.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text or text.endswith("\n") else ending
    added = components_fragment(proposal, pyproject=pyproject).replace("\n", ending)
    merged = f"{text}{gap}{ending}{added}"
    try:
        parse_config(merged.encode(), where, pyproject=pyproject)
    except ConfigError as error:
        raise ConfigError(
            f"the components found cannot be added to {where}: {error.message}",
            error.hint or "Write [components.KEY] as tables of their own, or take the fragment without -o.",
        ) from error
    return merged


def _opening(proposal: Proposal) -> Iterable[str]:
    yield "Made of what this repo shows. Every guess has its reason beside it; change what is wrong."
    if proposal.counts:
        counted = ", ".join(f"{source} ({many})" for source, many in proposal.counts.items())
        yield f"Members found: {counted}."
    else:
        yield "No part of the software was found: write a table [components.KEY] with paths for each."
    for sentence in proposal.left_out[:_SAID]:
        yield f"Left out: {sentence}"
    if len(proposal.left_out) > _SAID:
        yield f"Left out: {len(proposal.left_out) - _SAID} more; see: releasewatch catalog import --format json"


def _tables(components: Iterable[ProposedComponent], prefix: tuple[str, ...]) -> str:
    text = ""
    for one in components:
        outer = tomlkit.document()
        at: tomlkit.TOMLDocument | Table = outer
        for name in prefix:
            inner = tomlkit.table(is_super_table=True)
            at[name] = inner
            at = inner
        at[one.key] = _table(one)
        text += "\n" + tomlkit.dumps(outer)
    return text


def _table(one: ProposedComponent) -> Table:
    table = tomlkit.table()
    for line in one.because:
        table.add(tomlkit.comment(in_line(line)))
    if one.title is not None:
        table["title"] = one.title
    table["paths"] = _array(one.paths)
    if one.depends_on:
        table["depends_on"] = _array(one.depends_on)
    if one.type != "service":
        table["type"] = one.type
    if one.owner is not None:
        table["owner"] = one.owner
    return table


def _array(values: Sequence[str]) -> Array:
    found = tomlkit.array()
    found.extend(values)
    return found.multiline(multiline=sum(len(value) + 4 for value in values) > 90)


def _comments(document: tomlkit.TOMLDocument, lines: Iterable[str]) -> None:
    for line in lines:
        document.add(tomlkit.comment(in_line(line)))


def _checked(text: str, where: str) -> str:
    """What we write, we can read."""
    try:
        parse_config(text.encode(), where)
    except ConfigError as error:
        raise ConfigError(
            f"what was found cannot be written as {where}: {error.message}",
            f"Leave the source of {shown(where)} out with --exclude or --from.",
        ) from error
    return text
