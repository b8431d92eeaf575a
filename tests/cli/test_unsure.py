"""Customers who wait, or run a copy of their own, are said in every output and document that tells of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import run_here

if TYPE_CHECKING:
    from tests.support.repos import RepoBuilder

WAIT = "1 customer has an entitlement that waits for what nobody knows yet (busines): they cannot be ruled out."
OWN = "1 customer runs a copy of its own, and this deployment names no release: whether it reaches them is not known."
RECORD = ("deployment", "record", "--environment", "production", "--key", "three")


@pytest.fixture
def waiting(shop: RepoBuilder) -> RepoBuilder:
    """A shop with a misspelt product, ranges in the place of versions, and a change to come."""
    (shop.path / "more.csv").write_text("key,name\nwait,Wait Ltd\nown,Own Ltd\nrange,Range Ltd\n", "utf-8")
    rows = "wait,,busines,\nown,invoicing,,1.0\nrange,invoicing,,>=1.0\n"
    (shop.path / "used.csv").write_text(f"customer,component,product,version\n{rows}", "utf-8")
    files = ("--customers", "more.csv", "--entitlements", "used.csv")
    done = run_here("customer", "import", "--changes", *files, cwd=shop.path)
    assert "1 entitlement waits for what the ledger does not know yet: busines. See: releasewatch" in done.err
    assert "used.csv: 1 row names no one version (>=1.0): taken as unknown (?), so possible" in done.err
    shop.commit("fix(invoicing): again", {"services/invoicing/c.py": "3"})
    return shop


def test_a_plan_and_a_record_say_who_waits(waiting):
    comment = run_here("deployment", "plan", *RECORD[2:4], "--format", "md", cwd=waiting.path).out
    assert f"- {WAIT.rstrip('.')}\n" in comment
    assert f"- {OWN.rstrip('.')}\n" in comment
    for verb in ("plan", "record"):
        done = run_here("deployment", verb, *RECORD[2:4], cwd=waiting.path)
        assert (done.status, WAIT in done.out, OWN in done.out) == (0, True, True)
    asked = run_here(*RECORD, "--format", "json", cwd=waiting.path)
    exposed = asked.document["exposure"]
    assert (exposed["waiting"], exposed["waiting_for"], exposed["pinned"]) == (0, [], 0)  # nothing changed any more


def test_lists_and_documents_say_who_waits(waiting):
    assert run_here(*RECORD, "-q", cwd=waiting.path).status == 0
    for words in (("call", "plan"), ("call", "list"), ("exposure", "list")):
        asked = (*words, "--deployment", "three")
        text = run_here(*asked, cwd=waiting.path).out
        assert (WAIT in text, OWN in text, "Wait Ltd" in text) == (True, True, False)
        document = run_here(*asked, "--format", "json", cwd=waiting.path).document
        counts = document["counts"] if words[0] == "exposure" else document
        assert (counts["waiting"], counts["waiting_for"], counts["pinned"]) == (1, ["busines"], 1)
    for form in ("jsonl", "csv"):
        asked = run_here("exposure", "list", "--deployment", "three", "--format", form, cwd=waiting.path)
        assert (WAIT in asked.err, WAIT in asked.out) == (True, False)
        quiet = run_here("exposure", "list", "--deployment", "three", "--format", form, "-q", cwd=waiting.path)
        assert quiet.err == ""
    for form in ("md", "html"):
        rendered = run_here("call", "render", "--deployment", "three", "--format", form, cwd=waiting.path)
        assert WAIT in rendered.out
    for audience, told in (("engineering", True), ("account", True), ("customer", False)):
        notes = run_here("notes", "render", "--deployment", "three", "--audience", audience, cwd=waiting.path)
        assert ("nobody knows yet (busines)" in notes.out) is told


def test_nobody_who_waits_is_told_that_nothing_concerns_them(waiting):
    assert run_here(*RECORD, "-q", cwd=waiting.path).status == 0
    explained = run_here("exposure", "explain", "--deployment", "three", "--customer", "wait", cwd=waiting.path).out
    assert explained == (
        "D-3 is not known to reach wait.\n  They use the product busines, which the ledger does not know: "
        "their entitlement waits, and they cannot be ruled out.\n"
    )
    for customer in ("wait", "own"):
        notes = ("notes", "render", "--deployment", "three", "--customer", customer, "--audience")
        assert "it is not known in full what they use" in run_here(*notes, "account", cwd=waiting.path).out
        outside = run_here(*notes, "customer", cwd=waiting.path).out
        assert "Nothing that is known of this release concerns you." in outside
