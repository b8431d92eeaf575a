"""Whom a fact concerns, and when a notification is tried again."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from releasewatch.domain.notifications import WHEN, Fact, Rule, concerned, next_try

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEPLOYED = Fact("deployment_recorded", "deployment", 7, "1 succeeded", AT, environment="production")
BROKEN = Fact("incident_opened", "incident", 7, "3", AT, environment="production", severity="SEV2")


def kinds(rule: Rule, fact: Fact) -> list[str]:
    return [one.kind for one in concerned([rule], fact)]


def test_a_rule_is_told_of_what_it_names() -> None:
    everything = Rule("all", frozenset(WHEN))
    assert kinds(everything, BROKEN) == ["incident_opened"]
    assert kinds(Rule("some", frozenset({"incident_updated"})), BROKEN) == []
    assert kinds(Rule("big", frozenset({"exposure_over"}), exposure_over=3), DEPLOYED) == ["exposure_over"]


@pytest.mark.parametrize(
    ("environments", "of", "told"),
    [
        ((), "staging", True),
        (("production",), "production", True),
        (("production",), "staging", False),
        (("production",), "", True),  # where it is not known, nobody is ruled out
    ],
)
def test_only_of_some_environments(environments: tuple[str, ...], of: str, told: bool) -> None:
    rule = Rule("r", frozenset(WHEN), frozenset(environments))
    assert bool(kinds(rule, replace(BROKEN, environment=of))) is told


@pytest.mark.parametrize(
    ("least", "of", "told"),
    [("SEV2", "SEV1", True), ("SEV2", "SEV2", True), ("SEV2", "SEV3", False), ("SEV2", "", True), ("SEV1", "", False)],
)
def test_only_from_some_severity_on(least: str, of: str, told: bool) -> None:
    assert bool(kinds(Rule("r", frozenset(WHEN), severity=least), replace(BROKEN, severity=of))) is told


def test_a_severity_is_asked_of_incidents_alone() -> None:
    assert kinds(Rule("r", frozenset({"deployment_recorded"}), severity="SEV1"), DEPLOYED) == ["deployment_recorded"]


def test_the_same_fact_has_the_same_key_and_no_other_has_it() -> None:
    rules = [Rule("a", frozenset(WHEN)), Rule("b", frozenset(WHEN))]
    others = [DEPLOYED, replace(DEPLOYED, number=8), replace(DEPLOYED, occasion="2 succeeded"), BROKEN]
    keys = [one.key for fact in others for one in concerned(rules, fact)]
    assert len(keys) == len(set(keys)) == 14
    assert keys == [one.key for fact in others for one in concerned(rules, replace(fact, at=AT + timedelta(1)))]
    assert all(re.fullmatch(r"\w+", key) for key in keys)


def test_it_is_tried_later_each_time() -> None:
    waits = [int((next_try(many, AT) - AT).total_seconds() // 60) for many in range(1, 13)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]


@pytest.mark.parametrize(("asked", "seconds"), [(10, 60), (7200, 7200), (10**9, 86400)])
def test_a_receiver_may_ask_for_more_time_and_not_for_ever(asked: float, seconds: int) -> None:
    assert next_try(1, AT, asked) == AT + timedelta(seconds=seconds)
