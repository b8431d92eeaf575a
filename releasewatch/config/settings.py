"""Decides which of several sources a setting is taken from, and shows all settings with where each came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from releasewatch.config.checks import repo_problem
from releasewatch.config.ledger_address import (
    DATABASE_VARIABLE,
    DEFAULT_FILE,
    LedgerAddress,
    file_address,
    follow_reference,
    read_address,
    reference_name,
)
from releasewatch.config.loading import CONFIG_VARIABLE, Config
from releasewatch.config.problems import Key, dotted, shown
from releasewatch.config.schema import OWN, Table
from releasewatch.errors import ConfigError, InvalidCallError, NotALedgerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CONFIG_FILE: Key = ("config",)
REPO: Key = ("releasewatch", "repo")
DATABASE: Key = ("releasewatch", "database")
READ_URL: Key = ("releasewatch", "read_url")
SPOOL: Key = ("releasewatch", "spool")

VARIABLES: Mapping[Key, str] = {
    CONFIG_FILE: CONFIG_VARIABLE,
    REPO: "RELEASEWATCH_REPO",
    DATABASE: DATABASE_VARIABLE,
    READ_URL: "RELEASEWATCH_READ_URL",
    SPOOL: "RELEASEWATCH_SPOOL_DIR",
}
"""The settings that an environment variable overrides; one that is set but empty counts as not set."""

OPTIONS: Mapping[Key, str] = {DATABASE: "--database", READ_URL: "--read-url"}
"""What the options are called that say where the ledger and its replica are."""

DEFAULT_SPOOL = Path(".releasewatch", "spool")
"""Where records wait for who says nothing, beside the configuration file."""

FLAG, CI, DEFAULT = "flag", "ci", "default"


@dataclass(frozen=True, slots=True)
class Sources:
    """What stands beside the file: options of the command, the environment, what CI and the git remote tell.

    `remote` gives the path of the git remote, by default the name of the repo; it is asked where nothing else names
    the repo, for that starts git. `cwd` is the folder that a file name in an option or a variable is relative to.
    """

    environ: Mapping[str, str]
    cwd: Path
    flags: Mapping[Key, str] = field(default_factory=dict)
    ci: Mapping[Key, str] = field(default_factory=dict)
    remote: Callable[[], str | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it counts: its dotted key, its value (plain data, no secrets) and where that came from."""

    key: str
    value: object
    source: str


def resolve_repo(config: Config, sources: Sources) -> Setting:
    """What this repo is called in the ledger; raises InvalidCallError when nothing names it, or names it badly."""
    setting = _repo(config, sources)
    if setting.value is None:
        raise InvalidCallError(
            "this repo has no name: it has no remote, and none was given",
            f"Set repo in [releasewatch], or {VARIABLES[REPO]}.",
        )
    problem = repo_problem(str(setting.value))
    if problem is not None:
        raise InvalidCallError(
            f"{setting.key} = {shown(setting.value)} (from {setting.source}): {problem}",
            f"Set repo in [releasewatch], or {VARIABLES[REPO]}.",
        )
    return setting


def resolve_ledger(config: Config, sources: Sources) -> LedgerAddress:
    """Where the ledger is; by default an SQLite file beside the configuration, or at the root of the git repo.

    Raises ConfigError (from the file) or NotALedgerError: a password outside of an environment variable, a
    variable that is not set, an address that cannot be read.
    """
    text, source = _pick(DATABASE, config, sources)
    if text is None:
        return file_address(config.root / DEFAULT_FILE, source)
    return _address(DATABASE, text, source, config, sources)


def resolve_replica(config: Config, sources: Sources) -> LedgerAddress | None:
    """Where what only reads may ask instead of the ledger; None where none is named.

    A ledger that is named more plainly (option before variable before file) is asked itself: who names one wants that
    one. Raises as `resolve_ledger`, also for an SQLite file.
    """
    text, source = _pick(READ_URL, config, sources)
    if text is None:
        return None
    _, of_ledger = _pick(DATABASE, config, sources)
    plainness = {FLAG: 3, _environment(DATABASE): 2, _environment(READ_URL): 2, config.where: 1, DEFAULT: 0}
    if plainness[of_ledger] > plainness[source]:
        return None
    found = _address(READ_URL, text, source, config, sources)
    if found.file is not None:
        raise NotALedgerError(
            f"the address of the replica, from {found.source}: wanted a PostgreSQL server, not an SQLite file",
            "Name a copy of the file with --database.",
        )
    return found


def _address(key: Key, text: str, source: str, config: Config, sources: Sources) -> LedgerAddress:
    from_file = source == config.where
    folder = config.root if from_file else sources.cwd
    secret = source == _environment(key)
    source = OPTIONS[key] if source == FLAG else source
    try:
        variable = None if secret else reference_name(text)
        if variable is not None:
            text, secret = follow_reference(variable, sources.environ), True
        return read_address(text, source, folder, password_allowed=secret, variable=VARIABLES[key])
    except InvalidCallError as error:
        kind = ConfigError if from_file else NotALedgerError
        what = "replica" if key == READ_URL else "ledger"
        raise kind(f"the address of the {what}, from {source}: {error.message}", error.hint) from error


def resolve_spool(config: Config, sources: Sources) -> tuple[Path, str]:
    """The folder where records wait while the ledger cannot be had, absolute, and where that comes from."""
    text, source = _pick(SPOOL, config, sources)
    if text is None:
        return (config.root / DEFAULT_SPOOL).absolute(), source
    return ((config.root if source == config.where else sources.cwd) / text).absolute(), source


def list_settings(config: Config, sources: Sources) -> list[Setting]:
    """Every setting with its source, overridden ones first, then in the order of the file's own description."""
    file, file_source = _pick(CONFIG_FILE, config, sources)
    known = {
        CONFIG_FILE: Setting(dotted(CONFIG_FILE), str(config.path) if config.path else file, file_source),
        REPO: _repo(config, sources),
        DATABASE: Setting(dotted(DATABASE), *_shown_address(DATABASE, config, sources)),
        READ_URL: Setting(dotted(READ_URL), *_shown_address(READ_URL, config, sources)),
    }
    spool, spool_source = resolve_spool(config, sources)
    known[SPOOL] = Setting(dotted(SPOOL), str(spool), spool_source)
    rest = [
        Setting(dotted(key), value, _source(key, config) if key in config.written else DEFAULT)
        for key, value in _leaves((), config.tables, config)
        if key not in known
    ]
    return [*known.values(), *rest]


def _source(key: Key, config: Config) -> str:
    """Where a written setting stands: the file, or what the organisation pushed."""
    return config.where if config.organisation is None or key[0] in OWN else config.organisation


def _repo(config: Config, sources: Sources) -> Setting:
    text, source = _pick(REPO, config, sources)
    return Setting(dotted(REPO), sources.remote() if text is None else text, source)


def _pick(key: Key, config: Config, sources: Sources) -> tuple[str | None, str]:
    """The text of a setting that may be overridden, and its source: flag, variable, file, CI, default."""
    table, name = config.tables.releasewatch, key[-1]
    for text, source in (
        (sources.flags.get(key), FLAG),
        (sources.environ.get(VARIABLES[key]), _environment(key)),
        (getattr(table, str(name), None), config.where),
        (sources.ci.get(key), CI),
    ):
        if text:
            return text, source
    return None, DEFAULT


def _environment(key: Key) -> str:
    return f"environment {VARIABLES[key]}"


def _shown_address(key: Key, config: Config, sources: Sources) -> tuple[str | None, str]:
    """An address without its secrets; that a variable is not set is shown, not raised."""
    text, source = _pick(key, config, sources)
    if text is None and key == READ_URL:
        return None, source
    variable = VARIABLES[key] if source == _environment(key) else reference_name(text or "")
    if variable is None:
        found = resolve_ledger(config, sources) if text is None else _address(key, text, source, config, sources)
        return found.printable, source
    return f"env:{variable} ({'set' if sources.environ.get(variable) else 'not set'})", source


def _leaves(key: Key, value: object, config: Config) -> Iterator[tuple[Key, object]]:
    """Every setting in a table, with what counts for a title or a tier that is not written."""
    if isinstance(value, Table):
        for one in msgspec.structs.fields(type(value)):
            yield from _leaves((*key, one.encode_name), getattr(value, one.name), config)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves((*key, name), inner, config)
    elif value is None and key[0] == "components" and key[-1] == "title":
        yield key, key[1]
    elif value is None and key[0] == "environments" and key[-1] == "tier":
        yield key, config.tier(str(key[1]))
    else:
        yield key, list(value) if isinstance(value, tuple) else value
