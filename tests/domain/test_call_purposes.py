"""What a customer is owed by what they were told, the verdict and the points within an incident, and its words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from releasewatch.domain.call_attempts import plan_next
from releasewatch.domain.call_bands import band_of
from releasewatch.domain.call_incidents import Agreed, Hurt, incident_parts, usual_weights, verdict_for, wording
from releasewatch.domain.call_purposes import Due, Heard, Progress, gravest, purpose_for
from releasewatch.domain.calling_hours import Availability, Window

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN = Progress("investigating", NOON, frozenset({3}), revision=7, revised_at=NOON)


def heard(purpose: str = "first_notice", state: str = "presumed", revision: int = 7, **more: object) -> Heard:
    return Heard(purpose, state, revision, NOON + HOUR, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "told", "status", "due"),
    [
        ("presumed", None, "investigating", "first_notice"),
        ("possible", None, "resolved", "after_the_fact"),
        ("affected", heard(made=False), "investigating", "first_notice"),
        ("affected", heard(), "investigating", ""),
        ("affected", heard(revision=6), "investigating", "update"),
        ("affected", heard(revision=0), "monitoring", "update"),
        ("affected", heard(), "resolved", "resolution"),
        ("affected", heard("resolution"), "resolved", ""),
        ("affected", heard("after_the_fact"), "resolved", ""),
        ("cleared", None, "investigating", ""),
        ("cleared", heard(), "investigating", "correction"),
        ("", heard(), "resolved", "correction"),
        ("presumed", heard(), "cancelled", "correction"),
        ("presumed", None, "cancelled", ""),
        ("presumed", heard(blamed=frozenset({2})), "investigating", "correction"),
        ("presumed", heard(blamed=frozenset({2, 3})), "investigating", ""),
        ("cleared", heard("correction", ""), "investigating", ""),
        ("affected", heard("correction", "cleared"), "investigating", "first_notice"),
        ("cleared", heard(made=False), "investigating", "correction"),
    ],
)
def test_what_is_owed_follows_from_what_was_told(state, told, status, due):
    progress = Progress(status, NOON, frozenset({3}), revision=7, revised_at=NOON)
    found = purpose_for(state, told, {}, progress)
    assert (found.purpose, bool(found.because)) == (due, True)


def test_a_decision_against_a_call_stands_until_what_it_is_about_comes_anew():
    assert purpose_for("presumed", None, {"first_notice": NOON}, OPEN).purpose == ""
    over = Progress("resolved", NOON, OPEN.blamed, 7, NOON)
    assert purpose_for("presumed", None, {"first_notice": NOON}, over).purpose == ""
    old = heard(revision=6)
    assert purpose_for("presumed", old, {"update": NOON + 2 * HOUR}, OPEN).purpose == ""
    newer = Progress("monitoring", NOON, OPEN.blamed, 9, NOON + 3 * HOUR)
    assert purpose_for("presumed", old, {"update": NOON + 2 * HOUR}, newer).purpose == "update"
    assert purpose_for("cleared", heard(), {"correction": NOON}, OPEN).purpose == "correction"
    assert purpose_for("cleared", heard(), {"correction": NOON + 2 * HOUR}, OPEN).purpose == ""


def test_a_call_is_named_by_the_gravest_of_its_purposes():
    assert gravest(["resolution", "update", "first_notice"]) == "first_notice"
    assert gravest(["first_notice", "correction"]) == "correction"


def hurt(state: str, severity: str, purpose: str = "first_notice", **more: object) -> Hurt:
    return Hurt("INC-1", severity, state, Due(purpose, "because"), **more)  # type: ignore[arg-type]


def test_the_verdict_is_by_severity_state_and_minutes_in_their_working_hours():
    assert verdict_for(hurt("possible", "SEV1"))[0] == "call"
    assert verdict_for(hurt("possible", ""))[0] == "write"
    assert verdict_for(hurt("presumed", "SEV3", minutes=59))[0] == "write"
    assert verdict_for(hurt("presumed", "SEV3", minutes=60))[0] == "call"
    assert verdict_for(hurt("presumed", "SEV2", "update"))[0] == "write"
    assert verdict_for(hurt("affected", "SEV2", "update"))[0] == "call"
    assert verdict_for(hurt("possible", "SEV2", "resolution"))[0] == "leave"
    assert verdict_for(hurt("possible", "SEV2", "resolution", told=True))[0] == "write"
    assert verdict_for(hurt("presumed", "SEV5", "update", told=True))[0] == "write"
    assert verdict_for(hurt("cleared", "SEV2", "correction", spoken=True))[0] == "call"
    assert verdict_for(hurt("cleared", "SEV2", "correction"))[0] == "write"
    assert verdict_for(Hurt("INC-1", "SEV1", "affected", Due("", "they know"))) == ("leave", "they know")


@pytest.mark.parametrize("state", ["affected", "presumed", "possible"])
@pytest.mark.parametrize("severity", ["SEV1", "SEV2", "", "SEV3", "SEV4", "SEV5"])
@pytest.mark.parametrize("minutes", [None, 0, 60])
def test_who_was_not_told_is_called_after_the_fact_as_they_would_have_been_before(severity, state, minutes):
    before, after = (
        verdict_for(hurt(state, severity, purpose, minutes=minutes)) for purpose in ("first_notice", "after_the_fact")
    )
    assert after == before


@pytest.mark.parametrize("severity", ["SEV1", "SEV2", "", "SEV3", "SEV4", "SEV5"])
def test_who_reported_it_is_called_however_little_it_is_and_counts_as_affected_later(severity):
    for state in ("affected", "presumed", "possible"):
        said = hurt(state, severity, reported_at=NOON)
        assert verdict_for(said)[0] == verdict_for(replace(said, due=Due("after_the_fact", "it is over")))[0] == "call"
        for later in ("update", "resolution"):
            affected = verdict_for(hurt("affected", severity, later))[0]
            assert verdict_for(replace(said, due=Due(later, "so it is")))[0] == affected != "leave"
    cleared = hurt("cleared", severity, "", reported_at=NOON)
    assert verdict_for(cleared)[0] == "leave", "who was shown not to be hurt is owed nothing"


def test_a_correction_is_ahead_of_what_can_wait():
    weights = usual_weights()
    corrects = sum(incident_parts(hurt("cleared", "SEV2", "correction"), weights).values())
    assert corrects > sum(incident_parts(hurt("presumed", "SEV2"), weights).values())
    parts = incident_parts(hurt("affected", "SEV1", minutes=10_000, level="partial", further=2, again=True), weights)
    assert parts["minutes"] == weights.minutes_max
    assert sum(parts.values()) == 40 + 20 + 5 + 15 + 10 + 10


def test_a_presumption_is_a_question_and_without_agreed_words_there_are_none():
    agreed = Agreed("Totals are wrong.", NOON, NOON + HOUR, ("Invoices", "Checkout"))
    first = wording("first_notice", "presumed", agreed)
    assert first[0] == "Did you notice anything wrong with Invoices and Checkout since 2026-03-02 12:00 UTC?"
    assert wording("first_notice", "affected", agreed) == ("Totals are wrong.",)
    assert wording("first_notice", "presumed", Agreed("", NOON)) == ()
    assert "was over at 2026-03-02 13:00 UTC" in wording("resolution", "affected", agreed)[-1]
    moved = wording("correction", "presumed", Agreed("New.", NOON, heard="Old.", heard_at=NOON))
    assert moved[0] == "We told you on 2026-03-02 12:00 UTC: “Old.”"
    assert moved[-1] == "New."


def test_bands_are_by_urgency_and_by_when_they_can_be_called():
    now = Availability("now", window=Window(NOON, NOON + HOUR))
    tomorrow = Availability("later", window=Window(NOON + 20 * HOUR, NOON + 28 * HOUR))
    monday = Availability("later", window=Window(NOON + 60 * HOUR, NOON + 68 * HOUR))
    assert [band_of("call", one, NOON, urgent=True) for one in (now, tomorrow, monday)] == ["now", "today", "this week"]
    assert band_of("call", Availability("unknown"), NOON, urgent=True) == "now"
    assert band_of("write", now, NOON, urgent=True) == "today"
    assert band_of("call", now, NOON, urgent=False) == "this week"
    assert band_of("leave", now, NOON, urgent=True) == ""


def test_a_try_takes_nobody_out_of_today_but_who_is_to_be_called_later():
    monday = Availability("later", window=Window(NOON + 60 * HOUR, NOON + 68 * HOUR))
    for tries_from, band in ((NOON, "today"), (NOON + 24 * HOUR, "today"), (NOON + 25 * HOUR, "this week")):
        assert band_of("call", monday, NOON, urgent=True, tries_from=tries_from) == band
    now = Availability("now", window=Window(NOON, NOON + HOUR))
    assert band_of("call", now, NOON, urgent=True, tries_from=NOON) == "now"
    assert band_of("call", now, NOON, urgent=False, tries_from=NOON) == "this week"


def test_the_next_attempt_is_later_each_time():
    assert [plan_next("no_answer", tries, NOON) for tries in (0, 1, 2, 5)] == [
        NOON + 2 * HOUR,
        NOON + 4 * HOUR,
        NOON + 24 * HOUR,
        NOON + 24 * HOUR,
    ]
    assert plan_next("connected", 0, NOON) is plan_next("wrong_number", 0, NOON) is None
