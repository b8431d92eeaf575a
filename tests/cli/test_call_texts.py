"""What lists, sheets, digests and mails say beside their rows: who is beyond them, who holds what, what is done."""

from __future__ import annotations

import csv

import pytest
from openpyxl import load_workbook

from tests.support.command import run_here, run_on_terminal

ABOUT = ("--deployment", "two")
RENDER = ("call", "render", *ABOUT)
BY = ("--by", "olga")
BEYOND = "And 3 more customers score lower (1 dependent, 2 direct): the list holds the first 1,"


@pytest.fixture
def planned(shop):
    assert run_here("call", "plan", *ABOUT, cwd=shop.path).status == 0
    return shop


def does(shop, *words):
    done = run_here(*words, cwd=shop.path)
    assert done.status == 0, done.err
    return done


def sheet(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return {row["key"]: row for row in csv.DictReader(stream)}


def test_a_list_that_is_bounded_says_so_in_every_form(shop):
    settings = shop.path / "releasewatch.toml"
    settings.write_text(settings.read_text("utf-8") + "[calling]\nmost = 1\n", "utf-8")
    does(shop, "call", "plan", *ABOUT)
    assert BEYOND in does(shop, *RENDER, "--format", "csv", "-o", "calls.csv").err
    assert list(sheet(shop.path / "calls.csv")) == ["acme"], "as rows they could not be read back"
    assert BEYOND in does(shop, *RENDER, "--format", "mailmerge", "-o", "m.csv").err
    assert BEYOND in does(shop, *RENDER, "--write-drafts", "drafts").err
    does(shop, *RENDER, "--format", "xlsx", "-o", "calls.xlsx")
    book = load_workbook(shop.path / "calls.xlsx")
    assert any(BEYOND in str(row[0].value) for row in book["Calls"].iter_rows(max_row=8))
    digest = ("digest", "--account-manager", "olga", "--reveal", "names")
    for form in ("table", "md", "html"):
        assert f"D-2: {BEYOND}" in does(shop, *digest, "--format", form).out
    (one,) = does(shop, *digest, "--format", "json").document["lists_beyond"]
    assert (one["list"], one["customers"], one["most"]) == ("D-2", 3, 1)


def test_the_row_of_a_call_that_is_made_has_nothing_to_say(shop):
    does(shop, "incident", "open", "--title", "down", *ABOUT, "--severity", "SEV1")
    does(shop, "call", "plan", "--incident", "INC-1")
    does(shop, "call", "log", "C-1", "--disposition", "connected", *BY)
    does(shop, "call", "render", "--incident", "INC-1", "--format", "csv", "-o", "calls.csv")
    rows = {one["call"]: one for one in sheet(shop.path / "calls.csv").values()}
    assert (rows["C-1"]["verdict"], rows["C-1"]["status"], rows["C-1"]["say"]) == ("leave", "done", "")
    assert {one["say"] for call, one in rows.items() if call != "C-1"} == {"No agreed wording, do not improvise."}


def test_who_holds_a_call_is_somebody_where_names_may_not_be_shown(planned):
    does(planned, "call", "claim", "C-1", *BY)
    piped = does(planned, *RENDER).out
    assert "claimed by somebody" in piped
    assert "claimed by withheld" not in piped
    does(planned, *RENDER, "-o", "calls.md")
    assert "claimed by olga" in (planned.path / "calls.md").read_text("utf-8")


def test_a_call_that_is_handed_over_says_to_whom_where_names_are(planned):
    staff = "key,name,team\nolga,Olga Example,emea\npiet,Piet Example,us\n"
    (planned.path / "staff.csv").write_text(staff, "utf-8")
    does(planned, "staff", "import", "staff.csv")
    assert does(planned, "call", "hand-over", "C-1", "--to", "piet", *BY).out == "C-1 is handed over. (acme)\n"
    shown = run_on_terminal("call", "hand-over", "C-1", "--to", "olga", "--by", "piet", cwd=planned.path)
    assert "C-1 is handed over to olga." in shown


def test_promises_have_a_state_each(planned):
    promised = ("--promise", "a note", "--due", "2099-01-01")
    refused = run_here("call", "log", "C-1", "--disposition", "connected", *promised, *BY, cwd=planned.path)
    assert refused.status == 2, "years ahead"
    due = does(planned, "call", "list", *ABOUT, "--format", "json").document["as_of"][:10]
    does(planned, "call", "log", "C-1", "--disposition", "connected", "--promise", "a note", "--due", due, *BY)
    head, rule, row, *_ = does(planned, "call", "promises").out.splitlines()
    assert head.split() == ["promise", "by", "state", "customer", "what", "owner", "call"]
    assert row.split()[2] == "open"
    assert [len(dashes) for dashes in rule.split()] == [7, 10, 5, 8, 8, 8, 4], "each as wide as its column"
