"""DORA's measures out of counted facts: what is said, and when nothing can be."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime

import pytest

from releasewatch.domain.dora import (
    NO_CHANGE,
    NO_DEPLOYMENT,
    NO_FAILURE,
    Counted,
    Span,
    Spread,
    change_fail_rate,
    change_lead_time,
    deployment_frequency,
    deployment_rework_rate,
    failed_deployment_recovery_time,
    spans_of,
    spread_of,
)
from releasewatch.domain.dora_recovery import Failing, recovery_seconds
from releasewatch.errors import InvalidCallError


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestSpans:
    def test_all_of_it_is_one(self):
        assert spans_of(day("2026-03-05"), day("2026-04-05"), "component") == [
            Span("", day("2026-03-05"), day("2026-04-05"))
        ]

    def test_months_are_cut_at_both_ends_and_leave_no_gap(self):
        spans = spans_of(day("2025-12-31T12:00"), day("2026-02-02"), "month")
        assert [(one.label, one.since, one.until) for one in spans] == [
            ("2025-12", day("2025-12-31T12:00"), day("2026-01-01")),
            ("2026-01", day("2026-01-01"), day("2026-02-01")),
            ("2026-02", day("2026-02-01"), day("2026-02-02")),
        ]

    def test_weeks_are_those_of_iso(self):
        spans = spans_of(day("2026-12-30"), day("2027-01-11"), "week")
        assert [(one.label, one.since) for one in spans] == [
            ("2026-W53", day("2026-12-30")),
            ("2027-W01", day("2027-01-04")),
        ]

    @pytest.mark.parametrize("until", ["2026-03-01", "2026-02-28"])
    def test_a_period_ends_after_it_begins(self, until):
        with pytest.raises(InvalidCallError, match="end before it begins"):
            spans_of(day("2026-03-01"), day(until), "period")

    def test_a_period_of_too_many_weeks_is_refused(self):
        with pytest.raises(InvalidCallError, match="more than 520 weeks"):
            spans_of(day("2010-01-01"), day("2026-01-01"), "week")
        assert len(spans_of(day("2010-01-01"), day("2026-01-01"), "month")) == 192


class TestFrequency:
    SPAN = Span("", day("2026-03-01"), day("2026-03-11"))

    def test_deployments_a_day(self):
        found = deployment_frequency(Counted(deployments=5), self.SPAN, day("2026-01-01"))
        assert (found.per_day, found.days, found.because) == (0.5, 10.0, "")

    def test_days_before_the_first_deployment_are_unknown(self):
        found = deployment_frequency(Counted(deployments=5), self.SPAN, day("2026-03-09"))
        assert (found.per_day, found.days) == (2.5, 2.0)

    def test_none_in_a_known_period_is_a_figure(self):
        assert deployment_frequency(Counted(), self.SPAN, day("2026-01-01")).per_day == 0

    @pytest.mark.parametrize("first_at", [None, day("2026-03-11"), day("2026-03-10T01:00")])
    def test_nothing_is_said_of_a_time_without_knowledge(self, first_at):
        found = deployment_frequency(Counted(), self.SPAN, first_at)
        assert found.per_day is None
        assert found.because


def test_rates_are_of_those_that_succeeded():
    counted = Counted(deployments=8, failed=2, rework=3)
    assert (change_fail_rate(counted).value, deployment_rework_rate(counted).value) == (0.25, 0.375)


def test_rates_of_nothing_have_a_reason():
    for rate in (change_fail_rate(Counted()), deployment_rework_rate(Counted())):
        assert (rate.value, rate.because) == (None, NO_DEPLOYMENT)


def test_durations_of_nothing_have_a_reason():
    assert (change_lead_time(Counted()), failed_deployment_recovery_time(Counted())) == (NO_CHANGE, NO_FAILURE)
    some = Counted(lead=Spread(1, 2.0, 2.0), recovery=Spread(1, 2.0, 2.0))
    assert (change_lead_time(some), failed_deployment_recovery_time(some)) == ("", "")


@pytest.mark.parametrize("many", [1, 2, 3, 9, 10, 11, 20, 21])
def test_a_spread_is_the_middle_and_the_nearest_rank(many):
    numbers = [float(one * one) for one in range(many)]
    found = spread_of(numbers[::-1])
    assert found.facts == many
    assert found.median == statistics.median(numbers)
    assert found.p90 == next(one for place, one in enumerate(numbers, 1) if place * 10 >= many * 9)


def test_a_spread_of_nothing():
    assert spread_of([]) == Spread()


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ([Failing(None, 0.0, 50.0, False), Failing(7, 0.0, 90.0, False), Failing(8, 0.0, None, False)], 90.0),
        ([Failing(None, 20.0, 80.0, True), Failing(None, 10.0, 40.0, True), Failing(None, 0.0, 99.0, False)], 70.0),
        ([Failing(None, 20.0, None, True), Failing(None, 10.0, 40.0, True), Failing(None, 0.0, 99.0, False)], 99.0),
        ([Failing(None, 20.0, None, True)], None),
    ],
)
def test_incidents_say_when_it_was_over_once_all_of_them_are(told, seconds):
    assert recovery_seconds(told) == seconds
