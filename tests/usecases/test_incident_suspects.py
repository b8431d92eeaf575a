"""The suspects of an incident: what it says of itself is the question, and a number never blames another deployment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.impacts import ImpactSaid
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.usecases.impacts import say_by_hand, take_evidence
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_fixes import fix_incident, has_taken_back
from releasewatch.usecases.incident_suspects import (
    Proposed,
    add_suspects,
    choose_suspect,
    propose_suspects,
)
from releasewatch.usecases.incidents import IncidentFields, open_incident, update_incident
from releasewatch.usecases.suspects import Ranking
from tests.support.statements import listening
from tests.usecases.test_incidents import Watch, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

SCORE = Ranking()


@pytest.fixture
def watch(tmp_path: Path, ledger: Ledger) -> Watch:
    """D-1 began it all, D-2 changed invoicing at 2 and D-3 mail at 2:30."""
    made = Watch(tmp_path, ledger)
    made.record(2)
    made.world.commit("mail", subject="feat: a footer")
    made.record(2.5)
    return made


def proposed(watch: Watch, key: str, at: float = 4, how: Ranking = SCORE, limit: int = 5) -> Proposed:
    return propose_suspects(watch.ledger, key, hour(at), how, limit=limit)


def numbered(found: Proposed) -> list[tuple[int | None, str]]:
    return [(one["number"], one["deployment"]) for one in found.document(100)["suspects"]]


def chosen(watch: Watch, key: str, given: str, at: float = 5) -> str:
    return choose_suspect(watch.ledger, key, given, hour(at), SCORE).suspect.candidate.id


def kinds(found: Proposed, deployment: str) -> dict[str, int]:
    (suspect,) = [one for one in found.document(100)["suspects"] if one["deployment"] == deployment]
    return {reason["kind"]: reason["points"] for reason in suspect["reasons"]}


def test_its_components_and_start_are_the_question(watch):
    key = watch.open(3, components=[("invoicing", "")])
    document = proposed(watch, key).document(2)
    assert (document["incident"], document["components"]) == (key, ["shop/invoicing"])
    assert document["began_because"] == "not said; when the incident was opened"
    assert [one["deployment"] for one in document["suspects"]] == ["D-2", "D-1"]
    assert document["none_plausible"] is False
    update_incident(watch.ledger, key, IncidentFields(impact_started_at=hour(1.5)), watch.telling(4))
    document = proposed(watch, key).document(5)
    assert document["began_because"] == "said"
    assert [one["deployment"] for one in document["suspects"]] == ["D-1"], "what went live later did not begin it"


def test_a_number_means_one_deployment_whatever_the_order_becomes(watch):
    key = watch.open(3, components=[("invoicing", "")])
    assert numbered(proposed(watch, key, limit=2)) == [(1, "D-2"), (2, "D-1"), (None, "D-3")]
    # It turns out to be about mail: another one is the first suspect now, and has the next number.
    words = IncidentFields(components=[("mail", "")], without_components=["invoicing"])
    update_incident(watch.ledger, key, words, watch.telling(4))
    assert numbered(proposed(watch, key, limit=2)) == [(3, "D-3"), (2, "D-1"), (1, "D-2")]
    assert [chosen(watch, key, number) for number in "123"] == ["D-2", "D-1", "D-3"]
    assert chosen(watch, key, "D-3") == "D-3"


def test_numbers_are_of_one_incident(watch):
    first, second = (watch.open(3, components=[(one, "")]) for one in ("invoicing", "mail"))
    assert numbered(proposed(watch, first))[0] == (1, "D-2")
    assert numbered(proposed(watch, second))[0] == (1, "D-3")
    with pytest.raises(UnknownNameError, match=r"No suspect was shown as 4 for INC-1. 1 is D-2, "):
        chosen(watch, first, "4")


def test_to_show_again_writes_nothing(watch):
    key = watch.open(3, components=[("invoicing", "")])
    proposed(watch, key)
    with listening() as heard:
        proposed(watch, key)
        propose_suspects(watch.ledger, key, hour(4), SCORE, limit=100, numbered=False)
    assert not [one.text for one in heard.heard if one.writes]


def test_what_is_no_suspect_any_more_is_refused_with_the_reason(watch):
    key = watch.open(3, components=[("invoicing", "")])
    proposed(watch, key)
    update_incident(watch.ledger, key, IncidentFields(impact_started_at=hour(1.5)), watch.telling(4))
    with pytest.raises(InvalidCallError, match=r"D-2 is no suspect of INC-1: it went live at .*, after the") as no:
        chosen(watch, key, "1")
    assert "--deployment D-2 --state suspect" in no.value.hint
    late = Ranking(look_back=timedelta(minutes=20))
    with pytest.raises(InvalidCallError, match="more than 0 days before the start"):
        choose_suspect(watch.ledger, key, "D-1", hour(5), late)
    staged = watch.record(1.2, environment="staging", tier="staging")
    with pytest.raises(InvalidCallError, match="it went to another environment"):
        chosen(watch, key, staged.id)


def test_where_those_are_who_complained_counts_unless_somebody_says_where_it_is(watch):
    watch.world.commit("invoicing", subject="feat: for the east")
    east = watch.record(2.8, regions=["asia"])
    key = watch.open(3, components=[("invoicing", "")])
    assert "place" not in kinds(proposed(watch, key), east.id)
    say_by_hand(watch.ledger, key, {"affected": ["ada"], "cleared": ["fay"]}, watch.telling(4, "they called"))
    found = proposed(watch, key)
    assert (found.document(1)["regions"], found.document(1)["rings"]) == (["eu"], ["early"])
    assert kinds(found, "D-2")["place"] == 9
    assert kinds(found, east.id).get("place", 0) < 9
    update_incident(watch.ledger, key, IncidentFields(regions=["asia"]), watch.telling(4))
    assert proposed(watch, key).document(1)["regions"] == ["asia"]
    assert kinds(proposed(watch, key), east.id)["place"] == 9


def test_it_began_when_the_first_of_them_suffered(watch):
    key = watch.open(3, components=[("invoicing", "")])
    rows = [ImpactSaid("ada", "affected", first_at=hour(2.25), line=1)]
    take_evidence(watch.ledger, key, rows, watch.telling(4, "errors"))
    found = proposed(watch, key).document(5)
    assert found["began_because"] == "not said; when the first of those affected suffered"
    assert [one["deployment"] for one in found["suspects"]] == ["D-2", "D-1"], "D-3 came later"
    document = add_suspects(watch.ledger, watch.show(key, 4, now=4), hour(4), SCORE, numbered=True)
    assert document["suspects_before"] == "2026-03-01T02:15:00Z"
    assert document["next"][0] == f"releasewatch incident update {key} --started-at 2026-03-01T02:15:00Z"


def test_what_people_said_of_blame_is_a_reason(watch):
    key = watch.open(3, components=[("invoicing", "")])
    before = proposed(watch, key).document(5)["suspects"][0]["score"]
    link_deployment(watch.ledger, key, 3, "confirmed", watch.telling(4, "the log says so"), SCORE)
    link_deployment(watch.ledger, key, 2, "cleared", watch.telling(4, "was off"), SCORE)
    found = proposed(watch, key)
    assert [one["deployment"] for one in found.document(5)["suspects"]] == ["D-3", "D-1", "D-2"]
    assert (kinds(found, "D-3")["word"], kinds(found, "D-2")["word"]) == (100 - sum_of(found, "D-3"), -before)
    clock = proposed(watch, key, how=Ranking("latest"))
    assert kinds(clock, "D-3") == {"latest": 100}, "the clock listens to nobody"


def sum_of(found: Proposed, deployment: str) -> int:
    return sum(points for kind, points in kinds(found, deployment).items() if kind != "word")


def test_what_is_blamed_and_not_looked_at_is_said(watch):
    key = watch.open(3, components=[("invoicing", "")], impact_started_at=hour(2.25))
    link_deployment(watch.ledger, key, 3, "confirmed", watch.telling(4, "surely"), SCORE)
    (outside,) = proposed(watch, key).document(5)["outside"]
    assert (outside["deployment"], outside["state"]) == ("D-3", "confirmed")
    assert "after the start" in outside["because"]


def test_the_score_and_its_reasons_are_kept_with_the_link(watch):
    key = watch.open(3, components=[("invoicing", "")])
    score = proposed(watch, key).document(1)["suspects"][0]["score"]
    _, already = link_deployment(watch.ledger, key, 2, "suspect", watch.telling(4), SCORE, with_reasons=True)
    assert not already
    (link,) = watch.show(key, 4)["deployments"]
    assert (link["state"], link["score"]) == ("suspect", score)
    assert link["reason"].startswith("changed shop/invoicing (30); changed nothing else (20); ")
    assert link_deployment(watch.ledger, key, 2, "suspect", watch.telling(5), SCORE, with_reasons=True)[1] is True
    link_deployment(watch.ledger, key, 2, "confirmed", watch.telling(6, "the log"), SCORE, with_reasons=True)
    (link,) = watch.show(key, 6)["deployments"]
    assert (link["state"], link["score"]) == ("confirmed", score), "a word does not raise the score that is kept"
    assert link["reason"].startswith("the log; changed shop/invoicing (30)")
    again = watch.telling(7, "the log")
    assert link_deployment(watch.ledger, key, 2, "confirmed", again, SCORE, with_reasons=True)[1] is True


def test_one_named_when_it_is_opened_has_its_score_too(watch):
    fields = IncidentFields(title="slow", components=[("invoicing", "")])
    key = open_incident(watch.ledger, fields, watch.telling(3), deployment_id=2, how=SCORE).incident.id
    document = add_suspects(watch.ledger, watch.show(key, 3, now=3), hour(3), SCORE, numbered=True)
    assert document["deployments"][0]["score"] > 70
    assert (document["none_plausible"], document["suspects"]) == (None, []), "somebody is blamed already"


def test_the_suspects_stand_beside_the_blame_and_not_in_it(watch):
    key = watch.open(3, components=[("invoicing", "")])
    document = add_suspects(watch.ledger, watch.show(key, 3, now=3), hour(3), SCORE, numbered=True)
    assert document["deployments"] == []
    assert [(one["number"], one["deployment"]) for one in document["suspects"]][:1] == [(1, "D-2")]
    assert document["next"][:2] == [
        "releasewatch incident link INC-1 --suspect 1",
        "releasewatch incident suspects INC-1",
    ]
    link_deployment(watch.ledger, key, 2, "cleared", watch.telling(4, "was off"), SCORE)
    document = add_suspects(watch.ledger, watch.show(key, 4, now=4), hour(4), SCORE, numbered=True)
    assert "D-2" not in [one["deployment"] for one in document["suspects"]], "what was cleared is proposed no more"


def test_none_of_these(watch):
    key = watch.open(300, components=[("mail", "")], impact_started_at=hour(1))
    document = add_suspects(watch.ledger, watch.show(key, 300, now=300), hour(300), SCORE, numbered=True)
    assert (document["none_plausible"], [one["plausible"] for one in document["suspects"]]) == (True, [False])
    assert not any("--suspect" in line for line in document["next"])
    update_incident(watch.ledger, key, IncidentFields(impact_started_at=hour(0.5)), watch.telling(300))
    document = add_suspects(watch.ledger, watch.show(key, 300, now=300), hour(300), SCORE, numbered=True)
    assert (document["none_plausible"], document["suspects"]) == (True, [])
    assert not any("--suspect" in line for line in document["next"])


def test_without_production_all_environments_are_looked_at(tmp_path, ledger):
    watch = Watch(tmp_path, ledger)
    assert numbered(proposed(watch, watch.open(3, environment="elsewhere"))) == []
    assert numbered(proposed(watch, watch.open(3))) == [(1, "D-1")]


def test_what_took_the_blamed_changes_back_is_proposed_until_it_is_the_fix(watch):
    key = watch.open(3, components=[("invoicing", "")])
    link_deployment(watch.ledger, key, 2, "suspect", watch.telling(3), SCORE)
    watch.world.commit("mail", subject="chore: unrelated")
    other = watch.record(3.5)
    back = watch.record(4, head=watch.good)
    found = watch.show(key, 5)
    assert found["proposed_fixes"] == [back.id]
    assert f"releasewatch incident link {key} --fixed-by {back.id}" in found["next"]
    assert watch.show(key, 3.7)["proposed_fixes"] == [], "it had not gone live by then"
    assert has_taken_back(watch.ledger, key, back.number)
    assert not has_taken_back(watch.ledger, key, other.number)
    assert fix_incident(watch.ledger, key, back.number, watch.telling(5))[1] == 0
    found = watch.show(key, 5)
    assert (found["fixed_by"], found["proposed_fixes"]) == ([back.id], [])


def test_the_number_of_statements_does_not_grow(watch):
    def many() -> int:
        with listening() as heard:
            proposed(watch, "INC-1", at=90, limit=1)
        return len(heard.questions)

    watch.open(80, components=[("invoicing", "")])
    proposed(watch, "INC-1", at=90, limit=1)
    before = many()
    for number in range(5):
        watch.world.commit("mail", subject=f"feat: more {number}")
        watch.record(10 + number)
    assert many() == before
