"""Holding a catalog against what the ledger knows of customers, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select

from releasewatch.config import parse_config
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END
from releasewatch.usecases.catalog_check import Files, LedgerFacts, Telling, check_catalog, look_at_ledger
from releasewatch.usecases.sameness import Word, merge_customers
from tests.support.directories import Desk
from tests.support.worlds import World

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.domain.catalog import Catalog
    from releasewatch.storage.ledger import Ledger

NOW = datetime(2026, 3, 1, tzinfo=UTC)

CONFIG = """
[releasewatch]
repo = "shop"
[components.cart]
paths = ["cart/**"]
depends_on = ["money", "bank/ledger"]
[components.money]
type = "library"
paths = ["money/**"]
[components.back]
paths = ["back/**"]
depends_on = ["money"]
"""


def catalog(text: str = CONFIG) -> Catalog:
    return parse_config(text.encode(), "releasewatch.toml").catalog("shop")


@pytest.fixture
def shop(tmp_path: Path, ledger: Ledger) -> World:
    """A repo whose catalog stands in the ledger."""
    world = World(tmp_path, ledger, config=CONFIG)
    world.commit("cart", "money", "back")
    world.record(1)
    return world


@pytest.fixture
def desk(shop: World, tmp_path: Path) -> Desk:
    return Desk(shop.ledger, tmp_path)


def look(ledger_url: str, own: Catalog | None = None, limit: int = 10) -> LedgerFacts:
    return look_at_ledger(Secret(ledger_url), own or catalog(), NOW, limit)


def check(facts: LedgerFacts | None, own: Catalog | None = None, **how: Any) -> dict[str, Any]:
    telling = Telling(**{"limit": 10, **how})
    return check_catalog(own or catalog(), Files("f" * 40, ["cart/a"], NOW), GitignoreMapper, facts, telling)


def test_a_component_is_used_when_customers_use_what_depends_on_it(desk: Desk, ledger_url: str) -> None:
    desk.take(customers="key,name\nacme,Acme\n", entitlements="customer,component\nacme,shop/cart\n")
    facts = look(ledger_url)
    assert facts.entitled == {"shop/cart"}
    assert check(facts)["unused"] == ["shop/back"]


def test_products_and_bare_keys_count_as_well(desk: Desk, ledger_url: str) -> None:
    desk.take(
        customers="key,name\nacme,Acme\nbolt,Bolt\n",
        entitlements="customer,component,product\nacme,back,\nbolt,,all\n",
        products={"all": ("shop/ca*",), "old": ("shop/gone", "shop/cart"), "none": ("bank/*",)},
    )
    facts = look(ledger_url)
    assert facts.entitled == {"shop/back", "shop/cart"}
    assert check(facts)["unused"] == []
    assert check(facts)["dead_products"] == [
        {"product": "none", "patterns": ["bank/*"]},
        {"product": "old", "patterns": ["shop/gone"]},
    ]


def test_what_has_ended_counts_no_more_and_what_begins_later_does(desk: Desk, ledger_url: str) -> None:
    rows = "acme,shop/cart,2025-01-01,2025-12-31\nacme,shop/back,2027-01-01,\n"
    desk.take(
        customers="key,name\nacme,Acme\nbolt,Bolt\n",
        entitlements=f"customer,component,valid_from,valid_to\n{rows}bolt,shop/money,2025-01-01,2025-12-31\n",
    )
    facts = look(ledger_url)
    assert facts.entitled == {"shop/back"}
    assert (facts.without, facts.without_keys) == (1, ("bolt",))


def test_customers_without_a_component_are_counted_and_the_first_are_named(desk: Desk, ledger_url: str) -> None:
    names = [f"c{number}" for number in range(9)]
    desk.take(
        customers="key,name\n" + "".join(f"{name},N\n" for name in names),
        entitlements="customer,component\nc3,shop/cart\n",
    )
    facts = look(ledger_url, limit=3)
    assert (facts.without, facts.without_keys) == (8, ("c0", "c1", "c2"))
    shown = check(facts, limit=2)
    assert shown["unplaced"] == {"customers": 8, "keys": ["c0", "c1"], "withheld": []}
    counted = check(facts, reveal=Reveal.COUNTS)
    assert counted["unplaced"] == {"customers": 8, "keys": [], "withheld": ["keys"]}
    hidden = check(facts, opaque=True)["unplaced"]["keys"]
    assert all(key.startswith("customer-") for key in hidden)


def test_customers_who_left_the_directory_are_not_unplaced(desk: Desk, ledger_url: str) -> None:
    desk.take(customers="key,name\nacme,Acme\nbolt,Bolt\n")
    desk.take(customers="key,name\nacme,Acme\n")
    assert look(ledger_url).without_keys == ("acme",)


def test_a_merged_customer_is_the_survivor(desk: Desk, ledger: Ledger, ledger_url: str) -> None:
    desk.take(customers="key,name\nold,Old\nnew,New\nthird,Third\n", entitlements="customer,component\nold,shop/cart\n")
    with ledger.write() as connection:
        ids = {
            row.key: row.customer_id for row in connection.execute(select(t.customer.c.key, t.customer.c.customer_id))
        }
        merge = {"recorded_from": NOW, "recorded_to": OPEN_END, "why": "", "recorded_by": ""}
        connection.execute(insert(t.customer_merge), [{"customer_id": ids["old"], "survivor_id": ids["new"], **merge}])
    assert look(ledger_url).without_keys == ("third",)


def test_parents_that_nobody_is_and_keys_that_look_alike_are_named(desk: Desk, ledger: Ledger, ledger_url: str) -> None:
    desk.take(
        customers="key,name,parent,aliases\na,A,,holding\nb,B,holding,\nc,C,a,\nd,D,Nobody Ltd,\ne,E,e,\n"
        "Acme,One,,\nacme,Two,,\nACME,Three,,\n"
    )
    shown = check(look(ledger_url))
    assert shown["parents"] == {"customers": 2, "keys": ["d", "e"], "withheld": []}
    assert shown["alike_keys"] == {"customers": 3, "keys": ["ACME", "Acme", "acme"], "withheld": []}
    assert {"parents", "alike-keys"} <= set(shown["found"])
    assert check(look(ledger_url, limit=1))["alike_keys"]["keys"] == ["ACME"]
    hidden = check(look(ledger_url), reveal=Reveal.COUNTS)
    assert hidden["parents"] == {"customers": 2, "keys": [], "withheld": ["keys"]}
    for old in ("ACME", "acme"):
        merge_customers(ledger, old, "Acme", Word("one", "olga", NOW))
    desk.take(customers="key,name,parent\nd,D,b\ne,E,\n", mode="changes")
    done = check(look(ledger_url))
    assert (done["parents"]["customers"], done["alike_keys"]["customers"]) == (0, 0)


def test_entitlements_that_wait_are_told_by_what_they_name(desk: Desk, ledger_url: str) -> None:
    rows = "a,shop/next,\na,next,\nb,shop/next,\nb,,plan\nb,other/x,\n"
    desk.take(customers="key,name\na,A\nb,B\n", entitlements=f"customer,component,product\n{rows}")
    own = catalog(CONFIG + '[components.next]\npaths = ["next/**"]\n')
    shown = check(look(ledger_url, own), own)
    assert shown["waiting"] == {
        "entitlements": 5,
        "subjects": [
            {"subject": "shop/next", "entitlements": 2, "in_catalog": True},
            {"subject": "next", "entitlements": 1, "in_catalog": True},
            {"subject": "other/x", "entitlements": 1, "in_catalog": False},
            {"subject": "product:plan", "entitlements": 1, "in_catalog": False},
        ],
        "more": 0,
    }
    # Nobody waits in vain for a component of this catalog: it is used from its first deployment on.
    assert "shop/next" not in shown["unused"]
    assert check(look(ledger_url, own), own, limit=1)["waiting"]["more"] == 3


def test_cycles_are_found_over_all_repos(shop: World, tmp_path: Path, ledger: Ledger, ledger_url: str) -> None:
    bank = '[releasewatch]\nrepo = "bank"\n[components.ledger]\npaths = ["**"]\ndepends_on = ["shop/cart"]\n'
    bank += '[components.a]\ndepends_on = ["b"]\n[components.b]\ndepends_on = ["a"]\n'
    other = World(tmp_path, ledger, config=bank, key="bank")
    other.commit("x")
    other.record(2)
    assert check(look(ledger_url))["cycles"] == [["bank/ledger", "shop/cart"]]
    assert check(None)["cycles"] == []  # of the own file alone


def test_what_was_not_looked_at_is_null_and_found_in_nothing() -> None:
    shown = check(None)
    asked = ("unused", "unplaced", "waiting", "dead_products", "parents", "alike_keys")
    assert [shown[name] for name in asked] == [None] * 6
    assert shown["found"] == ["dead-pattern"]


def test_a_ledger_that_is_not_there_or_empty_is_an_error(tmp_path: Path, postgres_url: str) -> None:
    for url in (f"sqlite:///{tmp_path}/none.db", postgres_url):
        with pytest.raises(InvalidCallError, match="There is no ledger yet"):
            look_at_ledger(Secret(url), catalog(), NOW, 10)
    assert not (tmp_path / "none.db").exists()
