"""Importing a directory from its server, on both databases: the same rules as for files, and nothing of half a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from releasewatch.domain.customers import FileOutcome
from releasewatch.errors import OutsideFailedError, RefusedError
from releasewatch.integrations.directories.http_json import Endpoint
from releasewatch.integrations.directories.json_items import Field
from releasewatch.integrations.directories.pages import Paging
from releasewatch.integrations.http import Patience
from releasewatch.secret import Secret
from releasewatch.storage import health
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.customer_import import ImportOrder, ImportReport, import_directory, import_document
from releasewatch.usecases.directory_fetch import Server, fetched
from releasewatch.usecases.erasure import forget_customer
from releasewatch.usecases.sameness import Word
from tests.support.directories import DAY, START, Desk
from tests.support.http_server import Reply, Request, WebServer, running_server

CUSTOMERS = [{"key": f"K{number:02}", "name": f"Name {number}", "country": "DE"} for number in range(8)]
CONTACTS = [{"customer": "K00", "name": "Ann Ashgrove", "phone": "030 23125 101"}]
ENTITLEMENTS = [{"customer": "K00", "component": "shop/api", "region": ["eu", "us"]}]


@dataclass
class Crm:
    """A server with three lists, three items a page, that knows whether a page changed."""

    web: WebServer
    lists: dict[str, list[Any]] = field(
        default_factory=lambda: {"customers": CUSTOMERS, "contacts": CONTACTS, "entitlements": ENTITLEMENTS}
    )
    tags: bool = True
    broken: Mapping[tuple[str, int], Reply] = field(default_factory=dict)

    def __call__(self, request: Request) -> Reply:
        kind, at = request.path.strip("/"), int(request.query["offset"])
        if (kind, at) in self.broken:
            return self.broken[kind, at]
        items = self.lists[kind][at : at + 3]
        tag = f'"{hash(str(items))}"'
        if self.tags and request.headers.get("if-none-match") == tag:
            return Reply(b"", 304)
        return Reply({"items": items}, headers={"ETag": tag} if self.tags else {})


@pytest.fixture
def crm() -> Iterator[Crm]:
    with running_server() as running:
        crm = Crm(running)
        running.handler = crm
        yield crm


@dataclass
class Visitor:
    """Somebody who fetches the directory again and again, a day later each time."""

    ledger: Ledger
    crm: Crm
    now: datetime = START - DAY
    kinds: tuple[str, ...] = ("customers", "contacts", "entitlements")
    fields: Mapping[str, Field] = field(default_factory=dict)

    def fetch(self, **order: Any) -> ImportReport:
        self.now += DAY
        self.crm.web.asked.clear()
        endpoints: dict[Any, Endpoint] = {
            kind: Endpoint(f"{self.crm.web.url}/{kind}", ("items",), Paging("offset", parameter="offset"), self.fields)
            for kind in self.kinds
        }
        server = Server(
            "crm",
            endpoints,
            {"Authorization": Secret("Bearer canary")},
            patience=Patience(attempts=2, first_wait=0.001, longest_wait=0.001),
        )
        orders = ImportOrder("crm", **order)
        with fetched(self.ledger, server, orders) as files:
            return import_directory(self.ledger, files, orders, lambda: self.now)

    def outcomes(self, **order: Any) -> dict[str, FileOutcome]:
        return {outcome.kind: outcome for _, outcome in self.fetch(**order).files}


@pytest.fixture
def visitor(ledger: Ledger, crm: Crm) -> Visitor:
    return Visitor(ledger, crm)


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Any) -> Desk:
    return Desk(ledger, tmp_path)


def test_three_lists_are_imported_like_files(visitor: Visitor, desk: Desk) -> None:
    outcomes = visitor.outcomes()
    assert {kind: (one.read, one.added) for kind, one in outcomes.items()} == {
        "customers": (8, 8),
        "contacts": (1, 1),
        "entitlements": (1, 2),
    }
    (detail,) = desk.rows(t.contact_detail, "phone", "phone_state")
    assert detail == ("030 23125 101", "valid")


def test_what_a_snapshot_lacks_ends_and_what_changes_lack_stays(visitor: Visitor) -> None:
    visitor.fetch()
    visitor.crm.lists = visitor.crm.lists | {"customers": CUSTOMERS[:7]}
    assert visitor.outcomes(mode="changes")["customers"].ended == 0
    assert visitor.outcomes()["customers"].ended == 1


def test_an_empty_list_asks_for_a_word(visitor: Visitor, desk: Desk) -> None:
    visitor.fetch()
    before = desk.counts()
    visitor.crm.lists = visitor.crm.lists | {"customers": []}
    with pytest.raises(RefusedError, match="would end 8 of 8 customers"):
        visitor.fetch()
    assert desk.counts() == before


@pytest.mark.parametrize(
    "reply", [Reply(b"", 503), Reply(b"", 401), Reply(b"<html>"), Reply({"rows": []}), Reply(b"{", promised=99)]
)
def test_a_failure_midway_changes_nothing(visitor: Visitor, desk: Desk, reply: Reply) -> None:
    visitor.fetch()
    before = (desk.counts(), desk.rows(t.import_run), desk.rows(t.import_page))
    visitor.crm.lists = visitor.crm.lists | {"customers": [one | {"name": "New"} for one in CUSTOMERS]}
    visitor.crm.broken = {("customers", 6): reply}
    with pytest.raises(OutsideFailedError) as caught:
        visitor.fetch()
    assert "canary" not in caught.value.message + caught.value.hint
    visitor.crm.broken = {("entitlements", 0): reply}
    with pytest.raises(OutsideFailedError):
        visitor.fetch()
    assert (desk.counts(), desk.rows(t.import_run), desk.rows(t.import_page)) == before


def test_refused_items_are_told_by_page_and_item(visitor: Visitor) -> None:
    visitor.crm.lists = visitor.crm.lists | {"customers": [*CUSTOMERS, {"key": "K00", "name": "Again"}, {"key": "Z"}]}
    report = visitor.fetch()
    assert [(one.file, one.place, one.column, one.reason) for one in report.rejected] == [
        (
            "directory crm customers",
            {"page": 3, "item": 9},
            "key",
            "stands in line 1 already, with another name, country",
        ),
        ("directory crm customers", {"page": 4, "item": 10}, "name", "is empty"),
    ]
    assert import_document(report, dry_run=False)["rejected"][1] == {
        "file": "directory crm customers",
        "page": 4,
        "item": 10,
        "column": "name",
        "reason": "is empty",
    }


def test_unchanged_is_said_and_nothing_is_written(visitor: Visitor, desk: Desk) -> None:
    visitor.fetch()
    before = (desk.counts(), desk.rows(t.import_run))
    report = visitor.fetch()
    assert (report.unchanged, report.written, report.files) == (True, False, ())
    assert import_document(report, dry_run=False)["import"]["unchanged"] is True
    assert all("if-none-match" in one.headers for one in visitor.crm.web.asked)
    assert (desk.counts(), desk.rows(t.import_run)) == before
    with visitor.ledger.read() as connection:
        assert set(health.last_imports(connection)["crm"].values()) == {visitor.now}


def test_one_page_that_changed_is_all_fetched_anew(visitor: Visitor) -> None:
    visitor.fetch()
    visitor.crm.lists = visitor.crm.lists | {"customers": [*CUSTOMERS, {"key": "K99", "name": "New", "country": "GB"}]}
    outcomes = visitor.outcomes()
    assert outcomes["customers"].added == 1
    assert outcomes["contacts"].unchanged == 1
    assert visitor.fetch().unchanged


def test_another_reading_of_the_same_answer_is_not_skipped(visitor: Visitor) -> None:
    visitor.fetch()
    assert not visitor.fetch(mode="changes").unchanged
    assert not visitor.fetch().unchanged
    assert visitor.fetch().unchanged
    assert not visitor.fetch(products={"business": ("shop/api",)}).unchanged
    visitor.kinds = ("customers",)
    visitor.fields = {"language": Field((("lang",),))}
    assert not visitor.fetch().unchanged
    assert visitor.fetch().unchanged
    visitor.fields = {"language": Field((("lang",),), {"german": "de"})}
    assert not visitor.fetch().unchanged


def test_who_was_forgotten_and_is_let_in_again_is_told_anew(visitor: Visitor) -> None:
    visitor.fetch()
    forget_customer(
        visitor.ledger, "K01", Word("mara", "asked", visitor.now + DAY / 2), lambda: b"k" * 32, dry_run=False
    )
    assert visitor.fetch().unchanged
    outcomes = visitor.outcomes(readmit=["K01"], why="back", by="mara")
    assert (outcomes["customers"].added, outcomes["customers"].suppressed) == (1, 0)


def test_an_import_of_files_in_between_is_not_skipped_over(visitor: Visitor, desk: Desk) -> None:
    visitor.fetch()
    desk.now = visitor.now
    desk.take(customers="key,name\nK00,Other\n", mode="changes")
    visitor.now = desk.now
    assert visitor.outcomes()["customers"].changed == 1


def test_refused_items_are_told_again(visitor: Visitor) -> None:
    visitor.crm.lists = visitor.crm.lists | {"contacts": [*CONTACTS, {"customer": "nobody", "name": "Bo"}]}
    assert len(visitor.fetch().rejected) == 1
    report = visitor.fetch()
    assert (report.unchanged, len(report.rejected)) == (False, 1)


def test_what_a_strict_import_left_out_is_not_skipped(visitor: Visitor) -> None:
    visitor.crm.lists = visitor.crm.lists | {"customers": [*CUSTOMERS, {"key": "Z"}]}
    assert not visitor.fetch(strict=True).written
    visitor.crm.lists = visitor.crm.lists | {"customers": CUSTOMERS}
    assert visitor.outcomes()["customers"].added == 8


def test_a_server_without_validators_is_fetched_each_time(visitor: Visitor) -> None:
    visitor.crm.tags = False
    visitor.fetch()
    assert visitor.outcomes()["customers"].unchanged == 8


def test_a_list_that_grew_a_page_is_seen(visitor: Visitor) -> None:
    visitor.kinds = ("customers",)
    visitor.crm.lists = {"customers": CUSTOMERS[:6]}
    visitor.fetch()
    visitor.crm.lists = {"customers": CUSTOMERS[:7]}
    assert visitor.outcomes()["customers"].added == 1


def test_the_clients_see_their_own_server_only(crm: Crm) -> None:
    endpoint = Endpoint(f"{crm.web.url}/customers", ("items",), Paging("offset", parameter="offset"))
    with running_server() as other:
        server = Server("crm", {"customers": endpoint, "contacts": replace(endpoint, url=f"{other.url}/contacts")})
        with server.client("customers") as client, pytest.raises(OutsideFailedError, match="another server"):
            client.get(f"{other.url}/contacts")
        assert other.asked == []
