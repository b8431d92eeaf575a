"""`customer import` and `doctor` with a directory on a server, as people and pipelines meet them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Finished, run_here
from tests.support.http_server import Reply, Request, WebServer, running_server

TOKEN = "canary-4f1c9d"
ACME = {"id": "7", "properties": {"name": "Acme", "domain": "acme.example", "country": "DE", "hubspot_owner_id": "3"}}
ANN = {
    "id": "1",
    "properties": {"firstname": "Ann", "lastname": "Ashgrove", "phone": "030 23125 101", "associatedcompanyid": "7"},
}


@pytest.fixture
def server() -> Iterator[WebServer]:
    with running_server() as running:
        running.handler = hubspot
        yield running


@pytest.fixture
def folder(tmp_path: Path, server: WebServer) -> Path:
    configure(tmp_path, f'map = "hubspot"\nbase = "{server.url}"\ntoken = "env:RELEASEWATCH_CRM_TOKEN"\n')
    return tmp_path


def hubspot(request: Request) -> Reply:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return Reply(b"", 401)
    if request.headers.get("if-none-match") == '"1"':
        return Reply(b"", 304)
    return Reply({"results": [ACME if request.path.endswith("companies") else ANN]}, headers={"ETag": '"1"'})


def configure(folder: Path, settings: str) -> None:
    text = f'[releasewatch]\nrepo = "shop"\n[directory.crm]\nkind = "http"\n{settings}'
    (folder / "releasewatch.toml").write_text(text, encoding="utf-8")


def run(folder: Path, *arguments: str, token: str = TOKEN) -> Finished:
    done = run_here(*arguments, cwd=folder, env={"RELEASEWATCH_CRM_TOKEN": token})
    assert TOKEN not in done.out + done.err
    return done


def test_import_from_a_map_and_a_token(folder: Path, server: WebServer) -> None:
    done = run(folder, "customer", "import", "--format", "json")
    assert (done.status, done.err) == (0, "")
    report = done.document["import"]
    assert [(f["kind"], f["file"], f["added"]) for f in report["files"]] == [
        ("customers", "directory crm customers", 1),
        ("contacts", "directory crm contacts", 1),
    ]
    assert {(f["encoding"], f["separator"], f["pages"], f["passed_over"]) for f in report["files"]} == {
        ("utf-8", None, 1, 0)
    }
    shown = run(folder, "customer", "show", "acme.example", "--reveal", "names", "--format", "json").document
    assert (shown["customer"]["name"], shown["customer"]["country"]) == ("Acme", "DE")
    again = run(folder, "customer", "import")
    assert (again.status, again.out) == (0, "")
    assert again.err == "Unchanged since the last import, says the server: nothing was written.\n"
    assert run(folder, "customer", "import", "--format", "json").document["import"]["unchanged"] is True


def test_a_dry_run_fetches_and_keeps_nothing(folder: Path, server: WebServer) -> None:
    done = run(folder, "customer", "import", "--dry-run", "--format", "json")
    assert (done.status, done.document["import"]["files"][0]["added"]) == (0, 1)
    assert not (folder / ".releasewatch").exists()
    assert run(folder, "customer", "import", "--format", "json").document["import"]["unchanged"] is False


def test_columns_of_the_settings_come_on_top_of_the_map(folder: Path, server: WebServer) -> None:
    config = folder / "releasewatch.toml"
    more = '[directory.crm.columns.customers]\nname = { from = "properties.name", more = ["id"] }\naliases = "x"\n'
    config.write_text(config.read_text("utf-8") + more, encoding="utf-8")
    done = run(folder, "customer", "import")
    assert "directory crm customers: no item has x (aliases)" in done.err
    listed = run(folder, "customer", "list", "--reveal", "names", "--format", "json").document["customers"]
    assert [one["name"] for one in listed] == ["Acme 7"]


def test_a_refused_item_is_printed_with_its_place(folder: Path, server: WebServer) -> None:
    def handler(request: Request) -> Reply:
        items = [ACME, {"id": "8", "properties": {"name": ""}}]
        return Reply({"results": items if request.path.endswith("companies") else [ANN]})

    server.handler = handler
    done = run(folder, "customer", "import")
    assert done.out.splitlines()[-1] == "directory crm customers, page 1, item 2: properties.name is empty"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(b"", 401), "does not accept the token (401)"),
        (Reply(b"", 403), "does not let this token read that (403)"),
        (Reply(b"", 404), "does not exist (404)"),
        (Reply(b"", 429, {"Retry-After": "86400"}), "asks for fewer requests (429), and to wait 86400 s"),
        (Reply(b"", 500, {"Retry-After": "0"}), "fails with status 500"),
        (Reply(b"<html>"), "answers with what is no JSON"),
        (Reply({"rows": []}), "holds no list at results"),
        (Reply(b"", 302, {"Location": "https://login.example/"}), "must not see the token"),
    ],
)
def test_what_fails_outside_is_3_and_one_sentence(folder: Path, server: WebServer, reply: Reply, words: str) -> None:
    server.handler = lambda _: reply
    done = run(folder, "customer", "import", "--format", "json")
    assert (done.status, done.out, done.error["code"]) == (3, "", "outside_failed")
    assert words in done.error["message"]
    assert run(folder, "customer", "list", "--format", "json").document["customers"] == []


def test_what_is_wrong_here_is_2(folder: Path, server: WebServer) -> None:
    assert "RELEASEWATCH_CRM_TOKEN is not set" in run(folder, "customer", "import", token="").err
    (folder / "c.csv").write_text("key,name\n", encoding="utf-8")
    done = run(folder, "customer", "import", "--customers", "c.csv")
    assert (done.status, "takes no files" in done.err) == (2, True)
    configure(folder, 'map = "salesforce"\n')
    done = run(folder, "customer", "import")
    assert (done.status, "the URL of customers is relative" in done.err) == (2, True)
    assert server.asked == []


def test_a_token_in_the_settings_is_refused_and_not_repeated(folder: Path, server: WebServer) -> None:
    configure(folder, f'map = "hubspot"\nbase = "{server.url}"\ntoken = "{TOKEN}"\n')
    for command in (("customer", "import"), ("config", "show"), ("doctor",)):
        done = run(folder, *command)
        assert "a secret must not stand here" in done.out + done.err


def test_the_settings_are_shown_without_the_token(folder: Path, server: WebServer) -> None:
    done = run(folder, "config", "show")
    assert "env:RELEASEWATCH_CRM_TOKEN" in done.out


def lines_of_doctor(folder: Path, token: str = TOKEN) -> dict[str, tuple[str, str]]:
    checks = run(folder, "doctor", "--format", "json", token=token).document["checks"]
    return {one["name"]: (one["state"], one["text"]) for one in checks}


def test_doctor_asks_the_server_without_fetching(folder: Path, server: WebServer) -> None:
    lines = lines_of_doctor(folder)
    assert lines["directory crm server"] == ("ok", "answers for customers, contacts")
    assert lines["directory crm"] == ("warn", "imported: customers never, contacts never")
    assert len(server.asked) == 2
    state, text = lines_of_doctor(folder, token="wrong")["directory crm server"]
    assert (state, "does not accept the token" in text) == ("fail", True)
    assert lines_of_doctor(folder, token="")["directory crm server"][0] == "fail"
    assert run(folder, "customer", "import").status == 0
    assert lines_of_doctor(folder)["directory crm"][0] == "ok"


def test_a_shipped_map_reads_an_export(tmp_path: Path) -> None:
    text = '[releasewatch]\nrepo = "shop"\n[directory.crm]\nkind = "csv"\nmap = "hubspot"\ncustomers = "c.csv"\n'
    (tmp_path / "releasewatch.toml").write_text(text, encoding="utf-8")
    (tmp_path / "c.csv").write_text("Record ID,Company name,Country/Region\n7,Acme,Germany\n", encoding="utf-8")
    assert run(tmp_path, "customer", "import").status == 0
    listed = run(tmp_path, "customer", "list", "--reveal", "names", "--format", "json").document["customers"]
    assert [(one["key"], one["name"], one["country"]) for one in listed] == [("7", "Acme", "DE")]
