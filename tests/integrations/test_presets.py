"""The shipped maps: for what HubSpot and Salesforce answer, shaped as their documentation shows it, and export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from releasewatch.config.schema import COLUMNS, DirectoryTable
from releasewatch.domain.customers import Contact, Customer, Kind, Stated
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.directory_file import open_file
from releasewatch.integrations.directories.http_json import fetch_rows
from releasewatch.integrations.directories.presets import FOLDER, load_preset
from releasewatch.integrations.directories.records import SHAPES
from releasewatch.integrations.http import HttpClient
from tests.support.http_server import Reply, Request, WebServer, running_server

NAMES = ("hubspot", "salesforce")


@pytest.fixture
def server() -> Iterator[WebServer]:
    with running_server() as running:
        yield running


def fetched(server: WebServer, preset: str, kind: Kind) -> list[Any]:
    endpoint = load_preset(preset).endpoints[kind]
    here = replace(endpoint, url=server.url + endpoint.url)
    with HttpClient("directory crm", here.url) as client, fetch_rows(client, here, SHAPES[kind]) as rows:
        found = list(rows.rows())
    assert all(isinstance(one, Stated) for one in found)
    return [one.row for one in found]


def test_the_settings_name_the_maps_that_are_there() -> None:
    shipped = {Path(one.name).stem for one in FOLDER.iterdir() if one.name.endswith(".toml")}
    (one_of, _none) = get_args(get_type_hints(DirectoryTable)["map"])
    assert shipped == set(get_args(one_of)) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_maps_name_our_columns_and_what_a_row_needs(name: str) -> None:
    preset = load_preset(name)
    for kind, shape in SHAPES.items():
        if kind not in preset.endpoints:
            continue
        for columns in (preset.endpoints[kind].fields, preset.headings[kind]):
            assert set(columns) <= set(COLUMNS[kind])
            assert set(shape.required) <= set(columns)


def company(number: int, **properties: Any) -> dict[str, Any]:
    times = {"createdAt": "2026-10-30T03:30:17.883Z", "updatedAt": "2026-12-07T16:50:06.678Z", "archived": False}
    return {"id": str(number), "properties": {"hs_object_id": str(number), **properties}, **times}


def test_hubspot_companies(server: WebServer) -> None:
    def handler(request: Request) -> Reply:
        assert request.path == "/crm/v3/objects/companies"
        assert request.query["limit"] == "100"
        asked = request.query["properties"].split(",")
        named = {"name": "HubSpot", "domain": "hubspot.example", "country": "Germany", "hubspot_owner_id": "42"}
        values = {name: named.get(name) for name in asked}
        if "after" not in request.query:
            next_page = {"after": "NTI1Cg%3D%3D", "link": "?after=NTI1Cg%3D%3D"}
            return Reply({"results": [company(512, **values)], "paging": {"next": next_page}})
        assert request.query["after"] == "NTI1Cg%3D%3D"
        return Reply({"results": [company(513, **dict.fromkeys(asked) | {"name": "Bare"})]})

    server.handler = handler
    first, second = fetched(server, "hubspot", "customers")
    assert first == Customer("512", "HubSpot", aliases=("hubspot.example",), country="DE", account_manager="42")
    assert second == Customer("513", "Bare")


def test_hubspot_contacts(server: WebServer) -> None:
    person = {"firstname": "Ada", "lastname": "Example", "email": "ada@example.org", "phone": "030 23125 101"}
    one = company(1, **person, jobtitle="CTO", associatedcompanyid="512")
    server.handler = lambda _: Reply({"results": [one, company(2, **person, jobtitle=None, associatedcompanyid=None)]})
    assert fetched(server, "hubspot", "contacts") == [
        Contact("512", "Ada Example", "1", role="CTO", phone="030 23125 101", email="ada@example.org")
    ]


def test_salesforce_accounts(server: WebServer) -> None:
    def account(number: int, **fields: Any) -> dict[str, Any]:
        url = f"/services/data/v63.0/sobjects/Account/{number}"
        return {"attributes": {"type": "Account", "url": url}, "Id": f"001{number}", **fields}

    def handler(request: Request) -> Reply:
        one = account(1, Name="Test 1", ParentId="0012", BillingCountry="United States", OwnerId="005A")
        two = account(2, Name="Test 2", ParentId=None, BillingCountry=None, OwnerId="005A")
        if request.path == "/services/data/v63.0/query/":
            assert request.query["q"].startswith("SELECT Id,Name,ParentId,BillingCountry,OwnerId FROM Account")
            more = "/services/data/v63.0/query/01gRO0000016PIAYA2-1"
            return Reply({"totalSize": 2, "done": False, "nextRecordsUrl": more, "records": [one]})
        assert (request.path, request.query) == ("/services/data/v63.0/query/01gRO0000016PIAYA2-1", {})
        return Reply({"totalSize": 2, "done": True, "records": [two]})

    server.handler = handler
    first, second = fetched(server, "salesforce", "customers")
    assert first == Customer("0011", "Test 1", parent="0012", country="US", account_manager="005A")
    assert second == Customer("0012", "Test 2", account_manager="005A")


def test_salesforce_contacts(server: WebServer) -> None:
    fields = {"AccountId": "0011", "Name": "John Smith", "Title": "CFO", "Phone": "(212) 555-0117"}
    record = {"Id": "003A", **fields, "Email": "john@example.org", "DoNotCall": True}

    def handler(request: Request) -> Reply:
        assert request.query["q"].endswith("FROM Contact WHERE AccountId != null")
        return Reply({"totalSize": 1, "done": True, "records": [record]})

    server.handler = handler
    assert fetched(server, "salesforce", "contacts") == [
        Contact("0011", "John Smith", "003A", "CFO", "(212) 555-0117", "john@example.org", do_not_call=True)
    ]


EXPORTS = [
    (
        "hubspot",
        "customers",
        "Record ID,Company name,Company owner,Country/Region,Industry\n7,Acme,Olga Example,Germany,X\n",
        Customer("7", "Acme", account_manager="Olga Example", country="DE", attributes={"Industry": "X"}),
    ),
    (
        "hubspot",
        "contacts",
        (
            "Record ID,First Name,Last Name,Email,Phone Number,Primary Associated Company ID\n1,Ada,Example,"
            "ada@example.org,030 23125 101,7\n"
        ),
        Contact("7", "Ada Example", "1", phone="030 23125 101", email="ada@example.org"),
    ),
    (
        "salesforce",
        "customers",
        '"ID","NAME","PARENTID","BILLINGCOUNTRY","OWNERID"\n"001A","Acme","","USA","005A"\n',
        Customer("001A", "Acme", country="US", account_manager="005A"),
    ),
    (
        "salesforce",
        "customers",
        '"Account Owner","Account Name","Billing Country","Account ID"\n"Olga Example","Acme","Germany","001A"\n',
        Customer("001A", "Acme", country="DE", account_manager="Olga Example"),
    ),
    (
        "salesforce",
        "contacts",
        '"ID","ACCOUNTID","NAME","TITLE","PHONE","EMAIL","DONOTCALL"\n"003A","001A","Jo Smith","CFO","","","true"\n',
        Contact("001A", "Jo Smith", "003A", "CFO", do_not_call=True),
    ),
    (
        "salesforce",
        "contacts",
        (
            "First Name,Last Name,Title,Account ID,Phone,Email,Do Not Call,Contact ID\nJo,Smith,CFO,001A,"
            "(212) 555-0117,jo@example.org,1,003A\n"
        ),
        Contact("001A", "Jo Smith", "003A", "CFO", "(212) 555-0117", "jo@example.org", do_not_call=True),
    ),
]


@pytest.mark.parametrize(("preset", "kind", "text", "row"), EXPORTS)
def test_exports(tmp_path: Path, preset: str, kind: Kind, text: str, row: Customer | Contact) -> None:
    (tmp_path / "export.csv").write_text(text, encoding="utf-8")
    file = open_file(tmp_path / "export.csv", SHAPES[kind], load_preset(preset).headings[kind])
    assert [one.row for one in file.rows() if isinstance(one, Stated)] == [row]


def test_an_export_without_what_a_row_needs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("Record ID,Email\n1,a@example.org\n", encoding="utf-8")
    with pytest.raises(InvalidCallError) as caught:
        open_file(tmp_path / "export.csv", SHAPES["contacts"], load_preset("hubspot").headings["contacts"])
    assert "lacks the column customer, name" in caught.value.message
