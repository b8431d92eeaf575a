"""Random histories, deployed in random order and recorded in another: windows are as a slow reading of the rules says.

The slow reading knows a linear history by the numbers of its commits, and looks at every deployment for each cell.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from releasewatch.domain.deployments import Axes, Place, standing_in
from releasewatch.storage.windows import grids
from tests.support.worlds import THREE, Done, World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMPONENTS = "abc"
PLACES = (Place(), Place("eu"), Place("us"))
KNOWN = Axes(frozenset({"eu", "us"}))


@dataclass(frozen=True)
class Deployed:
    """One deployment as a pipeline tells it. `head` is the number of a commit; nothing named is everything."""

    at: int
    head: int
    components: str = ""
    regions: tuple[str, ...] = ("",)
    succeeded: bool = True

    def covers(self, component: str, place: Place) -> bool:
        return component in (self.components or COMPONENTS) and any(r in ("", place.region) for r in self.regions)


@dataclass
class Story:
    """Which component each commit changes, the deployments in the order of recording, and whether regions are known."""

    commits: str
    deployments: list[Deployed]
    known: bool = True


@dataclass
class Reading:
    """What the rules say of one deployment in one cell: its base (a commit's number), and until when it is what."""

    number: int
    deployed: Deployed
    base: int | None
    live_until: int | None = None
    carried_until: int | None = None

    @property
    def order(self) -> tuple[int, int]:
        return self.deployed.at, self.number


class SlowReading:
    """One cell of a story, recorded step by step."""

    def __init__(self, story: Story, component: str, place: Place) -> None:
        self.touching = [n for n, touched in enumerate(story.commits) if touched == component]
        self.readings: list[Reading] = []
        for number, deployed in enumerate(story.deployments):
            if deployed.covers(component, place):
                self._record(number, deployed)

    def brought(self, of: Reading) -> list[int]:
        """The commits that it added or took out, where the component differs."""
        if of.base is None:
            return []
        low, high = sorted((of.base, of.deployed.head))
        return [n for n in self.touching if low < n <= high]

    def is_gone(self, of: Reading, head: int) -> bool:
        """Nothing of it is left at a head: what it added is not there, or all that it took out is there again."""
        assert of.base is not None
        forward = of.deployed.head > of.base
        return not any((n <= head) == forward for n in self.brought(of))

    def successes(self) -> list[Reading]:
        return sorted((r for r in self.readings if r.deployed.succeeded), key=lambda r: r.order)

    def _record(self, number: int, deployed: Deployed) -> None:
        successes = self.successes()
        before = [r for r in successes if r.order < (deployed.at, number)]
        after = [r for r in successes if r.order > (deployed.at, number)]
        own = Reading(number, deployed, before[-1].deployed.head if before else None)
        self.readings.append(own)
        own.live_until = after[0].deployed.at if after else None
        if not deployed.succeeded:
            own.carried_until = own.live_until
            return
        for earlier in self.readings:
            if earlier.order < own.order:
                self._end(earlier, own, after)
        if self.brought(own):
            taken_back = (later.deployed.at for later in after if self.is_gone(own, later.deployed.head))
            own.carried_until = next(taken_back, None)

    def _end(self, earlier: Reading, own: Reading, after: Sequence[Reading]) -> None:
        at = own.deployed.at
        if earlier.live_until is None or earlier.live_until > at:
            earlier.live_until = at
            if not earlier.deployed.succeeded:
                earlier.carried_until = at
        if not earlier.deployed.succeeded or not self.brought(earlier) or own.base is None:
            return
        still_open = earlier.carried_until is None or earlier.carried_until > at
        # What the next one holds again stays open: that one was compared with something older, and does not tell of it.
        is_back = bool(after) and not self.is_gone(earlier, after[0].deployed.head)
        if still_open and self.is_gone(earlier, own.deployed.head) and not is_back:
            earlier.carried_until = at


@dataclass
class Told:
    """A story in a ledger."""

    world: World
    story: Story
    done: list[Done] = field(default_factory=list)

    def windows(self, number: int, component: str, place: Place) -> list[tuple[float | None, float | None, bool]]:
        """`(live until, carried until, certain)` of the window that speaks for a cell."""
        done = self.done[number]
        with self.world.ledger.read() as connection:
            grid = grids(connection, [done.number]).get(done.number, [])
        windows = self.world.windows(done)
        where = standing_in(place, grid)
        return [
            (w.live[1], w.carried_until, w.certain)
            for w in windows
            if w.carrier == component and (w.region, w.ring) == (where.region, where.ring)
        ]

    def base(self, number: int, component: str, place: Place) -> str | None:
        blocks = self.done[number].baselines
        grid = [Place(t["region"] or "", t["ring"] or "") for b in blocks for t in b["targets"]]
        where = standing_in(place, grid)
        target = {"region": where.region or None, "ring": where.ring or None}
        (base,) = [
            b["base"] for b in blocks if f"{self.world.key}/{component}" in b["components"] and target in b["targets"]
        ]
        return None if base is None else str(base)


def history(world: World, commits: str) -> list[str]:
    """Import a linear history in one go; the shas in order."""
    stream = ["reset refs/heads/main\ncommit refs/heads/main\nmark :1\ncommitter A <a@example.org> 1767261600 +0000\n"]
    stream.append(f"data 5\nstart\nM 644 inline releasewatch.toml\ndata {len(THREE)}\n{THREE}\n")
    for number, touched in enumerate(commits, 1):
        text = f"change {number}"
        stream.append(
            f"commit refs/heads/main\nmark :{number + 1}\ncommitter A <a@example.org> {1767261600 + number} +0000\n"
            f"data {len(text)}\n{text}\nM 644 inline {touched}/file\ndata {len(text)}\n{text}\n"
        )
    world.repo.git("fast-import", "--quiet", stdin="".join(stream).encode())
    return world.repo.git("rev-list", "--reverse", "main").split()[1:]


STORIES = st.builds(
    Story,
    st.text(alphabet=COMPONENTS, min_size=3, max_size=6),
    st.lists(
        st.builds(
            Deployed,
            st.integers(0, 6),
            st.integers(0, 5),
            st.sampled_from(["", "", "a", "ab"]),
            st.sampled_from([("",), ("",), ("eu",), ("us",), ("eu", "us")]),
            st.sampled_from([True, True, True, False]),
        ),
        min_size=2,
        max_size=6,
    ),
    st.booleans(),
)

_numbers = itertools.count(1)


def tell(folder, ledger, story: Story) -> Told:
    world = World(folder, ledger, key=f"repo-{next(_numbers)}")
    shas = history(world, story.commits)
    story.deployments = [
        Deployed(d.at, min(d.head, len(shas) - 1), d.components, d.regions, d.succeeded) for d in story.deployments
    ]
    told = Told(world, story)
    for number, deployed in enumerate(story.deployments):
        told.done.append(
            world.record(
                deployed.at,
                head=shas[deployed.head],
                components=tuple(deployed.components),
                regions=deployed.regions,
                status="succeeded" if deployed.succeeded else "failed",
                run=str(number),
                known=KNOWN if story.known else None,
                environment=world.key,
            )
        )
    return told


def cells() -> Iterator[tuple[str, Place]]:
    return itertools.product(COMPONENTS, PLACES)


def check(told: Told) -> None:
    shas = history_of(told)
    for component, place in cells():
        slow = SlowReading(told.story, component, place)
        for reading in slow.readings:
            where = f"deployment {reading.number} of {component} in {place.region!r}"
            expected_base = None if reading.base is None else shas[reading.base]
            assert told.base(reading.number, component, place) == expected_base, where
            expected = (
                [(reading.live_until, reading.carried_until, reading.deployed.succeeded)]
                if slow.brought(reading)
                else []
            )
            assert told.windows(reading.number, component, place) == expected, where
        check_nobody_is_lost(slow)


def history_of(told: Told) -> list[str]:
    return told.world.repo.git("rev-list", "--reverse", "main").split()[1:]


def check_nobody_is_lost(slow: SlowReading) -> None:
    """Whatever commit is live at an instant is carried by some window then, unless a first deployment brought it."""
    successes = slow.successes()
    unaccounted = max((r.deployed.head for r in successes if r.base is None), default=-1)
    for number, live in enumerate(successes):
        until = successes[number + 1].deployed.at if number + 1 < len(successes) else None
        if until == live.deployed.at:
            continue
        for commit in slow.touching:
            if unaccounted < commit <= live.deployed.head:
                assert any(
                    commit in slow.brought(r)
                    and r.deployed.head >= commit
                    and r.deployed.at <= live.deployed.at
                    and (r.carried_until is None or r.carried_until > live.deployed.at)
                    for r in successes
                ), f"commit {commit} is live since {live.deployed.at} and nobody carries it"


EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@EXAMPLES
@given(story=STORIES)
@example(story=Story("aab", [Deployed(1, 0), Deployed(2, 1), Deployed(5, 2), Deployed(4, 0)]))
@example(story=Story("aaa", [Deployed(0, 0), Deployed(1, 2, regions=("eu",)), Deployed(2, 2)], known=False))
@example(story=Story("abc", [Deployed(1, 2), Deployed(2, 1, regions=("eu",)), Deployed(2, 2)], known=False))
def test_windows_and_baselines_are_what_the_rules_say(tmp_path, ledger, story):
    check(tell(tmp_path, ledger, story))
