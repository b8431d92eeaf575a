"""Finds what is wrong in the settings of directories: columns nobody knows, URLs, secrets written down, paging."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import msgspec

from releasewatch.config.ledger_address import reference_name
from releasewatch.config.problems import Key, Problem, did_you_mean, listed
from releasewatch.config.schema import COLUMNS, ColumnMap, DirectoryTable, EndpointTable, PagesTable
from releasewatch.domain.columns import AMOUNTS, DATES
from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_SECRET = re.compile(r"auth|cookie|key|token|secret|pass|credential|signature|^sig$", re.IGNORECASE)
_PAGING: dict[str, tuple[set[str], set[str]]] = {
    "link": ({"at"}, {"size", "size_parameter"}),
    "header": (set(), {"size", "size_parameter"}),
    "cursor": ({"at", "parameter"}, {"size", "size_parameter"}),
    "offset": ({"parameter"}, {"size", "size_parameter"}),
    "number": ({"parameter"}, {"first", "size", "size_parameter"}),
}
"""What each style of paging needs, and what else it may have."""
_ONLY_HTTP = ("base", "token", "headers", "plain_http")
_USE_VARIABLE = 'Put it into a variable, and write "env:RELEASEWATCH_…" here.'


def find_directory_problems(directories: Mapping[str, DirectoryTable]) -> Iterator[Problem]:
    """Everything that is wrong, directory by directory."""
    for name, directory in directories.items():
        key: Key = ("directory", name)
        yield from _columns(directory, key)
        if directory.kind == "http":
            if directory.skip_rows:
                problem = "only files have rows above their headings, and this directory is on a server"
                yield Problem((*key, "skip_rows"), directory.skip_rows, problem)
            yield from _server(directory, key)
        else:
            yield from _files(directory, key)


def _columns(directory: DirectoryTable, key: Key) -> Iterator[Problem]:
    for file, known in COLUMNS.items():
        columns: Mapping[str, object] = getattr(directory.columns, file)
        for column, heading in columns.items():
            if column not in known:
                problem = f"there is no such column{did_you_mean(column, known)}"
                has = f"There are {listed(known, most=20)}."
                yield Problem((*key, "columns", file, column), msgspec.to_builtins(heading), problem, has)
            elif isinstance(heading, ColumnMap) and (
                found := _misuse_of_file(file, column, heading, directory.kind)
                or _misuse(column, heading, directory.kind)
            ):
                yield Problem((*key, "columns", file, column), msgspec.to_builtins(heading), found)


def _misuse_of_file(kind: str, column: str, of: ColumnMap, directory: str) -> str:
    """What is wrong with a column that is read from another file, or nothing."""
    if of.file is None:
        return "match and newest are for a column of another file, which file names" if of.match or of.newest else ""
    if directory == "http":
        return 'another file can be named where kind = "csv"'
    if kind != "customers" or column == "key":
        return "only columns of customers but their key are read from another file"
    if of.heading is None or of.match is None:
        return "a column of another file needs from, its heading there, and match, the heading of the customer's key"
    if of.more or of.separator or of.prefix or of.list or of.decimal or (of.format and not of.newest):
        return "a column of another file takes from, file, match, newest with its format, and values only"
    return ""


def _misuse(column: str, of: ColumnMap, kind: str) -> str:
    """What is wrong between the settings of one column, or nothing."""
    if (of.heading is None) == (of.constant is None):
        return "wanted either from, the heading of the file, or constant"
    if kind == "http" and (of.constant or of.separator or of.prefix or of.list or of.format or of.decimal):
        return 'a server gives values by themselves: kind = "http" takes from, more and values only'
    if of.constant is not None and (
        of.more or of.values or of.separator or of.prefix or of.list or of.format or of.decimal
    ):
        return "a constant stands alone"
    if of.format and column not in DATES and not of.newest:
        return f"format is for columns of days: {listed(DATES)}"
    if of.decimal and column not in AMOUNTS:
        return f"decimal is for columns of amounts: {listed(AMOUNTS)}"
    if of.decimal and (of.separator or of.prefix or of.list):
        return "an amount stands in its cell alone: decimal goes without separator, prefix and list"
    if of.more and (of.format or of.decimal or of.separator or of.prefix or of.list):
        return "a value that is joined from several columns is text alone"
    return ""


def _files(directory: DirectoryTable, key: Key) -> Iterator[Problem]:
    if not any(getattr(directory, file) for file in COLUMNS):
        hint = 'Name one, as in customers = "customers.csv".'
        yield Problem(key, msgspec.to_builtins(directory), "a directory needs a file", hint)
    for file in COLUMNS:
        if isinstance(getattr(directory, file), EndpointTable):
            yield Problem((*key, file), {}, 'wanted the name of a file; a URL needs kind = "http"')
    for name in _ONLY_HTTP:
        if getattr(directory, name):
            yield Problem((*key, name), {}, 'this is for kind = "http"', "Leave it out, or set the kind.")


def _server(directory: DirectoryTable, key: Key) -> Iterator[Problem]:
    if not directory.map and not any(getattr(directory, kind) for kind in COLUMNS):
        hint = 'Name one, as in customers = "https://…", or a map.'
        yield Problem(key, msgspec.to_builtins(directory), "a directory of kind http needs a URL", hint)
    if directory.base is not None:
        yield from find_url_problems(directory.base, (*key, "base"), relative=False, plain_http=directory.plain_http)
    if directory.token is not None:
        yield from find_reference_problems(directory.token, (*key, "token"))
    for name, value in directory.headers.items():
        # Shown as a table, so that a secret that stands there is not repeated.
        if not _HEADER.fullmatch(name):
            yield Problem((*key, "headers"), {}, f"{name!r} is no name of a header")
        elif value.startswith("env:") or _SECRET.search(name):
            yield from find_reference_problems(value, (*key, "headers", name))
    for kind in COLUMNS:
        endpoint = getattr(directory, kind)
        if isinstance(endpoint, str):
            yield from find_url_problems(
                endpoint, (*key, kind), relative=_has_base(directory), plain_http=directory.plain_http
            )
        elif endpoint is not None:
            yield from _endpoint(endpoint, directory, (*key, kind))


def _has_base(directory: DirectoryTable) -> bool:
    return directory.base is not None or directory.map is not None


def _endpoint(endpoint: EndpointTable, directory: DirectoryTable, key: Key) -> Iterator[Problem]:
    if endpoint.url is not None:
        yield from find_url_problems(
            endpoint.url, (*key, "url"), relative=_has_base(directory), plain_http=directory.plain_http
        )
    elif directory.map is None:
        yield Problem((*key, "url"), None, 'wanted the URL of the list, as in "https://crm.example/api/customers"')
    if endpoint.pages is not None:
        yield from _paging(endpoint.pages, (*key, "pages"))


def _paging(pages: PagesTable, key: Key) -> Iterator[Problem]:
    needed, possible = _PAGING[pages.style]
    for name in sorted(needed):
        if getattr(pages, name) is None:
            yield Problem((*key, name), None, f"paging by {pages.style} needs it")
    for name in ("at", "parameter"):
        if getattr(pages, name) is not None and name not in needed | possible:
            yield Problem((*key, name), getattr(pages, name), f"paging by {pages.style} has no use for it")
    if (pages.size is None) != (pages.size_parameter is None):
        yield Problem(key, {}, "size and size_parameter go together")


def find_reference_problems(text: str, key: Key) -> Iterator[Problem]:
    """What is wrong with `env:RELEASEWATCH_…`, which a secret has to be."""
    # Shown as a table where the key does not tell that it is secret, so that it is not repeated.
    try:
        if reference_name(text) is None:
            shown = text if key[-1] == "token" else {}
            yield Problem(key, shown, "a secret must not stand here", _USE_VARIABLE)
    except InvalidCallError as error:
        yield Problem(key, text, error.message, 'As in "env:RELEASEWATCH_CRM_TOKEN".')


def find_url_problems(
    url: str, key: Key, *, relative: bool, plain_http: bool, hint: str = "Or set base."
) -> Iterator[Problem]:
    """What is wrong with the address of a server; `relative`: it may lack its host."""
    try:
        parts = urlsplit(url)
        host, scheme, _ = parts.hostname, parts.scheme, parts.port
    except ValueError:
        yield Problem(key, {}, "the URL has no readable host and port")
        return
    if parts.username is not None or parts.password is not None:
        yield Problem(key, {}, "a user or password must not stand in a URL", _USE_VARIABLE)
    elif any(_SECRET.search(name) for name, _ in parse_qsl(parts.query)):
        yield Problem(
            key,
            {},
            "a key or token must not stand in a URL: it is kept in logs on the way",
            "Send it as token, or in headers.",
        )
    elif not scheme and not host and relative:
        return
    elif scheme not in ("http", "https") or not host:
        yield Problem(key, url, "wanted a URL that begins with https://", "" if relative else hint)
    elif scheme == "http" and not plain_http and host not in ("localhost", "127.0.0.1", "::1"):
        cure = "Use https://; inside of a network that you trust, set plain_http = true."
        yield Problem(key, url, "over http:// everybody on the way reads the answers, and the token", cure)
