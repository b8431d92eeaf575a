"""Whoever is on a list, and whatever the settings say: its promises hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from releasewatch.domain.call_explaining import explain_place
from releasewatch.domain.call_incidents import Hurt
from releasewatch.domain.call_letters import letters_of
from releasewatch.domain.call_purposes import Due, Purpose, Standing
from releasewatch.domain.call_rules import CallRules, Talk, by_callability, is_severe
from releasewatch.domain.call_scores import RankingWeights, parts_for_ci
from releasewatch.domain.calling_hours import CallingHours
from releasewatch.domain.calls import CallCandidate, CallContact, PlannedCall, rank_calls
from releasewatch.domain.leaks import LeakScanner

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
SEVERITIES = ("SEV1", "SEV2", "SEV3", "SEV4", "SEV5")
ANY_HOUR = frozenset(SEVERITIES)

contacts = st.builds(
    CallContact,
    key=st.sampled_from(["c1", "c2", "c3"]),
    name=st.sampled_from(["Ada", ""]),
    phone=st.sampled_from(["", " ", "555-0100"]),
    phone_e164=st.sampled_from(["", "+493023125101", "+12125550117"]),
    email=st.sampled_from(["", "ada@example.org", "two@example.org; three@example.org"]),
    timezone=st.sampled_from(["", "Asia/Tokyo"]),
    primary=st.booleans(),
    do_not_call=st.booleans(),
    consent=st.sampled_from(["", "yes", "no", "No"]),
    wrong_number=st.booleans(),
)
hurts = st.builds(
    Hurt,
    incident=st.just("INC-1"),
    severity=st.sampled_from(["", *SEVERITIES]),
    state=st.sampled_from(["affected", "presumed", "possible"]),
    due=st.builds(Due, st.sampled_from(["", *get_args(Purpose)]), st.just("so it is")),
    minutes=st.none() | st.integers(0, 2000),
    level=st.sampled_from(["", "degraded", "partial", "major_outage"]),
    again=st.booleans(),
    confirmed=st.booleans(),
    reported_at=st.none() | st.just(NOW),
    further=st.integers(0, 3),
    spoken=st.booleans(),
)
standings = st.builds(
    Standing,
    call=st.sampled_from(["", "C-7"]),
    status=st.sampled_from(["not_planned", "open", "claimed", "waiting", "done", "skipped"]),
    not_before=st.none() | st.just(NOW + timedelta(hours=5)),
    attempts=st.integers(0, 2),
)
candidates = st.builds(
    CallCandidate,
    key=st.text("abcdef", min_size=1, max_size=3),
    name=st.sampled_from(["Acme Ltd", "Bolt Ltd"]),
    reach=st.sampled_from(["named", "direct", "dependent"]),
    distance=st.integers(0, 9),
    breaking=st.booleans(),
    possible=st.booleans(),
    tier=st.sampled_from(["", "gold", "Platinum"]),
    contract_value=st.none() | st.decimals(0, 10**9, places=2),
    currency=st.sampled_from(["", "EUR", "USD", "JPY"]),
    escalated=st.booleans(),
    do_not_call=st.booleans(),
    forgotten=st.booleans(),
    account_manager=st.sampled_from(["", "olga", "piet"]),
    timezone=st.sampled_from(["", "Europe/Berlin", "America/New_York", "Mars/Base"]),
    contacts=st.lists(contacts, max_size=3).map(tuple),
    letter=st.sampled_from([(), ("Totals are wrong.",), ("Bolt Ltd has it too.",)]),
    letter_lacks=st.booleans(),
    hurt=st.none() | hurts,
    standing=standings,
    talks=st.lists(st.builds(Talk, st.just(NOW - timedelta(hours=30))), max_size=1).map(tuple),
    promise_overdue=st.booleans(),
)
everybody = st.lists(candidates, max_size=12, unique_by=lambda one: one.key)
rules = st.builds(
    CallRules,
    capacity=st.none() | st.integers(1, 3),
    fatigue_days=st.integers(0, 5),
    override_hours=st.sampled_from([frozenset(), frozenset({"SEV1"}), ANY_HOUR]),
)
WEIGHTS = RankingWeights(currency="EUR", rates={"USD": Decimal("0.92")})


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(everybody, rules, st.randoms(use_true_random=False))
def test_the_promises_of_a_list(who: list[CallCandidate], how: CallRules, chance: object) -> None:
    spent = {"olga": 1}
    rows = rank_calls(who, WEIGHTS, CallingHours(), NOW, rules=how, spent=spent)
    chance.shuffle(who)  # type: ignore[attr-defined]
    assert rank_calls(who, WEIGHTS, CallingHours(), NOW, rules=how, spent=spent) == rows, "the same, the same order"
    assert sorted(row.candidate.key for row in rows) == sorted(one.key for one in who), "nobody is missing"
    assert [row.rank for row in rows] == list(range(1, len(rows) + 1))
    assert [(-row.score, row.candidate.key) for row in rows] == sorted((-r.score, r.candidate.key) for r in rows)
    for row in rows:
        _check(row)
    assert sorted(row.rank for row in by_callability(rows)) == [row.rank for row in rows]
    if how.capacity is not None:
        for owner in ("olga", "piet"):
            mine = [row for row in rows if row.candidate.account_manager == owner and row.verdict == "call"]
            free = [row for row in mine if row.band == "today" and not _is_given(row)]
            assert len(free) <= how.capacity - spent.get(owner, 0)
    scanner = LeakScanner(dict.fromkeys(["Acme Ltd", "Bolt Ltd"], "another customer's name"))
    for letter in letters_of(rows, scanner, NOW):
        if letter.is_sendable:
            assert letter.lines
            assert letter.call
            assert letter.email == "ada@example.org"
            assert letter.customer in {
                "Bolt Ltd",
                *(["Acme Ltd"] if "Bolt" not in " ".join((letter.subject, *letter.lines)) else []),
            }
    for row in rows:
        found = explain_place(rows, row.candidate.key)
        assert found is not None
        if found.above is not None:
            assert sum(found.difference.values()) == row.score - found.above.score
            assert 0 <= found.points_to_pass <= found.above.score - row.score + 1


def _is_given(row: PlannedCall) -> bool:
    standing = row.candidate.standing
    return is_severe(row.candidate) or standing.attempts > 0 or standing.status not in ("open", "not_planned")


def _check(row: PlannedCall) -> None:
    candidate, contact = row.candidate, row.contact
    assert sum(row.parts.values()) == row.score == sum(parts_for_ci(row.parts).values())
    assert all(type(points) is int for points in row.parts.values())
    assert row.verdict_because
    assert row.verdict_outside
    assert bool(row.band) == (row.verdict != "leave")
    if candidate.do_not_call or candidate.forgotten:
        assert row.verdict != "call"
    if candidate.do_not_call:
        assert (row.availability.callable, row.may_dial) == ("never", False)
    if row.verdict == "call":
        assert row.may_dial
    if row.may_dial:
        assert contact is not None
        assert not contact.do_not_call
        assert not contact.wrong_number
        assert contact.consent.lower() != "no"
        assert contact.phone_e164 or contact.phone.strip()
    else:
        assert (row.availability.callable, row.availability.window) == ("never", None)
    if is_severe(candidate):
        assert "beyond" not in row.verdict_because, "what is severe is never held back"
    if row.wanted == "call" and row.verdict == "write":
        assert row.verdict_because.split("; possible only")[0].split("; waits for")[0].endswith("so write")
    assert ("time zone not known" in row.blanks) == (not row.local_zone)
