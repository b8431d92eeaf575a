"""Lets a repo of a test say what it is made of, as `init` does, and asks git's patterns which files that takes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from releasewatch.config.loading import parse_config
from releasewatch.config.writing import components_fragment
from releasewatch.integrations.catalogs import SOURCES
from releasewatch.integrations.catalogs.repo_files import RepoFiles
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.usecases.discovery import propose
from releasewatch.wiring import App
from releasewatch.wiring.repo_catalogs import find_in, matcher, sorter
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from releasewatch.domain.discovery import Proposal, ProposedComponent


def commit_files(folder: Path, files: Mapping[str, str | bytes]) -> RepoBuilder:
    """A repo with one commit of these files."""
    repo = RepoBuilder(folder)
    repo.commit("Begin", dict(files))
    return repo


def discover(folder: Path, *kinds: str, exclude: tuple[str, ...] = ()) -> Proposal:
    """What the repo in a folder says of itself; whatever that is, our own reader takes it as a configuration."""
    app = App(environ={}, cwd=folder)
    found = app.discover(app.tracked_files(exclude), kinds)
    config = parse_config(components_fragment(found).encode(), "found")
    assert sorted(config.tables.components) == [one.key for one in found.components]
    return found


def discover_bytes(contents: Mapping[str, bytes]) -> Proposal:
    """The same of files that are in memory alone, for the many cases of what a file may hold."""
    files = RepoFiles(tuple(sorted(contents)), contents.get, matcher, sorter)
    found = propose({kind: partial(find_in, files, kind) for kind in SOURCES}, files.paths)
    parse_config(components_fragment(found).encode(), "found")
    return found


def discover_in(folder: Path, files: Mapping[str, str | bytes], *kinds: str) -> dict[str, ProposedComponent]:
    """The components that some files make, by key."""
    return by_key(discover(commit_files(folder, files).path, *kinds))


def by_key(proposal: Proposal) -> dict[str, ProposedComponent]:
    return {one.key: one for one in proposal.components}


def edges(components: Mapping[str, ProposedComponent]) -> dict[str, list[str]]:
    """What each component depends on; those that depend on nothing are left out."""
    return {key: list(one.depends_on) for key, one in components.items() if one.depends_on}


def owners_of(folder: Path, proposal: Proposal) -> dict[str, set[str]]:
    """The components that each tracked file belongs to, by the patterns as they are written down."""
    config = parse_config(components_fragment(proposal).encode(), "found")
    mapper = GitignoreMapper(config.catalog("repo"))
    return {path: set(mapper.owners(path).components) for path in App(environ={}, cwd=folder).tracked_files().paths}
