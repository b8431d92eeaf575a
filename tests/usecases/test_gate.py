"""What breaks each rule of a gate, asked of the ledger; on both databases."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from releasewatch.domain.customers import customer_id
from releasewatch.domain.freezes import Freeze
from releasewatch.domain.gate import parse_rules
from releasewatch.errors import UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.storage.deployments import get_deployment
from releasewatch.storage.gate_approvals import Planned
from releasewatch.storage.types import LATEST, OPEN_END
from releasewatch.usecases.deployments import question_of
from releasewatch.usecases.freezes import import_freezes
from releasewatch.usecases.gate import Gate, Verdict, approve, hold_to
from releasewatch.usecases.impacts import say_by_hand
from releasewatch.usecases.incidents import IncidentFields, Telling, change_status, open_incident
from releasewatch.usecases.staff import import_staff
from releasewatch.usecases.usual_reach import compare_reach
from tests.support.directories import Desk
from tests.support.worlds import Done, World, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

CONFIG = """
[components.invoicing]
paths = ["invoicing/**"]
[components.checkout]
paths = ["checkout/**"]
depends_on = ["invoicing"]
[components.mail]
paths = ["mail/**"]
"""

CUSTOMERS = """key,name,aliases,account_manager,customer_tier
ada,Ada Ltd,desk-7,olga,Gold
bob,Bob Ltd,,piet,silver
cy,Cy Ltd,,olga,
di,Di Ltd,,gone,
"""

ENTITLEMENTS = """customer,component,region
ada,invoicing,
bob,checkout,
cy,invoicing,?
di,mail,
"""

NOW = 100.0


class Hall:
    """A repo whose last deployment changed invoicing: ada directly, cy possibly, bob over checkout."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.folder, self.ledger = folder, ledger
        self.world = World(folder, ledger, config=CONFIG)
        self.world.commit("invoicing", "checkout", "mail", subject="Start")
        self.world.record(1)
        Desk(ledger, folder).take(customers=CUSTOMERS, entitlements=ENTITLEMENTS)
        self.world.commit("invoicing", files={"tools/x": "1"})
        self.last = self.world.record(NOW)

    def hold(self, *rules: str, done: Done | None = None, now: float = NOW + 1, **more: Any) -> Verdict:
        number = (done or self.last).number
        with self.ledger.read() as connection:
            found = get_deployment(connection, number)
            question = question_of(found, "production", hour(now), LATEST, {})
            document = self.world.show(done or self.last).document
            asked = Gate(parse_rules(rules), **more)
            return hold_to(connection, number, document, question, asked, "production", hour(now))

    def broken(self, *rules: str, **more: Any) -> dict[str, list[str]]:
        verdict = self.hold(*rules, **more)
        return {one.rule.text: [who.key for who in one.found.sample] for one in verdict.violations}

    def telling(self, at: float) -> Telling:
        return Telling(hour(at), "kim@example.org", "they said", None, "shop")

    def open(self, at: float, **fields: Any) -> str:
        fields = {"title": "bad", "impact_started_at": hour(at), **fields}
        return open_incident(self.ledger, IncidentFields(**fields), self.telling(at)).incident.id

    def say(self, ref: str, state: str, at: float, *customers: str) -> None:
        say_by_hand(self.ledger, ref, {state: customers}, self.telling(at))


@pytest.fixture
def hall(tmp_path: Path, ledger: Ledger) -> Hall:
    return Hall(tmp_path, ledger)


def test_counts_tiers_names_and_paths(hall):
    assert hall.broken("customers>1", "customers>2", "exposed>2", "exposed>3", "unmapped") == {
        "customers>1": ["ada", "cy"],
        "exposed>2": ["ada", "bob", "cy"],
        "unmapped": [],
    }
    assert hall.broken("tier=GOLD", "tier=silver", "customer=desk-7", "customer=di", "customer=crm:bob") == {
        "tier=GOLD": ["ada"],
        "tier=silver": ["bob"],
        "customer=desk-7": ["ada"],
        "customer=crm:bob": ["bob"],
    }
    with pytest.raises(UnknownNameError) as unknown:
        hall.hold("tier=golden")
    assert (unknown.value.message, unknown.value.hint) == (
        "No customer has the tier 'golden' of the rule tier=golden.",
        "Did you mean Gold?",
    )
    with pytest.raises(UnknownNameError):
        hall.hold("customer=nobody")
    with hall.ledger.write() as connection:
        ids = {"customer_id": customer_id("crm", "bob"), "survivor_id": customer_id("crm", "di")}
        words = {"recorded_from": hour(0), "recorded_to": OPEN_END, "why": "", "recorded_by": ""}
        connection.execute(insert(t.customer_merge).values(**ids, **words))
    assert hall.broken("customer=bob", "customer=di") == {"customer=bob": ["di"], "customer=di": ["di"]}


def test_account_managers_and_freezes(hall):
    assert hall.broken("account-manager-away", "freeze") == {}
    staff = "key,name,away_from,away_to\nolga,Olga,2026-03-05,2026-03-06\npiet,Piet,,\n"
    (hall.folder / "staff.csv").write_text(staff)
    import_staff(hall.ledger, hall.folder / "staff.csv", hour(NOW), mode="snapshot")
    assert hall.broken("account-manager-away") == {"account-manager-away": ["ada", "cy"]}
    assert hall.broken("account-manager-away", now=NOW + 48) == {}
    freezes = "customer,from,to\ndesk-7,2026-03-05,2026-03-05\nbob,2026-03-06,2026-03-07\ndi,2026-03-01,2026-03-31\n"
    (hall.folder / "freezes.csv").write_text(freezes)
    assert import_freezes(hall.ledger, hall.folder / "freezes.csv", hour(NOW)).added == 3
    assert hall.broken("freeze") == {"freeze": ["ada"]}
    assert hall.broken("freeze", now=NOW + 24) == {"freeze": ["bob"]}
    ours = Freeze("audit", date(2026, 3, 5), date(2026, 3, 5))
    (one,) = hall.hold("freeze", freezes=(ours, Freeze("other", ours.from_on, ours.to_on, "", ("staging",)))).violations
    ours_is_on = "Nothing goes to production from 2026-03-05 to 2026-03-05 (audit)."
    assert one.text == f"{ours_is_on} It reaches 1 customer who has a freeze today."


def test_incidents_that_are_open_and_customers_who_were_hurt(hall):
    checkout = hall.open(90, components=[("shop/checkout", "")])
    assert hall.broken("open-incident", "hurt-within=30d") == {}, "nothing of checkout is changed"
    staging = hall.open(90, components=[("shop/invoicing", "")], environment="staging")
    assert hall.broken("open-incident") == {}
    about = hall.open(90, components=[("shop/invoicing", "")])
    (one,) = hall.hold("open-incident").violations
    assert one.found.named == (about,)
    hall.say(checkout, "affected", 91, "ada", "cy")
    hall.say(checkout, "cleared", 92, "cy")
    hall.say(staging, "affected", 91, "bob", "di")
    change_status(hall.ledger, staging, "cancelled", hall.telling(93))
    assert hall.broken("hurt-within=1d") == {"hurt-within=1d": ["ada"]}
    change_status(hall.ledger, checkout, "resolved", hall.telling(94))
    assert hall.broken("hurt-within=1d", now=94 + 25) == {}
    assert hall.broken("hurt-within=2d", now=94 + 25) == {"hurt-within=2d": ["ada"]}
    assert hall.hold("exposed>0", fixes=(about,)).passed[0].word.ref == about
    assert hall.hold("exposed>0", fixes=(checkout,)).remarks == [
        f"{checkout} is resolved: that this fixes it lets no rule pass."
    ]


def test_an_incident_without_components_is_about_what_it_is_blamed_on(hall):
    number = hall.last.number
    told = hall.telling(NOW + 0.5)
    made = open_incident(hall.ledger, IncidentFields(title="bad"), told, deployment_id=number).incident.id
    (one,) = hall.hold("open-incident").violations
    assert one.found.named == (made,)


def test_an_approval_is_once_and_of_a_commit_that_is_known(hall):
    planned = Planned("shop", "production", hall.world.repo.head)
    how = {"why": "agreed", "recorded_by": "olga", "now": hour(NOW)}
    assert approve(hall.ledger, None, planned, "freeze", **how).before is None
    again = approve(hall.ledger, None, planned, " freeze ", **{**how, "why": "other"})
    assert again.before is not None
    assert again.before.why == "agreed"
    with pytest.raises(UnknownNameError, match="knows no commit"):
        approve(hall.ledger, None, Planned("shop", "production", "f" * 40), "freeze", **how)
    elsewhere = Planned("other", "production", planned.head)
    with pytest.raises(UnknownNameError):
        approve(hall.ledger, None, elsewhere, "freeze", **how)


def test_reach_is_compared_with_that_of_the_same_component_then(hall):
    for number in range(4):
        hall.world.commit("mail")
        hall.world.record(NOW + 1 + number)
    hall.world.commit("mail", "invoicing")
    both = hall.world.record(NOW + 10)
    with hall.ledger.read() as connection:
        found = compare_reach(connection, both.number, hall.world.show(both).document, {})
    assert found == {
        "unusual": True,
        "components": [{"component": "shop/mail", "deployments": 4, "median": 1, "most": 1}],
    }
