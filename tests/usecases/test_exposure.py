"""Who is exposed, and why, told to people: lists, pages, chains of hops, and the reason when nobody is reached."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from releasewatch.domain.customers import customer_id
from releasewatch.domain.deployments import Axes
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.storage.exposure import ExposureFilter
from releasewatch.storage.types import OPEN_END
from releasewatch.usecases.deployments import Describing, describe
from releasewatch.usecases.explaining import Explained, explain
from releasewatch.usecases.exposure import Asking, check_account_manager, count_document, list_exposed, page_exposed
from tests.support.directories import START as IMPORTED
from tests.support.directories import Desk
from tests.support.statements import listening
from tests.support.worlds import Done, World, hour

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.storage.ledger import Ledger

CONFIG = """
[components.money]
type = "library"
paths = ["money/**"]
[components.invoicing]
paths = ["invoicing/**"]
depends_on = ["money"]
[components.checkout]
paths = ["checkout/**"]
depends_on = ["invoicing"]
[components.mail]
paths = ["mail/**"]
"""

CUSTOMERS = """key,name,aliases,account_manager
ada,Ada Ltd,,olga
bob,Bob Ltd,,piet
cy,Cy Ltd,,olga
di,Di Ltd,,
ed,Ed Ltd,,
fay,Fay Ltd,,
gil,Gil Ltd,,
hal,Hal Ltd,,
ian,Ian Ltd,ian.example,
jo,Jo Ltd,,
"""

ENTITLEMENTS = """customer,component,product,environment,region,version
ada,invoicing,,,,
bob,checkout,,,,
cy,,business,,eu,
di,invoicing,,,?,
ed,mail,,,,
fay,invoicing,,,us,
hal,invoicing,,staging,,
ian,mail,,,,
jo,invoicing,,,,v1
"""

AXES = Axes(frozenset({"eu", "us"}), frozenset())


class Shop:
    """A shop with customers of every kind, and its last deployment: invoicing and what is under it, to eu."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.ledger = ledger
        self.world = World(folder, ledger, config=CONFIG)
        self.world.commit("money", "invoicing", "checkout", "mail", subject="Start")
        self.record(1, release="v1")
        self.desk = Desk(ledger, folder)
        self.desk.take(customers=CUSTOMERS, entitlements=ENTITLEMENTS, products={"business": ("shop/invoicing",)})
        self.fix = self.world.commit("invoicing", subject="fix: round up", trailers={"Customer": "ian.example"})
        self.last = self.record(2, regions=("eu",), release="v2")

    def record(self, at: float, **more: Any) -> Done:
        return self.world.record(at, known=AXES, **more)

    def asking(self, done: Done | None = None, **more: Any) -> Asking:
        return Asking((done or self.last).number, more.pop("now", hour(10)), **more)

    def keys(self, done: Done | None = None, **more: Any) -> list[str]:
        return [one["key"] for one in list_exposed(self.ledger, self.asking(done, **more))]

    def explained(self, customer: str, done: Done | None = None, **more: Any) -> Explained:
        return explain(self.ledger, self.asking(done, **more), customer, UTC)


@pytest.fixture
def shop(tmp_path: Path, ledger: Ledger) -> Shop:
    return Shop(tmp_path, ledger)


def merge(ledger: Ledger, customer: str, survivor: str) -> None:
    """Say that a customer was taken over by another one."""
    with ledger.write() as connection:
        connection.execute(
            insert(t.customer_merge).values(
                customer_id=customer_id("crm", customer),
                survivor_id=customer_id("crm", survivor),
                recorded_from=IMPORTED,
                recorded_to=OPEN_END,
                why="one company now",
                recorded_by="kim@example.org",
            )
        )


def test_the_list_says_how_each_is_reached(shop):
    found = [
        (one["key"], one["reach"], one["distance"], one["via"], one["components"], one["possible_because"])
        for one in list_exposed(shop.ledger, shop.asking())
    ]
    assert found == [
        ("ada", "direct", 0, None, ["shop/invoicing"], []),
        ("bob", "dependent", 1, "shop/invoicing", ["shop/checkout"], []),
        ("cy", "direct", 0, None, ["shop/invoicing"], []),
        ("di", "direct", 0, None, ["shop/invoicing"], ["their region is not known"]),
        ("ian", "named", 0, None, [], ["named by a change; no entitlement places them here"]),
    ]
    assert count_document(shop.ledger, shop.asking()) == {
        "customers": 5,
        "named": 1,
        "direct": 3,
        "dependent": 1,
        "possible": 2,
        "still_exposed": 5,
        "not_ruled_out": 0,
        "waiting": 0,
        "waiting_for": [],
        "waiting_subjects": 0,
        "pinned": 0,
    }


@pytest.mark.parametrize(
    ("only", "keys"),
    [
        (ExposureFilter(reach="direct"), ["ada", "cy", "di"]),
        (ExposureFilter(reach="dependent"), ["bob"]),
        (ExposureFilter(reach="named"), ["ian"]),
        (ExposureFilter(account_managers=frozenset({"olga"})), ["ada", "cy"]),
        (ExposureFilter(state="carrying", reach="direct", account_managers=frozenset({"olga"})), ["ada", "cy"]),
        (ExposureFilter(state="returned"), []),
    ],
)
def test_only_some_of_them(shop, only, keys):
    assert shop.keys(only=only) == keys
    assert [one["key"] for one in page_exposed(shop.ledger, shop.asking(only=only), limit=10, after=None)[0]] == keys
    assert count_document(shop.ledger, shop.asking(only=only))["customers"] == len(keys)


def test_a_rollback_returns_them(shop):
    shop.record(5, head="HEAD~1", regions=("eu",), release="v1")
    assert shop.keys(only=ExposureFilter(state="carrying")) == []
    assert shop.keys(only=ExposureFilter(state="returned")) == ["ada", "bob", "cy", "di", "ian"]
    assert shop.keys(only=ExposureFilter(state="carrying"), at=hour(4)) == ["ada", "bob", "cy", "di", "ian"]
    assert shop.keys(only=ExposureFilter(state="carrying"), known_at=hour(4)) == ["ada", "bob", "cy", "di", "ian"]
    assert shop.keys(at=hour(1.5)) == shop.keys(known_at=hour(1.5)) == []
    (one,) = list_exposed(shop.ledger, shop.asking(only=ExposureFilter(reach="dependent")))
    assert (one["state"], one["windows"][0]["carrying_until"]) == ("returned", "2026-03-01T05:00:00Z")
    told = shop.explained("ada").chains[0][-3]["text"]
    assert told == (
        "It went to production, region eu, at 2026-03-01 02:00 UTC; it was carried there until 2026-03-01 05:00 UTC "
        "(its 1 changed path is as before, by D-3)."
    )


def test_a_reader_who_leaves_early_leaves_nothing_open(shop):
    assert next(list_exposed(shop.ledger, shop.asking()))["key"] == "ada"


def test_pages_follow_each_other(shop):
    found, cursor = [], None
    for _ in range(3):
        page, cursor = page_exposed(shop.ledger, shop.asking(), limit=2, after=cursor)
        found.append([one["key"] for one in page])
    assert (found, cursor) == ([["ada", "bob"], ["cy", "di"], ["ian"]], None)


@pytest.mark.parametrize("cursor", ["nonsense", "", "0" * 32])
def test_a_cursor_that_is_none_is_refused(shop, cursor):
    with pytest.raises(InvalidCallError, match="is no cursor"):
        page_exposed(shop.ledger, shop.asking(), limit=2, after=cursor)


def test_an_explanation_can_be_read_aloud(shop):
    shop.world.commit("money", subject="fix: cents")
    money = shop.record(3, regions=("eu",))
    (chain,) = shop.explained("bob", money).chains
    assert [(one["kind"], one["ref"]) for one in chain] == [
        ("change", shop.world.repo.head),
        ("path", "money/file"),
        ("component", "shop/money"),
        ("dependency", "shop/invoicing"),
        ("dependency", "shop/checkout"),
        ("target", "region eu"),
        ("entitlement", "shop/checkout"),
        ("customer", "bob"),
    ]
    assert [one["text"] for one in chain] == [
        f"The change {shop.world.repo.head[:10]} “fix: cents” was deployed.",
        "It changed money/file.",
        "That is part of shop/money.",
        "shop/invoicing is built with shop/money.",
        "shop/checkout depends on shop/invoicing.",
        "It went to production, region eu, at 2026-03-01 03:00 UTC and is still carried there.",
        "They use shop/checkout in every production environment.",
        "They are Bob Ltd (bob).",
    ]


@pytest.mark.parametrize(
    ("customer", "kind", "text"),
    [
        ("cy", "entitlement", "They use the product business in every production environment, region eu."),
        (
            "di",
            "entitlement",
            "They use shop/invoicing in every production environment, a region that is not known (so possibly).",
        ),
        ("ian", "change", "The change {fix} “fix: round up” names them."),
        ("ian.example", "customer", "They are Ian Ltd (ian)."),
        ("ia", "customer", "They are Ian Ltd (ian)."),
    ],
)
def test_hops_of_other_kinds(shop, customer, kind, text):
    (chain,) = shop.explained(customer).chains
    assert [one["text"] for one in chain if one["kind"] == kind] == [text.format(fix=shop.fix[:10])]


@pytest.mark.parametrize(
    ("customer", "why"),
    [
        ("ed", "They use shop/mail, which the deployment does not reach."),
        ("fay", "They use shop/invoicing in region us, where it did not go while they did."),
        ("gil", "They have no entitlement at that instant."),
        ("hal", "They use shop/invoicing in staging, and the deployment went to production."),
        ("jo", "They run their own copy of shop/invoicing, v1; the deployment is of release v2."),
    ],
)
def test_why_not(shop, customer, why):
    assert shop.explained(customer) == Explained(customer, False, [], [why])


def test_a_place_that_stands_for_all_the_others_is_called_so(shop):
    shop.world.commit("invoicing", subject="fix: once more")
    everywhere = shop.record(3)
    (chain,) = shop.explained("ada", everywhere).chains
    assert chain[-3]["ref"] == "all regions and rings"
    shop.world.commit("money", subject="fix: cents")
    shop.record(4, regions=("eu",))
    uneven = shop.record(5)
    places = {chain[-3]["ref"] for chain in shop.explained("ada", uneven).chains}
    assert places == {"region us", "every other region"}


def test_a_failed_deployment_may_have_reached_them(shop):
    shop.world.commit("invoicing", subject="fix: once more")
    failed = shop.record(3, status="failed")
    (one,) = list_exposed(shop.ledger, shop.asking(failed, only=ExposureFilter(account_managers=frozenset({"piet"}))))
    assert (one["possible"], one["possible_because"]) == (True, ["the deployment did not succeed, or has not ended"])
    (chain,) = shop.explained("bob", failed).chains
    assert "has not succeeded (so they are reached possibly)" in chain[-3]["text"]


def test_what_is_still_carried_is_told_first(shop):
    shop.world.commit("invoicing", subject="fix: once more")
    everywhere = shop.record(3)
    shop.record(4, head="HEAD~1", regions=("eu",))
    (one,) = [one for one in list_exposed(shop.ledger, shop.asking(everywhere)) if one["key"] == "ada"]
    assert one["state"] == "carrying"
    first, *others = [chain[-3] for chain in shop.explained("ada", everywhere).chains]
    assert (first["ref"], "is still carried there" in first["text"]) == ("region us", True)
    assert [(one["ref"], "still carried" in one["text"]) for one in others] == [
        ("every other region", True),
        ("region eu", False),
    ]


def test_who_is_only_named_is_told_that_no_entitlement_places_them_here(shop):
    (chain,) = shop.explained("ian").chains
    assert [one["kind"] for one in chain] == ["change", "entitlement", "customer"]
    assert chain[1]["text"] == "No entitlement places them here (so possibly)."


def test_who_is_reached_is_found_once_for_them_and_for_those_who_cannot_be_ruled_out(shop):
    shop.world.commit("invoicing", "nowhere", subject="chore: odd and known")
    odd = shop.record(3, regions=("eu",))
    with listening() as listener:
        told = describe(shop.ledger, odd.number, Describing(hour(4), {}))["exposure"]
    alone = count_document(shop.ledger, shop.asking(odd, at=hour(4)))
    assert {name: told[name] for name in alone if name in told} == {n: alone[n] for n in alone if n in told}
    assert told["customers"] > 0 < told["not_ruled_out"]
    found = [one.text for one in listener.heard if "exposed AS" in one.text and "unsure" not in one.text]
    assert ["everybody AS" in one for one in found] == [True]


def test_what_is_not_known_rules_nobody_out(shop):
    shop.world.commit("elsewhere", "nowhere", subject="chore: odd")
    odd = shop.record(3, regions=("eu",))
    assert shop.keys(odd) == []
    assert count_document(shop.ledger, shop.asking(odd))["not_ruled_out"] == 8
    assert count_document(shop.ledger, shop.asking(odd, at=hour(2)))["not_ruled_out"] == 0
    cannot = "They cannot be ruled out: 2 paths belong to no component."
    assert shop.explained("ada", odd) == Explained("ada", False, [], [cannot], not_ruled_out=True)
    assert shop.explained("hal", odd) == Explained("hal", False, [], ["The deployment reaches no component at all."])
    assert shop.explained("gil", odd) == Explained("gil", False, [], ["They have no entitlement at that instant."])
    counted = explain(shop.ledger, shop.asking(odd, without_entitlement={"crm": "possible"}), "gil", UTC)
    assert counted.why_not == [cannot, "They have no entitlement at that instant."]
    shop.world.commit("invoicing", "elsewhere", subject="chore: both")
    both = shop.record(4, regions=("eu",))
    told = "They use shop/mail, which the deployment does not reach."
    one = "They cannot be ruled out: 1 path belongs to no component."
    assert shop.explained("ed", both).why_not == [one, told]


def test_their_own_copy_is_reached_when_it_changes(shop):
    shop.desk.take(entitlements=ENTITLEMENTS.replace(",v1", ",v2"), later=hour(7) - shop.desk.now)
    (one,) = [one for one in list_exposed(shop.ledger, shop.asking()) if one["key"] == "jo"]
    assert (one["reach"], one["possible"], one["windows"][0]["live_from"]) == ("direct", False, "2026-03-01T07:00:00Z")
    (chain,) = shop.explained("jo").chains
    assert [one["kind"] for one in chain] == ["change", "path", "component", "target", "entitlement", "customer"]


def upgrade(shop: Shop, to: str, at: float) -> None:
    """Jo's own copy changes to another version."""
    shop.desk.take(entitlements=ENTITLEMENTS.replace(",v1", f",{to}"), later=hour(at) - shop.desk.now)


def told_of(customer: str, shop: Shop, done: Done, **more: Any) -> tuple[list[str], str]:
    """Why it is possible that a deployment reaches a customer, and the hop that says so."""
    (one,) = [one for one in list_exposed(shop.ledger, shop.asking(done, **more)) if one["key"] == customer]
    (chain,) = shop.explained(customer, done, **more).chains
    assert one["possible"] is bool(one["possible_because"])
    return one["possible_because"], chain[-2]["text"]


def test_a_copy_that_took_a_version_nobody_recorded_may_hold_what_was_live_by_then(shop):
    upgrade(shop, "v9", 5)
    reasons, text = told_of("jo", shop, shop.last)
    assert reasons == ["the version that their own copy took is none of which the ledger saw a deployment"]
    assert text == (
        "They run their own copy of shop/invoicing, and took v9, a version of which the ledger saw no deployment here: "
        "it may hold this (so possibly)."
    )
    shop.world.commit("invoicing", subject="fix: once more")
    assert "jo" not in shop.keys(shop.record(6, release="v3"))


def test_a_copy_that_had_a_version_nobody_recorded_may_have_held_it_already(shop):
    shop.world.commit("invoicing", subject="fix: once more")
    middle = shop.record(3, release="v3")
    shop.world.commit("checkout", subject="fix: the other one")
    shop.record(3.5, release="v4")
    shop.desk.take(entitlements=f"{ENTITLEMENTS}gil,invoicing,,,,v9\n", later=hour(5) - shop.desk.now)
    assert "gil" not in shop.keys(middle)
    shop.desk.take(entitlements=f"{ENTITLEMENTS}gil,invoicing,,,,v4\n", later=hour(7) - shop.desk.now)
    reasons, text = told_of("gil", shop, middle)
    assert reasons == ["the version that their own copy had before is none of which the ledger saw a deployment"]
    assert "took v4, a later version, from one of which the ledger saw no deployment here" in text


def test_a_copy_that_took_a_known_version_by_way_of_an_unknown_one_surely_holds_it(shop):
    shop.world.commit("invoicing", subject="fix: once more")
    middle = shop.record(3, release="v3")
    shop.record(3.5, release="v4")
    upgrade(shop, "v9", 5)
    upgrade(shop, "v4", 7)
    (one,) = [one for one in list_exposed(shop.ledger, shop.asking(middle)) if one["key"] == "jo"]
    assert not one["possible"]
    assert told_of("jo", shop, middle, at=hour(6))[0] == [
        "the version that their own copy took is none of which the ledger saw a deployment"
    ]


def test_a_merged_customer_is_the_survivor(shop):
    merge(shop.ledger, "bob", "gil")
    assert shop.keys() == ["ada", "cy", "di", "gil", "ian"]
    (chain,) = shop.explained("bob").chains
    assert chain[-1]["text"] == "They are Gil Ltd (gil)."
    assert shop.explained("gil").chains == [chain]


def test_paths_of_no_component_count_for_everyone_where_that_is_said(shop):
    shop.world.config += '[catalog]\nunmapped = "all"\n'
    shop.world.commit("elsewhere", subject="chore: odd")
    odd = shop.record(3, regions=("eu",))
    assert shop.keys(odd) == ["ada", "bob", "cy", "di", "ed", "fay", "ian", "jo"]
    (chain,) = shop.explained("ed", odd).chains
    assert [(one["kind"], one["ref"]) for one in chain] == [("path", "unmapped"), ("customer", "ed")]
    assert next(list_exposed(shop.ledger, shop.asking(odd)))["distance"] is None


def test_who_uses_nothing_is_treated_as_the_directory_says(shop):
    for word, possible in (("possible", True), ("all", False)):
        asking = shop.asking(without_entitlement={"crm": word})
        (one,) = [one for one in list_exposed(shop.ledger, asking) if one["key"] == "gil"]
        assert one["possible"] is possible
        assert explain(shop.ledger, asking, "gil", UTC).chains[0][0]["text"].startswith("They have no entitlement")
    assert "gil" not in shop.keys(without_entitlement={"crm": "none"})


@pytest.mark.parametrize(
    ("reveal", "opaque", "shown"),
    [
        (Reveal.NAMES, False, ("bob", "Bob Ltd", "piet", [])),
        (Reveal.NAMES, True, ("bob", "Bob Ltd", "piet", [])),
        (Reveal.KEYS, False, ("bob", None, None, ["name", "account_manager"])),
        (Reveal.KEYS, True, (opaque_key("bob"), None, None, ["name", "account_manager"])),
    ],
)
def test_what_is_withheld_is_named(shop, reveal, opaque, shown):
    asking = shop.asking(reveal=reveal, opaque=opaque, only=ExposureFilter(reach="dependent"))
    (one,) = list_exposed(shop.ledger, asking)
    assert (one["key"], one["name"], one["account_manager"], one["withheld"]) == shown
    told = explain(shop.ledger, asking, "bob", UTC)
    assert told.customer == shown[0]
    assert ("Bob Ltd" in str(told.chains)) is (reveal is Reveal.NAMES)
    assert ("bob" in str(told.chains)) is not (opaque and reveal is Reveal.KEYS)


def test_account_managers_whom_nobody_has_are_refused(shop):
    check_account_manager(shop.ledger, None, Reveal.KEYS)
    check_account_manager(shop.ledger, "olga", Reveal.KEYS)
    with pytest.raises(UnknownNameError) as refused:
        check_account_manager(shop.ledger, "olag", Reveal.NAMES)
    assert refused.value.hint == "Did you mean olga?"
    with pytest.raises(UnknownNameError) as refused:
        check_account_manager(shop.ledger, "olag", Reveal.KEYS)
    assert "olga" not in refused.value.hint
    shop.desk.take(customers=CUSTOMERS.replace("piet", "olga"))
    check_account_manager(shop.ledger, "piet", Reveal.KEYS)
    assert shop.keys(only=ExposureFilter(account_managers=frozenset({"piet"})), now=shop.desk.now) == []
