"""Two who send the same list at the same instant send it once, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

from releasewatch.domain.call_mails import MailKey
from releasewatch.storage import call_mails
from releasewatch.usecases.call_mailing import Sender, claim_mail
from tests.support.ledgers import new_ledger

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
KEYS = [MailKey("INC-1", "list", 1, receiver) for receiver in ("olga", "piet", "kim")]


def test_each_mail_is_claimed_by_one_of_two_at_once(ledger_url, ledger):
    barrier = Barrier(2)

    def take(who: str) -> set[str]:
        mine = new_ledger(ledger_url)
        by = Sender(lambda _: None, lambda: f"{who}@example.org", "calls@example.org", who, NOW)
        barrier.wait()
        claimed = [claim_mail(mine, key, "here", by, 1)[0] for key in KEYS]
        mine.close()
        return {one.key.receiver for one in claimed if one is not None}

    with ThreadPoolExecutor(2) as pool:
        lou, kim = pool.map(take, ("lou", "kim"))
    assert lou & kim == set()
    assert lou | kim == {"olga", "piet", "kim"}
    with ledger.write() as connection:
        found = call_mails.read_mails(connection, "INC-1")
        assert [(one.state, one.attempts) for one in found] == [("sending", 1)] * 3
        assert call_mails.settle_mail(connection, found[0], "sent", NOW, "", None)
        assert not call_mails.settle_mail(connection, found[0], "failed", NOW, "late", None), "it was settled already"
        assert call_mails.find_mail(connection, found[0].key).state == "sent"
