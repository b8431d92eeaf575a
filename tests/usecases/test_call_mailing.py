"""Lists that go out by mail: each version to each receiver once, whatever the server does, and what is withdrawn."""

from __future__ import annotations

import copy
import shutil
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.staff import Staff
from releasewatch.errors import InvalidCallError, NotTakenError, OutsideFailedError, RefusedError
from releasewatch.integrations.notifiers.mail import MailServer, NotKnownIfTakenError, send_mail
from releasewatch.storage.staff import save_staff
from releasewatch.usecases.call_approval import approve_list
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_chat import Chat, with_counts
from releasewatch.usecases.call_mailing import MailedList, Sender, list_mails, send_list
from releasewatch.usecases.call_sendings import record_sending
from releasewatch.usecases.call_work import claim_call
from releasewatch.usecases.calls import list_calls
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_calls import list_incident_calls
from releasewatch.usecases.incidents import change_status
from tests.support.ledgers import new_ledger
from tests.support.mail_server import MailBox, running_mail_server
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import CUSTOMERS, hour

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

HOLDS = "not hold any more"


class Mailing(Desks):
    """Olga keeps ada and bob, Piet cy and di; kim is the manager of both; nobody keeps the rest.

    INC-1 is blamed on a deployment, and its list planned and approved at 3.1. The list is ranked anew after `changed`.
    """

    key = "INC-1"

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        super().__init__(folder, ledger)
        head, *lines = (line.split(",") for line in CUSTOMERS.splitlines())
        whose = {"ada": "olga", "bob": "olga", "cy": "piet", "di": "piet"}
        at = head.index("account_manager")
        rows = [[*line[:at], whose.get(line[0], ""), *line[at + 1 :]] for line in lines]
        self.clock.take(customers="".join(",".join(row) + "\n" for row in (head, *rows)))
        self.people()
        self.open(3, deployment=self.record(2))
        self.plan(self.key, 3.1)

    def at_work(self, ledger: Ledger, box: MailBox) -> Mailing:
        """The same with a copy of its ledger, beside a mail server."""
        made = copy.copy(self)
        made.ledger, made.box, made.ids, made.ranked = ledger, box, count(1), {}
        made.post = made.to_server
        return made

    def people(self, **changed: Any) -> None:
        """Our people; `olga={"email": …}` says something else of one."""
        of = {key: {"email": f"{key}@example.org", "manager": "kim"} for key in ("olga", "piet", "kim")}
        staff = [Staff(key, key.title(), **(said | changed.get(key, {}))) for key, said in of.items()]
        with self.ledger.write() as connection:
            save_staff(connection, staff, hour(0))

    def to_server(self, message: EmailMessage) -> None:
        send_mail(MailServer("localhost", self.box.port, "none", timeout=5), message)

    def changed(self) -> None:
        """The list may be another one by now."""
        self.ranked.clear()

    def send(self, at: float, only: str | None = None, **more: Any) -> MailedList:
        ids = (f"{number}@example.org" for number in self.ids)
        sender = Sender(self.post, ids.__next__, "calls@example.org", "lou", hour(at), **more)
        if not self.ranked:
            self.ranked[self.key] = list_incident_calls(self.ledger, self.key, self.how(at, **more))
        return send_list(self.ledger, self.ranked[self.key], sender, only)

    def how(self, at: float, unowned: str = "", **_: Any) -> Planning:
        return Planning(hour(at), unowned=unowned)

    def outcomes(self, at: float, **more: Any) -> dict[tuple[str, str], str]:
        mails = self.send(at, **more).mails
        return {(one.key.receiver, f"{one.key.kind} {one.key.version}"): one.outcome for one in mails}

    def subjects(self) -> list[tuple[str, str]]:
        """To whom and about what, of what the server took since the last look."""
        taken = [(str(one["To"]).partition("@")[0], str(one["Subject"])) for one in self.box.taken]
        self.box.taken.clear()
        return sorted((to, subject.partition(" as of")[0]) for to, subject in taken)


@pytest.fixture(scope="module")
def built(sqlite_pattern, tmp_path_factory):
    """Made once: each test copies its ledger."""
    folder = tmp_path_factory.mktemp("mailing")
    shutil.copy(sqlite_pattern, folder / "ledger.db")
    ledger = new_ledger(f"sqlite:///{folder}/ledger.db")
    made = Mailing(folder, ledger)
    ledger.close()
    return made, folder / "ledger.db"


@pytest.fixture
def mailing(built, tmp_path):
    made, file = built
    shutil.copy(file, tmp_path / "ledger.db")
    ledger = new_ledger(f"sqlite:///{tmp_path}/ledger.db")
    with running_mail_server(tmp_path) as box:
        yield made.at_work(ledger, box)
    ledger.close()


def test_a_version_goes_to_each_once_and_the_next_one_again(mailing):
    done = mailing.send(3.2)
    assert [one.outcome for one in done.mails] == ["sent", "sent"]
    assert done.to_nobody == 2, "fay and gil are kept by nobody, and nobody got them"
    short = "INC-1: 1 to call, 1 to write to, version"
    assert mailing.subjects() == [("olga", f"{short} 1"), ("piet", f"{short} 1")]
    again = {("olga", "list 1"): "already_sent", ("piet", "list 1"): "already_sent"}
    assert mailing.outcomes(3.3) == mailing.outcomes(3.4, why_again="lost") == again
    assert mailing.subjects() == []
    say_by_hand(mailing.ledger, mailing.key, {"affected": ["bob"]}, mailing.telling(4, "asked"))
    mailing.plan(mailing.key, 4.1)
    mailing.changed()
    assert mailing.outcomes(4.2, only="olga") == {("olga", "list 2"): "sent"}
    assert mailing.subjects() == [("olga", "INC-1: 2 to call, version 2")]
    assert [(one.key.receiver, one.state, one.attempts) for one in list_mails(mailing.ledger, mailing.key)] == [
        ("olga", "sent", 1),
        ("piet", "sent", 1),
        ("olga", "sent", 1),
    ]
    assert list_mails(mailing.ledger, list_id="INC-2") == []


def test_each_holds_their_own_customers_only(mailing):
    mailing.send(3.2)
    for mail, mine, others in zip(
        sorted(mailing.box.taken, key=lambda one: str(one["To"])),
        (("Ada Ltd", "Bob Ltd"), ("Cy Ltd", "Di Ltd")),
        (("Cy", "Di Ltd", "Fay", "Gil"), ("Ada", "Bob", "Fay", "Gil")),
        strict=True,
    ):
        for kind in ("html", "plain"):
            text = mail.get_body((kind,)).get_content()
            assert all(name in text for name in mine)
            assert not [name for name in others if name in text]


def test_a_mail_says_who_has_claimed_a_call(mailing):
    mailing.send(3.2, "nobody")
    (one, *_) = [row.candidate for row in mailing.ranked[mailing.key].calls.rows if row.candidate.key == "ada"]
    claim_call(mailing.ledger, one.call, "kim", hour(3.3), 60)
    mailing.changed()
    assert mailing.send(3.4).mails[0].outcome == "sent"
    for mail, claimed in zip(sorted(mailing.box.taken, key=lambda one: str(one["To"])), (1, 0), strict=True):
        for kind in ("html", "plain"):
            assert mail.get_body((kind,)).get_content().count("claimed by kim") == claimed


def test_who_is_away_is_stood_in_for_and_what_nobody_keeps_goes_where_it_is_set(mailing):
    mailing.people(olga={"away_from": hour(0).date()})
    assert mailing.outcomes(3.2, unowned="piet") == {("kim", "list 1"): "sent", ("piet", "list 1"): "sent"}
    assert mailing.subjects() == [
        ("kim", "INC-1: 1 to call, 1 to write to, version 1"),
        ("piet", "INC-1: 2 to call, 2 to write to, version 1"),
    ]


def test_a_draft_and_a_list_that_was_not_planned_are_not_sent(mailing):
    approve_list(mailing.ledger, mailing.key, "lou", hour(3.2), why="too early", given=False)
    with pytest.raises(RefusedError, match="is a draft: the approval of version 1 was taken back") as caught:
        mailing.send(3.2)
    assert "call approve" in caught.value.hint
    mailing.ranked[mailing.key] = replace(mailing.ranked[mailing.key], version=None)
    with pytest.raises(InvalidCallError, match="not planned"):
        mailing.send(3.3)
    assert mailing.box.taken == []
    assert list_mails(mailing.ledger) == []


def test_the_list_of_a_deployment_that_is_blamed_is_not_sent(mailing):
    mailing.ranked[mailing.key] = replace(list_calls(mailing.ledger, 2, Planning(hour(3.2))), version=1)
    with pytest.raises(RefusedError, match="D-2 is blamed for INC-1") as caught:
        mailing.send(3.2)
    assert "--incident INC-1" in caught.value.hint


def test_what_the_server_does_not_take_now_is_tried_again_when_it_is_due(mailing):
    mailing.box.answers["olga@example.org"] = "451 4.7.1 come back later"
    done = mailing.send(4)
    assert [one.outcome for one in done.mails] == ["failed", "sent"]
    assert done.mails[0].next_at == hour(4 + 5 / 60)
    assert "451" in done.mails[0].reason
    assert mailing.outcomes(4.05) == {("olga", "list 1"): "later", ("piet", "list 1"): "already_sent"}
    assert mailing.send(4.1).mails[0].next_at == hour(4.1 + 10 / 60), "it waits twice as long"
    mailing.box.answers.clear()
    assert mailing.outcomes(4.15)["olga", "list 1"] == "later"
    assert mailing.outcomes(4.15, why_again="it is urgent")["olga", "list 1"] == "sent"
    assert mailing.outcomes(5)["olga", "list 1"] == "already_sent"
    assert [to for to, _ in mailing.subjects()] == ["olga", "piet"]
    (olgas,) = [one for one in list_mails(mailing.ledger) if one.key.receiver == "olga"]
    assert (olgas.attempts, olgas.why_again, olgas.message_id) == (3, "it is urgent", "1@example.org")


def test_a_refusal_for_good_waits_for_another_address(mailing):
    mailing.box.answers["olga@example.org"] = "550 5.1.1 no such mailbox"
    assert mailing.outcomes(4) == {("olga", "list 1"): "refused", ("piet", "list 1"): "sent"}
    mailing.box.answers.clear()
    (again, _) = mailing.send(9).mails
    assert (again.outcome, "550" in again.reason) == ("refused", True)
    mailing.people(olga={"email": "olga.new@example.org"})
    assert mailing.outcomes(9.1)["olga", "list 1"] == "sent"
    assert [to for to, _ in mailing.subjects()] == ["olga.new", "piet"]


def test_a_server_that_is_away_is_not_asked_for_each_and_all_is_due_at_once(mailing):
    asked = []

    def away(message: EmailMessage) -> None:
        asked.append(message)
        raise OutsideFailedError("The mail server cannot be reached.")

    mailing.post = away
    done = mailing.send(4)
    assert [one.outcome for one in done.mails] == ["failed", "not_tried"]
    assert (len(asked), done.failure.message) == (1, "The mail server cannot be reached.")
    mailing.post = mailing.to_server
    assert mailing.outcomes(4.001) == {("olga", "list 1"): "sent", ("piet", "list 1"): "sent"}


def test_what_may_have_gone_out_is_not_sent_again_without_a_word(mailing):
    mailing.box.hang_up = True
    assert mailing.outcomes(4) == {("olga", "list 1"): "not_known", ("piet", "list 1"): "not_known"}
    mailing.box.hang_up = False
    assert set(mailing.outcomes(99).values()) == {"not_known"}
    assert mailing.outcomes(99, only="olga", why_again="she has none") == {("olga", "list 1"): "sent"}
    first, _, second = mailing.box.taken
    assert first["Message-ID"] == second["Message-ID"], "a mail program shows it once"


def test_a_crash_between_claim_and_sending_is_seen(mailing):

    def crash(message: EmailMessage) -> None:
        raise KeyboardInterrupt

    mailing.post = crash
    with pytest.raises(KeyboardInterrupt):
        mailing.send(4, only="olga")
    mailing.post = mailing.to_server
    assert mailing.outcomes(4.1, only="olga") == {("olga", "list 1"): "in_hand"}
    assert mailing.outcomes(4.3, only="olga") == {("olga", "list 1"): "not_known"}
    (mail,) = list_mails(mailing.ledger)
    assert (mail.state, mail.state_at(hour(4.3))) == ("sending", "not_known")
    assert mailing.box.taken == []
    assert mailing.outcomes(4.3, only="olga", why_again="none came") == {("olga", "list 1"): "sent"}


def test_who_has_no_address_is_named(mailing):
    mailing.people(olga={"email": ""}, piet={"email": "piet, or kim"})
    assert [(one.outcome, one.reason) for one in mailing.send(4).mails] == [
        ("no_address", "no address in the staff file"),
        ("no_address", "their address in the staff file cannot be used"),
    ]
    assert list_mails(mailing.ledger) == []


def test_who_has_a_withdrawn_version_is_told_once_though_the_new_list_is_a_draft(mailing):
    mailing.send(3.2)
    mailing.subjects()
    link_deployment(mailing.ledger, mailing.key, 2, "cleared", mailing.telling(4, "the network"))
    mailing.changed()
    told = {("olga", "withdrawn 1"): "sent", ("piet", "withdrawn 1"): "sent"}
    done = mailing.send(4.1)
    assert {(one.key.receiver, f"{one.key.kind} {one.key.version}"): one.outcome for one in done.mails} == told
    assert "is a draft" in done.not_sent_because
    text = mailing.box.taken[0].get_body(("plain",)).get_content()
    assert "Version 1 of 2026-03-01 03:12 UTC does not hold any more: D-2 is not blamed any more." in text
    assert "Now nobody of yours is to be called about INC-1." in text
    assert mailing.subjects() == [(who, f"INC-1: version 1 does {HOLDS}") for who in ("olga", "piet")]
    assert set(mailing.outcomes(4.2).values()) == {"already_sent"}
    assert mailing.subjects() == []


def test_a_new_version_says_itself_that_the_one_before_does_not_hold(mailing):
    mailing.send(3.2)
    mailing.subjects()
    say_by_hand(mailing.ledger, mailing.key, {"cleared": ["ada"]}, mailing.telling(4, "logs"))
    mailing.plan(mailing.key, 4.1)
    mailing.changed()
    assert mailing.outcomes(4.2) == {("olga", "list 2"): "sent", ("piet", "list 2"): "sent"}
    to_olga, to_piet = (
        mail.get_body(("plain",)).get_content() for mail in sorted(mailing.box.taken, key=lambda one: str(one["To"]))
    )
    assert f"does {HOLDS}: 1 customer on it was cleared since." in to_olga
    assert HOLDS not in to_piet
    assert set(mailing.outcomes(4.3).values()) == {"already_sent"}


def test_who_gets_whom_nobody_keeps_is_told_of_one_of_those_who_was_cleared(mailing):
    mailing.send(3.2, unowned="kim")
    (kims,) = (mail for mail in mailing.box.taken if mail["To"].startswith("kim"))
    mailing.subjects()
    nobodys = next(
        key for key in ("ed", "fay", "gil", "hal") if f" {key}" in kims.get_body(("plain",)).get_content().casefold()
    )
    say_by_hand(mailing.ledger, mailing.key, {"cleared": [nobodys]}, mailing.telling(4, "logs"))
    mailing.changed()
    assert ("kim", "withdrawn 1") in mailing.outcomes(4.1, unowned="kim")


def test_a_file_that_is_withdrawn_is_told_of_too_also_to_who_wrote_it_for_everyone(mailing):
    for who in (None, "piet"):
        made = list_incident_calls(mailing.ledger, mailing.key, Planning(hour(3.2)), who)
        record_sending(mailing.ledger, made.calls, "kim@example.org", hour(3.2))
    change_status(mailing.ledger, mailing.key, "cancelled", mailing.telling(4, "a false alarm"))
    mailing.changed()
    assert mailing.outcomes(4.1) == {("kim", "withdrawn 1"): "sent", ("piet", "withdrawn 1"): "sent"}
    assert "the incident was cancelled" in mailing.box.taken[0].get_body(("html",)).get_content()


def test_a_refusal_is_kept_without_the_address(mailing):
    mailing.box.answers["olga@example.org"] = "550 <olga@example.org> is unknown to us"
    (mail, *_) = mailing.send(4).mails
    assert mail.reason.endswith("550 <address> is unknown to us.")


def test_errors_keep_their_class(mailing):
    for error, outcome in (
        (NotTakenError("Later.", lasting=False), "failed"),
        (NotTakenError("Never.", lasting=True), "refused"),
        (NotKnownIfTakenError("Perhaps."), "not_known"),
    ):

        def fail(message: EmailMessage, error: Exception = error) -> None:
            raise error

        mailing.post = fail
        assert mailing.outcomes(4, only="olga", why_again="a test")["olga", "list 1"] == outcome


def test_a_chat_is_told_counts_once_for_each_version_and_nobody_by_name(mailing):
    told = []
    chat = Chat("slack", "somewhere", told.append)

    def post(at: float, **more: Any) -> Any:
        done = mailing.send(at)
        calls = mailing.ranked[mailing.key].calls
        by = Sender(mailing.post, lambda: "7@example.org", "calls@example.org", "lou", hour(at), **more)
        return with_counts(mailing.ledger, calls, by, chat, done).mails[-1]

    assert (post(9.5).key.receiver, post(9.6).outcome) == ("slack", "already_sent")
    assert told == ["INC-1: 3 to call, 0 now; 0 claimed; 3 to write to."]
    (first, *_) = [row.candidate.call for row in mailing.ranked[mailing.key].calls.rows if row.verdict == "call"]
    claim_call(mailing.ledger, first, "olga", hour(10), 60)
    say_by_hand(mailing.ledger, mailing.key, {"affected": ["bob"]}, mailing.telling(10, "asked"))
    mailing.plan(mailing.key, 10.1)
    mailing.changed()

    def away(text: str) -> None:
        raise OutsideFailedError("The chat cannot be reached.")

    chat = Chat("slack", "somewhere", away)
    assert post(10.2).outcome == "failed"
    chat = Chat("slack", "somewhere", told.append)
    assert post(10.3).outcome == "sent"
    assert told[1:] == ["INC-1: 4 to call, 0 now; 1 claimed; 2 to write to."]
    people = ("ada", "bob", "cy", "di", "fay", "gil", "olga", "piet", "kim", "person", "30 23125", "@")
    assert not [word for word in people if word in " ".join(told).lower()]
