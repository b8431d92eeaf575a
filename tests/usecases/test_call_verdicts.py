"""What stands on a row beside the score: talks, promises, a full day, embargoes; places explained, letters drafted."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.call_rules import CallRules
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.promises import Word as PromiseWord
from releasewatch.errors import UnknownNameError
from releasewatch.rendering.call_letters import draft_file, write_merge
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_documents import call_document
from releasewatch.usecases.call_explaining import Explained, explain_call
from releasewatch.usecases.call_letters import draft_letters
from releasewatch.usecases.calls import list_calls, plan_calls
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_calls import list_incident_calls, plan_incident_calls
from releasewatch.usecases.promises import say_of_promise
from tests.support.ledgers import new_ledger
from tests.support.worlds import hour
from tests.usecases.test_incident_calls import Desks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from releasewatch.domain.call_letters import Letter
    from releasewatch.storage.ledger import Ledger


@pytest.fixture
def desks(tmp_path: Path, ledger: Ledger) -> Desks:
    return Desks(tmp_path, ledger)


@pytest.fixture
def desk(tmp_path: Path, sqlite_pattern: Path) -> Iterator[Desks]:
    """On SQLite alone: nothing of it depends on the database."""
    shutil.copy(sqlite_pattern, tmp_path / "ledger.db")
    ledger = new_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield Desks(tmp_path, ledger)
    ledger.close()


def rows(desks: Desks, key: str, at: float, **rules: Any) -> dict[str, dict[str, Any]]:
    how = Planning(hour(at), rules=CallRules(**rules))
    made = plan_incident_calls(desks.ledger, key, how) if rules else list_incident_calls(desks.ledger, key, how)
    return {row.candidate.key: call_document(row) for row in made.calls.rows}


def letters(desks: Desks, key: str, at: float) -> dict[str, Letter]:
    made = list_incident_calls(desks.ledger, key, Planning(hour(at)))
    return {one.key: one for one in draft_letters(desks.ledger, made.calls, hour(at))}


def test_what_was_between_us_stands_on_the_row_and_in_the_score(desks: Desks) -> None:
    key = desks.open(3, deployment=desks.record(2), severity="SEV3")
    desks.summary(key, 3, "Totals are wrong.")
    say_by_hand(desks.ledger, key, {"affected": ["ada", "cy"]}, desks.telling(3, "asked"))
    desks.plan(key, 3.1)
    call = desks.calls(key, 3.2)["ada"]["id"]
    desks.log(call, 10, promise="a credit note", due_on=date(2026, 3, 2))
    desks.summary(key, 11, "Totals are wrong since noon.")
    soon = rows(desks, key, 12)["ada"]
    assert soon["called_lately"] == [{"at": "2026-03-01T10:00:00Z", "call": call, "about": [key]}]
    assert "promise" not in soon["parts"]
    assert (soon["purpose"], soon["verdict"], soon["callable"]) == ("update", "call", "later")
    assert "so it waits until 2026-03-04 10:00 UTC" in soon["verdict_because"]
    late = rows(desks, key, 24 * 4)["ada"]
    assert (late["parts"]["promise"], late["called_lately"]) == (10, [])
    assert "waits until" not in late["verdict_because"]
    # A day is filled by what was made in it, and by open calls about other incidents.
    full = rows(desks, key, 13, capacity=1)
    assert (full["cy"]["verdict"], full["cy"]["band"]) == ("call", "this week")
    assert "beyond the call that their account manager can make today" in full["cy"]["verdict_because"]
    assert rows(desks, key, 13, capacity=2)["cy"]["band"] == "today"
    other = desks.open(14, title="mail", components=[("mail", "partial")], severity="SEV1")
    say_by_hand(desks.ledger, other, {"affected": ["fay"]}, desks.telling(14, "a ticket"))
    desks.plan(other, 14)
    assert rows(desks, key, 14.1, capacity=2)["cy"]["band"] == "this week"


def test_a_promise_that_was_kept_lifts_nobody(desk: Desks) -> None:
    key = desk.open(3, deployment=desk.record(2), severity="SEV2")
    desk.summary(key, 3, "Totals are wrong.")
    say_by_hand(desk.ledger, key, {"affected": ["ada"]}, desk.telling(3, "asked"))
    desk.plan(key, 3.1)
    desk.log(desk.calls(key, 3.2)["ada"]["id"], 10, promise="a credit note", due_on=date(2026, 3, 2))
    assert "promise" not in desk.calls(key, 40)["ada"]["parts"], "its day is not over"
    assert desk.calls(key, 51)["ada"]["parts"]["promise"] == 10
    say_of_promise(desk.ledger, "P-1", PromiseWord("kept", hour(52), by="olga"), hour(52))
    assert "promise" not in desk.calls(key, 54)["ada"]["parts"]


def test_what_is_written_has_agreed_words_or_is_not_to_be_sent(desk: Desks) -> None:
    key = desk.open(3, deployment=desk.record(2), severity="SEV2")
    desk.plan(key, 3.1)
    assert {one.problems for one in letters(desk, key, 3.2).values()} == {("no agreed wording",)}
    desk.summary(key, 4, "Totals are wrong.\n=1+1")
    sent = letters(desk, key, 4.1)
    assert {name for name, one in sent.items() if one.is_sendable} == {"bob", "di", "gil"}
    bob = sent["bob"]
    assert (bob.greeting_name, bob.email, bob.subject) == ("Bob Person", "bob@example.org", "A question about checkout")
    assert bob.body.startswith("Dear Bob Person,\n\nDid you notice anything wrong with checkout since")
    desk.summary(key, 5, "Totals of Cy Ltd and of others are wrong.")
    assert {one.is_sendable for one in letters(desk, key, 5.1).values()} == {False}


def test_a_letter_about_two_incidents_needs_words_for_both_and_tells_no_number_of_ours(desk: Desks) -> None:
    one = desk.open(3, deployment=desk.record(2), severity="SEV2")
    two = desk.open(3, title="mail", components=[("mail", "partial")], severity="SEV4")
    desk.summary(one, 3, "Totals are wrong.")
    say_by_hand(desk.ledger, two, {"affected": ["bob"]}, desk.telling(3, "a ticket"))
    desk.plan(one, 3.1)
    desk.plan(two, 3.1)
    assert letters(desk, one, 3.2)["bob"].problems == ("no agreed wording for part of it",)
    desk.summary(two, 4, "Mails are late.")
    mended = letters(desk, one, 4.1)["bob"]
    assert mended.is_sendable
    assert "mail: Mails are late." in mended.lines
    assert "INC-" not in mended.body + mended.subject


def test_what_is_not_planned_or_held_by_somebody_is_not_sent(desk: Desks) -> None:
    key = desk.open(3, deployment=desk.record(2), severity="SEV2")
    desk.summary(key, 3, "Totals are wrong.")
    assert letters(desk, key, 3.1)["bob"].problems == ("not planned yet",)
    desk.plan(key, 3.1)
    call = desk.calls(key, 3.2)["bob"]["id"]
    desk.log(call, 3.3, "sent", channel="email")
    assert "bob" not in letters(desk, key, 3.4), "nobody is written to twice"


def test_a_merge_table_cannot_send_what_must_not_be_sent(desk: Desks) -> None:
    desk.clock.take(
        contacts="customer,name,phone,email,primary\n"
        "bob,=HYPERLINK(1),,bob@example.org,yes\ngil,Gil,,not an address,yes\n"
    )
    key = desk.open(3, deployment=desk.record(2), severity="SEV2")
    desk.summary(key, 3, "Totals are wrong.")
    desk.plan(key, 3.1)
    found = letters(desk, key, 3.2)
    out = io.StringIO(newline="")
    write_merge(out, found.values())
    assert out.getvalue().startswith("\ufeffcall,customer,name,greeting_name,email,")
    table = {row["customer"]: row for row in csv.DictReader(io.StringIO(out.getvalue().lstrip("\ufeff"), newline=""))}
    assert table["bob"]["greeting_name"] == "'=HYPERLINK(1)"
    assert table["bob"]["body"].split("\n")[0] == "Dear =HYPERLINK(1),"
    assert table["bob"]["sendable"] == "yes"
    assert (table["gil"]["email"], table["gil"]["body"], table["gil"]["sendable"]) == ("", "", "no")
    assert table["gil"]["why_not"] == "the address cannot be read"
    name, content = draft_file(found["bob"])
    mail = message_from_bytes(content, policy=policy.default)
    assert name.endswith("-bob.eml")
    assert (mail["To"], mail["X-Unsent"], mail["Subject"]) == ("bob@example.org", "1", found["bob"].subject)
    assert mail.get_content().splitlines()[-1] == "Totals are wrong."
    assert "they read" not in mail.get_content()
    _, content = draft_file(replace(found["bob"], language="de-AT"))
    foreign = message_from_bytes(content, policy=policy.default).get_content().splitlines()
    assert foreign[0].startswith("[Before you send: they read de-AT;")
    assert foreign[2:] == mail.get_content().splitlines()
    name, content = draft_file(found["gil"])
    assert name.endswith("-gil.not-sendable.md")
    assert b"the address cannot be read" in content
    assert b"Totals" not in content


def test_what_is_under_embargo_is_named_by_category_and_end_alone(desk: Desks) -> None:
    trailers = {"Embargo": "until 2026-04-01", "Release-note": "Forged signatures are refused now."}
    desk.world.commit("invoicing", subject="fix: close the signing hole", trailers=trailers)
    done = desk.record(2)
    said = ["A fix is under embargo until 2026-04-01, 00:00 UTC."]
    care = {
        row.candidate.key: call_document(row)
        for row in list_calls(desk.ledger, done.number, Planning(hour(2.5))).calls.rows
    }
    assert care["ada"]["do_not_say"] == said
    key = desk.open(3, deployment=done)
    assert {tuple(one["do_not_say"]) for one in rows(desk, key, 3.5).values()} == {tuple(said)}
    later = Planning(hour(24 * 40))
    assert {row.candidate.do_not_say for row in list_calls(desk.ledger, done.number, later).calls.rows} == {()}


def explained(desks: Desks, ref: str, key: str, at: float) -> Explained:
    how = Planning(hour(at))
    return explain_call(desks.ledger, list_incident_calls(desks.ledger, key, how), ref, how, Reveal.NAMES, in_ci=False)


def test_a_place_is_explained_and_so_is_that_there_is_none(desk: Desks) -> None:
    key = desk.open(3, deployment=desk.record(2), severity="SEV2")
    say_by_hand(desk.ledger, key, {"cleared": ["cy"]}, desk.telling(3, "asked"))
    place = explained(desk, "fay", key, 3.5).found
    assert place is not None
    assert place.above is not None
    assert (place.row.rank, place.above.candidate.key, dict(place.difference)) == (2, "ada", {"tier": -12})
    assert explained(desk, "cy", key, 3.5).because == "they were cleared, and told of nothing"
    assert explained(desk, "ed", key, 3.5).because.startswith("nothing that is known of the incident reaches them")
    with pytest.raises(UnknownNameError):
        explained(desk, "nobody", key, 3.5)
    done = desk.record(5)
    how = Planning(hour(5.5))
    made = plan_calls(desk.ledger, done.number, how)
    care = explain_call(desk.ledger, made, "ed", how, Reveal.NAMES, in_ci=False)
    assert care.because.startswith("the deployment does not reach them")
