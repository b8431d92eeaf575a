"""Whoever was merged into somebody is read as them by every command: lists, explanations, notes and calls."""

from __future__ import annotations

from tests.support.command import Finished, run_here
from tests.support.repos import RepoBuilder


def run(shop: RepoBuilder, *arguments: str) -> Finished:
    return run_here(*arguments, cwd=shop.path, env={"RELEASEWATCH_ACTOR": "mara@example.org"})


def test_a_merged_customer_is_the_survivor_everywhere(shop: RepoBuilder) -> None:
    planned = run(shop, "call", "plan", "--deployment", "two", "--format", "json").document
    assert planned["added"] > 0
    assert run(shop, "customer", "merge", "cask", "--into", "acme", "--why", "acquired").status == 0
    assert run(shop, "customer", "merge", "acme", "--into", "bolt", "--why", "acquired too").status == 0
    exposed = run(shop, "exposure", "list", "--deployment", "two", "--format", "json").document["customers"]
    assert {one["key"] for one in exposed} == {"bolt", "dent"}
    (bolt,) = [one for one in exposed if one["key"] == "bolt"]
    assert (bolt["reach"], bolt["components"]) == ("direct", ["shop/invoicing", "shop/checkout"])
    why = run(shop, "exposure", "explain", "--deployment", "two", "--customer", "acme")
    assert why.out.startswith("D-2 reaches bolt:")
    notes = run(shop, "notes", "render", "--deployment", "two", "--audience", "customer", "--customer", "acme")
    assert notes.status == 0, notes.err
    assert "Invoices" in notes.out
    calls = run(shop, "call", "list", "--deployment", "two", "--format", "json").document["calls"]
    (one,) = [call for call in calls if call["customer"] == "bolt"]
    assert (one["callable"], one["status"]) == ("never", "open"), "cask is not to be called, and so is whoever they are"
    assert run(shop, "call", "plan", "--deployment", "two", "--format", "json").document["added"] == 0
    assert run(shop, "customer", "merge", "acme", "--undo", "--why", "it fell through").status == 0
    exposed = run(shop, "exposure", "list", "--deployment", "two", "--format", "json").document["customers"]
    assert {one["key"] for one in exposed} == {"acme", "bolt", "dent"}


def test_notes_for_a_survivor_may_name_whom_they_took_over(shop: RepoBuilder) -> None:
    """The second change's subject names Acme; told to others that is a leak, told to who they are now it is not."""
    words = (
        "notes",
        "render",
        "--deployment",
        "two",
        "--audience",
        "account",
        "--customer",
        "bolt",
        "--reveal",
        "names",
    )
    assert run(shop, *words).status == 4
    assert run(shop, "customer", "merge", "acme", "--into", "bolt", "--why", "acquired").status == 0
    told = run(shop, *words)
    assert told.status == 0, told.err
    assert "Acme GmbH" in told.out
