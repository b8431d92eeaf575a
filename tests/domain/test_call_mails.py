"""Whether a mail is sent now, once more, later or not again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from releasewatch.domain.call_mails import CallMail, MailKey, next_step, next_try

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
MAIL = CallMail(MailKey("INC-1", "list", 2, "olga"), "1@example.org", "here", "sent", 1, NOW - timedelta(days=1), "lou")


@pytest.mark.parametrize(
    ("state", "changed", "step", "again", "elsewhere"),
    [
        ("sent", {}, "already_sent", "already_sent", "already_sent"),
        ("sending", {"at": NOW - timedelta(minutes=14)}, "in_hand", "in_hand", "in_hand"),
        ("sending", {"at": NOW - timedelta(minutes=15)}, "not_known", "send", "not_known"),
        ("failed", {"next_at": NOW + timedelta(seconds=1)}, "later", "send", "later"),
        ("failed", {"next_at": NOW}, "send", "send", "send"),
        ("failed", {}, "send", "send", "send"),
        ("not_known", {}, "not_known", "send", "not_known"),
        ("refused", {}, "refused", "send", "send"),
        ("bounced", {}, "bounced", "send", "send"),
    ],
)
def test_what_is_done_about_a_mail(state, changed, step, again, elsewhere):
    """`again`: a person says so; `elsewhere`: the receiver has another address since."""
    known = replace(MAIL, state=state, **changed)
    assert next_step(known, "here", NOW) == step
    assert next_step(known, "here", NOW, again=True) == again
    assert next_step(known, "there", NOW) == elsewhere


def test_what_nobody_began_is_sent():
    assert next_step(None, "here", NOW) == "send"


def test_it_waits_twice_as_long_each_time_and_at_most_four_hours():
    waits = [(next_try(attempts, NOW) - NOW) / timedelta(minutes=1) for attempts in (1, 2, 3, 6, 7, 10_000)]
    assert waits == [5, 10, 20, 160, 240, 240]
