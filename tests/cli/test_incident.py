"""`releasewatch incident` on the command line: the contract's JSON, one screen, errors, and privacy by channel."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.command import run_here, run_on_terminal


def incident(shop, *words, status=0, **more):
    done = run_here("incident", *words, cwd=shop.path, **more)
    assert done.status == status, done.err
    return done


def opened(shop, *words):
    return incident(shop, "open", "--title", "invoices 500", *words, "--format", "json").document


def test_open_answers_with_the_contract(shop):
    found = opened(shop, "--deployment", "two", "--component", "invoicing", "--severity", "sev2", "--key", "pager-1")
    assert list(found)[:3] == ["schema", "incident", "deployments"]
    told = found["incident"]
    assert (told["key"], told["given_key"], told["already_open"]) == ("INC-1", "pager-1", False)
    assert (told["severity"], told["status"], told["components"]) == ("SEV2", "investigating", ["shop/invoicing"])
    assert [(one["id"], one["state"]) for one in found["deployments"]] == [("D-2", "suspect")]
    counts = found["customers"]
    assert counts["presumed"] + counts["possible"] + counts["affected"] + counts["cleared"] == counts["exposed"] == 4
    assert found["corrections_owed"] == 0
    assert "releasewatch incident show INC-1 --customers" in found["next"]
    again = opened(shop, "--key", "pager-1")["incident"]
    assert (again["key"], again["already_open"], again["severity"]) == ("INC-1", True, "SEV2")
    anew = incident(shop, "open", "--key", "pager-1", "--title", "all is down", "--started-at", "2026-03-01T00:00:00Z")
    assert "INC-1 was open before; not taken: --title, --started-at. To change it:" in anew.err
    assert "releasewatch incident update INC-1 --title … --started-at …" in anew.err
    (listed,) = incident(shop, "list", "--format", "json").document["incidents"]
    assert listed["key"] == "INC-1"


def test_one_screen(shop):
    done = incident(shop, "open", "--title", "invoices 500", "--deployment", "two", "--started-at", "1m")
    assert "INC-1: invoices 500 (investigating)" in done.out
    assert re.search(r"^  D-2 suspect(, \d+ of 100)?: named when the incident was opened", done.out, re.MULTILINE)
    assert "4 customers: 2 presumed, 2 possible, 0 affected, 0 cleared; 4 still exposed, 0 returned." in done.out
    assert "First to call:\n  acme (presumed)" in done.out
    assert "Acme" not in done.out, "a pipe shows keys"
    assert "acme Acme GmbH (presumed, olga)" in run_on_terminal("incident", "show", "INC-1", cwd=shop.path)


def test_evidence_is_taken_row_by_row(shop):
    opened(shop, "--deployment", "two")
    (shop.path / "hurt.csv").write_text(
        "customer,state,first_at,last_at,count,note\n"
        "acme,affected,2026-03-01T02:00:00Z,2026-03-01T03:00:00Z,12,Ada Example wrote\n"
        "nobody,affected,,,,\n"
        "bolt,hurt,,,,\n"
        "bolt,affected,2026-03-01T02:00:00,,,\n"
        "dent,affected,2026-03-01T02:00:00Z,2026-03-01T01:00:00Z,,\n"
        "cask,cleared,,,\n"
        "cask,cleared,,,,\n",
        "utf-8",
    )
    done = incident(shop, "impact", "INC-1", "--evidence", "hurt.csv", "--format", "json")
    assert done.document["customers"] == {
        "exposed": 4,
        "presumed": 0,
        "possible": 2,
        "affected": 1,
        "cleared": 1,
        "still_exposed": 3,
        "returned": 0,
    }
    assert done.err.splitlines() == [
        "Line 3 is refused: there is no customer of that name, key or alias.",
        "Line 4 is refused: state: wanted one of affected, cleared, added, removed.",
        "Line 5 is refused: first_at: it does not say in which zone.",
        "Line 6 is refused: last_at: before first_at, 2026-03-01T02:00:00Z.",
        "Line 7 is refused: it has 5 cells where the header has 6.",
        "2 new, 0 said before, 5 refused.",
    ]
    again = incident(shop, "impact", "INC-1", "--evidence", "hurt.csv")
    assert "0 new, 2 said before" in again.err
    shown = incident(shop, "show", "INC-1", "--customers", "--format", "json").document["affected_customers"]
    (acme,) = [one for one in shown if one["key"] == "acme"]
    assert (acme["state"], acme["count"], acme["first_at"]) == ("affected", 12, "2026-03-01T02:00:00Z")
    assert acme["reasons"] == [
        "affected, said by a measurement",
        "reached by D-2 through shop/invoicing",
    ]
    assert (acme["name"], acme["withheld"]) == (None, ["name", "account_manager", "working_minutes"])
    assert "Ada" not in str(shown)


def test_words_by_hand_need_a_reason_and_win_over_what_is_derived(shop):
    opened(shop, "--deployment", "two")
    refused = incident(shop, "impact", "INC-1", "--confirm", "acme", status=2)
    assert "needs a reason" in refused.err
    done = incident(shop, "impact", "INC-1", "--confirm", "acme", "--why", "Ada called", "--format", "json").document
    assert done["customers"]["affected"] == 1
    cleared = incident(shop, "link", "INC-1", "--deployment", "two", "--state", "cleared", "--why", "not it")
    assert "1 customer: 0 presumed, 0 possible, 1 affected, 0 cleared" in cleared.out
    shown = incident(shop, "show", "INC-1", "--customers", "--reveal", "names", "--format", "json").document
    (acme,) = shown["affected_customers"]
    assert (acme["name"], acme["reasons"]) == ("Acme GmbH", ["affected, said by a person: Ada called"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "INC-9"], "The ledger has no incident 'INC-9'."),
        (["open", "--title", " "], "An incident needs a title."),
        (["open", "--title", "x", "--key", "INC-7"], "'INC-7' looks like an id of ours."),
        (["open", "--title", "x", "--component", "invocing"], "The ledger knows no component 'invocing'."),
        (["open", "--title", "x", "--component", "invoicing=bad"], "'bad' is no status of a component."),
        (["open", "--title", "x", "--environment", "staging"], "Neither the settings nor the ledger know"),
        (["open", "--title", "x", "--region", "mars"], "No deployment went to a region 'mars'"),
        (["open", "--title", "x", "--started-at", "2999-01-01"], "The impact would begin in the future."),
        (["open", "--title", "x", "--at", "2999-01-01"], "has not come yet"),
        (["update", "INC-1"], "Nothing is said of the incident."),
        (["update", "INC-1", "--started-at", "1h", "--ended-at", "2h"], "ended before it started"),
        (["resolve", "INC-1", "--ended-at", "99w"], "ended before it started"),
        (["reopen", "INC-1"], "there is nothing to re-open"),
        (["link", "INC-1", "--deployment", "two"], "Blame has a state and a reason."),
        (["link", "INC-1"], "One deployment is linked at a time."),
        (["impact", "INC-1", "--why", "x"], "It is not said of whom."),
        (["impact", "INC-1", "--confirm", "acme", "--clear", "acme", "--why", "x"], "cannot be affected and cleared"),
        (["impact", "INC-1", "--evidence", "releasewatch.toml"], "does not have the columns of evidence"),
        (["list", "--after", "x"], "is no cursor of a list of incidents"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(shop, words, message):
    opened(shop, "--started-at", "3h")
    before = incident(shop, "show", "INC-1", "--timeline", "--format", "json").document["timeline"]
    refused = incident(shop, *words, "--format", "json", status=2)
    assert message in refused.error["message"]
    assert refused.out == ""
    assert incident(shop, "show", "INC-1", "--timeline", "--format", "json").document["timeline"] == before
    assert len(incident(shop, "list", "--format", "json").document["incidents"]) == 1


def test_the_log_of_a_public_repository_holds_counts_alone(shop):
    opened(shop, "--deployment", "two")
    env = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "shop/shop",
        "GITHUB_EVENT_PATH": str(shop.path / "event.json"),
    }
    (shop.path / "event.json").write_text('{"repository": {"private": false, "visibility": "public"}}', "utf-8")
    done = incident(shop, "show", "INC-1", "--customers", "--format", "json", env=env)
    assert (done.document["affected_customers"], done.document["first_to_call"]) == ([], [])
    assert done.document["customers"]["exposed"] == 4
    assert "acme" not in done.out


def test_the_record_is_kept_and_shown(shop):
    opened(shop)
    incident(
        shop, "update", "INC-1", "--title", "invoices are wrong", "--severity", "SEV1", "--why", "worse", "--by", "kim"
    )
    incident(shop, "update", "INC-1", "--entry", "restarted", "--audience", "account")
    incident(shop, "update", "INC-1", "--summary", "we are on it", "--audience", "customer")
    incident(shop, "update", "INC-1", "--summary", "it is over", "--audience", "customer")
    found = incident(shop, "show", "INC-1", "--timeline", "--format", "json").document
    assert found["incident"]["summaries"] == {"customer": "it is over"}
    said = [(one["kind"], one["value"], one["audience"]) for one in found["timeline"]]
    assert ("title", "invoices 500", "engineering") in said
    assert ("entry", "restarted", "account") in said
    assert ("summary", "we are on it", "customer") in said
    assert {one["by"] for one in found["timeline"]} == {None}, "a pipe names nobody"
    assert "it is over" in incident(shop, "show", "INC-1").out


def test_a_rollback_by_hand(shop):
    opened(shop, "--deployment", "two")
    words = ("deployment", "undo", "two", "--why", "the controller went back", "--format", "json")
    done = run_here(*words, cwd=shop.path)
    assert (done.document["deployment"], done.document["already_undone"]) == ("D-2", False)
    assert run_here(*words, cwd=shop.path).document["already_undone"] is True
    counts = incident(shop, "show", "INC-1", "--format", "json").document["customers"]
    assert (counts["still_exposed"], counts["returned"]) == (0, 4)
    assert run_here("deployment", "undo", "two", "--at", "9w", "--why", "x", cwd=shop.path).status == 2


def test_status_names_open_incidents(shop):
    opened(shop, "--severity", "SEV1")
    assert "INC-1 (SEV1, investigating): invoices 500" in run_here("status", cwd=shop.path).out
    incident(shop, "resolve", "INC-1")
    assert run_here("status", "--format", "json", cwd=shop.path).document["incidents"] == []


def test_show_says_how_much_customers_suffered(shop):
    opened(shop, "--deployment", "two")
    hurt = "customer,state,first_at,last_at\nacme,affected,2026-03-02T10:00:00Z,2026-03-02T11:00:00Z\n"
    (shop.path / "hurt.csv").write_text(hurt, "utf-8")
    incident(shop, "impact", "INC-1", "--evidence", "hurt.csv")
    done = incident(shop, "show", "INC-1")
    (line,) = (line for line in done.out.splitlines() if line.startswith("Customer-minutes: "))
    assert "60 affected (" in line
    assert "Contracts at risk" not in done.out, "contract values are no matter of a pipe"
    found = incident(shop, "show", "INC-1", "--customers", "--format", "json").document
    measures = found["measures"]
    assert (measures["customer_minutes"]["affected"], measures["contract_value"]) == (60, None)
    assert measures["withheld"] == ["contract_value"]
    assert [one["minutes"] for one in found["affected_customers"] if one["key"] == "acme"] == [60]
    incident(shop, "show", "INC-1", "--format", "json", "-o", "night.json")
    assert json.loads((shop.path / "night.json").read_text("utf-8"))["measures"]["withheld"] == []
    assert "measures" not in incident(shop, "update", "INC-1", "--severity", "SEV2", "--format", "json").document


def test_evidence_that_must_be_whole_is_taken_whole_or_not_at_all(shop):
    opened(shop, "--deployment", "two")
    (shop.path / "hurt.csv").write_text(
        "customer,state,first_at,level\nacme,AFFECTED,,Partial\nbolt,affected,2999-01-01T00:00:00Z,\n", "utf-8"
    )
    words = ("impact", "INC-1", "--evidence", "hurt.csv", "--format", "json")
    strict = incident(shop, *words, "--strict", status=1)
    assert strict.document["said"] == {
        "new": 0,
        "said_before": 0,
        "refused": 1,
        "refused_rows": [{"line": 3, "reason": "first_at: it has not come yet"}],
    }
    assert strict.document["customers"]["affected"] == 0
    assert "Nothing was added" in strict.err
    assert incident(shop, *words).document["customers"]["affected"] == 1


def test_who_was_cleared_has_not_returned_and_nobody_is_called_for_what_was_none(shop):
    opened(shop, "--deployment", "two")
    assert "D-99" in incident(shop, "link", "INC-1", "--deployment", "D-99", "--state", "confirmed", status=2).err
    incident(shop, "impact", "INC-1", "--clear", "acme", "--why", "asked")
    shown = incident(shop, "show", "INC-1", "--customers").out
    (line,) = [one for one in shown.splitlines() if "cleared, said by a person" in one]
    assert "returned" not in line
    cancelled = incident(shop, "cancel", "INC-1").out
    assert "First to call" not in cancelled
    assert "still exposed" not in cancelled
