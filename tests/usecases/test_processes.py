"""Real processes that record at the same instant: nothing is lost, nothing is doubled, and the order holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from releasewatch.storage import tables as t
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.calls import plan_calls
from tests.support.directories import Desk
from tests.support.racing import ALL, Racer, race, race_to_the_end
from tests.support.worlds import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasewatch.storage.ledger import Ledger

CONFIG = """
[releasewatch]
repo = "shop"
[components.a]
paths = ["a/**"]
[components.b]
paths = ["b/**"]
"""


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger, config=CONFIG)


class Pipelines:
    """Jobs of a CI system that all know their run and the same ledger."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url

    def job(self, run: str, *arguments: str, verb: str = "record") -> Racer:
        env = {"RELEASEWATCH_DATABASE_URL": self.url, "CI": "true", "RELEASEWATCH_CI_RUN": run}
        words = ["deployment", verb, "--environment", "production", "--format", "json", *arguments]
        return Racer(words, env, self.world.repo.path)

    def claim(self, call: str, who: str) -> Racer:
        words = ["call", "claim", call, "--by", who, "--format", "json"]
        return Racer(words, {"RELEASEWATCH_DATABASE_URL": self.url}, self.world.repo.path)

    def take_all(self, who: str) -> Racer:
        return Racer([ALL, self.url, "2", who], {}, self.world.repo.path)

    def plan(self, deployment: str) -> Racer:
        words = ["call", "plan", "--deployment", deployment, "--format", "json"]
        return Racer(words, {"RELEASEWATCH_DATABASE_URL": self.url}, self.world.repo.path)


@pytest.fixture
def pipelines(world, ledger_url) -> Pipelines:
    return Pipelines(world, ledger_url)


def rows(ledger: Ledger) -> Sequence[Any]:
    """The deployments in the order of their numbers."""
    with ledger.read() as connection:
        return connection.execute(select(t.deployment).order_by(t.deployment.c.deployment_id)).all()


def test_the_same_key_leaves_one_record(pipelines, ledger):
    many = 6
    pipelines.world.commit("a")
    documents = race([pipelines.job("77")] * many)
    assert [row.deployment_id for row in rows(ledger)] == [1]
    assert [d["deployment"]["id"] for d in documents] == ["D-1"] * many
    assert sorted(d["deployment"]["already_recorded"] for d in documents) == [False] + [True] * (many - 1)
    assert len(pipelines.world.rows(t.deployment_event)) == 1
    assert all(document["exposure"] == documents[0]["exposure"] for document in documents)


@pytest.mark.parametrize("many", [2, 6])
def test_deployments_to_one_environment_are_each_compared_with_the_one_before(pipelines, ledger, many):
    start = pipelines.world.commit("a")
    pipelines.world.record(1)
    heads = [pipelines.world.commit("a") for _ in range(many)]
    race([pipelines.job(f"run {n}", "--head", head) for n, head in enumerate(heads)])
    found = rows(ledger)
    assert {row.head for row in found[1:]} == set(heads)
    assert [row.base for row in found[1:]] == [start, *(row.head for row in found[1:-1])]
    assert [row.opened_at for row in found] == sorted(row.opened_at for row in found)
    assert not any(row["wider"] for row in pipelines.world.rows(t.baseline))


def test_started_at_one_stated_instant_too(pipelines, ledger):
    pipelines.world.commit("a")
    pipelines.world.record(1)
    heads = [pipelines.world.commit("a") for _ in range(2)]
    at = ("--started-at", "2026-03-01T05:00:00Z")
    race([pipelines.job(head, "--head", head, *at) for head in heads])
    _, first, second = rows(ledger)
    assert second.base == first.head
    assert first.opened_at == second.opened_at


def test_regions_of_one_run_do_not_disturb_each_other(pipelines, ledger):
    start = pipelines.world.commit("a")
    pipelines.world.record(1)
    pipelines.world.commit("a")
    regions = ("eu", "us", "ap")
    documents = race([pipelines.job("77", "--region", region) for region in regions])
    assert {d["deployment"]["base"] for d in documents} == {start}
    assert {d["deployment"]["id"] for d in documents} == {"D-2", "D-3", "D-4"}
    with ledger.read() as connection:
        known = connection.execute(select(t.axis_value.c.value).order_by(t.axis_value.c.value)).scalars().all()
    assert known == sorted(regions)


def test_repos_that_share_an_environment_and_meet_for_the_first_time(pipelines, tmp_path, ledger):
    web = World(tmp_path, ledger, key="web", config=CONFIG.replace('"shop"', '"web"'))
    pipelines.world.commit("a")
    web.commit("a")
    documents = race([pipelines.job("77", "--region", "eu"), Pipelines(web, pipelines.url).job("77", "--region", "us")])
    assert [d["deployment"]["repo"] for d in documents] == ["shop", "web"]
    assert {row.deployment_id for row in rows(ledger)} == {1, 2}


def test_a_start_and_its_finish_may_arrive_together(pipelines, ledger):
    pipelines.world.commit("a")
    documents = race([pipelines.job("77", verb="start"), pipelines.job("77", "--status", "succeeded", verb="finish")])
    (row,) = rows(ledger)
    assert (row.status, row.succeeded) == ("succeeded", True)
    assert {d["deployment"]["id"] for d in documents} == {"D-1"}


def test_a_ledger_that_is_not_there_yet_is_made_once(tmp_path):
    world = World(tmp_path, None, config=CONFIG)  # type: ignore[arg-type]
    heads = [world.commit("a") for _ in range(6)]
    pipelines = Pipelines(world, f"sqlite:///{tmp_path}/.releasewatch/ledger.db")
    documents = race([pipelines.job(head, "--head", head) for head in heads])
    assert sorted(d["deployment"]["id"] for d in documents) == [f"D-{n}" for n in range(1, 7)]
    by_number = sorted(documents, key=lambda d: d["deployment"]["id"])
    assert [d["deployment"]["base"] for d in by_number] == [None, *(d["deployment"]["head"] for d in by_number[:-1])]


def test_a_call_is_planned_once_for_each_customer(pipelines, tmp_path, ledger):
    customers = [f"k{n}" for n in range(30)]
    desk = Desk(ledger, tmp_path)
    desk.take(
        customers="\n".join(["key,name", *(f"{key},Name of {key}" for key in customers)]),
        entitlements="\n".join(["customer,component", *(f"{key},shop/a" for key in customers)]),
    )
    pipelines.world.commit("a")
    pipelines.world.record(1)
    for at in (2, 3):
        pipelines.world.commit("a")
        pipelines.world.record(at)
    documents = race([pipelines.plan(deployment) for deployment in ("D-2", "D-2", "D-3", "D-3")])
    assert sorted(document["added"] for document in documents) == [0, 0, 30, 30]
    assert {document["list_version"] for document in documents} == {1}
    calls, items = desk.rows(t.call, "customer_id", "call_id"), desk.rows(t.call_item, "call_id", "deployment_id")
    assert len(calls) == len({customer for customer, _ in calls}) == 30
    assert sorted(number for _, number in calls) == list(range(1, 31))
    assert sorted(items) == [(number, deployment) for number in range(1, 31) for deployment in (2, 3)]


def test_of_many_who_claim_a_call_at_once_one_gets_it(pipelines, tmp_path, ledger):
    desk = Desk(ledger, tmp_path)
    desk.take(
        customers="key,name\nacme,Acme\nbolt,Bolt\n", entitlements="customer,component\nacme,shop/a\nbolt,shop/a\n"
    )
    pipelines.world.commit("a")
    pipelines.world.record(1)
    pipelines.world.commit("a")
    pipelines.world.record(2)
    plan_calls(ledger, 2, Planning(datetime.now(UTC)))
    staff = ("olga", "piet", "kim", "lee")
    found = race_to_the_end([pipelines.claim("C-1", who) for who in staff])
    assert sorted(status for status, _, _ in found) == [0, 4, 4, 4]
    assert all("Somebody else holds C-1" in talk for status, _, talk in found if status)
    winner = next(who for who, (status, _, _) in zip(staff, found, strict=True) if not status)
    assert [row[0] for row in desk.rows(t.call, "claimed_by")] == [winner, ""]


def test_of_many_who_ask_for_the_next_call_no_two_get_the_same(pipelines, tmp_path, ledger):
    customers = [f"k{n}" for n in range(30)]
    Desk(ledger, tmp_path).take(
        customers="\n".join(["key,name", *(f"{key},Name of {key}" for key in customers)]),
        contacts="\n".join(
            ["customer,name,phone", *(f"{key},Ada,+49 30 23125 1{n:02}" for n, key in enumerate(customers))]
        ),
        entitlements="\n".join(["customer,component", *(f"{key},shop/a" for key in customers)]),
    )
    pipelines.world.commit("a")
    pipelines.world.record(1)
    pipelines.world.commit("a", subject="feat!: another export")
    pipelines.world.record(2)
    plan_calls(ledger, 2, Planning(datetime.now(UTC)))
    # Two of them go by the same name: not even these share a call.
    taken = race([pipelines.take_all(who) for who in ("olga", "piet", "kim", "lee", "sam", "sam")])
    assert sorted(call for mine in taken for call in mine) == sorted(f"C-{n}" for n in range(1, 31))
