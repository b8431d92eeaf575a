"""Letters: what keeps one from being sent, and in whose language it greets."""

from __future__ import annotations

import csv
import io
import shutil
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from releasewatch.errors import TemplateError
from releasewatch.rendering.call_letters import draft_file, write_merge
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_letters import draft_letters
from releasewatch.usecases.incident_calls import list_incident_calls
from releasewatch.usecases.incidents import change_status
from tests.support.ledgers import new_ledger
from tests.support.worlds import hour
from tests.usecases.test_incident_calls import Desks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from releasewatch.domain.call_letters import Letter

GERMAN = """{% if letter.asks %}Eine Frage zu {{ letter.titles|join(" und ") }}{% else %}Neues{% endif %}

Guten Tag {{ letter.greeting_name }},
{% for line in letter.lines %}

{{ line }}
{% endfor %}

Mit Gruss
"""


@pytest.fixture
def desk(tmp_path: Path, sqlite_pattern: Path) -> Iterator[Desks]:
    """Nothing here depends on the database."""
    shutil.copy(sqlite_pattern, tmp_path / "ledger.db")
    ledger = new_ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield Desks(tmp_path, ledger)
    ledger.close()


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    (tmp_path / "mine" / "calls").mkdir(parents=True)
    return tmp_path / "mine"


def letters(desk: Desks, key: str, at: float, templates: Path | None = None) -> dict[str, Letter]:
    made = list_incident_calls(desk.ledger, key, Planning(hour(at)))
    return {one.key: one for one in draft_letters(desk.ledger, made.calls, hour(at), templates)}


def opened(desk: Desks, text: str = "Totals are wrong.") -> str:
    key = desk.open(3, deployment=desk.record(2), severity="SEV2")
    desk.summary(key, 3, text)
    desk.plan(key, 3.1)
    return key


def test_a_letter_waits_for_no_dial_but_nobody_is_written_to_twice(desk: Desks) -> None:
    key = opened(desk)
    found = desk.calls(key, 3.2)
    desk.log(found["bob"]["id"], 3.3, "no_answer")
    desk.log(found["di"]["id"], 3.3, "no_answer", channel="email")
    sent = letters(desk, key, 3.4)
    assert (sent["bob"].problems, desk.calls(key, 3.4)["bob"]["attempts"]) == ((), 1)
    assert sent["di"].problems == ("they were written to already, and are to be tried again later",)
    assert letters(desk, key, 80)["di"].is_sendable


def test_words_from_before_the_end_are_not_sent_as_news_of_the_end(desk: Desks) -> None:
    key = opened(desk)
    desk.log(desk.calls(key, 3.2)["bob"]["id"], 3.3, "sent", channel="email")
    change_status(desk.ledger, key, "resolved", desk.telling(4), hour(3.9))
    desk.plan(key, 4.05)
    old = letters(desk, key, 4.1)["bob"]
    assert old.subject == "The problem with checkout is over"
    assert old.problems == ("the wording is older than the end: it was agreed before it was over",)
    desk.summary(key, 4.15, "Totals were wrong, and are right again.")
    assert letters(desk, key, 4.2)["bob"].is_sendable


def test_the_template_of_their_language_words_it_else_the_default_which_is_said(desk: Desks, templates: Path) -> None:
    desk.clock.take(
        contacts="customer,name,phone,email,language,primary\n"
        "bob,Bob,,bob@example.org,de-AT,yes\ngil,Gil,,gil@example.org,fr,yes\ndi,Di,,di@example.org,../../etc,yes\n"
    )
    key = opened(desk, "Totals are wrong.\n\nWe mend them.")
    (templates / "calls" / "letter.de.txt").write_text(GERMAN, "utf-8")
    found = letters(desk, key, 3.2, templates)
    bob, gil = found["bob"], found["gil"]
    assert (bob.template, bob.subject) == ("letter.de.txt", "Eine Frage zu checkout")
    assert bob.body.split("\n\n") == ["Guten Tag Bob,", bob.lines[0], "Totals are wrong.", "We mend them.", "Mit Gruss"]
    assert (gil.template, gil.subject, gil.body[:9]) == ("letter.txt", "A question about checkout", "Dear Gil,")
    assert found["di"].template == "letter.txt"
    out = io.StringIO(newline="")
    write_merge(out, found.values())
    table = {row["customer"]: row for row in csv.DictReader(io.StringIO(out.getvalue().lstrip("\ufeff"), newline=""))}
    assert {key: table[key]["template"] for key in ("bob", "gil")} == {"bob": "letter.de.txt", "gil": "letter.txt"}
    openings = {}
    for one in (bob, gil):
        mail = message_from_bytes(draft_file(one)[1], policy=policy.default)
        openings[one.key] = mail.get_content().splitlines()[0]
    assert "they read de-AT; subject and greeting are in it (letter.de.txt)" in openings["bob"]
    assert "they read fr; subject and greeting are English. Translate" in openings["gil"]
    nearer = templates / "calls" / "letter.de-AT.txt"
    nearer.write_text("Servus\n\nGruss Gott, {{ letter.customer }}", "utf-8")
    assert letters(desk, key, 3.2, templates)["bob"].subject == "Servus"


def test_a_template_that_names_another_customer_or_says_nothing_sends_nothing(desk: Desks, templates: Path) -> None:
    key = opened(desk)
    mine = templates / "calls" / "letter.txt"
    mine.write_text("News\n\nAs Cy Ltd told us:\n{{ letter.lines[0] }}", "utf-8")
    assert "it names another customer" in letters(desk, key, 3.2, templates)["bob"].problems
    for broken in ("", "Only a subject\n", "{{ letter.phone }}"):
        mine.write_text(broken, "utf-8")
        with pytest.raises(TemplateError, match=r"letter\.txt"):
            letters(desk, key, 3.2, templates)
