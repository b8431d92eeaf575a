"""What a repo's own files say of its components: the files, the sources that read them, and how paths are matched."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.domain.catalog import Catalog, Component

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from releasewatch.domain.discovery import Found, Proposal, SeenEnvironments
    from releasewatch.integrations.catalogs.repo_files import RepoFiles
    from releasewatch.ports import PathMapper
    from releasewatch.usecases.tag_packages import TagPackages

_ON_CATALOG_FILES = (
    "The config names no components, so catalog-info.yaml stands for them. Mend the file; or keep it out of the "
    "catalog with [catalog] no_effect; or write [components.KEY] (releasewatch init)."
)


def catalog_of(stated: Catalog, files_without: Callable[[Sequence[str]], RepoFiles], sha: str | None) -> Catalog:
    """The catalog of a config that names no components: what `catalog-info.yaml` files say, without `no_effect` ones.

    Raises ConfigError when one of them cannot be used. `sha`: the commit they are of, None for the work tree.
    """
    from releasewatch.errors import ConfigError
    from releasewatch.integrations.catalogs.repo_files import ManifestError
    from releasewatch.usecases.discovery import as_catalog, propose

    files = files_without(stated.no_effect)
    try:
        return as_catalog(propose({"backstage": lambda: find_in(files, "backstage")}, files.paths), stated)
    except ManifestError as error:
        where = f" (at {sha[:12]})" if sha else ""
        raise ConfigError(f"{error.message}{where}", _ON_CATALOG_FILES) from error


def tracked_files(root: Path, exclude: Sequence[str] = ()) -> RepoFiles:
    """The files that git tracks in a work tree, without those that some patterns match."""
    from releasewatch.integrations import git_files
    from releasewatch.integrations.catalogs.repo_files import LARGEST, Churn, RepoFiles

    return RepoFiles(
        _without(git_files.tracked_files(root), exclude),
        lambda path: git_files.read_tracked(root, path, LARGEST),
        matcher,
        sorter,
        lambda: Churn(*git_files.count_churn(root)),
    )


def files_at(folder: Path, sha: str, read: Callable[[str], bytes | None], exclude: Sequence[str]) -> RepoFiles:
    """The files of a commit, without those that some patterns match; `read` gives a file's content there."""
    from releasewatch.integrations.catalogs.repo_files import RepoFiles
    from releasewatch.integrations.git_files import files_at as paths_at

    return RepoFiles(_without(paths_at(folder, sha), exclude), read, matcher, sorter)


def discover(files: RepoFiles, kinds: Sequence[str], repo: str) -> Proposal:
    """The components that files name, asking the named sources, by default all. `repo`: its name without a group."""
    from releasewatch.integrations.catalogs import SOURCES
    from releasewatch.usecases.discovery import as_catalog, propose, tell_uncovered

    chosen = {kind: partial(find_in, files, kind) for kind in SOURCES if not kinds or kind in kinds}
    found = propose(chosen, files.paths, repo)
    return tell_uncovered(found, mapper_of(as_catalog(found, Catalog(""))), files.paths)


def package_folders(files: RepoFiles) -> dict[str, str]:
    """The folder of each package by the name that its manifest gives it; what cannot be read names none."""
    from releasewatch.integrations.catalogs import SOURCES
    from releasewatch.integrations.catalogs.repo_files import ManifestError

    found: dict[str, str] = {}
    for kind in ("npm", "cargo", "uv", "go", "maven"):
        with suppress(ManifestError):  # `init` tells of it; a tag's package is then looked for by key, title and folder
            for member in SOURCES[kind](files).members:
                found.setdefault(member.name, member.folder)
    return found


def mapper_of(catalog: Catalog) -> PathMapper:
    """How paths map under a catalog."""
    from releasewatch.integrations.patterns import GitignoreMapper

    return GitignoreMapper(catalog)


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path matches gitignore patterns; raises InvalidCallError for a pattern that is none."""
    from releasewatch.integrations.patterns import PatternList

    return PatternList(patterns).matches


def sorter(patterns: Sequence[str]) -> Callable[[str], Collection[int]]:
    """Which of many gitignore patterns, by number, take a path."""
    catalog = Catalog("", tuple(Component(str(number), "", (one,)) for number, one in enumerate(patterns)))
    mapper = mapper_of(catalog)
    return lambda path: [int(key) for key in mapper.owners(path).components]


def find_in(files: RepoFiles, source: str) -> Found:
    """What one source of a catalog says of a repo."""
    from releasewatch.integrations.catalogs import SOURCES

    return SOURCES[source](files)


def _without(paths: tuple[str, ...], patterns: Sequence[str]) -> tuple[str, ...]:
    if not patterns:
        return paths
    takes = matcher(patterns)
    return tuple(path for path in paths if not takes(path))


def seen_environments(files: RepoFiles) -> SeenEnvironments:
    """The environments that files of the repo name."""
    from releasewatch.integrations.catalogs.environments import find_environments

    return find_environments(files)


def tag_packages(
    tags: Sequence[str], repo: str, tracked: Callable[[], RepoFiles], catalog_here: Callable[[], Catalog]
) -> TagPackages:
    """Which tags name a package of a repo, and the components that those are."""
    from releasewatch.domain.tag_names import package_of
    from releasewatch.usecases.tag_packages import Packages, TagPackages, read_tag_packages

    if not any(package_of(tag, repo) for tag in tags):
        return TagPackages()
    files, catalog = tracked(), catalog_here()
    known = Packages(package_folders(files), files.paths, mapper_of(catalog))
    return read_tag_packages(tags, catalog, known)
