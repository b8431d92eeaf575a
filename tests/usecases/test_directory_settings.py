"""From settings to a server: what a shipped map brings, what the settings put on top, which variables are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from releasewatch.config import parse_config
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.pages import Paging
from releasewatch.usecases.directory_fetch import Server, kinds_of, read_server

README = Path(__file__).parents[2] / "README.md"
ENVIRON = {"RELEASEWATCH_CRM_TOKEN": " canary\n", "RELEASEWATCH_CRM_KEY": "second"}


def server_of(settings: str, **environ: str) -> Server:
    table = parse_config(f'[directory.crm]\nkind = "http"\n{settings}'.encode(), "x").tables.directory["crm"]
    return read_server("crm", table, ENVIRON | environ)


def test_a_map_alone() -> None:
    server = server_of('map = "hubspot"\ntoken = "env:RELEASEWATCH_CRM_TOKEN"')
    assert list(server.endpoints) == ["customers", "contacts"]
    assert server.endpoints["customers"].url.startswith("https://api.hubapi.com/crm/v3/objects/companies?limit=100")
    assert server.endpoints["contacts"].paging == Paging("cursor", ("paging", "next", "after"), "after")
    assert server.secrets["Authorization"].reveal() == "Bearer canary"


def test_what_is_named_replaces_what_the_map_says() -> None:
    server = server_of(
        'map = "salesforce"\nbase = "https://my.example"\ntimeout = 5\n'
        'headers = { X-Key = "env:RELEASEWATCH_CRM_KEY", X-Org = "7" }\n'
        'contacts = {}\n[directory.crm.customers]\nurl = "/mine?q=1"\nonly = { "Type" = ["Customer"] }\n'
        '[directory.crm.columns.customers]\nname = "Title__c"\n'
        'language = { from = "Lang", values = { "German" = "de" } }\n'
    )
    customers, contacts = server.endpoints["customers"], server.endpoints["contacts"]
    assert (customers.url, customers.items, customers.total) == (
        "https://my.example/mine?q=1",
        ("records",),
        ("totalSize",),
    )
    assert {column: str(one) for column, one in customers.fields.items()} == {
        "key": "Id",
        "name": "Title__c",
        "parent": "ParentId",
        "country": "BillingCountry",
        "account_manager": "OwnerId",
        "language": "Lang",
    }
    assert customers.only == {("Type",): ("Customer",)}
    assert contacts.url.startswith("https://my.example/services/data/")
    assert server.patience.timeout == 5
    assert (server.headers, server.secrets["X-Key"].reveal()) == ({"X-Org": "7"}, "second")


def test_kinds_that_are_not_named_are_left_out() -> None:
    assert list(server_of('map = "hubspot"\ncustomers = {}').endpoints) == ["customers"]
    table = parse_config(b'[directory.d]\nkind = "csv"\nmap = "hubspot"\ncustomers = "c.csv"', "x").tables.directory[
        "d"
    ]
    assert kinds_of(table) == ["customers"]


@pytest.mark.parametrize(
    ("settings", "environ", "words"),
    [
        ('map = "salesforce"', {}, "the URL of customers is relative"),
        ('map = "hubspot"\ntoken = "env:RELEASEWATCH_CRM_TOKEN"', {"RELEASEWATCH_CRM_TOKEN": ""}, "is not set"),
    ],
)
def test_what_is_missing_is_told(settings: str, environ: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidCallError, match=words):
        server_of(settings, **environ)


def test_the_readmes_directories_are_read() -> None:
    blocks: list[Any] = re.findall(
        r"```toml\n(\[directory\.crm\]\nkind = \"http\".*?)```", README.read_text("utf-8"), re.DOTALL
    )
    servers = [server_of(block.split("\n", 2)[2]) for block in blocks]
    assert [list(one.endpoints) for one in servers] == [["customers"], ["customers", "contacts"]]
