"""A list that holds only so many is the beginning of the list of everybody, and says who is beyond it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.call_incidents import usual_weights
from releasewatch.domain.call_purposes import IN_IT
from releasewatch.domain.call_rules import CallRules
from releasewatch.domain.call_scores import RankingWeights
from releasewatch.domain.impacts import ImpactSaid
from releasewatch.errors import RefusedError
from releasewatch.storage import call_facts, calls
from releasewatch.usecases import call_choosing, incident_choosing
from releasewatch.usecases.call_attempts import Noted, log_attempt
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_documents import call_document
from releasewatch.usecases.calls import list_calls, plan_calls
from releasewatch.usecases.impacts import say_by_hand, take_evidence
from releasewatch.usecases.inbound import Asked, Told, take_report
from releasewatch.usecases.incident_calls import list_incident_calls, plan_incident_calls
from releasewatch.usecases.incidents import IncidentFields, Telling, change_status, open_incident
from releasewatch.usecases.sameness import Word, merge_customers
from tests.support.directories import Desk
from tests.support.worlds import World, hour
from tests.usecases.test_incidents import AXES, CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

MANY = 28
NOW = 40.0
WEIGHTS = RankingWeights(
    currency="EUR",
    rates={"USD": Decimal("0.92"), "JPY": Decimal("0.006")},
    customer_tier={"Platinum": 20, "gold": 12, "öko": 9},
)
"""The points where nobody says otherwise, in one currency, with a tier whose case only Python knows."""


class Crowd:
    """A directory by chance, a deployment that is good news to some, one that is to blame, and what people said."""

    def __init__(self, folder: Path, ledger: Ledger, seed: int) -> None:
        self.ledger, self.folder, self.chance = ledger, folder, Random(seed)
        world = World(folder, ledger, config=CONFIG)
        world.commit("invoicing", "checkout", "mail", subject="Start")
        world.record(1, known=AXES)
        self._directory()
        self._report("k3", "SUP-7", 1.5)
        world.commit("invoicing", subject="feat!: round down\n\nCustomer: k5\nCustomer: k6")
        world.commit("mail", subject="fix: an answer\n\nFixes: SUP-7")
        self.care = world.record(2, known=AXES, regions=("eu", "us")).number
        world.commit("invoicing", "mail", subject="fix: faster")
        self.bad = world.record(3, known=AXES).number
        with_reason = self._telling(7)
        fields = IncidentFields(severity="SEV3", title="broken", components=(("invoicing", "partial"),))
        self.incident = open_incident(ledger, fields, with_reason, deployment_id=self.bad).incident.id
        other = IncidentFields(severity="SEV4", title="before")
        self.other = open_incident(ledger, other, self._telling(6), deployment_id=self.bad).incident.id
        self._words()

    def how(self, most: int, **more: Any) -> Planning:
        by_itself = ("SEV3", "SEV4")
        rules = CallRules(fatigue_days=0)
        return Planning(hour(NOW), WEIGHTS, most=most, rules=rules, approve_by_itself=by_itself, **more)

    def _telling(self, at: float) -> Telling:
        return Telling(hour(at), "kim@example.org", "asked", None, "shop")

    def _directory(self) -> None:
        pick = self.chance.choice
        customers = (
            "key,name,customer_tier,account_manager,country,timezone,escalated,contract_value,currency,renewal_on\n"
        )
        entitlements = "customer,component,region\n"
        for number in range(MANY):
            tier = pick(["", "PLATINUM", "gold", "Gold", "ÖKO", "öko", "bronze"])
            place = pick([",", "DE,Europe/Berlin", "JP,Asia/Tokyo", "US,America/Chicago"])
            value = pick([",", "999.99,EUR", "1000,", "1086.95,USD", "1086.96,USD", "9000000,JPY", "50000,CHF"])
            renewal = pick(["", "2026-03-02", "2026-03-03", "2026-05-31", "2026-06-01", "2027-01-01"])
            escalated = pick(["", "", "", "yes"])
            customers += (
                f"k{number},Number {number},{tier},{pick(['', 'olga'])},{place},{escalated},{value},{renewal}\n"
            )
            for component in self.chance.sample(["invoicing", "checkout", "mail"], pick([1, 1, 2])):
                entitlements += f"k{number},{component},{pick(['', 'eu', 'us', 'asia', '?'])}\n"
        Desk(self.ledger, self.folder).take(customers=customers, entitlements=entitlements)
        for number in self.chance.sample(range(MANY), 2):
            into = pick([one for one in range(MANY) if one != number])
            try:
                merge_customers(self.ledger, f"k{number}", f"k{into}", Word("kim", "bought", hour(-800)))
            except RefusedError:
                continue

    def _report(self, customer: str, reference: str, at: float) -> None:
        told = Told(note="it fails", reported_at=hour(at), reference=reference)
        take_report(self.ledger, customer, told, "kim", Asked(hour(at), timedelta(hours=1), "shop"))

    def _words(self) -> None:
        sample = self.chance.sample
        for ref in (self.incident, self.other):
            said = sample(range(MANY), 4)
            for number, state in zip(said, ("affected", "cleared", "added", "removed"), strict=True):
                say_by_hand(self.ledger, ref, {state: [f"k{number}"]}, self._telling(8), level="major_outage")
            hurt = [f"k{n}" for n in sample(range(MANY), 3) if n not in said]
            rows = [ImpactSaid(key, "affected", hour(1), hour(20), line=line) for line, key in enumerate(hurt, 1)]
            take_evidence(self.ledger, ref, rows, self._telling(21))
        self.reporters = [f"k{number}" for number in sample(range(MANY), 3)]
        for key in self.reporters:
            self._report(key, "", 9)
        plan_incident_calls(self.ledger, self.other, replace(self.how(1000), now=hour(22)))
        with self.ledger.read() as connection:
            planned = sorted(row.call_id for row in connection.execute(calls.select(calls.t.call.c.call_id)))
        for number in sample(planned, min(3, len(planned))):
            noted = Noted("phone", "connected", promise="a call back", due_on=date(2026, 3, 2), at=hour(23))
            log_attempt(self.ledger, f"C-{number}", noted, "kim", replace(self.how(1000), now=hour(24)))


def rows_of(made: Any) -> list[dict[str, Any]]:
    return [call_document(row) for row in made.calls.rows]


def without_rank(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "rank"}


def check_first(whole: Any, part: Any, most: int, kept: set[str], kinds: Counter[str]) -> None:
    rows = rows_of(whole)
    wanted = [row for row in rows if row["rank"] <= most or row["customer"] in kept]
    found = rows_of(part)
    assert [(row["customer"], row["score"]) for row in found] == [(row["customer"], row["score"]) for row in wanted]
    assert list(map(without_rank, found)) == list(map(without_rank, wanted))
    assert [row["rank"] for row in found] == list(range(1, len(found) + 1))
    beyond = part.calls.beyond
    assert beyond.customers == len(rows) - len(found), "whoever is not on it is counted"
    assert beyond.counts == {kind: many for kind, many in kinds.items() if many}
    assert part.calls.waiting == whole.calls.waiting


@pytest.fixture
def crowd(request: Any, tmp_path: Path, ledger: Ledger) -> Crowd:
    return Crowd(tmp_path, ledger, request.node.callspec.params.get("seed", 1))


def kinds_of(rows: Any, there: set[str], kind: Any) -> Counter[str]:
    return Counter(kind(row) for row in rows if row.candidate.key not in there)


def keys_of(made: Any) -> set[str]:
    return {row.candidate.key for row in made.calls.rows}


@pytest.mark.parametrize(
    ("seed", "ledger_url"), [(1, "sqlite"), (2, "sqlite"), (3, "postgresql")], indirect=["ledger_url"]
)
def test_a_list_of_so_many_is_the_beginning_of_all(crowd, seed, monkeypatch):
    check_deployment(crowd, monkeypatch, opaque=seed == 2)
    check_incident(crowd, monkeypatch, heavy() if seed == 2 else WEIGHTS, opaque=seed == 1)


def check_deployment(crowd: Crowd, monkeypatch: Any, *, opaque: bool) -> None:
    whole = list_calls(crowd.ledger, crowd.care, crowd.how(1000, opaque=opaque))
    assert not whole.calls.beyond.customers
    with monkeypatch.context() as patched:
        patched.setattr(call_facts, "_FEW", 0)
        for most in (2, 7):
            part = list_calls(crowd.ledger, crowd.care, crowd.how(most, opaque=opaque))
            # Whom a change names, and who reported what it settles, is on it whatever they score.
            named = {row.candidate.key for row in whole.calls.rows if row.candidate.reach == "named"}
            kept = (named | survivors(crowd, ["k3", "k5", "k6"])) & keys_of(whole)
            kinds = kinds_of(whole.calls.rows, keys_of(part), lambda row: row.candidate.reach)
            check_first(whole, part, most, kept, kinds)


def check_incident(crowd: Crowd, monkeypatch: Any, weights: RankingWeights, *, opaque: bool) -> None:
    how = replace(crowd.how(1000, opaque=opaque), weights=weights)
    whole = list_incident_calls(crowd.ledger, crowd.incident, how)
    assert not whole.calls.beyond.customers
    with monkeypatch.context() as patched:
        patched.setattr(call_facts, "_FEW", 0)
        for most in (2, 7):
            part = list_incident_calls(crowd.ledger, crowd.incident, replace(how, most=most))
            kinds = kinds_of(whole.calls.rows, keys_of(part), lambda row: row.candidate.hurt.state)
            # Who told us something since it began is on it whatever they score.
            kept = survivors(crowd, crowd.reporters) & keys_of(whole)
            check_first(whole, part, most, kept, kinds)
            assert part.calls.incident.left_out == whole.calls.incident.left_out


def survivors(crowd: Crowd, keys: list[str]) -> set[str]:
    """These customers, and who took them over."""
    with crowd.ledger.read() as connection:
        found = call_facts.customers_called(connection, keys)
        return set(call_facts.keys_of(connection, sorted(found)).values())


def heavy() -> RankingWeights:
    """Minutes within their hours outweigh everything: what SQL cannot know decides."""
    return replace(WEIGHTS, incident=replace(usual_weights(), minutes_each=1, minutes_max=500))


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_who_has_a_call_stays_on_a_list_that_holds_fewer(crowd, monkeypatch):
    plan_incident_calls(crowd.ledger, crowd.incident, crowd.how(1000))
    whole = list_incident_calls(crowd.ledger, crowd.incident, crowd.how(1000))
    with crowd.ledger.read() as connection:
        planned = calls.planned_customers(connection, calls.ListOf(incident_id=int(crowd.incident[4:])))
        kept = set(call_facts.keys_of(connection, sorted(planned)).values()) | survivors(crowd, crowd.reporters)
    monkeypatch.setattr(call_facts, "_FEW", 0)
    again = plan_incident_calls(crowd.ledger, crowd.incident, crowd.how(2))
    assert (again.added, again.withdrawn) == (0, {}), "nobody loses a call because the list holds fewer"
    kinds = kinds_of(whole.calls.rows, keys_of(again), lambda row: row.candidate.hurt.state)
    check_first(whole, again, 2, kept, kinds)
    change_status(crowd.ledger, crowd.incident, "cancelled", crowd._telling(30))
    monkeypatch.undo()
    ended = list_incident_calls(crowd.ledger, crowd.incident, crowd.how(1000))
    monkeypatch.setattr(call_facts, "_FEW", 0)
    few = list_incident_calls(crowd.ledger, crowd.incident, crowd.how(2))
    assert rows_of(few) == rows_of(ended)
    assert few.calls.beyond.customers == 0
    check_planning(crowd, monkeypatch)


@pytest.mark.parametrize("ledger_url", ["sqlite", "postgresql"], indirect=True)
def test_of_very_many_reporters_the_first_are_kept_and_the_others_counted(crowd, monkeypatch):
    whole = list_incident_calls(crowd.ledger, crowd.incident, crowd.how(1000))
    there = [row.candidate.key for row in whole.calls.rows if row.candidate.hurt.state in IN_IT]
    for minutes, key in enumerate(reversed(there)):  # the last of the list first, and all of them
        crowd._report(key, "", 10 + minutes / 60)
    whole = list_incident_calls(crowd.ledger, crowd.incident, crowd.how(1000))
    before = survivors(crowd, crowd.reporters) & set(there)  # at 9 o'clock
    kept = set([*sorted(before), *(one for one in reversed(there) if one not in before)][:6])
    assert len(before) < 6 < len(there) - 2
    monkeypatch.setattr(call_facts, "_FEW", 0)
    monkeypatch.setattr(incident_choosing, "REPORTERS", 6)
    part = list_incident_calls(crowd.ledger, crowd.incident, crowd.how(2))
    assert len(part.calls.rows) <= 2 + 6
    kinds = kinds_of(whole.calls.rows, keys_of(part), lambda row: row.candidate.hurt.state)
    check_first(whole, part, 2, kept, kinds)


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_where_more_stay_than_a_statement_can_name_the_list_is_the_same(crowd, monkeypatch):
    plan_incident_calls(crowd.ledger, crowd.incident, crowd.how(7))
    monkeypatch.setattr(call_facts, "_FEW", 0)
    named = list_incident_calls(crowd.ledger, crowd.incident, crowd.how(3))
    monkeypatch.setattr(call_choosing, "AT_ONCE", 4)
    unnamed = list_incident_calls(crowd.ledger, crowd.incident, crowd.how(3))
    assert len(named.calls.rows) > 4
    assert named.calls.beyond.customers > 0
    assert (rows_of(unnamed), unnamed.calls.beyond) == (rows_of(named), named.calls.beyond)


def check_planning(crowd: Crowd, monkeypatch: Any) -> None:
    monkeypatch.setattr(call_facts, "_FEW", 0)
    made = plan_calls(crowd.ledger, crowd.care, crowd.how(3))
    with crowd.ledger.read() as connection:
        planned = calls.planned_customers(connection, calls.ListOf(deployment_id=crowd.care))
        there = set(call_facts.keys_of(connection, sorted(planned)).values())
    assert there == {row.candidate.key for row in made.calls.rows if row.verdict != "leave"}
    assert made.calls.beyond.customers > 0
    again = plan_calls(crowd.ledger, crowd.care, crowd.how(3))
    assert (again.version, again.added, rows_of(again)) == (made.version, 0, rows_of(made)), "the same again"
