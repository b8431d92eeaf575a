"""`call plan|list|render` of what is coming and of check-ins: what goes together, and what is refused."""

from __future__ import annotations

import pytest

from tests.support.command import run_here

HEADS_UP = ("--head", "HEAD", "--purpose", "heads_up", "--environment", "production")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--purpose", "heads_up"), "about a commit that is coming"),
        (("--head", "HEAD"), "not said what --head is for"),
        (("--head", "HEAD", "--purpose", "heads_up"), "not said where"),
        ((*HEADS_UP, "--deployment", "last"), "not for an incident or a deployment"),
        ((*HEADS_UP, "--incident", "INC-1"), "not for an incident or a deployment"),
        ((*HEADS_UP, "--repo", "other"), "not for what is coming"),
        ((*HEADS_UP, "--withdraw"), "taken back for a reason"),
        ((*HEADS_UP, "--why", "x"), "--why goes with --withdraw"),
        ((*HEADS_UP, "--from", "2001-01-01T00:00:00Z"), "would have come already"),
        (("--purpose", "check_in", "--region", "eu"), "about no deployment"),
        (("--deployment", "last", "--region", "eu"), "--region goes with --head"),
        (("--deployment", "last", "--withdraw"), "--withdraw goes with --head"),
        ((), "not said what the calls are about"),
    ],
)
def test_what_does_not_go_together_is_refused_with_what_to_do(shop, options, says):
    done = run_here("call", "plan", *options, "--format", "json", cwd=shop.path)
    assert (done.status, done.out) == (2, "")
    assert says in done.err
    assert '"hint"' in done.err


def test_what_is_coming_is_planned_listed_rendered_and_taken_back(shop):
    shop.commit("feat(invoicing)!: and once more", {"services/invoicing/a.py": "3"})
    ahead = run_here("call", "list", *HEADS_UP, "--format", "json", cwd=shop.path).document
    assert (ahead["coming"]["id"], ahead["deployment"], ahead["list_version"]) == (None, None, None)
    assert {one["customer"]: one["verdict"] for one in ahead["calls"]} == {
        "acme": "call",
        "cask": "write",
        "dent": "write",
    }
    again = run_here("call", "list", *HEADS_UP, "--format", "json", cwd=shop.path).document
    apart = {"calls": [], "as_of": ""}
    assert {**again, **apart} == {**ahead, **apart}, "a list writes nothing"
    planned = run_here("call", "plan", *HEADS_UP, "--format", "json", cwd=shop.path).document
    assert (planned["coming"]["id"], planned["added"]) == ("H-1", 3)
    listed = run_here("call", "list", *HEADS_UP, "--format", "json", cwd=shop.path).document
    assert {one["items"][0]["coming"] for one in listed["calls"]} == {"H-1"}
    rendered = run_here("call", "render", *HEADS_UP, "--format", "md", cwd=shop.path)
    assert "heads up (H-1, not live yet)" in rendered.out
    back = run_here(
        "call", "plan", *HEADS_UP, "--withdraw", "--why", "not now", "--format", "json", cwd=shop.path
    ).document
    assert (back["coming"]["id"], back["coming"]["withdrawn"], back["coming"]["told"]) == ("H-1", 3, 0)
    assert run_here("call", "plan", *HEADS_UP, "--withdraw", "--why", "not now", cwd=shop.path).status == 2


def test_check_ins_hold_no_contact_where_contacts_may_not_be_shown(shop):
    planned = run_here("call", "plan", "--purpose", "check_in", "--format", "json", cwd=shop.path).document
    assert (planned["deployment"], planned["coming"], planned["incident"]) == (None, None, None)
    listed = run_here("call", "list", "--purpose", "check_in", "--format", "json", cwd=shop.path).document
    assert listed["week"] == planned["week"]
    assert all(one["contact"] is None and one["name"] is None for one in listed["calls"])
    assert {one["purpose"] for one in listed["calls"]} <= {"check_in"}
