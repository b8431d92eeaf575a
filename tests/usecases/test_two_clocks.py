"""Two clocks on directory and catalog: three imports and a catalog change, as it was and as it was known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from releasewatch.domain.privacy import Reveal
from releasewatch.storage.customers import When
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.catalog import catalogs_in_ledger
from releasewatch.usecases.customers import Looking, list_document, show_document
from releasewatch.usecases.exposure import Asking, list_exposed
from tests.support.directories import Desk
from tests.support.worlds import THREE, Done, World, hour

FIRST = {
    "customers": "key,name,customer_tier,aliases\nA,Acme,gold,acme.example\nB,Bee,,\n",
    "contacts": "customer,key,name,phone\nA,c1,Ann,+49 30 23125 101\n",
    "entitlements": "customer,component\nA,shop/a\n",
}
SECOND = {
    "customers": "key,name,customer_tier,aliases\nA,Acme,platinum,\nB,Bee,,acme.example\n",
    "contacts": "customer,key,name,phone\nA,c1,Ann,+49 30 23125 102\n",
    "entitlements": "customer,component\nB,shop/a\n",
}
THIRD = {
    "customers": "key,name,customer_tier,aliases\nA,Acme,platinum,\nB,Bee,,acme.example\nC,Cask,,\n",
    "entitlements": "customer,component,valid_from,valid_to\nB,shop/a,,\nC,shop/a,2026-03-01,2026-03-01\n",
}
"""A correction: Cask used it on the first of March, as nobody knew then."""


@dataclass
class Replayed:
    """What happened: imports at hours 1, 10 and 30; deployments of `a` at hours 2 and 12, the second with a changed
    catalog; one of hour 14, with another catalog, that was recorded at hour 40."""

    ledger: Ledger
    first: Done
    second: Done

    def listed(self, **clocks: float) -> dict[str, str | None]:
        """Tier by key."""
        document = list_document(self.ledger, self.looking(**clocks), limit=10, after=None)
        return {one["key"]: one["customer_tier"] for one in document["customers"]}

    def shown(self, key: str, **clocks: float) -> dict[str, Any]:
        """A customer as `customer show` gives them."""
        shown: dict[str, Any] = show_document(self.ledger, key, self.looking(**clocks))["customer"]
        return shown

    def looking(self, at: float, known_at: float | None = None) -> Looking:
        """The question with both clocks in hours."""
        return Looking(When(hour(at), None if known_at is None else hour(known_at)), Reveal.CONTACTS)

    def exposed(self, done: Done, at: float, known_at: float = 50) -> set[str]:
        """The customers whom a deployment had reached."""
        asking = Asking(done.number, now=hour(50), at=hour(at), known_at=hour(known_at))
        return {one["key"] for one in list_exposed(self.ledger, asking)}

    def needs(self, at: float, known_at: float = 50) -> dict[str, list[str]]:
        """What each component depends on."""
        (catalog,) = catalogs_in_ledger(self.ledger, hour(at), hour(known_at))
        return {one.key: list(one.depends_on) for one in catalog.components if one.depends_on}


@pytest.fixture
def replayed(ledger: Ledger, tmp_path: Path) -> Replayed:
    world = World(tmp_path, ledger)
    world.commit("a", "b", "c")
    world.record(0)
    desk = Desk(ledger, tmp_path, now=hour(0))
    desk.take(**FIRST, later=timedelta(hours=1))
    world.commit("a")
    first = world.record(2)
    desk.take(**SECOND, later=timedelta(hours=9), accept_ending=9)
    world.commit("a", config=THREE + 'depends_on = ["a"]\n')
    second = world.record(12)
    desk.take(**THIRD, later=timedelta(hours=20))
    assert desk.rejected == []
    world.commit("b", config=THREE + 'depends_on = ["b"]\n')
    world.record(14, now=hour(40), started_at=hour(14), finished_at=hour(14.1))
    return Replayed(ledger, first, second)


def test_customers_are_listed_as_they_were_and_as_they_were_known(replayed: Replayed) -> None:
    assert replayed.listed(at=5) == {"A": "gold", "B": None}
    assert replayed.listed(at=15) == {"A": "platinum", "B": None}
    assert replayed.listed(at=35) == {"A": "platinum", "B": None, "C": None}
    assert replayed.listed(at=35, known_at=15) == {"A": "platinum", "B": None}
    assert replayed.listed(at=35, known_at=5) == {"A": "gold", "B": None}
    assert replayed.listed(at=5, known_at=0.5) == {}, "nothing had been imported"


def test_a_customer_is_shown_as_they_were_and_as_they_were_known(replayed: Replayed) -> None:
    def numbers(**clocks: float) -> list[str]:
        return [one["phone_e164"][-3:] for one in replayed.shown("A", **clocks)["contacts"]]

    def uses(key: str, **clocks: float) -> list[str]:
        return [one["subject"] for one in replayed.shown(key, **clocks)["entitlements"]]

    assert (numbers(at=5), numbers(at=15), numbers(at=15, known_at=5)) == (["101"], ["102"], ["101"])
    assert (uses("A", at=5), uses("A", at=15), uses("A", at=15, known_at=5)) == (["shop/a"], [], ["shop/a"])
    assert (uses("C", at=5), uses("C", at=5, known_at=15)) == (["shop/a"], [])
    assert uses("C", at=30) == [], "valid_to in a file is inclusive, and that day is over"
    assert replayed.shown("A", at=15)["aliases"] == []
    assert replayed.shown("A", at=15, known_at=5)["aliases"] == ["acme.example"]


def test_a_list_of_the_past_sees_what_was_corrected_since_unless_asked_as_known_then(replayed: Replayed) -> None:
    assert replayed.exposed(replayed.first, at=5) == {"A", "C"}
    assert replayed.exposed(replayed.first, at=5, known_at=5) == {"A"}
    assert replayed.exposed(replayed.first, at=15) == {"A", "B", "C"}
    assert replayed.exposed(replayed.first, at=15, known_at=15) == {"A", "B"}
    assert replayed.exposed(replayed.first, at=15, known_at=1.5) == set(), "it had not been recorded"
    assert replayed.exposed(replayed.second, at=20, known_at=20) == {"B"}
    assert replayed.exposed(replayed.second, at=20) == {"B", "C"}
    assert replayed.exposed(replayed.second, at=11) == set(), "it had not begun"


def test_the_catalog_is_that_of_the_newest_deployment_then_as_known_then(replayed: Replayed) -> None:
    assert replayed.needs(at=5) == {}
    assert replayed.needs(at=13) == {"c": ["shop/a"]}
    assert replayed.needs(at=20) == {"c": ["shop/b"]}
    assert replayed.needs(at=20, known_at=20) == {"c": ["shop/a"]}, "what was recorded late was not known"
    assert replayed.needs(at=13, known_at=5) == {}
