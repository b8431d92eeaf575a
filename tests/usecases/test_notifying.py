"""The outbox: kept with the fact, sent once, tried again, given up; on both databases where that is theirs to do."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Lock, Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from releasewatch.domain.notifications import LEASE, MOST_ATTEMPTS, WHEN, Message, Rule
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError, NotTakenError, OutsideFailedError, ReleasewatchError
from releasewatch.storage import outbox
from releasewatch.usecases.incidents import IncidentFields, Telling, change_status, open_incident, update_incident
from releasewatch.usecases.notifying import Outcome, Sending, Way, send_waiting
from releasewatch.usecases.outbox import drop, list_outbox
from tests.support.ledgers import new_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger
    from releasewatch.storage.outbox import Kept

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = Rule("oncall", frozenset(WHEN))
OTHER = Rule("desk", frozenset(WHEN))
STATES = ("waiting", "sending", "sent", "given_up", "not_needed", "dropped")


@pytest.fixture
def file(sqlite_pattern: Path, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger on SQLite: what is tested with it is not a matter of the database."""
    shutil.copy(sqlite_pattern, tmp_path / "ledger.db")
    made = new_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield made
    made.close()


class Clock:
    """What time it is, until somebody says otherwise."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


class Receiver:
    """Takes messages, or raises what it is told to."""

    def __init__(self, *errors: ReleasewatchError) -> None:
        self.errors = list(errors)
        self.got: list[Message] = []

    def __call__(self, message: Message, _now: datetime) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.got.append(message)


def telling(*rules: Rule, at: datetime = AT) -> Telling:
    return Telling(at, "kim", rules=rules)


def opened(ledger: Ledger, *rules: Rule, many: int = 1) -> None:
    for number in range(many):
        open_incident(ledger, IncidentFields(title=f"Number {number}"), telling(*(rules or (RULE,))))


def send(ledger: Ledger, receiver: Receiver, clock: Clock, *, also_all: bool = False) -> list[Outcome]:
    return list(send_waiting(ledger, {RULE.name: Way(RULE, receiver)}, Sending(clock, also_all=also_all)))


def rows(ledger: Ledger) -> list[Kept]:
    return list_outbox(ledger, STATES, 1000, None)[0]


def test_two_flushes_at_once_send_each_once(ledger: Ledger) -> None:
    opened(ledger, many=5)
    sent: list[str] = []
    lock, begin = Lock(), Barrier(3)

    def take(message: Message, _now: datetime) -> None:
        with lock:
            sent.append(message.key)

    def work() -> None:
        begin.wait()
        list(send_waiting(ledger, {RULE.name: Way(RULE, take)}, Sending(Clock())))

    threads = [Thread(target=work) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(sent) == len(set(sent)) == 5
    assert Counter(one.state for one in rows(ledger)) == {"sent": 5}


def test_the_same_fact_is_put_there_once_by_two_at_once(ledger: Ledger) -> None:
    opened(ledger)
    (first,) = rows(ledger)
    with ledger.write() as connection:
        assert outbox.put(connection, [first.notification], AT) == 0
    assert len(rows(ledger)) == 1


def test_a_fact_that_is_not_kept_is_not_told(file: Ledger) -> None:
    with pytest.raises(InvalidCallError):
        open_incident(file, IncidentFields(title="T", impact_started_at=AT + timedelta(days=1)), telling(RULE))
    assert rows(file) == []


def test_a_fact_whose_telling_cannot_be_kept_is_not_kept(file: Ledger) -> None:
    with file.write() as connection:
        connection.execute(text("ALTER TABLE outbox RENAME TO gone"))
    with pytest.raises(Exception, match="outbox"):
        opened(file)
    with file.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM incident")) == 0


def test_what_is_said_of_an_incident_is_told_each_time_and_what_is_no_news_is_not(file: Ledger) -> None:
    opened(file)
    update_incident(file, "INC-1", IncidentFields(severity="SEV1"), telling(RULE))
    change_status(file, "INC-1", "resolved", telling(RULE))
    change_status(file, "INC-1", "resolved", telling(RULE))
    change_status(file, "INC-1", "resolved", telling(RULE, at=AT + timedelta(hours=1)), AT)
    kinds = [one.notification.kind for one in reversed(rows(file))]
    assert kinds == ["incident_opened", "incident_updated", "incident_resolved", "incident_updated"]


def test_it_is_rendered_when_it_is_sent(file: Ledger) -> None:
    opened(file)
    update_incident(file, "INC-1", IncidentFields(title="What it turned out to be", severity="SEV1"), telling())
    receiver = Receiver()
    assert [one.state for one in send(file, receiver, Clock())] == ["sent"]
    (message,) = receiver.got
    assert message.title == "INC-1 opened: What it turned out to be"
    assert (message.facts["severity"], message.at) == ("SEV1", AT)


def test_a_momentary_failure_is_tried_again_later_each_time_until_it_is_given_up(file: Ledger) -> None:
    opened(file)
    clock = Clock()
    receiver = Receiver(*(NotTakenError("down") for _ in range(MOST_ATTEMPTS)))
    for number in range(1, MOST_ATTEMPTS + 1):
        (done,) = send(file, receiver, clock)
        assert done.kept.attempts == number
        assert send(file, receiver, clock) == []
        if done.next_at is not None:
            clock.now = done.next_at
    assert clock.now < AT + timedelta(days=2)
    (kept,) = rows(file)
    assert (kept.state, kept.problem) == ("given_up", "down")
    (again,) = send(file, receiver, clock, also_all=True)
    assert (again.state, again.kept.attempts) == ("sent", 1)


def test_a_receiver_that_asks_for_time_gets_it(file: Ledger) -> None:
    opened(file)
    clock = Clock()
    send(file, Receiver(NotTakenError("slow down", wait=7200)), clock)
    clock.now = AT + timedelta(hours=1)
    assert send(file, Receiver(), clock) == []
    clock.now = AT + timedelta(hours=2)
    assert len(send(file, Receiver(), clock)) == 1


def test_a_refusal_for_good_is_given_up_at_once_and_can_be_tried_by_hand(file: Ledger) -> None:
    opened(file, many=2)
    refused = NotTakenError("no such channel", lasting=True)
    assert [one.state for one in send(file, Receiver(refused), Clock())] == ["given_up", "sent"]
    assert [one.state for one in send(file, Receiver(), Clock(), also_all=True)] == ["sent"]


def test_a_receiver_that_is_down_is_left_alone_and_the_others_are_not(file: Ledger) -> None:
    opened(file, RULE, OTHER, many=3)
    down, up = Receiver(OutsideFailedError("no route")), Receiver()
    ways = {RULE.name: Way(RULE, down), OTHER.name: Way(OTHER, up)}
    states = Counter(one.state for one in send_waiting(file, ways, Sending(Clock())))
    assert states == {"waiting": 1, "sent": 3}
    assert (len(up.got), down.got) == (3, [])


def test_what_a_killed_sender_left_is_sent_after_its_lease(ledger: Ledger) -> None:
    opened(ledger)
    clock = Clock()
    with ledger.write() as connection:
        lost = outbox.claim(connection, [RULE.name], clock())
    assert lost is not None
    assert send(ledger, Receiver(), clock) == []
    clock.now = AT + LEASE
    receiver = Receiver()
    (done,) = send(ledger, receiver, clock)
    assert (done.state, done.kept.attempts) == ("sent", 2)
    assert [one.key for one in receiver.got] == [lost.notification.key], "the receiver can tell that it is the same"
    with ledger.write() as connection:
        assert not outbox.settle(connection, lost, "waiting", clock()), "who lost it has no say any more"
    assert [one.state for one in rows(ledger)] == ["sent"]


def test_what_is_being_sent_is_not_dropped_and_what_was_sent_neither(file: Ledger) -> None:
    opened(file, many=2)
    with file.write() as connection:
        outbox.claim(connection, [RULE.name], AT)
    with pytest.raises(ReleasewatchError, match="N-1 is being sent"):
        drop(file, ["N-2", "N-1"], "a drill", "kim", AT)
    assert [one.state for one in rows(file)] == ["waiting", "sending"], "all or none"
    send(file, Receiver(), Clock())
    with pytest.raises(ReleasewatchError, match="cannot be dropped"):
        drop(file, ["N-2"], "a drill", "kim", AT)
    assert [one.state for one in drop(file, ["1"], "a drill", "kim", AT + LEASE)] == ["dropped"]


def test_a_page_of_the_outbox(file: Ledger) -> None:
    opened(file, many=5)
    first, cursor = list_outbox(file, STATES, 2, None)
    second, _ = list_outbox(file, STATES, 2, cursor)
    last, end = list_outbox(file, STATES, 2, "N-2")
    assert [one.id for one in (*first, *second, *last)] == ["N-5", "N-4", "N-3", "N-2", "N-1"]
    assert end is None


@pytest.mark.parametrize(
    ("reveal", "title"), [(Reveal.KEYS, "INC-1 opened"), (Reveal.NAMES, "INC-1 opened: Kim broke it")]
)
def test_a_title_that_names_somebody_is_sent_where_names_may_be(file: Ledger, reveal: Reveal, title: str) -> None:
    open_incident(file, IncidentFields(title="Kim broke it", commander="Kim"), telling(RULE))
    receiver = Receiver()
    list(send_waiting(file, {RULE.name: Way(RULE, receiver, reveal)}, Sending(Clock())))
    (message,) = receiver.got
    assert message.title == title
    assert ("Kim" in str(message)) is (reveal is Reveal.NAMES)


def test_a_template_of_ones_own(file: Ledger, tmp_path: Path) -> None:
    opened(file)
    template = tmp_path / "short.txt"
    template.write_text("{{ notification.subject }}!\n\n{{ notification.severity or 'unsaid' }}\n", encoding="utf-8")
    receiver = Receiver()
    list(send_waiting(file, {RULE.name: Way(RULE, receiver, template=template)}, Sending(Clock())))
    assert (receiver.got[0].title, receiver.got[0].text) == ("INC-1!", "unsaid")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (None, "There is no template short.txt"),
        ("  \n", "says nothing"),
        ("{{ notification.contact }}", "line 1"),
        ("{% if %}", "line 1"),
        ("{{ notification.__class__ }}", "line 1"),
    ],
)
def test_a_template_that_is_wrong_holds_nothing_up(
    file: Ledger, tmp_path: Path, words: str | None, problem: str
) -> None:
    opened(file, RULE, OTHER)
    template = tmp_path / "short.txt"
    if words is not None:
        template.write_text(words, encoding="utf-8")
    other = Receiver()
    ways = {RULE.name: Way(RULE, Receiver(), template=template), OTHER.name: Way(OTHER, other)}
    outcomes = list(send_waiting(file, ways, Sending(Clock())))
    assert [one.state for one in outcomes] == ["waiting", "sent"]
    assert problem in str(outcomes[0].error)
