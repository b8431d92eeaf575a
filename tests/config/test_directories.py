"""The settings of a directory on a server: what is wrong is told, and a secret that stands there is never repeated."""

from __future__ import annotations

import pytest

from releasewatch.config import parse_config
from releasewatch.config.schema import EndpointTable
from releasewatch.errors import ConfigError

WHOLE = """
[directory.crm]
kind = "http"
base = "https://crm.example/api/"
token = "env:RELEASEWATCH_CRM_TOKEN"
headers = { X-Tenant = "t1", X-Api-Key = "env:RELEASEWATCH_CRM_KEY" }
timeout = 5
contacts = "people"
[directory.crm.customers]
url = "customers?state=active"
items = "data.items"
total = "data.count"
attributes = ["industry"]
only = { "stage" = ["customer"] }
pages = { style = "cursor", at = "next.token", parameter = "cursor", size = 50, size_parameter = "limit" }
[directory.crm.columns.contacts]
name = { from = "first", more = ["last"] }
"""


def test_a_whole_directory_is_read() -> None:
    crm = parse_config(WHOLE.encode(), "releasewatch.toml").tables.directory["crm"]
    assert crm.contacts == "people"
    assert isinstance(crm.customers, EndpointTable)
    assert crm.customers.pages is not None
    assert (crm.customers.pages.style, crm.customers.pages.size) == ("cursor", 50)
    assert crm.customers.only == {"stage": ("customer",)}


@pytest.mark.parametrize("name", ["hubspot", "salesforce"])
def test_a_map_is_enough(name: str) -> None:
    text = f'[directory.crm]\nkind = "http"\nmap = "{name}"\ntoken = "env:RELEASEWATCH_CRM_TOKEN"'
    assert parse_config(text.encode(), "releasewatch.toml").tables.directory["crm"].map == name


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("", "directory.d = { … }: a directory of kind http needs a URL"),
        ('map = "hubspt"', 'directory.d.map = "hubspt": wanted "hubspot" or "salesforce"'),
        ('customers = "customers.csv"', 'directory.d.customers = "customers.csv": wanted a URL that begins with https'),
        ('customers = "http://crm.example/a"', 'directory.d.customers = "http://crm.example/a": over http://'),
        ('customers = "https://u:canary@h/"', "directory.d.customers = { … }: a user or password must not stand"),
        ('customers = "https://h/?api_key=canary"', "directory.d.customers = { … }: a key or token must not stand"),
        ('customers = "https://h:x/"', "directory.d.customers = { … }: the URL has no readable host and port"),
        ('customers = "https://h/"\ntoken = "canary"', "directory.d.token = (hidden): a secret must not stand here"),
        ('customers = "https://h/"\ntoken = "env:HOME"', "directory.d.token = (hidden): wanted env: and the name"),
        (
            'customers = "https://h/"\nheaders = { X-Api-Key = "canary" }',
            "directory.d.headers.X-Api-Key = { … }: a secret must not stand here",
        ),
        (
            'customers = "https://h/"\nheaders = { Authorization = "Bearer canary" }',
            "directory.d.headers.Authorization = { … }: a secret must not stand here",
        ),
        ('customers = "https://h/"\nheaders = { "a b" = "c" }', "directory.d.headers = { … }: 'a b' is no name"),
        ('customers = "https://h/"\ntimeout = 0', "directory.d.timeout = 0: wanted a number of seconds from 1 to 600"),
        ("customers = {}", "directory.d.customers.url is missing: wanted the URL of the list"),
        (
            'customers = { url = "https://h/", pages = { style = "cursor", at = "a" } }',
            "directory.d.customers.pages.parameter is missing: paging by cursor needs it",
        ),
        (
            'customers = { url = "https://h/", pages = { style = "header", at = "a" } }',
            'directory.d.customers.pages.at = "a": paging by header has no use for it',
        ),
        (
            'customers = { url = "https://h/", pages = { style = "header", size = 5 } }',
            "directory.d.customers.pages = { … }: size and size_parameter go together",
        ),
        (
            'customers = { url = "https://h/", pages = { style = "next" } }',
            'directory.d.customers.pages.style = "next": wanted "link", "header", "cursor", "offset" or "number"',
        ),
        ('customers = "https://h/"\n[directory.d.columns.customers]\nkee = "id"', "directory.d.columns.customers.kee"),
        (
            'customers = "https://h/"\nskip_rows = 2',
            "directory.d.skip_rows = 2: only files have rows above their headings",
        ),
    ],
)
def test_what_is_wrong_is_told_without_secrets(settings: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(f'[directory.d]\nkind = "http"\n{settings}'.encode(), "releasewatch.toml")
    assert caught.value.message.startswith(f"releasewatch.toml: {message}")
    assert "canary" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('token = "env:RELEASEWATCH_T"', 'directory.d.token = (hidden): this is for kind = "http"'),
        ('contacts = { url = "https://h/" }', "directory.d.contacts = { … }: wanted the name of a file"),
    ],
)
def test_files_have_no_server(settings: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(f'[directory.d]\nkind = "csv"\ncustomers = "c.csv"\n{settings}'.encode(), "releasewatch.toml")
    assert caught.value.message.startswith(f"releasewatch.toml: {message}")


def test_plain_http_may_be_allowed_and_this_machine_always_is() -> None:
    for settings in ('customers = "http://crm.example/"\nplain_http = true', 'customers = "http://127.0.0.1:8000/"'):
        assert parse_config(f'[directory.d]\nkind = "http"\n{settings}'.encode(), "releasewatch.toml")
