"""`customer import`, `list` and `show` as people and pipelines meet them: words, JSON, status, what is withheld."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Finished, run_command, run_here, run_on_terminal

CUSTOMERS = (
    "key,name,aliases,customer_tier,contract_value,currency,country,Health,do_not_call\n"
    "A1,Acme,acme.example,gold,120000,EUR,DE,=1+1,\nA2,Bee,,,,,US,,yes\n"
)
CONTACTS = "customer,name,phone,email\nA1,Ann Ashgrove,030 901820,ann@example.org\n"
ENTITLEMENTS = "customer,component,region\nA1,shop/api,eu;us\nA2,shop/web,?\n"
PERSONAL = ("Acme", "Ann Ashgrove", "030 901820", "ann@example.org", "120000", "=1+1", "acme.example", "gold")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    (folder / "contacts.csv").write_text(CONTACTS, encoding="utf-8")
    (folder / "entitlements.csv").write_text(ENTITLEMENTS, encoding="utf-8")
    return folder


def _configure(folder: Path, more: str = "") -> None:
    (folder / "releasewatch.toml").write_text(
        '[releasewatch]\nrepo = "shop"\n[directory.crm]\nkind = "csv"\ncustomers = "customers.csv"\n'
        f'contacts = "contacts.csv"\nentitlements = "entitlements.csv"\n{more}',
        encoding="utf-8",
    )


def _run(folder: Path, *arguments: str, **env: str) -> Finished:
    return run_here("customer", *arguments, cwd=folder, env=env)


@pytest.fixture
def imported(folder: Path) -> Path:
    _configure(folder)
    assert _run(folder, "import").status == 0
    return folder


def test_how_far_it_is_is_shown_on_a_terminal_only_and_to_nobody_who_wants_quiet(folder: Path) -> None:
    _configure(folder)
    assert "writing" in run_on_terminal("customer", "import", cwd=folder)
    assert "writing" not in run_on_terminal("customer", "import", "--quiet", cwd=folder)
    assert "writing" not in _run(folder, "import").err


def test_import_from_the_settings(folder: Path) -> None:
    _configure(folder)
    (folder / "below").mkdir()
    done = run_here("customer", "import", "--config", "../releasewatch.toml", "--format", "json", cwd=folder / "below")
    assert (done.status, done.err) == (0, "")
    document = done.document
    assert document["schema"] == 1
    assert (document["dry_run"], document["rejected"]) == (False, [])
    report = document["import"]
    assert (report["directory"], report["mode"], report["written"]) == ("crm", "snapshot", True)
    assert [(f["kind"], f["read"], f["added"], f["waiting"]) for f in report["files"]] == [
        ("customers", 2, 2, 0),
        ("contacts", 1, 1, 0),
        ("entitlements", 2, 3, 3),
    ]
    assert {(f["encoding"], f["separator"]) for f in report["files"]} == {("utf-8", ",")}


def test_import_of_named_files_takes_only_those(folder: Path) -> None:
    done = _run(folder, "import", "--customers", "customers.csv", "--format", "json")
    assert done.document["import"]["directory"] == "default"
    assert [f["kind"] for f in done.document["import"]["files"]] == ["customers"]


def test_import_with_a_column_map(folder: Path) -> None:
    _configure(
        folder,
        '[directory.crm.columns.customers]\nkey = "Id"\nname = "Account Name"\n'
        'customer_tier = { from = "Segment", values = { "Enterprise" = "platinum" } }\n',
    )
    (folder / "customers.csv").write_text("Id;Account Name;Segment\nA1;Acme;Enterprise\nA2;Bee;Small\n")
    assert _run(folder, "import").status == 0
    listed = _run(folder, "list", "--reveal", "names", "--format", "json").document["customers"]
    assert [(one["key"], one["name"], one["customer_tier"]) for one in listed] == [
        ("A1", "Acme", "platinum"),
        ("A2", "Bee", "Small"),
    ]


def test_a_wide_file_named_for_its_customers_alone_is_read_as_it_was_for_all_that_it_feeds(folder: Path) -> None:
    (folder / "releasewatch.toml").write_text(
        '[releasewatch]\nrepo = "shop"\n[directory.crm]\nkind = "csv"\ncustomers = "wide.csv"\ncontacts = "wide.csv"\n'
        '[directory.crm.columns.contacts]\ncustomer = "key"\nname = "Person"\nphone = "Number"\n'
    )
    (folder / "wide.csv").write_text("key,name,Person,Number,City\nA1,Acme,Ann Ashgrove,030 901820,Berlin\n")
    assert _run(folder, "import").status == 0
    again = _run(folder, "import", "--customers", "wide.csv", "--format", "json").document["import"]["files"]
    assert [(file["kind"], file["unchanged"]) for file in again] == [("customers", 1)]


def test_import_tells_people_what_it_did_and_recognised(folder: Path) -> None:
    (folder / "customers.csv").write_bytes("key;name\nA1;Müller & Söhne\nA2;\n".encode("cp1252"))
    done = _run(folder, "import", "--customers", "customers.csv")
    assert done.status == 0
    assert done.out.splitlines()[-1] == "customers.csv:3: name is empty"
    assert "cells are separated by semicolon" in done.err
    assert "read as cp1252" in done.err
    assert _run(folder, "import", "--customers", "customers.csv", "-q").err == ""


def test_strict_ends_with_1_and_keeps_nothing(folder: Path) -> None:
    (folder / "customers.csv").write_text(CUSTOMERS + ",Nobody,,,,,,,\n", encoding="utf-8")
    done = _run(folder, "import", "--customers", "customers.csv", "--strict", "--format", "json")
    assert done.status == 1
    assert done.document["import"]["written"] is False
    assert done.document["rejected"] == [{"file": "customers.csv", "line": 4, "column": "key", "reason": "is empty"}]
    assert _run(folder, "list", "--format", "json").document["customers"] == []


def test_a_dry_run_keeps_nothing(folder: Path) -> None:
    done = _run(folder, "import", "--customers", "customers.csv", "--dry-run", "--format", "json")
    assert (done.status, done.document["dry_run"], done.document["import"]["files"][0]["added"]) == (0, True, 2)
    assert _run(folder, "list", "--format", "json").document["customers"] == []


def test_a_guard_ends_with_4_and_names_the_word(folder: Path) -> None:
    many = "key,name\n" + "".join(f"K{n:02},Name\n" for n in range(20))
    (folder / "customers.csv").write_text(many, encoding="utf-8")
    assert _run(folder, "import", "--customers", "customers.csv").status == 0
    (folder / "customers.csv").write_text("key,name\n", encoding="utf-8")
    done = _run(folder, "import", "--customers", "customers.csv", "--format", "json")
    assert (done.status, done.out, done.error["code"]) == (4, "", "refused")
    assert "--accept-ending 20" in done.error["hint"]
    assert _run(folder, "import", "--customers", "customers.csv", "--changes").status == 0
    assert _run(folder, "import", "--customers", "customers.csv", "--accept-ending", "20").status == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import"], "nothing to import"),
        (["import", "--customers", "nowhere.csv"], "nowhere.csv cannot be read"),
        (["import", "--contacts", "entitlements.csv"], "lacks the column name"),
        (
            ["import", "--customers", "customers.csv", "--customers", "more.csv"],
            "One file at a time, and there are 2: customers.csv, more.csv.",
        ),
    ],
)
def test_a_wrong_import_ends_with_2(folder: Path, arguments: list[str], says: str) -> None:
    done = _run(folder, *arguments)
    assert done.status == 2
    assert says in done.err


def test_directories_are_known_by_the_settings(folder: Path) -> None:
    _configure(folder)
    done = _run(folder, "import", "--directory", "cmr")
    assert (done.status, "Did you mean crm?" in done.err) == (2, True)
    _configure(folder, '[directory.erp]\nkind = "csv"\ncustomers = "customers.csv"\n')
    done = _run(folder, "import")
    assert (done.status, "--directory crm|erp" in done.err) == (2, True)
    assert _run(folder, "import", "--directory", "crm").status == 0


def test_a_pipe_gets_keys_and_counts(imported: Path) -> None:
    done = _run(imported, "list", "--format", "json")
    (first, second) = done.document["customers"]
    assert (first["key"], first["entitlements"], first["name"]) == ("A1", 2, None)
    assert first["withheld"] == ["name", "customer_tier", "account_manager", "country"]
    assert (second["key"], second["entitlements"]) == ("A2", 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--format", "json"],
        ["list", "--format", "jsonl"],
        ["list", "--format", "csv"],
        ["show", "A1"],
        ["show", "A1", "--format", "json"],
    ],
)
@pytest.mark.parametrize("env", [{}, {"GITHUB_ACTIONS": "true", "CI": "true"}])
def test_nothing_personal_leaves_by_a_pipe_or_in_ci(imported: Path, arguments: list[str], env: dict[str, str]) -> None:
    asked = ["--reveal", "contacts"] if env else []
    done = _run(imported, *arguments, *asked, **env)
    assert done.status == 0
    for word in PERSONAL:
        assert word not in done.out + done.err, word


def test_opaque_keys_stand_in_for_keys(imported: Path) -> None:
    with (imported / "releasewatch.toml").open("a", encoding="utf-8") as file:
        file.write('[privacy]\nkeys = "opaque"\n')
    done = _run(imported, "list", "--limit", "1", "--format", "json")
    assert done.document["customers"][0]["key"].startswith("customer-")
    assert (done.document["next_cursor"], done.document["withheld"]) == (None, ["next_cursor"])
    assert "A1" not in done.out
    assert _run(imported, "show", "A1", "--format", "json").document["customer"]["key"].startswith("customer-")


def test_pages_and_streams(imported: Path) -> None:
    page = _run(imported, "list", "--limit", "1", "--format", "json").document
    assert [one["key"] for one in page["customers"]] == ["A1"]
    rest = _run(imported, "list", "--limit", "1", "--after", page["next_cursor"], "--format", "json").document
    assert ([one["key"] for one in rest["customers"]], rest["next_cursor"]) == (["A2"], None)
    lines = _run(imported, "list", "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["key"] for line in lines] == ["A1", "A2"]
    table = list(csv.DictReader(io.StringIO(_run(imported, "list", "--format", "csv", "--reveal", "names").out)))
    assert [(row["key"], row["name"], row["entitlements"]) for row in table] == [
        ("A1", "Acme", "2"),
        ("A2", "Bee", "1"),
    ]


FULL = "Error: The result could not be written: No space left on device.\n"


@pytest.mark.parametrize(
    ("goes_to", "status", "says"),
    [
        (" | head -1 > /dev/null; exit ${PIPESTATUS[0]}", 0, ""),
        (" > /dev/full", 3, f"{FULL}  Make room where it goes, and run the same command again.\n"),
    ],
    ids=["a reader that goes away", "a full disk"],
)
def test_a_list_that_breaks_off_says_no_more_than_why(imported: Path, goes_to: str, status: int, says: str) -> None:
    rows = "".join(f"K{number:06},Customer {number}\n" for number in range(5000))
    (imported / "customers.csv").write_text(f"key,name\n{rows}", encoding="utf-8")
    assert _run(imported, "import", "--customers", "customers.csv", "--accept-ending", "9").status == 0
    words = ["bash", "-c", f'"$@"{goes_to}', "broken off"]
    done = run_command("customer", "list", "--format", "csv", cwd=imported, through=words)
    assert (done.status, done.err) == (status, says)


def test_a_file_of_ours_may_hold_names(imported: Path) -> None:
    done = _run(imported, "list", "--format", "json", "-o", "list.json")
    assert (done.status, done.out) == (0, "")
    assert json.loads((imported / "list.json").read_text())["customers"][0]["name"] == "Acme"
    assert (imported / "list.json").stat().st_mode & 0o777 == 0o600


def test_show_to_whoever_may_see_all_of_it(imported: Path) -> None:
    document = _run(imported, "show", "acme", "--reveal", "contacts", "--format", "json").document
    customer: dict[str, Any] = document["customer"]
    assert document["withheld"] == []
    assert (customer["key"], customer["name"], customer["aliases"]) == ("A1", "Acme", ["acme.example"])
    assert (customer["contract_value"], customer["currency"]) == ("120000.00", "EUR")
    assert customer["attributes"] == {"Health": "=1+1"}
    assert [(c["name"], c["phone"], c["phone_e164"], c["phone_state"]) for c in customer["contacts"]] == [
        ("Ann Ashgrove", "030 901820", "+4930901820", "valid")
    ]
    assert [(e["subject"], e["region"], e["valid_from"], e["valid_to"]) for e in customer["entitlements"]] == [
        ("shop/api", "eu", None, None),
        ("shop/api", "us", None, None),
    ]


def test_show_on_a_terminal_holds_back_contacts_until_asked(imported: Path) -> None:
    shown = run_on_terminal("customer", "show", "A1", cwd=imported)
    assert "Acme" in shown
    assert "withheld: contract_value, currency, renewal_on, attributes, contacts, marks" in shown
    assert "Ann" not in shown
    assert "120000" not in shown
    revealed = run_on_terminal("customer", "show", "A1", "--reveal", "contacts", cwd=imported)
    for word in PERSONAL:
        assert word in revealed, word


def test_what_steers_a_terminal_does_not_reach_it(folder: Path) -> None:
    (folder / "customers.csv").write_text(
        "key,name,Note\nA1,Acme\u202egnp,two\nlines\n".replace("two\nlines", '"two\nlines"')
    )
    assert _run(folder, "import", "--customers", "customers.csv").status == 0
    shown = run_on_terminal("customer", "show", "A1", "--reveal", "contacts", cwd=folder)
    assert "\u202e" not in shown
    assert "Note = two lines" in shown


def test_show_of_a_time_that_was(imported: Path) -> None:
    (imported / "customers.csv").write_text("key,name\nA2,Bee\n", encoding="utf-8")
    assert _run(imported, "import", "--customers", "customers.csv").status == 0
    now = _run(imported, "show", "A1", "--format", "json").document["customer"]
    assert (now["in_directory"], len(now["entitlements"])) == (False, 2)
    then = _run(imported, "show", "A1", "--at", "2020-01-01T00:00:00Z", "--format", "json").document["customer"]
    assert then["in_directory"] is True
    before = _run(imported, "show", "A1", "--known-at", "2020-01-01T00:00:00Z", "--format", "json").document["customer"]
    assert (before["in_directory"], before["entitlements"]) == (False, [])


def test_an_unknown_customer_ends_with_2(imported: Path) -> None:
    done = _run(imported, "show", "acme.exampel", "--format", "json")
    assert (done.status, done.error["code"], done.error["hint"]) == (2, "unknown_name", "Did you mean A1?")
    done = _run(imported, "show", "A", "--format", "json")
    assert (done.status, done.error["code"], done.error["hint"]) == (2, "ambiguous_name", "Candidates: A1, A2")


def test_aliases_and_merges_by_hand(imported: Path) -> None:
    said = ("--why", "the help desk calls them so", "--by", "mara")
    assert _run(imported, "alias", "A1", "--add", "desk-7").status == 2, "without a reason"
    assert _run(imported, "alias", "A1", "--add", "desk-7", *said).out == "A1: 1 added, 0 removed, 0 unchanged.\n"
    taken = _run(imported, "alias", "A2", "--add", "acme.example", *said)
    assert (taken.status, "A1" in taken.err) == (4, True)
    listed = _run(imported, "alias", "desk-7", "--reveal", "names", "--format", "json").document
    assert [(one["alias"], one["source"], one["recorded_by"]) for one in listed["aliases"]] == [
        ("acme.example", "directory", None),
        ("desk-7", "person", "mara"),
    ]
    assert _run(imported, "alias", "A1").out == "A1: aliases withheld (--reveal names)\n"
    merged = _run(imported, "merge", "A1", "--into", "A2", "--why", "acquired", "--format", "json").document
    assert merged == {"schema": 1, "customer": "A1", "survivor": "A2", "merged": True, "already": False, "calls": 0}
    shown = _run(imported, "show", "desk-7", "--reveal", "contacts")
    assert "merged: A1 (acquired)" in shown.out
    assert "Ann Ashgrove" in shown.out
    assert _run(imported, "merge", "A2", "--into", "A1", "--why", "no").status == 2
    assert _run(imported, "merge", "A1", "--undo", "--why", "sold again").status == 0
    assert _run(imported, "show", "desk-7", "--format", "json").document["customer"]["key"] == "A1"
