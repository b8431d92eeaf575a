"""`releasewatch incident` on the command line: the contract's JSON, one screen, errors, and privacy by channel."""

from __future__ import annotations

from tests.support.command import run_command, run_on_terminal


def incident(shop, *words, status=0, **more):
    done = run_command("incident", *words, cwd=shop.path, **more)
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
    (listed,) = incident(shop, "list", "--format", "json").document["incidents"]
    assert listed["key"] == "INC-1"


def test_one_screen(shop):
    done = incident(shop, "open", "--title", "invoices 500", "--deployment", "two", "--started-at", "1m")
    assert "INC-1: invoices 500 (investigating)" in done.out
    assert "D-2 suspect: named when the incident was opened" in done.out
    assert "4 customers: 2 presumed, 2 possible, 0 affected, 0 cleared; 4 still exposed, 0 returned." in done.out
    assert "First to call:\n  acme (presumed)" in done.out
    assert "Acme" not in done.out, "a pipe shows keys"
    assert "acme Acme GmbH (presumed, olga)" in run_on_terminal("incident", "show", "INC-1", cwd=shop.path)
