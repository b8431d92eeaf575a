"""Fetching a directory from its server, or hearing that nothing changed since it was imported last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import msgspec

from releasewatch import __version__
from releasewatch.config.ledger_address import follow_reference, reference_name
from releasewatch.domain.customers import Kind
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories import http_json
from releasewatch.integrations.directories.http_json import Endpoint, PageSeen
from releasewatch.integrations.directories.json_items import Field, read_path
from releasewatch.integrations.directories.presets import Preset, load_preset, read_field, read_paging
from releasewatch.integrations.directories.records import SHAPES
from releasewatch.integrations.http import HttpClient, Patience, url_problem
from releasewatch.secret import Secret
from releasewatch.storage.imports import pages
from releasewatch.storage.sql import digest_of
from releasewatch.usecases.customer_import import DirectoryFiles, ImportOrder, KeptPages

if TYPE_CHECKING:
    from releasewatch.config.schema import ColumnMap, DirectoryTable, EndpointTable
    from releasewatch.storage.ledger import Ledger

KINDS: tuple[Kind, ...] = ("customers", "contacts", "entitlements")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a directory is asked for, by kind, and how: a client and an endpoint each."""

    directory: str
    endpoints: Mapping[Kind, Endpoint]
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    patience: Patience = field(default_factory=Patience)
    plain_http: bool = False

    def client(self, kind: Kind) -> HttpClient:
        """Who asks for one kind."""
        return HttpClient(
            f"directory {self.directory}",
            self.endpoints[kind].url,
            self.secrets,
            self.headers,
            self.patience,
            plain_http=self.plain_http,
        )


def read_server(directory: str, table: DirectoryTable, environ: Mapping[str, str]) -> Server:
    """The server that the settings describe; raises InvalidCallError for a variable or a base that is missing."""
    preset = load_preset(table.map) if table.map else Preset("", {}, {})
    secrets, headers = {}, {}
    for name, value in table.headers.items():
        variable = reference_name(value)
        if variable is None:
            headers[name] = value
        else:
            secrets[name] = _secret(directory, variable, environ)
    if table.token is not None:
        token = _secret(directory, reference_name(table.token) or "", environ)
        secrets["Authorization"] = Secret(f"Bearer {token.reveal()}")
    return Server(
        directory,
        dict(_endpoints(directory, table, preset)),
        secrets,
        headers,
        Patience(timeout=table.timeout),
        table.plain_http,
    )


def _secret(directory: str, variable: str, environ: Mapping[str, str]) -> Secret:
    try:
        return Secret(follow_reference(variable, environ).strip())
    except InvalidCallError as error:
        raise InvalidCallError(f"directory {directory}: {error.message}", error.hint) from error


def kinds_of(table: DirectoryTable) -> list[Kind]:
    """Which kinds a directory gives: those that are named; of a server, when none is, those that its map knows."""
    named = [kind for kind in KINDS if getattr(table, kind) is not None]
    if named or table.kind != "http" or not table.map:
        return named
    return [kind for kind in KINDS if kind in load_preset(table.map).endpoints]


def _endpoints(directory: str, table: DirectoryTable, preset: Preset) -> Iterator[tuple[Kind, Endpoint]]:
    for kind in kinds_of(table):
        endpoint = _configured(getattr(table, kind), preset.endpoints.get(kind))
        url = urljoin(table.base or preset.base, endpoint.url)
        if not urlsplit(url).hostname:
            raise InvalidCallError(
                f"directory {directory}: the URL of {kind} is relative, and there is nothing that it is relative to.",
                'Set base, as in base = "https://MyDomainName.my.salesforce.com".',
            )
        problem = url_problem(url, plain_http=table.plain_http)
        if problem:
            raise InvalidCallError(f"directory {directory}: the URL of {kind}: {problem}.", "Correct it.")
        columns: Mapping[str, str | ColumnMap] = getattr(table.columns, kind)
        fields = {**endpoint.fields, **{column: _field(one) for column, one in columns.items()}}
        yield kind, replace(endpoint, url=url, fields=fields)


def _configured(own: str | EndpointTable | None, shipped: Endpoint | None) -> Endpoint:
    """An endpoint of the settings, on top of the map's."""
    endpoint = shipped or Endpoint("")
    if own is None:
        return endpoint
    if isinstance(own, str):
        return replace(endpoint, url=own)
    given: dict[str, Any] = {}
    if own.url is not None:
        given["url"] = own.url
    if own.items is not None:
        given["items"] = read_path(own.items)
    if own.pages is not None:
        given["paging"] = read_paging(msgspec.structs.asdict(own.pages))
    if own.total is not None:
        given["total"] = read_path(own.total)
    if own.attributes:
        given["attributes"] = tuple(read_path(one) for one in own.attributes)
    if own.only:
        given["only"] = {read_path(path): texts for path, texts in own.only.items()}
    return replace(endpoint, **given)


def _field(one: str | ColumnMap) -> Field:
    return read_field(one) if isinstance(one, str) else read_field([one.heading or "", *one.more], one.values)


@contextmanager
def fetched(ledger: Ledger, server: Server, order: ImportOrder) -> Iterator[DirectoryFiles]:
    """Everything that the server gives, all of it fetched before a row is told; gone when the block ends.

    Nothing is fetched, and the files are `unchanged`, when the server says of each page of the last import that it is
    as it was, and that import read them the same way, refused no row, and is still the newest. Whoever is let in again
    has to be told anew.
    Raises OutsideFailedError when anything keeps an answer from being whole.
    """
    readings = {kind: _reading(server.endpoints[kind], order) for kind in server.endpoints}
    with ExitStack() as stack:
        clients = {kind: stack.enter_context(server.client(kind)) for kind in server.endpoints}
        if not order.readmit and _is_unchanged(ledger, clients, readings, order):
            yield DirectoryFiles(unchanged=True)
            return
        found = {
            kind: stack.enter_context(http_json.fetch_rows(client, server.endpoints[kind], SHAPES[kind]))
            for kind, client in clients.items()
        }
        kept = {
            kind: KeptPages(readings[kind], [(one.url, one.etag, one.last_modified) for one in rows.validators])
            for kind, rows in found.items()
        }
        yield DirectoryFiles(found.get("customers"), found.get("contacts"), found.get("entitlements"), pages=kept)


def _reading(endpoint: Endpoint, order: ImportOrder) -> str:
    """How rows are read: another map, mode, set of products or version of the program reads the same answer anew."""
    products = {key: list(components) for key, components in order.products.items()}
    return digest_of([__version__, http_json.reading_of(endpoint), order.mode, products])


def _is_unchanged(
    ledger: Ledger, clients: Mapping[Kind, HttpClient], readings: Mapping[Kind, str], order: ImportOrder
) -> bool:
    with ledger.read() as connection:
        known = {
            kind: [PageSeen(*one) for one in pages.find_pages(connection, order.directory, kind, readings[kind])]
            for kind in clients
        }
    # All or nothing: a contact that is as it was may belong to a customer who is new.
    return all(known.values()) and all(http_json.is_unchanged(clients[kind], known[kind]) for kind in clients)
