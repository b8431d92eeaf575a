"""One night: a bad deployment goes out ring by ring, is flagged, taken back here and fixed forward there, and resolved.

Hours count from midnight; customers use invoicing in one region and ring each, checkout depends on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.impacts import ImpactSaid
from releasewatch.usecases.impacts import say_by_hand, take_evidence
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incidents import IncidentFields, change_status, update_incident
from tests.support.directories import Desk
from tests.usecases.test_incidents import Watch, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

PLACES = [(region, ring) for region in ("asia", "eu", "us") for ring in ("early", "late")]
CUSTOMERS = (
    "key,name\n" + "".join(f"{region}-{ring},{region} {ring}\n" for region, ring in PLACES) + "far,Far\nold,Old\n"
)
ENTITLEMENTS = (
    "customer,component,region,ring\n"
    + "".join(f"{region}-{ring},invoicing,{region},{ring}\n" for region, ring in PLACES)
    + "far,checkout,us,late\nold,mail,eu,early\n"
)
FLAG = 3 + 10 / 60


class Night(Watch):
    """The night of the bad rounding."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        super().__init__(folder, ledger)
        Desk(ledger, folder, directory="night").take(customers=CUSTOMERS, entitlements=ENTITLEMENTS)
        self.words: list[Any] = []

    def counts(self, key: str, at: float, known: float | None = None) -> tuple[int, ...]:
        c = self.show(key, at, known=known)["customers"]
        assert c["presumed"] + c["possible"] + c["affected"] + c["cleared"] == c["exposed"]
        assert c["still_exposed"] + c["returned"] == c["exposed"] - c["cleared"]
        names = ("presumed", "possible", "affected", "cleared", "still_exposed", "returned")
        return tuple(c[name] for name in names)


@pytest.fixture
def night(tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Night:
    monkeypatch.setattr("tests.usecases.test_incidents.CUSTOMERS", "key,name\nnobody,Nobody\n")
    monkeypatch.setattr("tests.usecases.test_incidents.ENTITLEMENTS", "customer,component\n")
    return Night(tmp_path, ledger)


def test_the_night(night):
    ledger = night.ledger
    early = night.record(2, rings=["early"], run="early")
    late = night.record(3, rings=["late"], run="late")

    # 03:10, one line: no suspect is named yet, and customers of invoicing everywhere may be hurt.
    key = night.open(FLAG, components=[("invoicing", "")], severity="SEV2", detected_by="monitoring", key="page-9")
    assert night.counts(key, FLAG) == (6, 1, 0, 0, 7, 0)

    # First the later ring is blamed: its three customers, and who uses checkout there.
    link_deployment(ledger, key, late.number, "suspect", night.telling(3.3, "went live just before"))
    assert night.counts(key, 3.3) == (3, 1, 0, 0, 4, 0)
    assert night.show(key, 3.3)["incident"]["impact_started_at"] == "2026-03-01T03:00:00Z"

    # They are asked: one was hurt; one was not, and stays cleared whatever is blamed.
    words = {"affected": ["us-late"], "cleared": ["asia-late"]}
    say_by_hand(ledger, key, words, night.telling(3.4, "asked them"), level="partial")
    assert night.counts(key, 3.5) == (1, 1, 1, 1, 3, 0)

    # The blame moves: it began with the early ring. The graphs show since when.
    link_deployment(ledger, key, early.number, "confirmed", night.telling(3.6, "errors since then"))
    link_deployment(ledger, key, late.number, "confirmed", night.telling(3.6, "the same change"))
    update_incident(
        ledger, key, IncidentFields(impact_started_at=hour(2.2), status="identified"), night.telling(3.6, "graphs")
    )
    assert night.counts(key, 3.7) == (4, 1, 1, 1, 6, 0)
    assert night.counts(key, 3.7, known=3.5) == (1, 1, 1, 1, 3, 0), "what was known before is still there"
    assert night.counts(key, 2.5) == (3, 0, 1, 1, 4, 0), "at half past two the late ring had not got it"

    # eu is rolled back first, by a deployment of the old head.
    night.record(4, night.good, regions=["eu"], run="back")
    assert night.counts(key, 4.1) == (4, 1, 1, 1, 4, 2)
    assert night.show(key, 4.1)["proposed_fixes"] == ["D-4"]

    # Measured: two more were hurt; the file is read twice, one of its rows is nobody's.
    evidence = [
        ImpactSaid("eu-early", "affected", hour(2.2), hour(4), 120, line=2),
        ImpactSaid("asia-early", "affected", hour(2.3), None, 80, "a note", line=3),
        ImpactSaid("nobody at all", "affected", line=4),
    ]
    told = take_evidence(ledger, key, evidence, night.telling(4.2))
    assert (told.added.new, told.added.same, [line for line, _ in told.added.refused]) == (2, 0, [4])
    again = take_evidence(ledger, key, evidence, night.telling(4.3))
    assert (again.added.new, again.added.same) == (0, 2)
    assert night.counts(key, 4.3) == (2, 1, 3, 1, 4, 2)

    # us and asia are fixed forward, and the commit says so.
    night.world.commit("invoicing", subject="fix: round half up", trailers={"Fixes": key})
    night.record(5, regions=["us", "asia"], run="forward")
    assert night.counts(key, 5.2) == (2, 1, 3, 1, 0, 6)
    assert night.counts(key, 4.5) == (2, 1, 3, 1, 4, 2), "and before that they were not"
    places = {(one["region"], one["ring"]): one["returned"] for one in night.show(key, 5.2)["places"]}
    assert places == {(region, ring): 1 for region, ring in PLACES if (region, ring) != ("asia", "late")} | {
        ("us", "late"): 2
    }

    # Over at five past five, closed at six; told in the record as two things.
    change_status(ledger, key, "resolved", night.telling(6, "no errors since"), hour(5.1))
    shown = night.show(key, 7)
    assert shown["incident"]["status"] == "resolved"
    assert (shown["incident"]["impact_started_at"], shown["incident"]["impact_ended_at"]) == (
        "2026-03-01T02:12:00Z",
        "2026-03-01T05:06:00Z",
    )
    assert shown["fixed_by"] == ["D-5"]
    assert [(one["id"], one["state"]) for one in shown["deployments"]] == [("D-2", "confirmed"), ("D-3", "confirmed")]
    assert night.counts(key, 7) == (2, 1, 3, 1, 0, 6)
    states = night.customers(key, 7)
    assert states["us-late"] == ("affected", False)
    assert states["asia-late"] == ("cleared", False)
    assert states["far"] == ("possible", False)
    assert "old" not in states
