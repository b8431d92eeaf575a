"""An incident with nobody in it says why; who waits is counted; the same commit elsewhere is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.incidents import fold
from releasewatch.errors import InvalidCallError
from releasewatch.storage import incidents
from releasewatch.storage.types import LATEST
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_calls import list_incident_calls
from releasewatch.usecases.incident_documents import gather_incident
from releasewatch.usecases.incident_fixes import fix_incident, unfix_incident
from releasewatch.usecases.incident_lists import list_document
from releasewatch.usecases.incident_showing import Showing, show_incident, stream_affected
from releasewatch.usecases.incident_suspects import propose_suspects
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import IncidentFields, Telling, change_status, open_incident, update_incident
from releasewatch.usecases.suspects import Ranking
from tests.support.directories import Desk
from tests.support.worlds import World, hour
from tests.usecases.test_incidents import AXES

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

CONFIG = """
[components.invoicing]
paths = ["invoicing/**"]
depends_on = ["money"]
[components.mail]
paths = ["mail/**"]
[components.lonely]
paths = ["lonely/**"]
[components.money]
type = "library"
paths = ["money/**"]
[components.tools]
type = "library"
paths = ["tools/**"]
"""
CUSTOMERS = "key,name\nada,Ada\nbob,Bob\ncy,Cy\ndi,Di\n"
ENTITLEMENTS = """customer,component,region,version
ada,invoicing,eu,
bob,mail,us,
cy,elsewhere/billing,eu,
di,invoicing,eu,3.1
"""


class Shop:
    """D-1 begins it, D-2 brings invoicing to eu and D-3 the same commit to us, D-4 is a change of the library alone."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.ledger = ledger
        self.world = World(folder, ledger, config=CONFIG)
        self.world.commit("invoicing", "mail", "lonely", "money", "tools")
        self.world.record(1, known=AXES)
        Desk(ledger, folder).take(customers=CUSTOMERS, entitlements=ENTITLEMENTS)
        self.world.commit("invoicing")
        self.world.record(2, regions=("eu",), known=AXES)
        self.world.record(3, regions=("us",), known=AXES)
        self.world.record(4, components=("money",), stated_kind="change", head=None, title="round down", known=AXES)

    def open(self, at: float, deployment: int | None = None, **fields: Any) -> str:
        telling = Telling(hour(at), "kim@example.org", "", None, "shop")
        given = IncidentFields(**{"title": "invoices 500", **fields})
        return open_incident(self.ledger, given, telling, deployment_id=deployment).incident.id

    def show(self, key: str, at: float = 9) -> dict[str, Any]:
        return show_incident(self.ledger, key, Showing(Viewing(hour(at))))

    def telling(self, at: float, why: str = "so") -> Telling:
        return Telling(hour(at), "kim@example.org", why, None, "shop")


@pytest.fixture
def shop(tmp_path: Path, ledger: Ledger) -> Shop:
    return Shop(tmp_path, ledger)


def test_nobody_has_a_reason_and_a_command(shop):
    def told(key: str) -> tuple[str, list[str]]:
        found = shop.show(key)
        assert found["customers"]["exposed"] == 0
        return found["nobody_because"], found["next"]

    because, commands = told(shop.open(5, components=[("lonely", "")]))
    assert because == "Nobody is entitled to shop/lonely, and nothing depends on it."
    assert "releasewatch catalog check" in commands
    because, _ = told(shop.open(5, components=[("tools", "")]))
    assert because == "shop/tools is a library, and the catalog knows nothing that is built with it."
    flag = shop.open(5, deployment=4)
    because, commands = told(flag)
    assert because == (
        "shop/money is a library: customers carry it only in what is built with it and deployed (shop/invoicing), and "
        "D-4 deployed none of that."
    )
    assert f"releasewatch incident impact {flag} --add CUSTOMER --why TEXT" in commands
    assert f"releasewatch incident resolve {flag}" not in commands
    because, _ = told(shop.open(5, deployment=2, components=[("mail", "")]))
    assert because == "D-2 reaches shop/invoicing, and nothing of what INC-4 is about: shop/mail."
    because, commands = told(shop.open(5, deployment=2, regions=["us"]))
    assert (
        because
        == "2 customers are entitled to shop/invoicing, and nobody of them was reached in production, us while it hurt."
    )
    assert "releasewatch incident update INC-5 --not-region us" in commands
    because, _ = told(shop.open(5))
    assert because == "Nothing is blamed and no component is named, so nobody can be derived."
    assert shop.show(shop.open(5, components=[("invoicing", "")]))["nobody_because"] is None


def test_who_waits_is_said_of_incidents_as_of_deployments(shop):
    blamed, parts = shop.open(5, deployment=2), shop.open(5, components=[("mail", "")])
    for key in (blamed, parts):
        found = shop.show(key)
        assert (found["waiting"], found["waiting_for"]) == (1, ["elsewhere/billing"])
    assert shop.show(blamed)["pinned"] == 1
    assert list_incident_calls(shop.ledger, blamed, Planning(hour(9))).calls.unsure.waiting == 1
    assert gather_incident(shop.ledger, blamed, Showing(Viewing(hour(9)))).facts.unsure.waiting == 1
    update_incident(shop.ledger, blamed, IncidentFields(regions=["us"]), shop.telling(6))
    assert (shop.show(blamed)["waiting"], shop.show(blamed)["pinned"]) == (0, 0), "they are entitled in eu"
    change_status(shop.ledger, parts, "cancelled", shop.telling(7))
    assert shop.show(parts)["waiting"] == 0


def test_of_a_cancelled_one_nothing_is_said_to_be_carried(shop):
    key = shop.open(5, deployment=2)
    assert shop.show(key)["first_to_call"]
    change_status(shop.ledger, key, "cancelled", shop.telling(7))
    found = shop.show(key)
    assert (found["first_to_call"], found["places"], found["same_elsewhere"]) == ([], [], [])
    assert (found["customers"]["still_exposed"], found["customers"]["returned"]) == (None, None)
    (item,) = stream_affected(shop.ledger, key, Showing(Viewing(hour(9))))
    assert item["still_exposed"] is None


def test_the_same_commit_elsewhere_is_named_with_the_command(shop):
    key = shop.open(5, deployment=2)
    found = shop.show(key)
    assert [(one["deployment"], one["same_as"]) for one in found["same_elsewhere"]] == [("D-3", "D-2")]
    assert {place["region"] for place in found["same_elsewhere"][0]["places"]} == {"us"}
    assert f"releasewatch incident link {key} --deployment D-3 --state suspect --why TEXT" in found["next"]
    shop.world.commit("invoicing")
    shop.world.record(6, regions=("us",), known=AXES)
    assert shop.show(key)["same_elsewhere"] == [], "something else is live there by now"
    assert len(shop.show(key, at=5.5)["same_elsewhere"]) == 1
    link_deployment(shop.ledger, key, 3, "cleared", shop.telling(7))
    assert shop.show(key, at=5.5)["same_elsewhere"] == [], "somebody has spoken of it"


def test_suspects_as_of_an_instant(shop):
    key = shop.open(5, impact_started_at=hour(4.5), components=[("invoicing", "")])
    shop.world.commit("invoicing")
    shop.world.record(6, regions=("eu",), known=AXES)
    link_deployment(shop.ledger, key, 2, "suspect", shop.telling(7))
    fix_incident(shop.ledger, key, 5, shop.telling(8))
    unfix_incident(shop.ledger, key, 5, shop.telling(10))

    def of(at: float | None = None, known: float | None = None) -> dict[str, set[str]]:
        how = Ranking(at=None if at is None else hour(at), known_at=None if known is None else hour(known))
        found = propose_suspects(shop.ledger, key, hour(12), how)
        return {one.candidate.id: {reason.kind for reason in one.reasons} for one in found.ranked.lineup.suspects}

    assert "taken_back" not in of()["D-2"]
    assert "taken_back" in of(known=9)["D-2"], "it was said then"
    assert "taken_back" not in of(known=7.5)["D-2"]
    assert "taken_back" not in of(at=5.5, known=9)["D-2"], "it had not been taken back at that instant"
    assert "word" in of(known=7.5)["D-2"]
    assert "word" not in of(known=6.5)["D-2"]
    assert set(of(known=5)) == {"D-1", "D-2", "D-3", "D-4"}
    with pytest.raises(InvalidCallError, match=f"{key} had not been opened then"):
        of(known=4)


def test_the_list_is_filtered_as_the_statuses_fold(shop):
    keys = [shop.open(5 + number / 10) for number in range(4)]
    change_status(shop.ledger, keys[0], "resolved", shop.telling(6))
    change_status(shop.ledger, keys[0], "resolved", Telling(hour(8), "kim", "earlier", hour(5.5)))
    change_status(shop.ledger, keys[1], "cancelled", shop.telling(7))
    update_incident(shop.ledger, keys[2], IncidentFields(status="identified"), shop.telling(7))
    for at in (4.0, 5.05, 5.25, 5.7, 6.5, 7.5, 9.0):
        for known in (None, 5.25, 6.5, 7.5, 9.0):
            how = Viewing(hour(100), hour(at), None if known is None else hour(known))
            with shop.ledger.read() as connection:
                page = incidents.list_incidents(connection, limit=10)
                said = incidents.read_statements(connection, [one.incident_id for one in page])
            states = {
                one.id: fold(said[one.incident_id], hour(at), LATEST if known is None else hour(known)) for one in page
            }
            for status in ("open", "investigating", "identified", "resolved", "cancelled"):
                listed = list_document(shop.ledger, how, limit=10, cursor=None, status=status)["incidents"]
                wanted = [
                    key for key, one in states.items() if (one.is_open if status == "open" else one.status == status)
                ]
                assert [one["key"] for one in listed] == wanted, (at, known, status)
    first = list_document(shop.ledger, Viewing(hour(100)), limit=1, cursor=None, status="open")
    assert [one["key"] for one in first["incidents"]] == [keys[3]]
    after = list_document(shop.ledger, Viewing(hour(100)), limit=1, cursor=first["next_cursor"], status="open")
    assert ([one["key"] for one in after["incidents"]], after["next_cursor"]) == ([keys[2]], None)
