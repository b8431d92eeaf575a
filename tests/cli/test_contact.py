"""Forgetting and giving out, as a person at a terminal or a pipeline meets it."""

from __future__ import annotations

import json
import stat
from typing import Any

from tests.support.command import Finished, run_here
from tests.support.repos import RepoBuilder


def run(shop: RepoBuilder, *arguments: str) -> Finished:
    return run_here(*arguments, cwd=shop.path, env={"RELEASEWATCH_ACTOR": "dpo@example.org"})


def test_an_export_goes_to_a_file_of_its_owner_alone(shop: RepoBuilder) -> None:
    refused = run(shop, "contact", "export", "acme", "Ada Example")
    assert (refused.status, refused.out) == (4, "")
    assert "-o FILE" in refused.err
    done = run(shop, "contact", "export", "acme", "ada@acme.example", "-o", "ada.json")
    assert (done.status, done.out) == (0, "")
    path = shop.path / "ada.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = json.loads(path.read_text("utf-8"))
    assert (document["schema"], document["customer"]) == (1, "acme")
    assert document["rows"]["contact_detail"][0]["phone"] == "030 23125 101"
    assert run(shop, "customer", "export", "bolt", "-o", "bolt.json").status == 0
    assert "Ben Example" in (shop.path / "bolt.json").read_text("utf-8")


def test_what_is_forgotten_needs_a_word_and_a_reason(shop: RepoBuilder) -> None:
    assert run(shop, "contact", "forget", "acme", "Ada Example").status == 2
    asked = run(shop, "contact", "forget", "acme", "Ada Example", "--why", "asked for it")
    assert asked.status == 4
    assert "--yes" in asked.err
    looked = run(shop, "contact", "forget", "acme", "Ada Example", "--why", "asked for it", "--dry-run")
    assert looked.status == 0
    assert "Would be forgotten" in looked.out
    assert "Ada" not in looked.out + looked.err
    done = run(shop, "contact", "forget", "acme", "Ada Example", "--why", "asked for it", "--yes", "--format", "json")
    assert done.status == 0
    assert done.document["forgotten"]["rows"] == {"contact": 1, "contact_detail": 1}
    assert {one["where"] for one in done.document["not_reached"]} >= {"git", "backups", "documents"}
    again = run(shop, "contact", "forget", "acme", "Ada Example", "--why", "asked for it", "--yes")
    assert again.status == 2
    assert "Ada" not in again.err


def test_a_forgotten_customer_is_counted_and_not_called(shop: RepoBuilder) -> None:
    before = run(shop, "exposure", "list", "--deployment", "two", "--format", "json").document["counts"]
    known = run(shop, "customer", "forget", "acme", "--why", "asked for it", "--yes", "--format", "json").document
    (key,) = known["forgotten"]["customers"]
    now = run(shop, "exposure", "list", "--deployment", "two", "--format", "json").document
    assert now["counts"] == before | {"still_exposed": before["still_exposed"] - 1}
    assert key in {one["key"] for one in now["customers"]}
    asked = ("--format", "json", "--reveal", "names")
    calls = run(shop, "call", "list", "--deployment", "two", *asked).document["calls"]
    (gone,) = [one for one in calls if one["customer"] == key]
    assert (gone["verdict"], gone["contact"]) == ("leave", None)
    assert "[forgotten]" in run(shop, "customer", "show", key).out
    assert run(shop, "customer", "show", "acme").status == 2
    files = ("--customers", "customers.csv", "--contacts", "contacts.csv", "--entitlements", "entitlements.csv")
    imported = run(shop, "customer", "import", *files)
    assert imported.status == 0
    assert "customers: suppressed: 1" in imported.err
    assert run(shop, "customer", "import", *files, "--readmit", "acme").status == 2, "without a reason"
    assert run(shop, "customer", "import", *files, "--readmit", "acme", "--why", "back again").status == 0
    assert "acme" in run(shop, "customer", "show", "acme").out


def call_of(shop: RepoBuilder, customer: str) -> dict[str, Any]:
    asked = ("--format", "json", "--reveal", "names")
    calls = run(shop, "call", "list", "--deployment", "two", *asked).document["calls"]
    (found,) = [one for one in calls if one["customer"] == customer]
    assert isinstance(found, dict)
    return found


def test_marks_by_hand_are_obeyed_until_a_person_clears_them(shop: RepoBuilder) -> None:
    why = ("--why", "they asked us")
    assert call_of(shop, "acme")["verdict"] == "call"
    assert run(shop, "customer", "mark", "acme", *why).status == 2, "nothing to mark"
    assert run(shop, "customer", "mark", "acme", "--do-not-call").status == 2, "without a reason"
    assert run(shop, "customer", "mark", "acme", "--do-not-call", *why).out == "acme: 1 mark added, 0 cleared.\n"
    assert run(shop, "customer", "mark", "acme", "--do-not-call", *why).out == "acme: 0 marks added, 0 cleared.\n"
    assert run(shop, "customer", "import", "--customers", "customers.csv").status == 0
    stopped = call_of(shop, "acme")
    assert (stopped["verdict"], stopped["callable"]) == ("write", "never")
    assert "one of us marked them do-not-call" in stopped["verdict_because"]
    assert run(shop, "customer", "mark", "acme", "--no-do-not-call", *why).out == "acme: 0 marks added, 1 cleared.\n"
    assert call_of(shop, "acme")["verdict"] == "call"
    told = run(shop, "customer", "mark", "cask", "--no-do-not-call", *why)
    assert (told.status, "The directory still says do-not-call" in told.err) == (0, True)
    assert call_of(shop, "cask")["callable"] == "never"


def test_a_contact_is_marked_for_themselves(shop: RepoBuilder) -> None:
    said = ("contact", "mark", "acme", "ada@acme.example")
    assert run(shop, *said, "--wrong-number", "--why", "a pizzeria").status == 0
    assert "the number is marked as wrong" in call_of(shop, "acme")["verdict_because"]
    swapped = run(shop, *said, "--no-wrong-number", "--do-not-call", "--why", "it was right", "--format", "json")
    assert (swapped.document["added"], swapped.document["cleared"]) == (1, 1)
    assert "the contact is not to be called" in call_of(shop, "acme")["verdict_because"]
    shown = run(shop, "customer", "show", "acme", "--reveal", "contacts")
    assert "marks: do not call of Ada Example (it was right)" in shown.out


def test_an_export_in_ci_says_what_it_takes(shop):
    """-o alone does not do there, and neither does --reveal alone."""
    words = ("customer", "export", "acme", "-o", "all.json", "--reveal", "contacts")
    refused = run_here(*words, cwd=shop.path, env={"CI": "true", "RELEASEWATCH_CI_RUN": "1"})
    assert refused.status == 4, refused.err
    assert 'in CI it takes -o FILE, --reveal contacts and [privacy] ci = "contacts"' in refused.err
    assert not (shop.path / "all.json").exists()
