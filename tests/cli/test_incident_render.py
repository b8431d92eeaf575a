"""`releasewatch incident render`: which document is for whom, what a channel shows, and what is refused."""

from __future__ import annotations

import re

import pytest

from tests.support.command import run_here

FIXED = {"RELEASEWATCH_ACTOR": "kim@example.org"}


@pytest.fixture
def night(shop):
    """The shop's second deployment is blamed; Ada's company was hurt, and their name is in what engineers wrote."""
    for words in (
        ("open", "--title", "invoices 500, says Acme GmbH", "--deployment", "two", "--component", "invoicing=partial",
         "--commander", "Robin Lead", "--started-at", "1m"),
        ("update", "INC-1", "--entry", "the export drops a column"),
        ("impact", "INC-1", "--confirm", "acme", "--why", "Ada called"),
    ):  # fmt: skip
        done = run_here("incident", *words, cwd=shop.path, env=FIXED)
        assert done.status == 0, done.err
    return shop


def render(shop, *words, status=0, **more):
    done = run_here("incident", "render", *words, cwd=shop.path, **more)
    assert done.status == status, done.err
    return done


def test_each_document_is_for_one_audience(night):
    report = render(night, "INC-1").out
    assert report.startswith("# INC-1: withheld here: it names a customer, or one of"), "a pipe shows no name"
    assert "the export drops a column" in report
    assert "| acme | affected |" in report
    assert "Acme" not in report
    assert "kim" not in report
    brief = render(night, "INC-1", "--document", "brief").out
    assert brief.startswith("# INC-1: account brief on Invoices\n")
    assert "No agreed wording yet." in brief
    assert "- 1 affected" in brief
    assert "Change: Exports are CSV now." in brief
    assert "1 change left out, naming somebody" in brief, "a commit says what Acme complained about"
    update = render(night, "INC-1", "--document", "update")
    assert update.out.startswith("# We are looking into a problem with Invoices\n")
    assert "No words for customers are agreed yet" in update.err
    for inner in ("D-2", "500", "column", "Robin", "kim", "affected"):
        assert inner not in update.out
    for outer in (brief, update.out):
        assert "acme" not in outer.lower()


def test_a_file_holds_names_for_engineering(night):
    render(night, "INC-1", "-o", "report.html", "--format", "html")
    text = (night.path / "report.html").read_text("utf-8")
    assert (night.path / "report.html").stat().st_mode & 0o777 == 0o600
    for name in ("Acme GmbH", "Robin Lead", "kim@example.org", "Ada called"):
        assert name in text
    render(night, "INC-1", "-o", "report.md", env={"GITHUB_ACTIONS": "true"})
    text = (night.path / "report.md").read_text("utf-8")
    for name in ("Acme GmbH", "Robin Lead", "kim@example.org", "Ada called"):
        assert name not in text


def test_one_customer_reads_of_themselves_under_the_name_that_the_channel_may_show(night):
    words = ("INC-1", "--document", "update", "--customer")
    piped = render(night, *words, "acme").out
    assert "\nFor acme\n" in piped
    assert "You are affected, through Invoices." in piped
    assert "Acme" not in piped
    assert "For Acme GmbH" in render(night, *words, "acme", "--reveal", "names").out
    assert (
        "It cannot be ruled out that you are affected, because you use Checkout." in render(night, *words, "bolt").out
    )
    config = night.path / "releasewatch.toml"
    config.write_text(config.read_text("utf-8") + '[privacy]\nkeys = "opaque"\n', "utf-8")
    opaque = render(night, *words, "acme").out
    assert "For customer-" in opaque
    assert "acme" not in opaque


def test_a_public_repository_gets_no_document_for_one_customer(night):
    (night.path / "event.json").write_text('{"repository": {"private": false, "visibility": "public"}}', "utf-8")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": "event.json"}
    done = render(night, "INC-1", "--document", "update", "--customer", "acme", env=env, status=4)
    assert "counts only" in done.err
    report = render(night, "INC-1", env=env).out
    assert "acme" not in report.lower()
    assert "- 1 affected" in report


def test_what_names_somebody_is_not_written_until_it_is_passed_by_hand(night):
    words = ("update", "INC-1", "--audience", "customer", "--summary")
    text = "Bolt and Sons told us, thanks to Robin Lead. We knew that the export drops a column."
    assert run_here("incident", *words, text, cwd=night.path, env=FIXED).status == 0
    refused = render(night, "INC-1", "--document", "update", "-o", "out.md", status=4)
    assert "another customer's name (line" in refused.err
    assert "a text about the incident that this audience may not read" in refused.err
    assert "Bolt" not in refused.err
    assert not (night.path / "out.md").exists()
    allow = ("--allow", "Bolt and Sons", "--allow", "the export drops a column")
    still = render(night, "INC-1", "--document", "update", *allow, "--why", "they agreed", status=4)
    assert "the name of one of our people" in still.err
    assert render(night, "INC-1", "--document", "update", *allow, status=4).err.startswith("Error: Words are passed")
    passed = render(night, "INC-1", "--document", "update", *allow, "--allow", "Robin Lead", "--why", "they agreed")
    assert text in passed.out
    assert "Passed by hand: 3 words, because: they agreed" in passed.err


def test_a_final_report_waits_for_the_resolution(night):
    assert (
        "made of a resolved incident, and INC-1 is investigating"
        in render(night, "INC-1", "--document", "final", status=2).err
    )
    assert run_here("incident", "resolve", "INC-1", cwd=night.path).status == 0
    final = render(night, "INC-1", "--document", "final").out
    assert final.startswith("# Report on the problem with Invoices\n")
    inner = render(night, "INC-1", "--document", "final", "--audience", "engineering").out
    assert inner.startswith("# Final report on INC-1: ")
    before = render(night, "INC-1", "--document", "update", "--known-at", "30m", status=2)
    assert "INC-1 had not been opened then." in before.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["INC-9"], "The ledger has no incident 'INC-9'."),
        (["INC-1", "--customer", "acme"], "A document for one customer is for account staff or for the customer."),
        (["INC-1", "--document", "brief", "--audience", "customer"], "A brief is for account readers."),
        (["INC-1", "--document", "update", "--customer", "nobody"], "nobody"),
        (["INC-1", "--document", "update", "--at", "2026-01-01"], "INC-1 had not been opened then."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(night, words, message):
    done = render(night, *words, status=2)
    assert message in done.err
    assert not done.out


def test_somebody_who_is_not_in_it_gets_no_document(night):
    out = ("impact", "INC-1", "--remove", "bolt", "--why", "no such use")
    assert run_here("incident", *out, cwd=night.path).status == 0
    refused = render(night, "INC-1", "--document", "brief", "--customer", "bolt", status=2)
    assert "bolt is not in INC-1." in refused.err


def test_asking_makes_no_ledger(tmp_path):
    done = run_here("incident", "render", "INC-1", cwd=tmp_path)
    assert done.status == 2
    assert not (tmp_path / ".releasewatch").exists()


def test_an_entry_that_names_somebody_is_told_of_at_once_and_can_be_taken_back(night):
    def update(*words, status=0):
        done = run_here("incident", "update", "INC-1", *words, cwd=night.path, env=FIXED)
        assert done.status == status, done.err
        return done

    for text, what in (
        ("See the ticket of Acme GmbH", "a customer's name"),
        ("As we know, the export drops a column", "a text that they may not read"),
        ("Robin Lead is at it", "the name of one of our people"),
    ):
        written = update("--entry", text, "--audience", "customer")
        assert f"This entry for customer readers holds {what}" in written.err
        assert not any(name in written.err for name in ("Acme", "column", "Robin"))
        (number,) = re.findall(r"--withdraw-entry (\d+)", written.err)
        refused = render(night, "INC-1", "--document", "update", status=4)
        assert f"incident update INC-1 --withdraw-entry {number})" in refused.err
        update("--withdraw-entry", number, "--why", "it names somebody")
        for kind in ("update", "brief"):
            assert text not in render(night, "INC-1", "--document", kind).out
    update("--withdraw-entry", number)
    shown = run_here("incident", "show", "INC-1", "--timeline", cwd=night.path)
    assert f"{number}    " in shown.out
    assert "Robin" not in shown.out, "a pipe is told no names"
    named = run_here("incident", "show", "INC-1", "--timeline", "--reveal", "names", cwd=night.path, env=FIXED)
    assert "Robin Lead is at it  [replaced]" in named.out
    assert "Robin Lead is at it (taken back)" in render(night, "INC-1", "--reveal", "names").out
    assert "INC-1 has no entry 9999" in update("--withdraw-entry", "9999", status=2).err
    said = update("--summary", "Acme GmbH cannot export", "--audience", "account").err
    assert "This summary for account readers holds a customer's name" in said
    assert "holds" not in update("--summary", "Exports fail.", "--audience", "customer").err
