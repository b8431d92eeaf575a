"""What a day allows: capacity, fatigue, the rule of the night, one number for several, and what is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from releasewatch.domain.call_incidents import Hurt
from releasewatch.domain.call_purposes import Due, Standing
from releasewatch.domain.call_rules import CallRules, Talk, by_callability, kept_by
from releasewatch.domain.call_scores import RankingWeights
from releasewatch.domain.calling_hours import CallingHours
from releasewatch.domain.calls import CallCandidate, CallContact, PlannedCall, rank_calls

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)  # a Tuesday, 13:00 in Berlin
FIRST = Due("first_notice", "they were not told yet")


def contact(number: int, **more: Any) -> CallContact:
    return CallContact(f"c{number}", f"Ada {number}", phone_e164=f"+4930231251{number:02}", primary=True, **more)


def customer(number: int, severity: str = "SEV3", state: str = "affected", **more: Any) -> CallCandidate:
    fields: dict[str, Any] = {
        "contacts": (contact(number),),
        "timezone": "Europe/Berlin",
        "account_manager": "olga",
        "hurt": Hurt("INC-1", severity, state, more.pop("due", FIRST), minutes=more.pop("minutes", 0)),
    }
    return CallCandidate(f"k{number:02}", f"K {number}", "direct", **fields | more)


def rank(
    *who: CallCandidate, spent: dict[str, int] | None = None, now: datetime = NOW, **rules: Any
) -> list[PlannedCall]:
    return rank_calls(who, RankingWeights(), CallingHours(), now, rules=CallRules(**rules), spent=spent)


def days(rows: list[PlannedCall]) -> list[tuple[str, str]]:
    return [(row.verdict, row.band) for row in rows]


def test_what_is_beyond_the_day_is_this_week_and_beyond_the_week_is_written() -> None:
    rows = rank(*(customer(number) for number in range(12)), capacity=2)
    assert days(rows) == [("call", "today")] * 2 + [("call", "this week")] * 8 + [("write", "this week")] * 2
    assert "beyond the 2 calls that their account manager can make today, so this week" in rows[2].verdict_because
    assert rows[-1].verdict_because.endswith(
        "beyond the 2 calls a day that their account manager can make this week, so write"
    )
    assert "olga" not in rows[-1].verdict_because + rows[2].verdict_because
    assert [row.rank for row in rows] == list(range(1, 13))
    assert [row.score for row in rows] == [row.score for row in rank(*(customer(number) for number in range(12)))]


def test_without_a_capacity_nothing_is_held_back() -> None:
    assert days(rank(*(customer(number) for number in range(40)))) == [("call", "this week")] * 40


def test_what_is_severe_is_never_held_back_and_takes_its_place_first() -> None:
    severe = [customer(number, "SEV2") for number in range(9)]
    correction = customer(20, "SEV4", due=Due("correction", "they were cleared"))
    spoken = replace(correction, hurt=replace(correction.hurt, spoken=True))  # type: ignore[type-var]
    rows = {row.candidate.key: row for row in rank(*severe, spoken, customer(30), capacity=1)}
    assert {days([row])[0] for key, row in rows.items() if key != "k30"} == {("call", "now")}
    assert rows["k30"].verdict == "write", "nine severe calls fill a week of one a day"


def test_each_account_manager_has_their_own_day_and_whom_nobody_keeps_none() -> None:
    who = [customer(n, account_manager=owner) for n, owner in enumerate(["olga", "piet", "olga", "", "", ""])]
    found = {row.candidate.key: row.band for row in rank(*who, capacity=1)}
    assert found["k00"] == found["k01"] == "today"
    assert (found["k02"], found["k03"], found["k05"]) == ("this week",) * 3
    assert all("beyond" not in row.verdict_because for row in rank(*who, capacity=1) if row.is_unowned)


def test_what_was_made_today_or_is_on_another_list_takes_its_place() -> None:
    assert days(rank(customer(1), capacity=2, spent={"olga": 1})) == [("call", "today")]
    assert days(rank(customer(1), capacity=2, spent={"olga": 2})) == [("call", "this week")]
    assert days(rank(customer(1), capacity=2, spent={"olga": 10})) == [("write", "this week")]


@pytest.mark.parametrize("status", ["done", "skipped", "withdrawn", "waiting"])
def test_what_takes_nobodys_time_takes_no_place(status: str) -> None:
    over = customer(1, "SEV1", standing=Standing(status=status))
    assert days(rank(over, customer(2), capacity=1))[1] == ("call", "today")


def test_a_call_that_somebody_has_begun_is_theirs_however_full_the_day_is() -> None:
    begun = [customer(1, standing=Standing(status="claimed")), customer(2, standing=Standing(attempts=1))]
    assert [row.verdict for row in rank(*begun, capacity=1, spent={"olga": 99})] == ["call", "call"]


@pytest.mark.parametrize(
    "standing", [Standing(status="claimed"), Standing(attempts=1), Standing(attempts=1, not_before=NOW + timedelta(1))]
)
def test_what_was_begun_today_stays_todays(standing: Standing) -> None:
    assert days(rank(customer(1, standing=standing), capacity=1)) == [("call", "today")]
    later = replace(standing, not_before=NOW + timedelta(days=3))
    assert days(rank(customer(1, standing=later), capacity=1)) == [("call", "this week")]


def test_one_who_sleeps_takes_nothing_of_today() -> None:
    asleep = customer(1, timezone="Europe/Berlin", standing=Standing(not_before=NOW + timedelta(days=3)), tier="gold")
    rows = rank(asleep, customer(2), capacity=1)
    assert [row.candidate.key for row in rows] == ["k01", "k02"]
    assert days(rows) == [("call", "this week"), ("call", "today")]


# Fatigue.

TALK = Talk(NOW - timedelta(days=1), "C-4", ("INC-9",))


def test_a_minor_matter_waits_for_who_was_called_lately_and_says_so() -> None:
    (row,) = rank(CallCandidate("a", "A", "named", contacts=(contact(1),), timezone="Europe/Berlin", talks=(TALK,)))
    assert (row.verdict, row.availability.callable) == ("call", "later")
    assert row.availability.window is not None
    assert row.availability.window.from_at >= TALK.at + timedelta(days=3)
    assert (
        "they were called on 2026-03-09 about INC-9 (C-4), so it waits until 2026-03-12 12:00 UTC"
        in row.verdict_because
    )


@pytest.mark.parametrize(
    ("who", "waits"),
    [
        (customer(1, "SEV1", due=Due("update", "new words")), False),
        (customer(1, "SEV3"), False),
        (customer(1, "SEV3", due=Due("update", "new words")), True),
        (customer(1, "SEV3", due=Due("resolution", "it is over")), False),
        (customer(1, "SEV4", minutes=60), True),
    ],
)
def test_what_is_severe_or_is_told_for_the_first_time_does_not_wait(who: CallCandidate, waits: bool) -> None:
    (row,) = rank(replace(who, talks=(TALK,)))
    assert row.verdict == "call"
    assert (row.availability.callable == "later") == waits
    assert rank(replace(who, talks=(TALK,)), fatigue_days=0)[0].availability.callable == "now"
    assert rank(replace(who, talks=(replace(TALK, at=NOW - timedelta(days=3)),)))[0].availability.callable == "now"


# Hours.

NIGHT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


def test_a_rule_lets_the_severe_be_told_at_night_and_keeps_their_morning() -> None:
    (row,) = rank(customer(1, "SEV1"), now=NIGHT, override_hours=frozenset({"SEV1"}))
    assert (row.availability.callable, row.availability.by_rule, row.band) == ("now", "SEV1", "now")
    assert row.availability.window is not None
    assert row.availability.window.from_at == datetime(2026, 3, 10, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("who", "rule"),
    [
        (customer(1, "SEV1"), ()),
        (customer(1, "SEV2"), ("SEV1",)),
        (customer(1, ""), ("SEV1", "SEV2")),
        (customer(1, "SEV1", due=Due("resolution", "over")), ("SEV1",)),
        (customer(1, "SEV1", standing=Standing(not_before=NIGHT + timedelta(hours=1))), ("SEV1",)),
    ],
)
def test_nobody_else_is_woken(who: CallCandidate, rule: tuple[str, ...]) -> None:
    (row,) = rank(who, now=NIGHT, override_hours=frozenset(rule))
    assert (row.availability.callable, row.availability.by_rule) == ("later", "")


def test_do_not_call_stands_above_every_rule() -> None:
    everything = frozenset({"SEV1", "SEV2", "SEV3", "SEV4", "SEV5"})
    for change in (
        {"do_not_call": True},
        {"contacts": (contact(1, do_not_call=True),)},
        {"contacts": (contact(1, consent="no"),)},
    ):
        (row,) = rank(customer(1, "SEV1", **change), now=NIGHT, override_hours=everything)
        assert (row.availability.callable, row.availability.by_rule, row.may_dial) == ("never", "", False)


def test_the_order_of_callability_puts_who_is_at_the_desk_first() -> None:
    who = [
        customer(1, timezone="America/Los_Angeles", tier="platinum"),
        customer(2, timezone="Mars/Base"),
        customer(3, timezone="America/New_York"),
        customer(4),
        customer(5, do_not_call=True),
    ]
    rows = by_callability(rank(*who))
    assert [(row.candidate.key, row.availability.callable) for row in rows] == [
        ("k04", "now"),
        ("k02", "unknown"),
        ("k03", "later"),
        ("k01", "later"),
        ("k05", "never"),
    ]


# Numbers, currencies, and what is not known.


def test_one_number_on_several_customers_is_one_dial_and_stays_two_calls() -> None:
    shared = (contact(7),)
    rows = rank(customer(1, contacts=shared), customer(2, contacts=shared, account_manager="piet"), customer(3))
    assert [(row.verdict, [one.key for one in row.twins]) for row in rows] == [
        ("call", ["k02"]),
        ("call", ["k01"]),
        ("call", []),
    ]
    (mine,) = kept_by(rows, "piet")
    assert [(one.key, one.account_manager) for one in mine.twins] == [("", "olga")], "no other one's customer is named"
    written = rank(customer(1, contacts=shared), customer(2, contacts=shared, do_not_call=True))
    assert all(row.twins == () for row in written)


def test_what_is_not_known_is_said() -> None:
    bare = CallCandidate("a", "A", "named")
    assert rank(bare)[0].blanks == ("no account manager", "no contact", "time zone not known")
    numberless = replace(
        bare, contacts=(CallContact("c", "Ada", phone=" "),), account_manager="o", timezone="Asia/Tokyo"
    )
    assert rank(numberless)[0].blanks == ("no number", "no mail address")
    assert rank(replace(numberless, contacts=(CallContact("c", "Ada", email="a@x.example"),)))[0].blanks == (
        "no number",
    )
    assert rank(customer(1))[0].blanks == ()


def test_contract_values_are_compared_in_one_currency() -> None:
    weights = RankingWeights(currency="EUR", rates={"JPY": Decimal("0.006"), "GBP": Decimal("1.2")})

    def points(value: str, currency: str) -> tuple[int, tuple[str, ...]]:
        who = customer(1, contract_value=Decimal(value), currency=currency)
        (row,) = rank_calls([who], weights, CallingHours(), NOW)
        assert sum(row.parts.values()) == row.score
        return row.parts.get("contract", 0), row.blanks

    assert points("100000", "EUR") == points("100000", "") == (9, ())
    assert points("100000", "JPY") == (0, ())
    assert points("90000", "GBP") == (9, ())
    assert points("100000", "USD") == (0, ("contract value without a rate for its currency",))


def test_promises_and_complaints_are_parts_of_the_score() -> None:
    plain, broken = rank(customer(1))[0], rank(customer(1, promise_overdue=True))[0]
    assert (broken.parts["promise"], broken.score - plain.score) == (10, 10)
    loud = customer(1)
    (heard,) = rank(replace(loud, hurt=replace(loud.hurt, reported_at=NOW)))  # type: ignore[type-var]
    assert (heard.parts["complained"], heard.score - plain.score) == (15, 15)
