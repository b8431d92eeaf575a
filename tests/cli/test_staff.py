"""`releasewatch staff` as people run it: import, list, hand-over, and what lists say of it."""

from __future__ import annotations

import pytest

from tests.support.command import run_here, run_on_terminal

STAFF = "key,name,email\npiet,Piet Example,piet@example.org\nkim,Kim Example,\n"


@pytest.fixture
def staffed(shop):
    """The shop, whose account manager olga is not in the staff file."""
    (shop.path / "staff.csv").write_text(STAFF, "utf-8")
    done = run_here("staff", "import", "staff.csv", cwd=shop.path)
    assert done.status == 0, done.err
    return shop


def test_an_account_manager_who_is_not_among_the_staff_keeps_nobody(staffed):
    done = run_here("call", "render", "--deployment", "two", "--format", "md", cwd=staffed.path)
    assert "No account manager keeps these" in done.out
    listed = run_here("staff", "list", "--format", "json", cwd=staffed.path).document
    assert {"because": "olga is not among our staff", "customers": 2} in listed["unowned"]
    exposed = run_on_terminal("exposure", "list", "--deployment", "two", cwd=staffed.path)
    assert "olga" not in exposed


def test_a_hand_over_moves_the_customers(staffed):
    with (staffed.path / "staff.csv").open("a", encoding="utf-8") as file:
        file.write("olga,Olga Example,olga@example.org\n")
    run_here("staff", "import", "staff.csv", cwd=staffed.path)
    done = run_here("staff", "leave", "olga", "--to", "kim", "--why", "moves on", "--by", "boss", cwd=staffed.path)
    assert done.status == 0, done.err
    assert "2 customers: kept by kim." in done.out
    for words in (("call", "list", "--deployment", "two"), ("exposure", "list", "--deployment", "two")):
        mine = run_on_terminal(*words, "--account-manager", "kim", cwd=staffed.path)
        assert "Acme" in mine
        assert "Acme" not in run_on_terminal(*words, "--account-manager", "olga", cwd=staffed.path)
    rendered = run_on_terminal("call", "render", "--deployment", "two", "--format", "md", cwd=staffed.path)
    assert "kim (taken over from olga)" in rendered
    back = run_here("staff", "leave", "olga", "--undo", "--why", "stays", "--format", "json", cwd=staffed.path)
    assert back.document == {
        "schema": 1,
        "staff": "olga",
        "left_on": None,
        "kept_by": "olga",
        "customers": 2,
        "calls": [],
        "promises": [],
        "withheld": [],
        "dry_run": False,
    }


def test_names_are_for_terminals(staffed):
    piped = run_here("staff", "list", cwd=staffed.path)
    assert "Piet Example" not in piped.out + run_here("staff", "list", "--format", "json", cwd=staffed.path).out
    assert "Piet Example" in run_on_terminal("staff", "list", cwd=staffed.path)


def test_wrong_calls_end_with_a_sentence(staffed):
    for words, said in (
        (("staff", "import"), "No staff file is named."),
        (("staff", "import", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("staff", "leave", "zoe", "--why", "x"), "nobody called 'zoe'"),
        (("staff", "leave", "piet", "--to", "piet", "--why", "x"), "piet cannot take over from piet"),
        (("staff", "leave", "piet", "--undo", "--to", "kim", "--why", "x"), "--undo takes back"),
        (("staff", "leave", "piet", "--on", "tomorrow", "--why", "x"), "that is not a day; wanted one as 2026-12-31"),
        (("staff", "leave", "piet"), "--why"),
    ):
        done = run_here(*words, cwd=staffed.path)
        assert done.status == 2, words
        assert said in done.err, words


def test_the_file_of_the_settings_is_taken_and_a_rehearsal_keeps_nothing(staffed):
    config = staffed.path / "releasewatch.toml"
    config.write_text(config.read_text("utf-8") + '\n[staff]\nfile = "staff.csv"\n', "utf-8")
    (staffed.path / "staff.csv").write_text(STAFF + "zoe,Zoe Example,\n", "utf-8")
    rehearsed = run_here("staff", "import", "--dry-run", "--format", "json", cwd=staffed.path).document
    assert (rehearsed["import"]["added"], rehearsed["import"]["written"]) == (1, False)
    again = run_here("staff", "import", "--format", "json", cwd=staffed.path).document
    assert (again["import"]["added"], again["import"]["written"]) == (1, True)


def test_a_refused_row_stops_a_strict_import(staffed):
    (staffed.path / "staff.csv").write_text(STAFF + "zoe,\n", "utf-8")
    done = run_here("staff", "import", "staff.csv", "--strict", cwd=staffed.path)
    assert done.status == 1
    assert "staff.csv:4:" in done.out
