"""Customers who wait for what nobody knows, or run a copy of their own: counted, named, never told as left alone."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.customers import customer_id
from releasewatch.domain.note_building import build_notes
from releasewatch.domain.notes import Period
from releasewatch.domain.unsure import Unsure
from releasewatch.rendering.views import notes_view
from releasewatch.storage.exposure_unsure import find_unsure
from releasewatch.usecases.explaining import Explained, as_document, explain
from releasewatch.usecases.exposure import Asking, ask, count_document, list_exposed
from releasewatch.usecases.notes import PeriodQuestion, Reader, Reading, notes_of_period
from tests.support.directories import Desk
from tests.support.statements import listening
from tests.support.worlds import Done, World, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

CONFIG = """
[components.invoicing]
paths = ["invoicing/**"]
[components.mail]
paths = ["mail/**"]
"""
HEADER = "customer,component,product,environment,region,version,valid_to\n"
PRODUCTS = {"business": ("shop/mail", "shop/invocing"), "post": ("shop/mail",)}


class Shop:
    """A shop that deploys invoicing, to all regions or some, for customers who use what `uses` says."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.ledger = ledger
        self.world = World(folder, ledger, config=CONFIG)
        self.world.commit("invoicing", "mail", subject="Start")
        self.world.record(1, release="v1")
        self.desk = Desk(ledger, folder)

    def uses(self, *lines: str, products: Any = PRODUCTS) -> None:
        keys = sorted({line.partition(",")[0] for line in lines})
        customers = "key,name\n" + "".join(f"{key},Name of {key}\n" for key in keys)
        self.desk.take(customers=customers, entitlements=HEADER + "\n".join(lines) + "\n", products=products)

    def deploys(self, at: float = 2, folder: str = "invoicing", **more: Any) -> Done:
        self.world.commit(folder, subject="fix: round up")
        return self.world.record(at, **more)

    def asking(self, done: Done) -> Asking:
        return Asking(done.number, hour(10))

    def unsure(self, done: Done) -> Unsure:
        with self.ledger.read() as connection:
            return find_unsure(connection, ask(connection, self.asking(done)))

    def keys(self, done: Done) -> list[str]:
        return [one["key"] for one in list_exposed(self.ledger, self.asking(done))]

    def explained(self, customer: str, done: Done) -> Explained:
        return explain(self.ledger, self.asking(done), customer, UTC)


@pytest.fixture
def shop(tmp_path: Path, ledger: Ledger) -> Shop:
    return Shop(tmp_path, ledger)


def test_who_waits_is_counted_with_what_is_waited_for(shop):
    shop.uses(
        "ada,,busines,,,,",
        "bob,shop/invocing,,,,,",
        "cy,,business,,,,",
        "di,shop/invoicing,,,,,",
        "di,,busines,,,,",
        "ed,shop/mail,,,,,",
        "fay,,busines,staging,,,",
        "gil,,busines,,,,",
        "hal,,busines,?,,,",
    )
    last = shop.deploys()
    assert shop.keys(last) == ["di"]
    assert shop.unsure(last) == Unsure(5, ("busines", "business", "shop/invocing"), 3)
    (line,) = shop.unsure(last).lines
    assert line.startswith(
        "5 customers have entitlements that wait for what nobody knows yet (busines, business, shop/inv"
    )
    document = count_document(shop.ledger, shop.asking(last))
    assert (document["customers"], document["waiting"], document["waiting_subjects"]) == (1, 5, 3)
    shown = last.document["exposure"]
    assert (shown["waiting"], shown["waiting_for"][0], shown["pinned"]) == (5, "busines", 0)


def test_what_is_waited_for_is_waited_for_no_more_once_it_is_known(shop):
    shop.uses("ada,,busines,,,,", "bob,,business,,,,")
    last = shop.deploys()
    assert shop.unsure(last).waiting == 2
    shop.uses("ada,,busines,,,,", "bob,,business,,,,", products={"busines": ("shop/invoicing",), "business": ("mail",)})
    assert (shop.keys(last), shop.unsure(last)) == (["ada"], Unsure())


def test_nobody_waits_where_and_while_a_deployment_reaches_nothing(shop):
    shop.uses("ada,,busines,,us,,", "bob,,busines,,?,,", "cy,,busines,,,,1969-12-31")
    assert shop.unsure(shop.deploys(2, regions=("eu",))).waiting == 1
    assert shop.unsure(shop.deploys(3, regions=("eu", "us"))).waiting == 2
    assert shop.unsure(shop.world.record(4, regions=("eu", "us"))) == Unsure()  # the same head again changes nothing


def test_an_explanation_says_that_an_entitlement_waits_and_for_what(shop):
    shop.uses("ada,,busines,,,,", "ada,shop/mail,,,,,", "cy,,business,,,,", "ed,shop/mail,,,,,")
    last = shop.deploys()
    ada = shop.explained("ada", last)
    assert (ada.reached, ada.not_ruled_out, ada.waits_for) == (False, True, ("busines",))
    waits = "their entitlement waits, and they cannot be ruled out."
    assert ada.why_not == [
        f"They use the product busines, which the ledger does not know: {waits}",
        "They use shop/mail, which the deployment does not reach.",
    ]
    assert as_document(ada, last.id, every=False)["waits_for"] == ["busines"]
    assert shop.explained("cy", last).why_not == [
        f"They use the product business, of which shop/invocing is not known to the ledger: {waits}"
    ]
    ed = shop.explained("ed", last)
    assert (ed.not_ruled_out, ed.waits_for) == (False, ())


def test_who_runs_their_own_copy_is_counted_where_no_release_is_named(shop):
    shop.uses("ada,invoicing,,,,1.2.0,", "bob,invoicing,,,us,1.2.0,", "cy,mail,,,,1.2.0,", "di,invoicing,,,,,")
    last = shop.deploys(2, regions=("eu",))
    assert shop.keys(last) == ["di"]
    assert shop.unsure(last) == Unsure(pinned=1)
    (line,) = shop.unsure(last).lines
    assert line.startswith("1 customer runs a copy of its own, and this deployment names no release: whether it")
    ada = shop.explained("ada", last)
    unknown = "the deployment names no release, so whether it reaches them is not known."
    assert ada.not_ruled_out
    assert ada.why_not == [f"They run their own copy of shop/invoicing, 1.2.0; {unknown}"]
    named = shop.deploys(3, release="1.3.0")
    assert shop.unsure(named) == Unsure()
    assert shop.explained("ada", named).why_not == [
        "They run their own copy of shop/invoicing, 1.2.0; the deployment is of release 1.3.0."
    ]


def test_where_nobody_waits_nobody_reached_is_gone_through(shop):
    shop.uses("ada,invoicing,,,,,")
    last = shop.deploys()
    with listening() as listener:
        assert shop.unsure(last) == Unsure()
    asked = [one for one in listener.questions if "entitlement" in one.tables]
    assert len(asked) == 2
    assert not [one for one in asked if "exposed" in one.text]


def test_a_sentence_names_a_few_and_says_that_there_are_more():
    names = tuple(f"c{n}" for n in range(10))
    assert Unsure(3, names, 12).named == "c0, c1, c2, c3, c4, …"
    assert Unsure(3, names[:5], 5).named == "c0, c1, c2, c3, c4"
    assert Unsure.of(Unsure(3, names, 12, 1).document) == Unsure(3, names, 12, 1)
    assert Unsure().lines == ()


class TestNotesOfAPeriod:
    """No notes of a period say that nothing reaches a customer as long as any deployment of it may."""

    NOTHING = "There is nothing in this release that reaches them."

    def told(self, shop: Shop, customer: str, since: float = 2) -> str:
        reader = Reader(customer_id("crm", customer), customer, {})
        asked = PeriodQuestion("production", None, Period(hour(since), hour(10)))
        given, scope = notes_of_period(shop.ledger, asked, reader, Reading(hour(10)))
        return notes_view(build_notes(given, "account", scope)).nothing

    def test_an_earlier_deployment_they_may_run_a_copy_of(self, shop):
        shop.uses("ada,invoicing,,,,1.2.0,", "bob,mail,,,,1.2.0,")
        shop.deploys(2)
        shop.deploys(3, release="1.3.0")
        assert "it is not known in full what they use: they cannot be ruled out" in self.told(shop, "ada")
        assert self.told(shop, "bob") == self.NOTHING
        assert self.told(shop, "ada", since=3) == self.NOTHING

    def test_an_earlier_deployment_of_which_not_all_is_known(self, shop):
        shop.uses("ada,mail,,,,,")
        shop.world.commit("nobody's", subject="Move")
        shop.world.record(2)
        shop.deploys(3)
        assert "not all of it is known: they cannot be ruled out" in self.told(shop, "ada")
        assert self.told(shop, "ada", since=3) == self.NOTHING
