"""Finds, reads and checks the configuration of a repo, on disk or at a commit."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.config.checks import find_dependency_problems, find_problems
from releasewatch.config.reading import load_toml, pyproject_table, read_tables, shape_error
from releasewatch.config.schema import EnvironmentTable, Tables, Tier
from releasewatch.domain.catalog import Catalog, Component
from releasewatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from releasewatch.config.problems import Key

OWN_FILE = "releasewatch.toml"
PYPROJECT_FILE = "pyproject.toml"
CONFIG_VARIABLE = "RELEASEWATCH_CONFIG"

_PRODUCTION = re.compile(r"(?:^|[-_./ ])(?:production|prod|prd|live)(?:$|[-_./ ])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a repo, checked.

    `path` is the file they were read from, None when there is none. Paths in the file are relative to `root`:
    its folder, or without a file the root of the git repo (else the folder one stands in). `written` holds
    the keys that the file itself sets; everything else is a default. `sections` are the tables that it holds.
    `organisation` says where the organisation's settings come from when they are not the file's own (see
    `releasewatch.config.organisation`), `settings_version` which version of them it is.
    """

    root: Path
    tables: Tables = field(default_factory=Tables)
    path: Path | None = None
    where: str = "the default configuration"
    written: frozenset[Key] = frozenset()
    pyproject: bool = False
    sections: frozenset[str] = frozenset()
    organisation: str | None = None
    settings_version: int | None = None

    def catalog(self, repo: str) -> Catalog:
        """The catalog of this repo, components ordered by key.

        Raises ConfigError for a dependency on an own component (`repo/key`) that does not exist: the name of
        the repo may not have been known when the file was checked.
        """
        problems = list(find_dependency_problems(self.tables.components, repo))
        if problems:
            raise shape_error(self.where, problems, pyproject=self.pyproject)
        components = (
            Component(
                key=key,
                title=table.title or key,
                paths=table.paths,
                depends_on=table.depends_on,
                type=table.type,
                owner=table.owner,
                visibility=table.visibility,
            )
            for key, table in sorted(self.tables.components.items())
        )
        return Catalog(
            repo=repo,
            components=tuple(components),
            no_effect=self.tables.catalog.no_effect,
            unmapped=self.tables.catalog.unmapped,
        )

    def tier(self, environment: str) -> Tier:
        """The tier of an environment; one that states none is production when a word of its name says so."""
        stated = self.tables.environments.get(environment, EnvironmentTable()).tier
        return stated or ("production" if sounds_like_production(environment) else "other")

    def resolve(self, path: str) -> Path:
        """A path from the file, as one that can be opened from anywhere."""
        return self.root / path


def sounds_like_production(environment: str) -> bool:
    """Whether a word of an environment's name says that customers are there."""
    return _PRODUCTION.search(environment) is not None


def read_file(folder: Path, name: str) -> bytes | None:
    """The content of a file, or None when it is not there; raises ConfigError when it cannot be read."""
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"cannot read {folder / name}: {error.strerror}") from error


def load_config(
    start: Path,
    explicit: Path | None,
    environ: Mapping[str, str],
    read: Callable[[Path, str], bytes | None] = read_file,
) -> Config:
    """The configuration for who stands in the folder `start`.

    `explicit` (`--config`), then RELEASEWATCH_CONFIG name a file, relative to `start`. Else the nearest
    folder that holds a configuration counts, upward from `start` to the root of its git repo; outside of git,
    `start` alone. `read` gives the content of a file in a folder, or None: another one reads them as they stand at
    another commit. Raises ConfigError.
    """
    start = start.absolute()
    named = explicit or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if named is not None:
        return _load_named(start / named, str(named), read)
    git_root = find_git_root(start)
    for folder in upward(start, git_root):
        config = _config_in(partial(read, folder), partial(_shown_in, folder, start))
        if config is not None:
            path = folder / (PYPROJECT_FILE if config.pyproject else OWN_FILE)
            return replace(config, root=folder, path=path)
    return Config(root=git_root or start)


def config_at(read_file: Callable[[str], bytes | None], commit: str) -> Config | None:
    """The configuration at the root of a repo as it stands at a commit, or None when there is none.

    `read_file` gives the content of a path at that commit, or None. Raises ConfigError.
    """
    return _config_in(read_file, lambda name: f"{name} at {commit[:12]}")


def parse_config(text: bytes, where: str, *, pyproject: bool = False) -> Config:
    """The configuration in the text of a file; `where` names the file in messages. Raises ConfigError."""
    document = load_toml(text, where)
    if not pyproject:
        return _checked(document, where, pyproject=False)
    table = pyproject_table(document)
    if table is None:
        raise ConfigError(f"{where} has no table [tool.releasewatch]", f"Add it, or name a {OWN_FILE}.")
    return _checked(table, where, pyproject=True)


def find_git_root(start: Path) -> Path | None:
    """The nearest folder from here upward that holds `.git` (a file in worktrees and submodules), or None."""
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


def _checked(raw: object, where: str, *, pyproject: bool) -> Config:
    tables, written = read_tables(raw, where, pyproject=pyproject)
    problems = find_problems(tables)
    if problems:
        raise shape_error(where, problems, pyproject=pyproject)
    sections = frozenset(raw) if isinstance(raw, Mapping) else frozenset()
    return Config(Path(), tables, where=where, written=written, pyproject=pyproject, sections=sections)


def _config_in(read_file: Callable[[str], bytes | None], shown: Callable[[str], str]) -> Config | None:
    own, other = read_file(OWN_FILE), read_file(PYPROJECT_FILE)
    where = shown(PYPROJECT_FILE)
    # Most pyproject.toml files are not about us: they are not parsed, and may be as broken as they like.
    about_us = other is not None and b"releasewatch" in other
    table = pyproject_table(load_toml(other, where)) if other is not None and about_us else None
    if own is not None and table is not None:
        raise ConfigError(
            f"both {shown(OWN_FILE)} and [tool.releasewatch] in {where} configure this repo",
            "Keep one of them.",
        )
    if own is not None:
        return parse_config(own, shown(OWN_FILE))
    return None if table is None else _checked(table, where, pyproject=True)


def _load_named(path: Path, where: str, read: Callable[[Path, str], bytes | None]) -> Config:
    text = read(path.parent, path.name)
    if text is None:
        raise ConfigError(f"the configuration file {where} does not exist", "Check --config and RELEASEWATCH_CONFIG.")
    config = parse_config(text, where, pyproject=path.name == PYPROJECT_FILE)
    return replace(config, root=path.parent, path=path)


def upward(start: Path, last: Path | None) -> Iterator[Path]:
    """A folder and those it lies in, up to `last`; without one, the folder alone."""
    yield start
    for folder in start.parents if last is not None and last != start else ():
        yield folder
        if folder == last:
            return


def _shown_in(folder: Path, start: Path, name: str) -> str:
    return os.path.relpath(folder / name, start)
