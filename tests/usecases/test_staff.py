"""The staff file in the ledger, and hand-over; on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from releasewatch.domain.promises import Word
from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.storage import promises
from releasewatch.storage import tables as t
from releasewatch.storage.hand_over import OpenPromise
from releasewatch.storage.staff import read_book, read_staff
from releasewatch.usecases.staff import come_back, import_staff, leave, list_staff

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
DAY = NOW.date()
FILE = (
    "key,name,email,team,languages,timezone,manager,away_from,away_to,left_on\n"
    "olga,Olga Example,olga@example.org,emea,de;en,Europe/Berlin,kim,,,\n"
    "piet,Piet Example,,emea,nl,Europe/Amsterdam,kim,2026-03-09,2026-03-12,\n"
    "kim,Kim Example,,,,,,,,\n"
)


@pytest.fixture
def staff(tmp_path, ledger):
    """Import a text as the staff file."""

    def run(text, mode="snapshot", at=NOW, **how):
        path = tmp_path / "staff.csv"
        path.write_text(text, "utf-8")
        return import_staff(ledger, path, at, mode=mode, **how)

    return run


def owners(ledger, *keys, day=DAY):
    with ledger.read() as connection:
        book = read_book(connection)
    return [book.owner(key, day).key for key in keys]


def test_a_file_is_read_and_the_same_file_again_changes_nothing(staff, ledger):
    first, second = staff(FILE), staff(FILE, at=NOW + timedelta(hours=1))
    assert (first.read, first.added, first.changed, first.unchanged) == (3, 3, 0, 0)
    assert (second.added, second.changed, second.unchanged, second.left) == (0, 0, 3, [])
    with ledger.read() as connection:
        olga = next(one for one in read_staff(connection) if one.key == "olga")
    assert (olga.name, olga.email, olga.languages, olga.manager) == (
        "Olga Example", "olga@example.org", ("de", "en"), "kim",
    )  # fmt: skip


def test_who_is_missing_from_a_snapshot_has_left_and_from_changes_not(staff, ledger):
    staff(FILE)
    without = FILE.replace("olga,Olga Example,olga@example.org,emea,de;en,Europe/Berlin,kim,,,\n", "")
    assert staff(without, mode="changes").left == []
    assert owners(ledger, "olga") == ["olga"]
    assert staff(without).left == ["olga"]
    assert owners(ledger, "olga") == [""]
    staff(FILE)
    assert owners(ledger, "olga") == ["olga"], "who is in the file again is back"


def test_a_file_that_broke_off_empties_nothing(staff, ledger):
    many = "key,name\n" + "".join(f"s{number},Name {number}\n" for number in range(20))
    staff(many)
    with pytest.raises(RefusedError, match="10 of 20 people") as caught:
        staff("\n".join(many.splitlines()[:11]))
    assert "--accept-ending 10" in caught.value.hint
    assert owners(ledger, "s19") == ["s19"]
    assert len(staff("\n".join(many.splitlines()[:11]), accept_ending=10).left) == 10


def test_a_file_without_rows_asks_however_few_there_are(staff, ledger):
    staff(FILE)
    with pytest.raises(RefusedError, match=r"lacks .* people; nothing was changed"):
        staff(FILE.splitlines()[0] + "\n")
    assert owners(ledger, "olga") == ["olga"]


def test_rows_that_are_refused_keep_what_was_known(staff, ledger):
    staff(FILE)
    damaged = FILE.replace("Europe/Berlin", "Berlin").replace("2026-03-12", "2026-03-01") + "kim,Again,,,,,,,,\n"
    report = staff(damaged)
    assert [(line, column) for line, column, _ in report.rejected] == [(2, "timezone"), (3, "away_to"), (5, "key")]
    assert report.left == []
    assert owners(ledger, "olga", "piet") == ["olga", "piet"]
    strict = staff("key,name\nzoe,Zoe\nyan,\n", mode="changes", strict=True)
    assert not strict.written
    assert owners(ledger, "zoe") == [""]


def test_a_manager_who_is_not_there_is_named(staff):
    assert staff("key,name,manager\nolga,Olga,boss\npiet,Piet,olga\n").unknown_managers == ["boss"]


def test_leaving_hands_over_and_no_file_undoes_it(staff, ledger):
    staff(FILE)
    done = leave(ledger, "olga", DAY, "piet", NOW, why="moves on", recorded_by="kim")
    assert (done.successor, done.customers) == ("piet", 0)
    staff(FILE, at=NOW + timedelta(days=1))
    assert owners(ledger, "olga") == ["piet"]
    assert owners(ledger, "olga", day=DAY - timedelta(days=1)) == ["olga"]
    (olga,) = (item for item in list_staff(ledger, NOW) if item["key"] == "olga")
    assert (olga["state"], olga["successor"], olga["left_on"]) == ("left", "piet", "2026-03-10")
    assert [item["state"] for item in list_staff(ledger, NOW)] == ["here", "away", "left"]
    come_back(ledger, "olga", NOW + timedelta(days=2), why="stays", recorded_by="kim")
    assert owners(ledger, "olga") == ["olga"]


def test_nobody_takes_over_from_themselves_or_when_they_are_gone(staff, ledger):
    staff(FILE)
    leave(ledger, "piet", date(2026, 3, 1), "", NOW, why="moved on", recorded_by="kim")
    for successor in ("olga", "piet"):
        with pytest.raises(InvalidCallError, match="cannot take over from olga"):
            leave(ledger, "olga", DAY, successor, NOW, why="moves on", recorded_by="kim")
    with pytest.raises(UnknownNameError) as caught:
        leave(ledger, "olg", DAY, "", NOW, why="moves on", recorded_by="kim")
    assert caught.value.hint == "Did you mean olga?"
    assert owners(ledger, "olga") == ["olga"]


def attempt(number, call, by, on=None, at=NOW, **how):
    values = {"channel": "phone", "disposition": "connected", "outcome": "", "reached": True, "closes": False, **how}
    made = {"attempt_id": number, "call_id": call, "recorded_by": by, "promise_due_on": on, "attempted_at": at}
    return {**values, **made, "recorded_at": at}


def test_what_somebody_has_in_hand_is_handed_over_until_it_is_kept(staff, ledger):
    staff(FILE)
    later, id_ = NOW + timedelta(hours=1), UUID(int=1)
    with ledger.write() as connection:
        connection.execute(insert(t.customer).values(customer_id=id_, directory="crm", key="acme", recorded_at=NOW))
        calls = [
            {"call_id": 1, "call_group": "incident", "status": "open", "claimed_by": "OLGA@example.org"},
            {"call_id": 2, "call_group": "care", "status": "open", "claimed_by": "olga", "claimed_until": NOW},
            {"call_id": 3, "call_group": "care", "status": "done", "claimed_by": "olga"},
        ]  # fmt: skip
        connection.execute(
            insert(t.call), [{"claimed_until": later, **one, "customer_id": id_, "created_at": NOW} for one in calls]
        )
        attempts = [
            attempt(1, 3, "olga", DAY - timedelta(days=9), NOW - timedelta(days=20)),
            attempt(2, 3, "Olga Example", DAY + timedelta(days=2)),
            attempt(3, 3, "piet", DAY + timedelta(days=2)),
            attempt(4, 3, "kim", None, NOW + timedelta(days=1), reached=False, disposition="no_answer"),
        ]
        connection.execute(insert(t.attempt), [{**one, "customer_id": id_} for one in attempts])
        promises.add_word(connection, 1, id_, 1, Word("kept", NOW), NOW)
    ahead = leave(ledger, "olga", DAY + timedelta(days=5), "kim", NOW, why="moves on", recorded_by="kim")
    assert ahead.calls == [], "a claim is over long before that day"
    soon = NOW + timedelta(minutes=1)
    done = leave(ledger, "olga", DAY, "kim", soon, why="moves on", recorded_by="kim")
    assert done.calls == [1]
    assert done.promises == [OpenPromise(3, "acme", DAY + timedelta(days=2))], "the first was kept"
    with ledger.read() as connection:
        held = connection.execute(
            select(t.call.c.claimed_by, t.call.c.claimed_until).where(t.call.c.call_id == 1)
        ).one()
    assert tuple(held) == ("kim", later)
    assert leave(ledger, "kim", DAY, "", soon, why="gone", recorded_by="boss").calls == [1]
    with ledger.write() as connection:
        assert connection.scalar(select(t.call.c.claimed_until).where(t.call.c.call_id == 1)) is None
        promises.add_word(connection, 2, id_, 2, Word("kept", soon), soon)
    assert leave(ledger, "olga", DAY, "", later, why="gone", recorded_by="boss").promises == []


def test_days_are_read_as_people_write_them(staff, ledger):
    days = FILE.replace("2026-03-09,2026-03-12", "9.3.2026,12.03.2026").replace(
        "Kim Example,,,,,,,,", "Kim Example,,,,,,,,31.12.2026"
    )
    assert staff(days).rejected == []
    assert staff(FILE.replace("Kim Example,,,,,,,,", "Kim Example,,,,,,,,2026-12-31")).unchanged == 3
    (refused,) = staff(FILE.replace("2026-03-09", "03/09/2026")).rejected
    assert refused == (
        3,
        "away_from",
        "is no date that is understood: day or month may come first; write it as 2026-12-31 or 31.12.2026",
    )
