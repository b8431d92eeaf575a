"""Incidents, told as a release manager would: who was hurt, since when, and who is back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from releasewatch.domain.deployments import Axes
from releasewatch.domain.impacts import ImpactSaid
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.erasing import erase_customer
from releasewatch.storage.undoing_by_hand import Undone
from releasewatch.usecases.impacts import say_by_hand, take_evidence
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_fixes import fix_incident
from releasewatch.usecases.incident_showing import Showing, show_incident, stream_affected
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.incidents import (
    IncidentFields,
    Telling,
    change_status,
    open_incident,
    update_incident,
)
from releasewatch.usecases.undoing_by_hand import undo_by_hand
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

CUSTOMERS = "key,name,account_manager,customer_tier\n" + "".join(
    f"{key},{key.title()} Ltd,olga,{tier}\n"
    for key, tier in (
        ("ada", "gold"),
        ("bob", ""),
        ("cy", "platinum"),
        ("di", ""),
        ("ed", ""),
        ("fay", ""),
        ("gil", ""),
        ("hal", ""),
    )
)

ENTITLEMENTS = """customer,component,region,ring
ada,invoicing,eu,early
bob,checkout,eu,late
cy,invoicing,us,late
di,invoicing,?,late
ed,mail,eu,early
fay,invoicing,asia,late
gil,checkout,,
"""

AXES = Axes(frozenset({"asia", "eu", "us"}), frozenset({"early", "late"}))


class Watch:
    """Three regions, two rings, and somebody on call."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.ledger = ledger
        self.world = World(folder, ledger, config=CONFIG)
        self.good = self.world.commit("invoicing", "checkout", "mail", subject="Start")
        self.record(1)
        Desk(ledger, folder).take(customers=CUSTOMERS, entitlements=ENTITLEMENTS)
        self.bad = self.world.commit("invoicing", subject="feat: round down")

    def record(self, at: float, head: str = "HEAD", **more: Any) -> Done:
        return self.world.record(at, head, known=AXES, **more)

    def telling(self, at: float, why: str = "", happened: float | None = None) -> Telling:
        return Telling(hour(at), "kim@example.org", why, None if happened is None else hour(happened), "shop")

    def open(self, at: float, *, key: str = "", deployment: Done | None = None, **fields: Any) -> str:
        fields = {"title": "invoices 500", **fields}
        number = deployment.number if deployment else None
        return open_incident(
            self.ledger, IncidentFields(**fields), self.telling(at), key=key, deployment_id=number
        ).incident.id

    def show(self, ref: str, at: float, now: float = 100, known: float | None = None) -> dict[str, Any]:
        viewing = Viewing(hour(now), hour(at), None if known is None else hour(known))
        return show_incident(self.ledger, ref, Showing(viewing))

    def customers(self, ref: str, at: float, known: float | None = None) -> dict[str, tuple[str, bool]]:
        viewing = Viewing(hour(100), hour(at), None if known is None else hour(known))
        return {
            one["key"]: (one["state"], one["still_exposed"])
            for one in stream_affected(self.ledger, ref, Showing(viewing))
        }


@pytest.fixture
def watch(tmp_path: Path, ledger: Ledger) -> Watch:
    return Watch(tmp_path, ledger)


def test_a_blamed_deployment_says_who_may_be_hurt(watch):
    bad = watch.record(2)
    key = watch.open(3, deployment=bad)
    assert watch.show(key, 3)["customers"] == {
        "exposed": 6,
        "presumed": 3,
        "possible": 3,
        "affected": 0,
        "cleared": 0,
        "still_exposed": 6,
        "returned": 0,
    }
    assert watch.customers(key, 3) == {
        "ada": ("presumed", True),
        "bob": ("possible", True),
        "cy": ("presumed", True),
        "di": ("possible", True),
        "fay": ("presumed", True),
        "gil": ("possible", True),
    }


def test_components_alone_say_so_too(watch):
    watch.record(2)
    key = watch.open(3, components=[("invoicing", "partial")], regions=["eu"])
    assert watch.customers(key, 3) == {
        "ada": ("presumed", True),
        "bob": ("possible", True),
        "di": ("possible", True),
        "gil": ("possible", True),
    }


def test_a_word_counts_instead_of_what_is_derived(watch):
    bad = watch.record(2)
    key = watch.open(3, deployment=bad)
    words = {"affected": ["ada"], "cleared": ["cy"], "added": ["hal"], "removed": ["gil"]}
    say_by_hand(watch.ledger, key, words, watch.telling(4, "asked them"))
    assert watch.customers(key, 5) == {
        "ada": ("affected", True),
        "bob": ("possible", True),
        "cy": ("cleared", False),
        "di": ("possible", True),
        "fay": ("presumed", True),
        "hal": ("presumed", True),
    }


def test_a_fix_that_names_the_incident_returns_customers_where_it_goes(watch):
    bad = watch.record(2)
    key = watch.open(3, deployment=bad)
    watch.world.commit("invoicing", subject="fix: round half up")
    watch.record(4, regions=["eu"], fixes=(key,))
    after = watch.show(key, 5)
    assert (after["customers"]["still_exposed"], after["customers"]["returned"]) == (4, 2)
    assert after["fixed_by"] == ["D-3"]
    # gil uses checkout everywhere, and di nobody knows where: they may still carry it.
    assert {name for name, (_, still) in watch.customers(key, 5).items() if not still} == {"ada", "bob"}
    assert watch.show(key, 3.5)["customers"]["returned"] == 0, "before the fix nobody was back"


def test_a_trailer_names_the_incident_too(watch):
    key = watch.open(3, deployment=watch.record(2))
    watch.world.commit("invoicing", subject="fix: round half up", trailers={"Fixes": key})
    watch.world.commit("mail", subject="chore: wrap", trailers={"Fixes": "#12"})
    watch.record(4)
    assert watch.show(key, 5)["customers"]["still_exposed"] == 0
    assert watch.show(key, 5)["fixed_by"] == ["D-3"]


def test_a_fix_holds_for_whoever_is_blamed_later(watch):
    bad = watch.record(2)
    key = watch.open(3, components=[("invoicing", "")])
    watch.world.commit("invoicing", subject="fix: round half up")
    fix = watch.record(4)
    fix_incident(watch.ledger, key, fix.number, watch.telling(5))
    assert watch.show(key, 6)["customers"]["still_exposed"] == 6, "nobody is blamed yet, and it goes on"
    link_deployment(watch.ledger, key, bad.number, "confirmed", watch.telling(6, "the log says so"))
    assert watch.show(key, 6)["customers"]["still_exposed"] == 0


def test_a_rollback_by_hand_returns_customers_there_alone(watch):
    bad = watch.record(2)
    key = watch.open(3, deployment=bad)
    undone = Undone(hour(4), "the controller went back", "kim@example.org", hour(5))
    done = undo_by_hand(watch.ledger, bad.number, ["us"], [], undone)
    assert done.windows == 3
    assert watch.customers(key, 4.5)["cy"] == ("presumed", False)
    assert watch.customers(key, 3.5)["cy"] == ("presumed", True)
    assert watch.customers(key, 4.5, known=4.2)["cy"] == ("presumed", True), "it was not known then"
    assert watch.customers(key, 4.5)["ada"] == ("presumed", True)
    assert undo_by_hand(watch.ledger, bad.number, ["us"], [], undone).windows == 0
    with pytest.raises(UnknownNameError, match="no region 'uss'"):
        undo_by_hand(watch.ledger, bad.number, ["uss"], [], undone)
    with pytest.raises(InvalidCallError, match="cannot be taken back before that"):
        undo_by_hand(watch.ledger, bad.number, [], [], Undone(hour(1), "no", "", hour(5)))


def test_orders_that_cannot_be_are_refused(watch):
    key = watch.open(3, impact_started_at=hour(2.5))
    with pytest.raises(InvalidCallError, match="ended before it started"):
        change_status(watch.ledger, key, "resolved", watch.telling(4), hour(2))
    with pytest.raises(InvalidCallError, match=r"before it was opened.* started only at"):
        change_status(watch.ledger, key, "resolved", watch.telling(4, happened=2))
    with pytest.raises(InvalidCallError, match="in the future"):
        update_incident(watch.ledger, key, IncidentFields(impact_ended_at=hour(9)), watch.telling(4))
    with pytest.raises(UnknownNameError) as unknown:
        update_incident(watch.ledger, key, IncidentFields(components=[("invocing", "")]), watch.telling(4))
    assert unknown.value.hint == "Did you mean shop/invoicing?"
    change_status(watch.ledger, key, "cancelled", watch.telling(5))
    with pytest.raises(InvalidCallError, match="is cancelled, so it cannot be resolved"):
        change_status(watch.ledger, key, "resolved", watch.telling(6))
    change_status(watch.ledger, key, "investigating", watch.telling(6))
    assert change_status(watch.ledger, key, "resolved", watch.telling(7))[1] is False
    assert change_status(watch.ledger, key, "resolved", watch.telling(8))[1] is True
    assert watch.show(key, 5.5)["incident"]["status"] == "cancelled"
    assert watch.show(key, 9)["incident"]["impact_ended_because"] == "not said; when the incident was resolved"


def test_a_forgotten_customer_counts_and_nothing_that_was_said_is_left(watch):
    key = watch.open(3, deployment=watch.record(2))
    rows = [ImpactSaid("ada", "affected", note="Ada wept", line=1)]
    take_evidence(watch.ledger, key, rows, watch.telling(4, "Ada Ltd said so"))
    with watch.ledger.write() as connection:
        found = resolve_customer(connection, "ada")
        gone = erase_customer(connection, found.customer_id, [], "kim", hour(5))
    assert (gone["impact"], gone["impact_note"]) == (1, 1)
    with watch.ledger.read() as connection:
        assert connection.execute(select(t.impact.c.why)).scalars().all() == [""]
        assert connection.execute(select(t.impact_note)).all() == []
    assert watch.show(key, 6)["customers"]["affected"] == 1
