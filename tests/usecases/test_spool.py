"""Records that waited for the ledger are what they would have been, had they been recorded at their time."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.deployments import Axes, Place
from releasewatch.domain.notifications import Rule
from releasewatch.domain.spool import from_line, to_line
from releasewatch.errors import InvalidCallError, LedgerUnavailableError, UnknownNameError
from releasewatch.integrations.git_history import open_history
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.deployments import Describing
from releasewatch.usecases.record_facts import Recorded, RecordRequest
from releasewatch.usecases.spool import Flushing, Taken, flush, settle
from releasewatch.usecases.surroundings import Surroundings
from tests.support.worlds import Done, World, hour

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from releasewatch.domain.catalog import Catalog
    from releasewatch.domain.spool import SpooledRecord

LATER = hour(48)


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


def spool(world: World, request: RecordRequest) -> SpooledRecord:
    """The record as it comes back from its line."""
    around = world.surroundings()
    if request.stated_kind == "change":
        around = replace(around, history=None)
    return from_line(to_line(settle(around, request)))


def around_in(world: World, *, refuse: str = "") -> Any:
    """What a clone of the world's repo lets recording read."""

    def around(repo: str, head: str | None, catalog: Catalog) -> Surroundings:
        if repo == refuse:
            raise InvalidCallError(f"It is a deployment of {repo}.")
        found = replace(world.surroundings(), repo=repo)
        at = found.catalog_at
        return replace(
            found,
            history=None if head is None else found.history,
            catalog_at=lambda sha: catalog if sha == head else at(sha),
        )

    return around


def take(world: World, *records: SpooledRecord, ledger: Ledger | None = None, **more: Any) -> list[Taken]:
    how = Flushing(LATER, settings_of, around_in(world, **more), lambda said: (world.surroundings(), said))
    return list(flush(ledger or world.ledger, records, how))


def settings_of(environment: str) -> dict[str, Any]:
    """What the settings say when it is recorded."""
    return {
        "tier": "production" if environment in ("production", "live") else "other",
        "axes": Axes(frozenset({"eu"})),
        "products": {"p": ("shop/a",)},
    }


def recorded(world: World, taken: Sequence[Taken]) -> list[Done]:
    assert [one.error for one in taken] == [None] * len(taken)
    how = Describing(LATER, {})
    return [Done(world.ledger, one.done, how) for one in taken if one.done is not None]


def test_a_late_record_is_what_it_would_have_been(world, tmp_path):
    world.commit("a")
    world.record(1)
    world.commit("a", "b")
    request = world.request(
        2, regions=("eu",), release="v2", url="https://ci.example.org/1", actor="Ada", fixes=("D-1",)
    )
    waiting = spool(world, request)
    (late,) = recorded(world, take(world, waiting))
    again = world.tell(request)
    assert (again.number, again.already) == (late.number, True)
    deployment = late.document["deployment"]
    assert (deployment["opened_at"], deployment["finished_at"]) == ("2026-03-01T02:00:00Z", "2026-03-01T02:06:00Z")
    assert (deployment["key"], deployment["release"]) == (waiting.key, "v2")
    assert set(late.reached()) == {"shop/a", "shop/b"}


def test_every_fact_of_a_request_comes_back(world, monkeypatch):
    """All are told apart from their defaults, so that none can be lost unseen; the settings are those of today."""
    world.commit("a")
    request = RecordRequest(
        environment="live",
        tier="production",
        now=hour(1),
        head="HEAD",
        components=("a",),
        targets=(Place("eu", "early"), Place("us", "")),
        axes=Axes(frozenset({"eu", "us"}), frozenset({"early"})),
        products={"p": ("shop/a",)},
        release="v1",
        base="HEAD",
        status="failed",
        started_at=hour(0.5),
        finished_at=hour(0.75),
        job_started_at=hour(0.25),
        key="k",
        url="https://ci.example.org/1",
        actor="Ada",
        stated_kind="rollback",
        title="t",
        fixes=("D-1",),
        accept=("unmapped",),
        why="because",
        provider="p",
        run="r",
        attempt=3,
        tier_is_guess=True,
        finishes=True,
        rules=(Rule("chat", frozenset({"deployment_recorded"})),),
    )
    same = {one.name for one in fields(request) if getattr(request, one.name) == one.default}
    assert same == {"head", "head_is_given", "settled_key"}
    seen: list[RecordRequest] = []

    def look(_ledger: Ledger, _around: Surroundings, asked: RecordRequest) -> Recorded:
        seen.append(asked)
        return Recorded(1, False)

    monkeypatch.setattr("releasewatch.usecases.spool.record", look)
    take(world, spool(world, request))
    sha = world.repo.head
    settings = {**settings_of("live"), "tier_is_guess": False, "rules": ()}
    assert seen == [replace(request, now=LATER, head=sha, base=sha, **settings)]


def test_without_an_instant_it_opened_when_it_was_said(world):
    """Not after what was recorded within ten minutes of it, as it would be if it were said now."""
    first = world.commit("a")
    second = world.commit("a")
    waiting = spool(world, replace(world.request(1, first), started_at=None, finished_at=None, now=hour(2)))
    world.record(2.05, head=second)
    (late,) = recorded(world, take(world, waiting))
    deployment = late.document["deployment"]
    assert (deployment["opened_at"], deployment["finished_at"]) == ("2026-03-01T02:00:00Z",) * 2
    assert deployment["kind"] == "initial"


def test_a_job_that_began_earlier_than_it_spoke_opened_then(world):
    world.commit("a")
    request = replace(world.request(1), started_at=None, finished_at=None, job_started_at=hour(1), now=hour(2))
    waiting = spool(world, request)
    (late,) = recorded(world, take(world, waiting))
    assert (waiting.opened_at, late.document["deployment"]["opened_at"]) == (hour(1), "2026-03-01T01:00:00Z")


def test_the_baseline_is_what_was_live_then_and_a_neighbour_keeps_its_wider_difference(world):
    first = world.commit("a")
    world.record(1)
    second = world.commit("a")
    third = world.commit("b")
    waiting = spool(world, world.request(2, second))
    neighbour = world.record(3, head=third)
    assert set(neighbour.reached()) == {"shop/a", "shop/b"}
    (late,) = recorded(world, take(world, waiting))
    assert late.base == first
    assert (world.window(late, "a").live, world.show(neighbour).base) == ((2, 3), first)
    assert set(world.show(neighbour).reached()) == {"shop/a", "shop/b"}
    assert [block["wider"] for block in world.show(neighbour).baselines] == [True]


def test_several_are_recorded_in_the_order_of_the_deployments(world):
    heads = [world.commit("a") for _ in range(4)]
    waiting = [spool(world, world.request(at, heads[at], run=f"run {at}")) for at in (2, 0, 3, 1)]
    done = recorded(world, take(world, *waiting))
    assert [one.document["deployment"]["head"] for one in done] == heads
    assert [one.base for one in done] == [None, *heads[:3]]
    assert not any(row["wider"] for row in world.rows(t.baseline))


def test_a_start_and_its_finish_become_one_deployment(world):
    head = world.commit("a")
    begun = spool(world, world.request(1, head, run="R", status="running"))
    ended = spool(world, replace(world.request(2, head, run="R"), started_at=None, finished_at=hour(2)))
    assert begun.key == ended.key
    taken = take(world, ended, begun)
    first, second = recorded(world, taken)
    assert first.number == second.number
    assert world.statuses(first) == [(1, "running"), (1, "succeeded")]
    deployment = second.document["deployment"]
    assert (deployment["started_at"], deployment["finished_at"]) == ("2026-03-01T01:00:00Z", "2026-03-01T02:00:00Z")


def test_each_is_recorded_once_however_often_it_is_flushed(world):
    world.commit("a")
    waiting = [spool(world, world.request(at, key=key)) for at, key in ((1, None), (2, "given"))]
    first = take(world, *waiting, *waiting)
    again = take(world, *reversed(waiting))
    assert [one.done.already_recorded for one in (*first, *again) if one.done] == [False, False, True, True]
    assert len(world.rows(t.deployment)) == len(world.rows(t.deployment_event)) == 2


def test_what_the_pipeline_recorded_itself_meanwhile_is_not_doubled(world):
    world.commit("a")
    request = world.request(1)
    waiting = spool(world, request)
    done = world.tell(request)
    (taken,) = take(world, waiting)
    assert taken.done is not None
    assert (taken.done.deployment_id, taken.done.already_recorded) == (done.number, True)


def test_the_catalog_is_the_one_that_was_read_then(world):
    """One that was never committed too: `--config` may name a file outside of the repo."""
    world.commit("a", "x")
    around = replace(world.surroundings(), catalog_at=lambda _sha: replace(world.catalog_at(None), no_effect=("a/**",)))
    waiting = from_line(to_line(settle(around, world.request(1))))
    world.commit("a")
    taken = take(world, waiting)
    (done,) = recorded(world, taken)
    (row,) = world.rows(t.catalog)
    assert row["no_effect"] == ["a/**"]
    assert done.document["deployment"]["head"] == waiting.head


def test_a_change_without_git_waits_too(world):
    request = world.request(1, stated_kind="change", components=("a",), title="Flag on", run="r")
    waiting = spool(world, request)
    assert waiting.head is None
    (done,) = recorded(world, take(world, waiting))
    assert (done.kind, set(done.reached())) == ("change", {"shop/a"})


def test_from_is_the_commit_that_it_meant_then(tmp_path, world):
    first = world.commit("a")
    second = world.commit("a")
    assert spool(world, world.request(1, base="HEAD~1")).said["base"] == first
    world.repo.git("tag", "v1", first)
    assert spool(world, world.request(1, base="v1")).said["base"] == first
    assert spool(world, world.request(1, base="v0")).said["base"] == "v0", "a tag that this clone lacks"
    world.repo.clone(tmp_path / "shallow", depth=1)
    around = replace(world.surroundings(), history=open_history(tmp_path / "shallow", fetch_missing=False))
    assert settle(around, world.request(1, base="HEAD~1")).said["base"] == f"{second}~1"


@pytest.mark.parametrize(
    ("more", "error"),
    [({"components": ("nothing",)}, UnknownNameError), ({"accept": ("unmapped",)}, InvalidCallError)],
)
def test_what_is_wrong_in_itself_is_refused_at_once(world, more, error):
    world.commit("a")
    with pytest.raises(error):
        settle(world.surroundings(), world.request(1, **more))


class TestWhatCannotBeTaken:
    def test_stays_with_the_reason_and_the_others_go_on(self, world):
        world.commit("a")
        one, other, lost, fixing = (spool(world, world.request(at, run=f"run {at}")) for at in (1, 2, 3, 4))
        lost = replace(lost, head="b" * 40)
        fixing = replace(fixing, said={**fixing.said, "fixes": ["D-99"]})
        elsewhere = replace(other, repo="web")
        taken = take(world, one, elsewhere, lost, fixing, spool(world, world.request(5, run="run 5")), refuse="web")
        assert [type(each.error) for each in taken] == [
            type(None),
            InvalidCallError,
            UnknownNameError,
            UnknownNameError,
            type(None),
        ]
        assert len(world.rows(t.deployment)) == 2

    @pytest.mark.parametrize("said", [{"of_the_future": 1}, {"attempt": "many"}, {"targets": [["eu"]]}])
    def test_is_what_this_program_does_not_understand(self, world, said):
        world.commit("a")
        waiting = spool(world, world.request(1))
        (taken,) = take(world, replace(waiting, said={**waiting.said, **said}))
        assert isinstance(taken.error, InvalidCallError)
        assert world.rows(t.deployment) == []

    def test_is_all_that_is_left_once_the_ledger_has_gone(self, world):
        world.commit("a")
        waiting = [spool(world, world.request(at, run=f"run {at}")) for at in (1, 2, 3)]
        taken = take(world, *waiting, ledger=Failing(world.ledger, after=1))
        assert [type(one.error) for one in taken] == [type(None), LedgerUnavailableError, LedgerUnavailableError]
        assert len(world.rows(t.deployment)) == 1
        assert len(recorded(world, take(world, *waiting))) == 3
        assert len(world.rows(t.deployment)) == 3


class Failing(Ledger):
    """A ledger that goes away after so many writes."""

    def __init__(self, ledger: Ledger, *, after: int) -> None:
        self.__dict__.update(ledger.__dict__)
        self._left = after
        self.asked = 0

    @contextmanager
    def write(self) -> Iterator[Connection]:
        if self._left == 0:
            self.asked += 1
            assert self.asked == 1, "the rest was tried"
            raise LedgerUnavailableError("The ledger cannot be reached.")
        self._left -= 1
        with super().write() as connection:
            yield connection
