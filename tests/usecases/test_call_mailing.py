"""Lists that go out by mail: each version to each receiver once, whatever the server does, and what is withdrawn."""

from __future__ import annotations

from email.message import EmailMessage
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.staff import Staff
from releasewatch.errors import InvalidCallError, NotTakenError, OutsideFailedError, RefusedError
from releasewatch.integrations.notifiers.mail import MailServer, NotKnownIfTakenError, send_mail
from releasewatch.storage.staff import save_staff
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_mailing import MailedList, Sender, list_mails, send_list
from releasewatch.usecases.call_sendings import record_sending
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_calls import list_incident_calls, plan_incident_calls
from releasewatch.usecases.incidents import change_status
from tests.support.mail_server import MailBox, running_mail_server
from tests.usecases.test_incident_calls import Desks
from tests.usecases.test_incidents import CUSTOMERS, hour

if TYPE_CHECKING:
    from collections.abc import Callable

HOLDS = "not hold any more"


class Mailing(Desks):
    """Olga keeps ada and bob, Piet cy and di; kim is the manager of both; nobody keeps the rest."""

    def __init__(self, folder: Any, ledger: Any, box: MailBox) -> None:
        super().__init__(folder, ledger)
        self.box = box
        self.post: Callable[[EmailMessage], None] = self.to_server
        self.ids = count(1)
        lines = CUSTOMERS.splitlines()
        head = lines[0].split(",")
        whose = {"ada": "olga", "bob": "olga", "cy": "piet", "di": "piet"}
        rows = []
        for line in lines[1:]:
            cells = dict(zip(head, line.split(","), strict=True))
            rows.append(",".join((cells | {"account_manager": whose.get(cells["key"], "")}).values()))
        self.clock.take(customers="\n".join([lines[0], *rows]) + "\n")
        self.people()

    def people(self, **changed: Any) -> None:
        """Our people; `olga={"email": …}` says something else of one."""
        of = {key: {"email": f"{key}@example.org", "manager": "kim"} for key in ("olga", "piet", "kim")}
        with self.ledger.write() as connection:
            save_staff(
                connection,
                [Staff(key, key.title(), **(said | changed.get(key, {}))) for key, said in of.items()],
                hour(0),
            )

    def to_server(self, message: EmailMessage) -> None:
        send_mail(MailServer("localhost", self.box.port, "none", timeout=5), message)

    def blamed(self, at: float = 3) -> str:
        self.bad_one = self.record(2)
        key = self.open(at, deployment=self.bad_one)
        self.plan(key, at + 0.1)
        return key

    def send(self, key: str, at: float, only: str | None = None, **more: Any) -> MailedList:
        sender = Sender(
            self.post, lambda: f"{next(self.ids)}@example.org", "calls@example.org", "lou", hour(at), **more
        )
        return send_list(self.ledger, list_incident_calls(self.ledger, key, Planning(hour(at))), sender, only)

    def outcomes(self, key: str, at: float, **more: Any) -> dict[tuple[str, str], str]:
        mails = self.send(key, at, **more).mails
        return {(one.key.receiver, f"{one.key.kind} {one.key.version}"): one.outcome for one in mails}

    def subjects(self) -> list[tuple[str, str]]:
        """To whom and about what, of what the server took since the last look."""
        found = [
            (str(one["To"]).partition("@")[0], str(one["Subject"]).partition(" as of")[0]) for one in self.box.taken
        ]
        self.box.taken.clear()
        return sorted(found)


@pytest.fixture
def ledger_url(sqlite_pattern, tmp_path):
    (tmp_path / "ledger.db").write_bytes(sqlite_pattern.read_bytes())
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def mailing(tmp_path, ledger):
    with running_mail_server(tmp_path) as box:
        yield Mailing(tmp_path, ledger, box)


def test_a_version_goes_to_each_once_and_the_next_one_again(mailing):
    key = mailing.blamed()
    done = mailing.send(key, 3.2)
    assert [one.outcome for one in done.mails] == ["sent", "sent"]
    assert done.to_nobody == 2, "fay and gil are kept by nobody, and nobody got them"
    short = "INC-1: 1 to call, 1 to write to, version"
    assert mailing.subjects() == [("olga", f"{short} 1"), ("piet", f"{short} 1")]
    again = {("olga", "list 1"): "already_sent", ("piet", "list 1"): "already_sent"}
    assert mailing.outcomes(key, 3.3) == mailing.outcomes(key, 3.4, why_again="lost") == again
    assert mailing.subjects() == []
    say_by_hand(mailing.ledger, key, {"affected": ["bob"]}, mailing.telling(4, "asked"))
    mailing.plan(key, 4.1)
    assert mailing.outcomes(key, 4.2, only="olga") == {("olga", "list 2"): "sent"}
    assert mailing.subjects() == [("olga", "INC-1: 2 to call, version 2")]
    assert [(one.key.receiver, one.state, one.attempts) for one in list_mails(mailing.ledger, key)] == [
        ("olga", "sent", 1),
        ("piet", "sent", 1),
        ("olga", "sent", 1),
    ]
    assert list_mails(mailing.ledger, list_id="INC-2") == []


def test_each_holds_their_own_customers_only(mailing):
    key = mailing.blamed()
    mailing.send(key, 3.2)
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


def test_who_is_away_is_stood_in_for_and_what_nobody_keeps_goes_where_it_is_set(mailing):
    key = mailing.blamed()
    mailing.people(olga={"away_from": hour(0).date()})
    assert mailing.outcomes(key, 3.2, unowned="piet") == {("kim", "list 1"): "sent", ("piet", "list 1"): "sent"}
    assert mailing.subjects() == [
        ("kim", "INC-1: 1 to call, 1 to write to, version 1"),
        ("piet", "INC-1: 2 to call, 2 to write to, version 1"),
    ]


def test_a_draft_and_a_list_that_was_not_planned_are_not_sent(mailing):
    key = mailing.open(3, deployment=mailing.record(2))
    with pytest.raises(InvalidCallError, match="not planned"):
        mailing.send(key, 3.1)
    plan_incident_calls(mailing.ledger, key, Planning(hour(3.1)))
    with pytest.raises(RefusedError, match="is a draft: nobody has approved it yet") as caught:
        mailing.send(key, 3.2)
    assert "call approve" in caught.value.hint
    assert mailing.box.taken == []
    assert list_mails(mailing.ledger) == []


def test_what_the_server_does_not_take_now_is_tried_again_when_it_is_due(mailing):
    key = mailing.blamed()
    mailing.box.answers["olga@example.org"] = "451 4.7.1 come back later"
    done = mailing.send(key, 4)
    assert [one.outcome for one in done.mails] == ["failed", "sent"]
    assert done.mails[0].next_at == hour(4 + 5 / 60)
    assert "451" in done.mails[0].reason
    assert mailing.outcomes(key, 4.05) == {("olga", "list 1"): "later", ("piet", "list 1"): "already_sent"}
    assert mailing.send(key, 4.1).mails[0].next_at == hour(4.1 + 10 / 60), "it waits twice as long"
    mailing.box.answers.clear()
    assert mailing.outcomes(key, 4.15)["olga", "list 1"] == "later"
    assert mailing.outcomes(key, 4.15, why_again="it is urgent")["olga", "list 1"] == "sent"
    assert mailing.outcomes(key, 5)["olga", "list 1"] == "already_sent"
    assert [to for to, _ in mailing.subjects()] == ["olga", "piet"]
    (olgas,) = [one for one in list_mails(mailing.ledger) if one.key.receiver == "olga"]
    assert (olgas.attempts, olgas.why_again, olgas.message_id) == (3, "it is urgent", "1@example.org")


def test_a_refusal_for_good_waits_for_another_address(mailing):
    key = mailing.blamed()
    mailing.box.answers["olga@example.org"] = "550 5.1.1 no such mailbox"
    assert mailing.outcomes(key, 4) == {("olga", "list 1"): "refused", ("piet", "list 1"): "sent"}
    mailing.box.answers.clear()
    (again, _) = mailing.send(key, 9).mails
    assert (again.outcome, "550" in again.reason) == ("refused", True)
    mailing.people(olga={"email": "olga.new@example.org"})
    assert mailing.outcomes(key, 9.1)["olga", "list 1"] == "sent"
    assert [to for to, _ in mailing.subjects()] == ["olga.new", "piet"]


def test_a_server_that_is_away_is_not_asked_for_each_and_all_is_due_at_once(mailing):
    key = mailing.blamed()
    asked = []

    def away(message: EmailMessage) -> None:
        asked.append(message)
        raise OutsideFailedError("The mail server cannot be reached.")

    mailing.post = away
    done = mailing.send(key, 4)
    assert [one.outcome for one in done.mails] == ["failed", "not_tried"]
    assert (len(asked), done.failure.message) == (1, "The mail server cannot be reached.")
    mailing.post = mailing.to_server
    assert mailing.outcomes(key, 4.001) == {("olga", "list 1"): "sent", ("piet", "list 1"): "sent"}


def test_what_may_have_gone_out_is_not_sent_again_without_a_word(mailing):
    key = mailing.blamed()
    mailing.box.hang_up = True
    assert mailing.outcomes(key, 4) == {("olga", "list 1"): "not_known", ("piet", "list 1"): "not_known"}
    mailing.box.hang_up = False
    assert set(mailing.outcomes(key, 99).values()) == {"not_known"}
    assert mailing.outcomes(key, 99, only="olga", why_again="she has none") == {("olga", "list 1"): "sent"}
    first, _, second = mailing.box.taken
    assert first["Message-ID"] == second["Message-ID"], "a mail program shows it once"


def test_a_crash_between_claim_and_sending_is_seen(mailing):
    key = mailing.blamed()

    def crash(message: EmailMessage) -> None:
        raise KeyboardInterrupt

    mailing.post = crash
    with pytest.raises(KeyboardInterrupt):
        mailing.send(key, 4, only="olga")
    mailing.post = mailing.to_server
    assert mailing.outcomes(key, 4.1, only="olga") == {("olga", "list 1"): "in_hand"}
    assert mailing.outcomes(key, 4.3, only="olga") == {("olga", "list 1"): "not_known"}
    (mail,) = list_mails(mailing.ledger)
    assert (mail.state, mail.state_at(hour(4.3))) == ("sending", "not_known")
    assert mailing.box.taken == []
    assert mailing.outcomes(key, 4.3, only="olga", why_again="none came") == {("olga", "list 1"): "sent"}


def test_who_has_no_address_is_named(mailing):
    key = mailing.blamed()
    mailing.people(olga={"email": ""}, piet={"email": "piet, or kim"})
    assert [(one.outcome, one.reason) for one in mailing.send(key, 4).mails] == [
        ("no_address", "no address in the staff file"),
        ("no_address", "their address in the staff file cannot be used"),
    ]
    assert list_mails(mailing.ledger) == []


def test_who_has_a_withdrawn_version_is_told_once_though_the_new_list_is_a_draft(mailing):
    key = mailing.blamed()
    mailing.send(key, 3.2)
    mailing.subjects()
    link_deployment(mailing.ledger, key, mailing.bad_one.number, "cleared", mailing.telling(4, "the network"))
    told = {("olga", "withdrawn 1"): "sent", ("piet", "withdrawn 1"): "sent"}
    done = mailing.send(key, 4.1)
    assert {(one.key.receiver, f"{one.key.kind} {one.key.version}"): one.outcome for one in done.mails} == told
    assert "is a draft" in done.not_sent_because
    text = mailing.box.taken[0].get_body(("plain",)).get_content()
    assert "Version 1 of 2026-03-01 03:12 UTC does not hold any more: D-2 is not blamed any more." in text
    assert "Now nobody of yours is to be called about INC-1." in text
    assert mailing.subjects() == [(who, f"INC-1: version 1 does {HOLDS}") for who in ("olga", "piet")]
    assert set(mailing.outcomes(key, 4.2).values()) == {"already_sent"}
    assert mailing.subjects() == []


def test_a_new_version_says_itself_that_the_one_before_does_not_hold(mailing):
    key = mailing.blamed()
    mailing.send(key, 3.2)
    mailing.subjects()
    say_by_hand(mailing.ledger, key, {"cleared": ["ada"]}, mailing.telling(4, "logs"))
    mailing.plan(key, 4.1)
    assert mailing.outcomes(key, 4.2) == {("olga", "list 2"): "sent", ("piet", "list 2"): "sent"}
    to_olga, to_piet = (
        mail.get_body(("plain",)).get_content() for mail in sorted(mailing.box.taken, key=lambda one: str(one["To"]))
    )
    assert f"does {HOLDS}: 1 customer on it was cleared since." in to_olga
    assert HOLDS not in to_piet
    assert set(mailing.outcomes(key, 4.3).values()) == {"already_sent"}


def test_a_file_that_is_withdrawn_is_told_of_too_also_to_who_wrote_it_for_everyone(mailing):
    key = mailing.blamed()
    for who in (None, "piet"):
        made = list_incident_calls(mailing.ledger, key, Planning(hour(3.2)), who)
        record_sending(mailing.ledger, made.calls, "kim@example.org", hour(3.2))
    change_status(mailing.ledger, key, "cancelled", mailing.telling(4, "a false alarm"))
    assert mailing.outcomes(key, 4.1) == {("kim", "withdrawn 1"): "sent", ("piet", "withdrawn 1"): "sent"}
    assert "the incident was cancelled" in mailing.box.taken[0].get_body(("html",)).get_content()


def test_a_rehearsal_of_the_server_s_refusals_tells_no_address(mailing):
    key = mailing.blamed()
    mailing.box.answers["olga@example.org"] = "550 <olga@example.org> is unknown to us"
    (mail, *_) = mailing.send(key, 4).mails
    assert mail.reason.endswith("550 <address> is unknown to us.")


def test_errors_keep_their_class(mailing):
    key = mailing.blamed()
    for error, outcome in (
        (NotTakenError("Later.", lasting=False), "failed"),
        (NotTakenError("Never.", lasting=True), "refused"),
        (NotKnownIfTakenError("Perhaps."), "not_known"),
    ):

        def fail(message: EmailMessage, error: Exception = error) -> None:
            raise error

        mailing.post = fail
        assert mailing.outcomes(key, 4, only="olga", why_again="a test")["olga", "list 1"] == outcome
