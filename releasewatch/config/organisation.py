"""The organisation's settings: the tables that are the same for every repo, as a file and as the ledger holds them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from releasewatch.config.checks import find_problems
from releasewatch.config.loading import Config, find_git_root, read_file, upward
from releasewatch.config.problems import Problem, config_error, dotted
from releasewatch.config.reading import PYPROJECT, load_toml, read_tables
from releasewatch.config.schema import OWN, Tables
from releasewatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from releasewatch.config.problems import Key

ORGANISATION_FILE = "organisation.toml"

_SECRET_SETTING = re.compile(
    r"(?:^|[_-])(?:pass(?:word|wd|phrase)?|secret|token|credentials?|api[_-]?key)$", re.IGNORECASE
)
_REFERENCE = re.compile(r"env:RELEASEWATCH_[A-Z0-9_]+")
_CREDENTIALS = re.compile(
    r"://[^/\s@]*:[^\s@]*@|[?&][^=&\s]*(pass(word|wd)|token|secret|api_?key)[^=&\s]*=", re.IGNORECASE
)
_DATA = frozenset({"values", "columns", "only"})
"""Tables whose names and values are those of somebody else's files: a heading `Token` is no secret."""


@dataclass(frozen=True, slots=True)
class OrganisationSettings:
    """The organisation's settings, checked. `document` is what was written: plain data, no defaults.

    `version` counts from 1 once they stand in the ledger, with when and by whom; None for a file.
    """

    document: Mapping[str, Any]
    tables: Tables
    written: frozenset[Key]
    where: str
    version: int | None = None
    recorded_at: datetime | None = None
    recorded_by: str = ""


def parse_organisation(text: bytes, where: str) -> OrganisationSettings:
    """The settings in the text of an organisation.toml; raises ConfigError, as for a repo's own file."""
    return read_organisation(load_toml(text, where), where)


def read_organisation(document: Mapping[str, Any], where: str) -> OrganisationSettings:
    """The settings in a parsed document. Raises ConfigError: not their shape, a repo's own table, or a secret."""
    own = [
        Problem((name,), document[name], "this table is a repo's own", "Leave it in that repo's releasewatch.toml.")
        for name in document
        if name in OWN
    ]
    if own:
        raise config_error(where, own)
    secrets = list(_find_secrets((), document))
    if secrets:
        raise config_error(where, secrets)
    tables, written = read_tables(document, where, pyproject=False, left_out=OWN)
    problems = find_problems(tables)
    if problems:
        raise config_error(where, problems)
    return OrganisationSettings(document, tables, written, where)


def pushed_settings(
    document: Mapping[str, Any], version: int, recorded_at: datetime, recorded_by: str
) -> OrganisationSettings:
    """The settings of a version in the ledger; raises ConfigError when they were pushed by a newer program."""
    where = f"organisation settings, version {version}"
    try:
        found = read_organisation(document, where)
    except ConfigError as error:
        hint = "They were pushed with another version of releasewatch: use that one here, or push them anew."
        raise ConfigError(error.message, hint) from error
    return replace(found, version=version, recorded_at=recorded_at, recorded_by=recorded_by)


def load_organisation(path: Path, where: str) -> OrganisationSettings:
    """The settings in a file; raises ConfigError, also when there is no such file."""
    text = read_file(path.parent, path.name)
    if text is None:
        raise ConfigError(f"there is no file {where}", "Name the file that holds the organisation's settings.")
    return parse_organisation(text, where)


def is_organisation_file(path: Path) -> bool:
    """Whether a file is meant to hold the organisation's settings: by its name."""
    return path.name.startswith("organisation")


def find_organisation_file(start: Path) -> Path | None:
    """The nearest organisation.toml from a folder up to the root of its git repo, or None."""
    start = start.absolute()
    folders = upward(start, find_git_root(start))
    return next((path for folder in folders if (path := folder / ORGANISATION_FILE).is_file()), None)


def organisation_sections(config: Config) -> list[str]:
    """The organisation's tables that a repo's own file holds, in the order of their description."""
    names = (one.encode_name for one in msgspec.structs.fields(Tables))
    return [name for name in names if name in config.sections - OWN]


def tables_lacking(config: Config, settings: OrganisationSettings) -> list[str]:
    """The organisation's tables that a repo's own file holds and the organisation's settings do not, as written."""
    outer = set(organisation_sections(config))
    names = {one.encode_name: getattr(config.tables, one.name) for one in msgspec.structs.fields(Tables)}
    held: set[tuple[str, ...]] = set()
    held |= {(name, inner) for name in outer if isinstance(names[name], dict) for inner in names[name]}
    said = {str(key[0]) for key in config.written}
    held |= {(name,) for name in outer & said if not isinstance(names[name], dict)}
    document = settings.document
    gone = {key for key in held if key[0] not in document or not set(key[1:]) <= set(document[key[0]])}
    return [dotted(key) for key in sorted(gone)]


def with_organisation(config: Config, settings: OrganisationSettings) -> Config:
    """A repo's settings with the organisation's in the place of what its file cannot hold any more.

    Raises ConfigError when the file holds a table of the organisation's too.
    """
    both = organisation_sections(config)
    if both:
        name = ".".join((*PYPROJECT, both[0])) if config.pyproject else both[0]
        more = f" (and {len(both) - 1} more)" if len(both) > 1 else ""
        raise ConfigError(
            f"{config.where}: [{name}]{more} stands in the organisation's settings (version {settings.version} in the "
            "ledger), and may not stand here too",
            "Take it out here. To change it for every repo, edit organisation.toml and run: releasewatch config push",
        )
    own = {
        one.name: getattr(config.tables, one.name) for one in msgspec.structs.fields(Tables) if one.encode_name in OWN
    }
    return replace(
        config,
        tables=msgspec.structs.replace(settings.tables, **own),
        written=config.written | settings.written,
        organisation=settings.where,
        settings_version=settings.version,
    )


def _find_secrets(key: Key, value: object) -> Iterator[Problem]:
    """Texts that are, or may be, a secret: the ledger is read by many, and settings are printed."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _find_secrets((*key, name), inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _find_secrets((*key, number), inner)
    elif isinstance(value, str) and not _REFERENCE.fullmatch(value):
        names = [part for part in key if isinstance(part, str)]
        is_secret = _SECRET_SETTING.search(names[-1]) is not None and not _DATA.intersection(names[:-1])
        if is_secret or _CREDENTIALS.search(value):
            hint = 'Put it into a variable, and write its name: "env:RELEASEWATCH_…".'
            yield Problem(key, "(hidden)", "a password or token must not stand here", hint)
