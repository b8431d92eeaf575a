"""Care calls, told as a release manager would: good news where it is live, what is coming, who was not spoken to."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from releasewatch.domain.call_care import CareSettings
from releasewatch.domain.call_rules import CallRules
from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.customer_reports import Said, add_report
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.ledger import Ledger, Rehearsal
from releasewatch.usecases.call_approval import approve_list
from releasewatch.usecases.call_attempts import Noted, log_attempt
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_documents import call_document
from releasewatch.usecases.call_showing import call_as_document
from releasewatch.usecases.call_work import claim_call, find_stale, get_call, skip_call
from releasewatch.usecases.calls import list_calls, plan_calls
from releasewatch.usecases.check_ins import WEEK_IS_OVER, list_check_ins, plan_check_ins, week_of
from releasewatch.usecases.coming_calls import announce, look_ahead, take_back
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_calls import plan_incident_calls
from releasewatch.usecases.sameness import Word, merge_customers
from tests.support.directories import Desk
from tests.usecases.test_incident_calls import CONTACTS
from tests.usecases.test_incidents import AXES, Watch, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.usecases.call_candidates import RankedList

DAY = 24.0


class Staff(Watch):
    """Account staff: ada is in eu (early), cy in us, fay in asia, di nobody knows where; gil uses checkout anywhere."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url, self.rules = url, CallRules()
        super().__init__(folder, Ledger(Secret(url)))
        Desk(self.ledger, folder).take(contacts=CONTACTS)

    def how(self, at: float, **care: int) -> Planning:
        return Planning(hour(at), rules=self.rules, care=CareSettings(**care))

    def id_of(self, key: str) -> Any:
        with self.ledger.read() as connection:
            return resolve_customer(connection, key).customer_id

    def reported(self, key: str, reference: str) -> None:
        customer = self.id_of(key)
        with self.ledger.write() as connection:
            add_report(connection, customer, Said(hour(1.5), "ticket", "call", reference), "olga", hour(1.5))

    def change(self, *folders: str, **trailers: str) -> str:
        words = {name.replace("_", "-"): value for name, value in trailers.items()}
        return self.world.commit(*folders, subject="fix: round up", trailers=words)

    def plan(self, number: int, at: float) -> RankedList:
        return plan_calls(self.ledger, number, self.how(at))

    def calls(self, number: int, at: float) -> dict[str, dict[str, Any]]:
        made = list_calls(self.ledger, number, self.how(at))
        found = [call_document(row) for row in made.calls.rows]
        assert all(sum(one["parts"].values()) == one["score"] for one in found)
        return {one["customer"]: one for one in found}

    def news(self, number: int, at: float) -> dict[str, str]:
        """Who gets good news with a deployment, and how that call stands."""
        return {
            key: one["status"]
            for key, one in self.calls(number, at).items()
            if any(item["purpose"] == "good_news" for item in one["items"]) and one["verdict"] == "call"
        }

    def log(self, call: str, at: float) -> None:
        log_attempt(self.ledger, call, Noted("phone", "connected"), "olga", self.how(at))

    def items(self, key: str) -> list[tuple[str, int, int, str]]:
        """Everything that stands in a customer's calls: purpose, deployment, announcement, how the call stands."""
        i, c = t.call_item.c, t.call.c
        mine = i.customer_id == self.id_of(key), i.withdrawn_at.is_(None)
        rows = (
            select(i.purpose, i.deployment_id, i.coming_id, c.status)
            .join_from(t.call_item, t.call, (c.customer_id == i.customer_id) & (c.call_id == i.call_id))
            .where(*mine)
        )
        with self.ledger.read() as connection:
            return sorted(tuple(row) for row in connection.execute(rows))

    def why_withdrawn(self) -> set[str]:
        with self.ledger.read() as connection:
            return set(connection.scalars(select(t.call_item.c.why_withdrawn))) - {""}

    # what is coming

    def ahead(self, at: float, due: float | None = None, **more: Any) -> Any:
        rehearsal = Rehearsal(Secret(self.url))
        try:
            request = self.request(at, **more)
            due_at = hour(due) if due is not None else None
            return look_ahead(rehearsal, self.world.surroundings(), request, due_at, self.how(at + 0.2))
        finally:
            rehearsal.close()

    def request(self, at: float, **more: Any) -> Any:
        return self.world.request(at, known=AXES, **more)

    def announce(self, at: float, due: float | None = None, **more: Any) -> RankedList:
        return announce(self.ledger, self.ahead(at, due, **more)[0], self.how(at + 0.2))


@pytest.fixture
def staff(tmp_path, sqlite_pattern) -> Staff:
    """On SQLite: what differs on PostgreSQL has tests of its own."""
    shutil.copy(sqlite_pattern, tmp_path / "ledger.db")
    return Staff(tmp_path, f"sqlite:///{tmp_path}/ledger.db")


@pytest.fixture
def staff_anywhere(tmp_path, ledger) -> Staff:
    return Staff(tmp_path, ledger._url.render_as_string(hide_password=False))


def test_good_news_comes_to_each_where_it_is_live_and_once(staff_anywhere):
    staff = staff_anywhere
    for key, ticket in (("ada", "SUP-7"), ("cy", "sup-9"), ("fay", "#11")):
        staff.reported(key, ticket)
    staff.change("invoicing", Fixes="SUP-7, SUP-9", Refs="11", Customer="gil", Release_note="Totals add up.")
    in_eu = staff.record(2, regions=["eu"]).number
    made = staff.plan(in_eu, 2.5)
    assert staff.news(in_eu, 2.5) == {"ada": "open", "gil": "open"}, "gil is everywhere"
    assert made.calls.waiting == 2, "cy and fay are elsewhere"
    assert staff.calls(in_eu, 2.6)["ada"]["say"][0] == "What you reported under SUP-7 is settled, and live for you."
    in_us = staff.record(3, regions=["us"]).number
    staff.plan(in_us, 3.5)
    assert staff.news(in_us, 3.5) == {"cy": "open"}
    in_asia = staff.record(4, regions=["asia"]).number
    staff.plan(in_asia, 4.5)
    assert staff.news(in_asia, 4.5) == {"fay": "open"}
    again = staff.plan(in_eu, 5)
    assert (again.added, dict(again.withdrawn)) == (0, {})
    everywhere = staff.record(6).number
    staff.plan(everywhere, 6.5)
    assert [key for key in ("ada", "cy", "fay", "gil") if len(staff.items(key)) != 1] == []


def test_who_is_told_in_one_region_is_not_told_again_in_the_next(staff):
    staff.change("checkout", Customer="gil")
    in_eu = staff.record(2, regions=["eu"]).number
    staff.plan(in_eu, 2.5)
    assert staff.news(in_eu, 2.5) == {"gil": "open"}
    in_us = staff.record(3, regions=["us"]).number
    assert staff.plan(in_us, 3.5).added == 0 or staff.news(in_us, 3.5) == {}
    assert f"they hear of it with D-{in_eu}" in staff.calls(in_us, 3.6)["gil"]["verdict_because"]
    assert [one for one in staff.items("gil") if one[0] == "good_news"] == [("good_news", in_eu, 0, "open")]


def test_a_call_that_was_made_or_skipped_is_left_and_says_why(staff):
    staff.reported("ada", "SUP-7")
    staff.change("invoicing", Fixes="SUP-7", Customer="gil", Release_note="Totals add up.")
    number = staff.record(2).number
    staff.plan(number, 2.5)
    before = staff.calls(number, 3)
    assert [before[key]["verdict"] for key in ("ada", "gil", "cy")] == ["call", "call", "write"]
    staff.log(before["ada"]["id"], 3)
    skip_call(staff.ledger, before["gil"]["id"], "they know", "olga", hour(3))
    after = staff.calls(number, 3.5)
    assert {key: (after[key]["verdict"], after[key]["status"]) for key in ("ada", "gil", "cy")} == {
        "ada": ("leave", "done"), "gil": ("leave", "skipped"), "cy": ("write", "open"),
    }  # fmt: skip
    assert after["ada"]["verdict_because"].endswith("and it is live where they are; they were told, and nothing is new")
    assert after["gil"]["verdict_because"].endswith("; one of us decided against good news")
    assert after["ada"]["score"] == before["ada"]["score"], "what was made keeps its place"
    again = staff.plan(number, 4)
    assert (again.added, again.withdrawn) == (0, {})
    assert staff.calls(number, 4) == after | {"cy": staff.calls(number, 4)["cy"]}


@pytest.mark.parametrize(
    ("trailers", "why"),
    [
        ({"Embargo": "until 2026-04-01"}, "an embargo runs until 2026-04-01"),
        ({"Audience": "engineering"}, "the change is for engineering alone"),
        ({"Release-note": "none"}, "the change is for engineering alone"),
    ],
)
def test_what_may_not_be_told_is_no_good_news(staff, trailers, why):
    staff.change("invoicing", Customer="ada", **{key.replace("-", "_"): value for key, value in trailers.items()})
    number = staff.record(2).number
    assert staff.plan(number, 2.5).calls.waiting == 1
    assert staff.news(number, 2.5) == {}
    assert why in staff.calls(number, 2.5)["ada"]["verdict_because"]


def test_where_it_is_not_known_whether_it_is_theirs_nobody_says_so(staff):
    staff.change("invoicing", Customer="di")
    number = staff.record(2, regions=["eu"]).number
    staff.plan(number, 2.5)
    assert staff.news(number, 2.5) == {}
    assert "it is not known whether it is live where they are" in staff.calls(number, 2.5)["di"]["verdict_because"]


def test_a_ticket_of_somebody_else_is_no_news(staff):
    staff.reported("ada", "SUP-7")
    staff.change("invoicing", Fixes="SUP-70")
    number = staff.record(2).number
    staff.plan(number, 2.5)
    assert (staff.news(number, 2.5), staff.calls(number, 2.5)["ada"]["purpose"]) == ({}, "heads_up")


def test_a_reverted_fix_is_no_news(staff):
    fixed = staff.change("invoicing", Customer="ada")
    staff.world.commit("invoicing", subject='Revert "fix: round up"', body=f"This reverts commit {fixed}.")
    number = staff.record(2).number
    staff.plan(number, 2.5)
    assert staff.news(number, 2.5) == {}


def test_rolled_back_before_the_call_it_is_withdrawn(staff):
    staff.change("invoicing", Customer="ada")
    number = staff.record(2).number
    staff.plan(number, 2.5)
    assert staff.news(number, 2.5) == {"ada": "open"}
    staff.record(3, staff.good, regions=["eu"])
    assert sum(staff.plan(number, 3.5).withdrawn.values()) == 1
    assert [one for one in staff.items("ada") if one[0] == "good_news"] == []
    again = staff.record(4, regions=["eu"]).number
    staff.plan(again, 4.5)
    assert staff.news(again, 4.5) == {"ada": "open"}, "what was withdrawn was not told"


def test_a_merged_customer_hears_it_once(staff):
    staff.change("invoicing", Customer="ada")
    in_eu = staff.record(2, regions=["eu"]).number
    staff.plan(in_eu, 2.5)
    merge_customers(staff.ledger, "ada", "gil", Word("kim", "the same", hour(2.6)))
    in_us = staff.record(3, regions=["us"]).number
    staff.plan(in_us, 3.5)
    assert [one for one in staff.items("gil") if one[0] == "good_news"] == [("good_news", in_eu, 0, "open")]


def test_blamed_later_all_its_care_calls_are_withdrawn_and_no_new_ones_made(staff):
    staff.change("invoicing", "mail", Customer="ada")
    number = staff.record(2)
    staff.plan(number.number, 2.5)
    assert {one for key in ("ada", "ed") for one in staff.items(key)} >= {("heads_up", number.number, 0, "open")}
    key = staff.open(3, title="totals", components=(("invoicing", "degraded"),))
    assert sum(staff.plan(number.number, 3.1).withdrawn.values()) == 0, "an incident alone blames nobody"
    link_deployment(staff.ledger, key, number.number, "suspect", staff.telling(3.2, "it was the last"))
    with pytest.raises(RefusedError):
        staff.plan(number.number, 3.3)
    stale = find_stale(staff.ledger, "C-1", staff.how(3.3))
    assert [(one.deployment, one.incident) for one in stale] == [(f"D-{number.number}", key)] * len(stale) != []
    plan_incident_calls(staff.ledger, key, staff.how(3.4))
    assert [one for one in staff.items("ed") if one[3] == "open"] == [], "ed uses mail alone, and is in no incident"
    assert f"D-{number.number} is blamed for {key}" in staff.why_withdrawn()


def test_care_waits_while_an_incident_call_is_open_and_says_until_when(staff):
    staff.change("invoicing", Customer="ada")
    number = staff.record(2).number
    staff.plan(number, 9)
    key = staff.open(9.1, title="logins", components=(("mail", "degraded"),), severity="SEV2")
    say_by_hand(staff.ledger, key, {"affected": ["ada"]}, staff.telling(9.2, "they rang"))
    plan_incident_calls(staff.ledger, key, staff.how(9.3))
    approve_list(staff.ledger, key, "lou", hour(9.3), why="seen")
    waiting = staff.calls(number, 9.4)["ada"]
    assert waiting["status"] == "waiting"
    first = waiting["waits_for"]
    busy = Noted("phone", "busy")
    log_attempt(staff.ledger, first, busy, "olga", staff.how(9.5))
    waiting = staff.calls(number, 9.55)["ada"]
    assert waiting["waits_until"] == "2026-03-01T09:45:00Z"
    assert (
        "until that one is made or taken back, which is not before 2026-03-01 09:45 UTC" in waiting["verdict_because"]
    )
    staff.log(first, 10)
    assert (staff.calls(number, 10.1)["ada"]["status"], staff.calls(number, 10.1)["ada"]["waits_for"]) == ("open", None)


def test_a_claimed_care_call_takes_a_second_release_and_shows_it(staff):
    staff.change("invoicing", Customer="ada")
    first = staff.record(2).number
    staff.plan(first, 2.5)
    call = staff.calls(first, 2.5)["ada"]["id"]
    claim_call(staff.ledger, call, "olga", hour(2.6), 600)
    assert staff.calls(first, 2.7)["ada"]["changed_since_claim"] is False
    staff.change("invoicing", Customer="ada")
    second = staff.record(3).number
    staff.plan(second, 3.5)
    one = staff.calls(second, 3.6)["ada"]
    assert (one["id"], one["status"], one["changed_since_claim"]) == (call, "claimed", True)
    assert {item["deployment"] for item in one["items"]} == {f"D-{first}", f"D-{second}"}


# What is coming


def breaking(staff: Staff, *folders: str) -> str:
    return staff.world.commit(*folders, subject="feat!: drop totals", trailers={"Release-note": "Totals are gone."})


def test_who_is_told_before_it_comes_is_not_told_again(staff_anywhere):
    staff = staff_anywhere
    staff.record(2)
    breaking(staff, "invoicing")
    made = staff.announce(3, 30)
    assert (made.calls.coming.id, made.added) == ("H-1", 4)
    assert staff.items("ada") == [("heads_up", 0, 1, "open")]
    again = staff.announce(3.1)
    assert (again.added, again.version, again.calls.coming.due_at) == (0, 1, hour(30))
    assert staff.items("ed") == [], "ed uses what does not change"
    staff.log("C-1", 4)
    number = staff.record(30).number
    later = staff.plan(number, 30.5)
    assert (later.added, dict(later.withdrawn)) == (0, {})
    joined = [staff.items(key) for key in ("ada", "cy", "di", "fay")]
    assert [one[0][:3] for one in joined] == [("heads_up", number, 1)] * 4
    told = [one for one in staff.calls(number, 31).values() if one["status"] == "done"]
    assert [(one["verdict"], one["verdict_because"].split("; ")[1]) for one in told] == [
        ("leave", "they were told before it came")
    ]


def test_what_is_coming_is_planned_where_a_day_holds_so_many_calls(staff_anywhere):
    staff = staff_anywhere
    staff.rules = CallRules(capacity=1)
    staff.record(2)
    breaking(staff, "invoicing")
    assert staff.announce(3, 30).added == 4
    again = staff.ahead(3.1)[1]
    assert [row.verdict for row in again.calls.rows] == ["call"] * 4, "nobody keeps them, so nobody's day is full"


def test_what_comes_to_one_region_leaves_the_others_waiting(staff):
    staff.record(2)
    breaking(staff, "invoicing")
    staff.announce(3)
    number = staff.record(4, regions=["eu"]).number
    staff.plan(number, 4.5)
    assert (staff.items("ada"), staff.items("cy")) == (
        [("heads_up", number, 1, "open")],
        [("heads_up", 0, 1, "open")],
    )


def test_another_head_takes_the_place_of_the_first(staff):
    staff.record(2)
    breaking(staff, "invoicing")
    staff.announce(3)
    staff.world.repo.git("reset", "--hard", "HEAD~1")
    breaking(staff, "mail")
    made = staff.announce(4)
    assert made.calls.coming.id == "H-1"
    assert dict(made.withdrawn) == {"nothing of it reaches them any more": 4}
    assert (staff.items("ada"), staff.items("ed")) == ([], [("heads_up", 0, 1, "open")])


def test_what_never_comes_is_withdrawn_by_word_or_by_time(staff):
    staff.record(2)
    head = breaking(staff, "invoicing")
    staff.announce(3, 30)
    staff.log("C-1", 4)
    done = take_back(staff.ledger, "shop", head, staff.request(5), staff.how(5), "the plan changed")
    assert (dict(done.withdrawn), done.told) == ({"the plan changed": 3}, 1)
    with pytest.raises(UnknownNameError, match="is not announced"):
        take_back(staff.ledger, "shop", head, staff.request(5), staff.how(5), "again")
    assert staff.announce(6, 30).calls.coming.id == "H-2"
    late = plan_check_ins(staff.ledger, staff.how(30 + 14 * DAY + 1, check_ins_a_week=0))
    assert list(late.withdrawn) == ["it has not come within 14 days of when it was to come"]


def test_what_is_live_or_never_was_anywhere_is_not_announced(staff):
    staff.record(2)
    with pytest.raises(InvalidCallError, match="is live in production already"):
        staff.ahead(3)
    breaking(staff, "invoicing")
    told, _ = staff.ahead(3, environment="staging")
    with pytest.raises(InvalidCallError, match="knows no deployment of shop to staging"):
        announce(staff.ledger, told, staff.how(3))
    with staff.ledger.read() as connection:
        assert connection.scalar(select(func.count()).select_from(t.coming)) == 0


def test_a_call_about_what_is_coming_can_be_shown_without_git(staff):
    staff.record(2)
    breaking(staff, "invoicing")
    staff.announce(3, 30)
    with staff.ledger.read() as connection:
        row = get_call(connection, "C-1")
    shown = call_as_document(staff.ledger, row, staff.how(3.5))
    assert shown["items"][0]["coming"] == "H-1"
    assert "call list --purpose heads_up --head" in shown["know"][0]


# Check-ins


def asked(staff: Staff, at: float, **care: int) -> list[str]:
    made = list_check_ins(staff.ledger, staff.how(at, **care))
    return sorted(row.candidate.key for row in made.calls.rows)


def test_a_few_are_asked_a_week_the_same_all_week_and_others_in_the_next(staff_anywhere):
    staff = staff_anywhere
    monday = 24.0 + 9  # 2026-03-02
    first = plan_check_ins(staff.ledger, staff.how(monday, check_ins_a_week=2))
    names = asked(staff, monday + 1, check_ins_a_week=2)
    assert (len(names), first.added, first.calls.week) == (2, 2, "2026-W10")
    assert set(names) <= {"ada", "bob", "cy", "di", "fay", "gil"}, "ed and hal have no contact"
    sunday = monday + 6 * DAY
    again = plan_check_ins(staff.ledger, staff.how(sunday, check_ins_a_week=2))
    assert (again.added, again.version, asked(staff, sunday, check_ins_a_week=2)) == (0, first.version, names)
    staff.log("C-1", sunday)
    assert asked(staff, sunday, check_ins_a_week=2) == names, "whose turn it was stays on the list"
    rows = list_check_ins(staff.ledger, staff.how(sunday, check_ins_a_week=2)).calls.rows
    (made,) = (row for row in rows if row.candidate.key == staff_key(staff, "C-1"))
    assert (made.verdict, made.verdict_because) == ("leave", "the check-in of this week was made")
    next_week = plan_check_ins(staff.ledger, staff.how(monday + 7 * DAY, check_ins_a_week=2))
    assert dict(next_week.withdrawn) == {WEEK_IS_OVER: 1}
    assert not set(asked(staff, monday + 7 * DAY + 1, check_ins_a_week=2)) & {
        row.candidate.key for row in first.calls.rows if row.candidate.key == staff_key(staff, "C-1")
    }


def staff_key(staff: Staff, call: str) -> str:
    with staff.ledger.read() as connection:
        row = get_call(connection, call)
        return str(connection.scalar(select(t.customer.c.key).where(t.customer.c.customer_id == row.customer_id)))


def test_nobody_is_asked_who_has_something_open_or_was_spoken_to_or_is_not_to_be_called(staff):
    staff.change("invoicing", Customer="ada")
    number = staff.record(2).number
    staff.plan(number, 2.5)
    everybody = {"check_ins_a_week": 100}
    assert asked(staff, 3, **everybody) == ["bob", "gil"], "the others have a care call open"
    for call in range(1, 6):
        with staff.ledger.read() as connection:
            exists = connection.scalar(select(func.count()).select_from(t.call).where(t.call.c.call_id == call))
        if exists:
            staff.log(f"C-{call}", 4)
    assert asked(staff, 5, **everybody) == ["bob", "gil"], "they were spoken to"
    assert asked(staff, 100 * DAY, **everybody) == ["ada", "bob", "cy", "di", "fay", "gil"]
    with staff.ledger.write() as connection:
        connection.execute(t.customer_fact.update().values(do_not_call=True))
    assert asked(staff, 100 * DAY, **everybody) == []


def test_a_check_in_is_to_listen(staff):
    made = list_check_ins(staff.ledger, staff.how(30, check_ins_a_week=1))
    (row,) = made.calls.rows
    document = call_document(row)
    assert (document["purpose"], document["reach"], document["verdict"]) == ("check_in", None, "call")
    assert "not a call to sell" in document["know"][0]
    assert document["verdict_because"] == "nobody has spoken to them for 90 days"


def test_the_week_is_that_of_the_calendar():
    assert [week_of(hour(day * 24)) for day in (0, 1, 7, 8)] == ["2026-W09", "2026-W10", "2026-W10", "2026-W11"]


def test_a_release_joins_the_check_in(staff):
    plan_check_ins(staff.ledger, staff.how(30, check_ins_a_week=100))
    staff.change("invoicing", Customer="ada")
    number = staff.record(31).number
    staff.plan(number, 31.5)
    assert [one[:2] for one in staff.items("ada")] == [("check_in", 0), ("good_news", number)]
    with staff.ledger.read() as connection:
        mine = t.call.c.customer_id == staff.id_of("ada"), t.call.c.status == "open"
        assert connection.scalar(select(func.count()).select_from(t.call).where(*mine)) == 1
