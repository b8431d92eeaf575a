"""Reads where the ledger is: a URL, a file name or a reference to a variable; passwords stay hidden."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from releasewatch.errors import InvalidCallError
from releasewatch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_FILE = Path(".releasewatch", "ledger.db")
"""The ledger of who says nothing, beside the configuration file."""

_REFERENCE = "env:"
_REFERENCE_NAME = re.compile(r"RELEASEWATCH_[A-Z0-9_]+")
_SERVERS = {"postgresql": "postgresql", "postgresql+psycopg": "postgresql+psycopg", "postgres": "postgresql"}
_SECRET_OPTION = re.compile(r"[?&][^=&]*pass(word|wd)[^=&]*=", re.IGNORECASE)
_MEANT_AS_URL = re.compile(r"(postgres\w*|sqlite)(\+\w+)?(:|//)|.*:[^@/]*@", re.IGNORECASE | re.DOTALL)
"""A server's address with a slip of the pen: taken for a file it would make one that has the password in its name."""
_NOT_FILLED_IN = re.compile(r"\s*(\$\([\w.-]+\)|\$\{[^}]*\}+|\$\w+|%\w+%)\s*")
"""What a CI system leaves where a variable is not defined; as a file's name it would make a ledger that nobody asked
for."""
DATABASE_VARIABLE = "RELEASEWATCH_DATABASE_URL"
_USE_VARIABLE = "Put the URL into {} and leave it out here."


@dataclass(frozen=True, slots=True)
class LedgerAddress:
    """Where the ledger is: `url` as SQLAlchemy takes it, `printable` without password, `file` when it is SQLite.

    `source`: an option, an environment variable, a file, or the default.
    """

    url: Secret
    printable: str
    source: str
    file: Path | None = None


def reference_name(text: str) -> str | None:
    """The variable that `env:NAME` names, or None for anything else; raises InvalidCallError for a name not ours."""
    if not text.startswith(_REFERENCE):
        return None
    name = text.removeprefix(_REFERENCE)
    if not _REFERENCE_NAME.fullmatch(name):
        raise InvalidCallError(
            "wanted env: and the name of a variable that begins with RELEASEWATCH_",
            'As in "env:RELEASEWATCH_DATABASE_URL".',
        )
    return name


def file_address(path: Path, source: str) -> LedgerAddress:
    """The address of an SQLite file, absolute."""
    path = path.absolute()
    return LedgerAddress(Secret(f"sqlite:///{quote(os.fsencode(path))}"), f"sqlite:///{path}", source, path)


def read_address(
    text: str, source: str, folder: Path, *, password_allowed: bool, variable: str = DATABASE_VARIABLE
) -> LedgerAddress:
    """Read a URL, or an SQLite file relative to a folder. `variable` may hold one with a password.

    Raises InvalidCallError, whose message is the reason alone and never holds the text.
    """
    scheme, colon, rest = text.partition("://")
    if _NOT_FILLED_IN.fullmatch(text):
        raise InvalidCallError(
            "it is the name of a variable that was not filled in",
            "Define the variable where the pipeline keeps its secrets, and let this job read it.",
        )
    if not colon:
        if not text.strip() or text == ":memory:":
            raise InvalidCallError("wanted the name of an SQLite file")
        if _MEANT_AS_URL.match(text):
            raise InvalidCallError(
                "wanted an address that begins with postgresql:// or sqlite:///, or the name of an SQLite file",
                "Are a colon and two slashes there? A file of such a name is given as sqlite:///FILE.",
            )
        return file_address(folder / text, source)
    if scheme == "sqlite":
        name = rest.removeprefix("/")
        if not rest.startswith("/") or not name or name == ":memory:" or "?" in name:
            raise InvalidCallError("wanted sqlite:///FILE, without options")
        return file_address(folder / unquote(name), source)
    if scheme not in _SERVERS:
        raise InvalidCallError("wanted an address that begins with postgresql:// or sqlite:///, or a file name")
    printable, has_password = _without_password(rest)
    if has_password and not password_allowed:
        raise InvalidCallError("a password must not stand here", _USE_VARIABLE.format(variable))
    try:
        # A port that is no number, or a bracket that is not closed, shows only when it is asked for.
        urlsplit(f"postgresql://{rest}").port  # noqa: B018
    except ValueError:
        raise InvalidCallError(
            "the URL has no readable host and port", "Write %40, %2F and %3A for @, / and : in a password."
        ) from None  # its message may hold a part of the password
    scheme = _SERVERS[scheme]
    return LedgerAddress(Secret(f"{scheme}://{rest}"), f"{scheme}://{printable}", source)


def _without_password(rest: str) -> tuple[str, bool]:
    """What follows `://`, without password, and whether there was one.

    The last @ ends the credentials, so that no part of a password with an @ or / left unescaped is ever printed.
    """
    if _SECRET_OPTION.search(rest):
        return "…", True
    credentials, at, address = rest.rpartition("@")
    user, colon, _ = credentials.partition(":")
    return (f"{user}:***@{address}", True) if colon else (f"{credentials}{at}{address}", False)


def follow_reference(name: str, environ: Mapping[str, str]) -> str:
    """The value of the variable that `env:NAME` names; raises InvalidCallError when it is not set or empty."""
    value = environ.get(name)
    if not value:
        raise InvalidCallError(f"the variable {name} is not set", "Set it where the pipeline keeps its secrets.")
    return value
