"""Whom to call first in an incident is found among the few who are worth most, where that is who comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.storage import impact_survey
from releasewatch.storage.impact_survey import FirstToCall, survey
from releasewatch.storage.incidents import resolve_incident
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incident_scene import look_at
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, Telling, open_incident
from tests.support.directories import Desk
from tests.support.worlds import World, hour
from tests.usecases.test_incidents import AXES, CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

TIERS = {"gold": 12, "silver": 6, "plain": 0}
FEW = 4

CUSTOMERS = """key,name,customer_tier,escalated
a,A,,
b,B,plain,
c,C,silver,
d,D,gold,
e,E,Gold,yes
f,F,,yes
g,G,gold,
h,H,silver,
"""
USERS = "customer,component,region\n" + "".join(f"{key},invoicing,eu\n" for key in "abcdeg")
"""`f` and `h` use nothing that the deployment reaches."""


@pytest.fixture
def asked(ledger: Ledger, tmp_path: Path) -> Asked:
    return Asked(ledger, tmp_path)


class Asked:
    """An incident of a deployment that reaches six of eight customers."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.ledger = ledger
        world = World(folder, ledger, config=CONFIG)
        world.commit("invoicing", subject="Start")
        world.record(1, known=AXES)
        Desk(ledger, folder).take(customers=CUSTOMERS, contacts="customer,name\n", entitlements=USERS)
        world.commit("invoicing", subject="feat: round down")
        self.telling = Telling(hour(3), "kim@example.org", "asked", None, "shop")
        bad = world.record(2, known=AXES).number
        fields = IncidentFields(title="broken", severity="SEV2")
        self.key = open_incident(ledger, fields, self.telling, deployment_id=bad).incident.id

    def say(self, **said: list[str]) -> None:
        say_by_hand(self.ledger, self.key, said, self.telling)

    def first(self, most: int, monkeypatch: pytest.MonkeyPatch, *, few: int) -> tuple[tuple[FirstToCall, ...], int]:
        """The first to call, and how often everybody was looked at."""
        monkeypatch.setattr(impact_survey, "_MANY", few)
        looks: list[Any] = []
        with self.ledger.read() as connection:
            question = look_at(connection, resolve_incident(connection, self.key), Viewing(hour(4))).question
            first = impact_survey._first
            monkeypatch.setattr(
                impact_survey, "_first", lambda *parts, **how: looks.append(how) or first(*parts, **how)
            )
            found = survey(connection, question, TIERS, most).first
            monkeypatch.setattr(impact_survey, "_first", first)
        return found, len(looks)


@pytest.mark.parametrize(
    ("said", "most", "first", "looks"),
    [
        ({}, 3, "edg", 1),
        ({}, 4, "edgc", 1),
        ({}, 5, "edgca", 2),
        ({"affected": ["h"]}, 4, "hedg", 1),
        ({"affected": ["b", "h"]}, 3, "hbe", 1),
        ({"affected": ["a"], "cleared": ["e"]}, 3, "adg", 1),
        ({"affected": ["a"], "cleared": ["e"]}, 5, "adgcb", 2),
        ({"affected": list("abcdeg")}, 7, "edgcab", 1),
        ({"removed": list("deg")}, 2, "ca", 2),
    ],
)
def test_the_first_to_call_are_those_of_everybody(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, said: dict[str, list[str]], most: int, first: str, looks: int
) -> None:
    if said:
        asked.say(**said)
    found, looked = asked.first(most, monkeypatch, few=FEW)
    assert "".join(one.key for one in found) == first
    assert looked == looks, "everybody is looked up only where somebody else may stand before one of the worthy"
    assert asked.first(most, monkeypatch, few=len(CUSTOMERS)) == (found, 1)
