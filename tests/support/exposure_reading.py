"""The rules of exposure read by brute force: tick by tick, customer by customer, place by place, in plain Python.

It knows the facts of a world and the rules of the domain; it knows nothing of tables, windows or SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.support.exposure_facts import ENVIRONMENTS, OPEN, Clocks, Deployed, Entitled, World

END = 16
"""What holds on this tick, later than every fact, holds for ever."""
ELSEWHERE = "elsewhere"
"""A region (ring) that nothing names."""

Ticks = frozenset[int]


def ticks_of(held: Clocks) -> Ticks:
    """The ticks in which something is true."""
    return frozenset(range(max(held.valid_from, 0), min(held.valid_to, END + 1)))


def plain(version: str) -> str:
    """A version without the letter that it may be written with."""
    return version[1:] if version[:2] in {f"{letter}{digit}" for letter in "vV" for digit in range(10)} else version


@dataclass(frozen=True)
class Piece:
    """That a customer is reached in one way: over a component in one place, or without any."""

    reach: str
    distance: int | None
    ticks: Ticks
    sure: Ticks
    live: Ticks = frozenset()
    component: str | None = None
    place: tuple[str, str] = ("", "")
    vias: frozenset[str | None] = frozenset()


@dataclass(frozen=True)
class Carried:
    """When a change was in a cell: live, carried, and certainly so until the tick."""

    since: int
    live_until: int
    until: int
    sure_until: int

    @property
    def ticks(self) -> Ticks:
        """The ticks in which it was carried."""
        return frozenset(range(self.since, self.until))


@dataclass(frozen=True)
class Upgrade:
    """That a copy changed to a version that may hold the change: whether the change comes with it, whether that is
    certain; and by when it must have been live (-1: whenever)."""

    brings: bool
    certain: bool
    by: int


class Reading:
    """What the rules say of one deployment, at one instant, as known by another."""

    def __init__(self, world: World, number: int, at: int, known_at: int) -> None:
        self.world, self.number, self.at, self.by = world, number, at, known_at
        self.deployed = world.deployments[number]

    # What is deployed, and for how long

    def _known(self, number: int) -> bool:
        return self.world.deployments[number].recorded <= self.by

    @property
    def in_view(self) -> bool:
        """Whether the deployment had opened, and had been heard of."""
        return self.deployed.tried <= self.at and self.deployed.heard <= self.by

    @property
    def succeeded(self) -> bool:
        """Whether it was known to have succeeded."""
        return self.deployed.status == "succeeded" and self._known(self.number)

    def _successors(self, carrier: str, region: str, ring: str) -> Iterator[tuple[int, Deployed]]:
        """Later successes in a cell, as far as they were known."""
        mine = self.deployed
        for number, other in enumerate(self.world.deployments):
            if (
                (other.repo, other.environment, other.status) == (mine.repo, mine.environment, "succeeded")
                and (other.opened, number) > (mine.opened, self.number)
                and carrier in other.components
                and other.covers(region, ring)
                and self._known(number)
            ):
                yield number, other

    def live_until(self, carrier: str, region: str, ring: str) -> int:
        """Until the next success in the cell."""
        return min((other.opened for _, other in self._successors(carrier, region, ring)), default=END + 1)

    def carried_until(self, carrier: str, region: str, ring: str) -> int:
        """Until a success there takes it back; what did not succeed, until the next success."""
        if self.deployed.status != "succeeded":
            return self.live_until(carrier, region, ring)
        ends = (o.opened for _, o in self._successors(carrier, region, ring) if self.number in o.undoes)
        return min(ends, default=END + 1)

    def doubted_from(self, carrier: str, region: str, ring: str) -> int:
        """From when on it is not decided whether it is still there."""
        mine, until = self.deployed, self.carried_until(carrier, region, ring)
        found = [
            doubt.at
            for doubt in self.world.doubts
            if (doubt.repo, doubt.environment) == (mine.repo, mine.environment)
            and carrier in doubt.components
            and any(r in ("", region) and g in ("", ring) for r, g in doubt.targets)
            and mine.opened <= doubt.at < until
            and doubt.at <= self.by
        ]
        return min(found, default=END + 1)

    def windows(self, carrier: str, region: str, ring: str) -> list[Carried]:
        """When a cell carried the change: since it succeeded, and as a failed attempt may have left it before that."""
        mine = self.deployed
        live, until = (f(carrier, region, ring) for f in (self.live_until, self.carried_until))
        sure = min(until, self.doubted_from(carrier, region, ring)) if self.succeeded else 0
        found = [Carried(mine.opened, live, until, sure)]
        if mine.tried < mine.opened:
            end = mine.opened if self._known(self.number) else END + 1
            found.append(Carried(mine.tried, end, end, 0))
        return [one for one in found if one.until > one.since]

    # What it reaches

    def _containers(self, library: str) -> dict[str, tuple[int, frozenset[str | None]]]:
        """What a library is part of, over libraries alone."""
        return _closure(library, self._needs, lambda c: c == library or self.world.types[c] == "library")

    @cached_property
    def _needs(self) -> list[tuple[str, str]]:
        return [(who, what) for who, what in self.world.needs if who != what]

    def _origins(self, touched: str) -> Iterator[tuple[str, int, frozenset[str | None]]]:
        """The deployed components that carry a change: `(carrier, distance, vias)`."""
        if touched in self.deployed.components:
            yield touched, 0, frozenset({None})
        if self.world.types[touched] == "library":
            for carrier, (distance, vias) in self._containers(touched).items():
                if carrier != touched and carrier in self.deployed.components:
                    yield carrier, distance, vias

    @cached_property
    def places(self) -> list[tuple[str, str]]:
        """Every region and ring that anything names, and one of each that nothing does, where it was deployed."""
        world = self.world
        targets = [target for d in (*world.deployments, *world.doubts) for target in d.targets]
        regions = {*world.regions, *(r for r, _ in targets), *(e.region for e in world.entitlements)}
        rings = {*world.rings, *(g for _, g in targets), *(e.ring for e in world.entitlements)}
        return [
            (region, ring)
            for region in sorted((regions | {ELSEWHERE}) - {"", "?"})
            for ring in sorted((rings | {ELSEWHERE}) - {"", "?"})
            if self.deployed.covers(region, ring)
        ]

    @cached_property
    def reached(self) -> list[tuple[str, tuple[str, str], str, int, frozenset[str | None]]]:
        """`(component, place, carrier, distance, vias)` for everything that the change reaches."""
        found = []
        for place in self.places:
            for touched in self.deployed.touched(place[0]):
                for carrier, first, vias in self._origins(touched):
                    if not self.windows(carrier, *place):
                        continue
                    found.append((carrier, place, carrier, first, vias))
                    if self.world.types[carrier] == "service":
                        on = _closure(carrier, self._needs, lambda _: True)
                        found += [
                            (component, place, carrier, first + more, over)
                            for component, (more, over) in on.items()
                            if component != carrier
                        ]
        return found

    # Who uses it

    def survivor(self, number: int) -> int:
        """Who a customer is now, having been merged perhaps, more than once."""
        who = self.world.customers[number]
        if who.merged_into is None or not who.merged.known(self.by):
            return number
        return self.survivor(who.merged_into)

    def _fits(self, entitled: Entitled, place: tuple[str, str]) -> bool:
        return entitled.region in ("", "?", place[0]) and entitled.ring in ("", "?", place[1])

    def _in_environment(self, entitled: Entitled) -> bool:
        here = self.deployed.environment
        return entitled.environment in ("?", here) or (
            entitled.environment == "" and ENVIRONMENTS[here] == "production"
        )

    def _release_position(self, release: str, carrier: str) -> str | None:
        """Whether a release was first deployed before this deployment, or after it; None when it never was."""
        mine = self.deployed
        order = [
            (other.opened, number)
            for number, other in enumerate(self.world.deployments)
            if (other.repo, other.environment, other.status) == (mine.repo, mine.environment, "succeeded")
            and plain(other.release) == plain(release)
            and carrier in other.components
            and self._known(number)
        ]
        if not order or not release:
            return None
        return "before" if min(order) < (mine.opened, self.number) else "after"

    def _first_at(self, release: str, carrier: str) -> int:
        mine = self.deployed
        return min(
            other.opened
            for number, other in enumerate(self.world.deployments)
            if plain(other.release) == plain(release)
            and carrier in other.components
            and (other.repo, other.environment, other.status) == (mine.repo, mine.environment, "succeeded")
            and self._known(number)
        )

    def _upgrades(self, entitled: Entitled, carrier: str, place: tuple[str, str]) -> Iterator[Upgrade]:
        """How the copy of an entitlement may hold the change because its version came later than one before it."""
        mine = self.deployed
        position = self._release_position(entitled.version, carrier)
        if entitled.version in ("", "?") or plain(entitled.version) == plain(mine.release) or position == "before":
            return
        since = -1
        decided = False
        if position == "after":
            first = self._first_at(entitled.version, carrier)
            if self.carried_until(carrier, *place) <= first:
                return
            decided = self.doubted_from(carrier, *place) > first
        else:
            # All that is known of it is that they had taken it by then.
            since = entitled.clocks.valid_from
        for before in self.world.entitlements:
            if not self._precedes(before, entitled) or not before.version:
                continue
            if plain(before.version) == plain(entitled.version):
                continue
            was = self._release_position(before.version, carrier)
            if plain(before.version) == plain(mine.release):
                yield Upgrade(False, decided, since)
            elif was != "after":
                brings = before.clocks.valid_to == entitled.clocks.valid_from
                yield Upgrade(brings, decided and was == "before", since)

    def _precedes(self, before: Entitled, entitled: Entitled) -> bool:
        def cell(e: Entitled) -> tuple[Any, ...]:
            return e.customer, e.subject, e.environment, e.region, e.ring

        return (
            cell(before) == cell(entitled)
            and before.clocks.known(self.by)
            and before.clocks.valid_from < before.clocks.valid_to <= entitled.clocks.valid_from
        )

    def _entitled_pieces(self, entitled: Entitled) -> Iterator[Piece]:
        version, release = entitled.version, self.deployed.release
        where_known = "?" not in (entitled.environment, entitled.region, entitled.ring, version)
        for meaning in self.world.meanings:
            if meaning.subject != entitled.subject or not meaning.clocks.known(self.by):
                continue
            said = ticks_of(entitled.clocks) & ticks_of(meaning.clocks)
            for component, place, carrier, distance, vias in self.reached:
                if component != meaning.component or not self._fits(entitled, place):
                    continue
                upgrades = list(self._upgrades(entitled, carrier, place))
                for window in self.windows(carrier, *place):
                    ticks = live = said & _from(window.since)
                    sure = ticks if self.succeeded and window.sure_until else _NEVER
                    for upgrade in upgrades:
                        if window.since > upgrade.by >= 0 or (upgrade.by < 0 and window.since != self.deployed.opened):
                            continue
                        yield Piece(
                            "direct" if distance == 0 else "dependent",
                            distance,
                            ticks,
                            sure if upgrade.certain and where_known and meaning.certain else _NEVER,
                            ticks if upgrade.brings else _NEVER,
                            component,
                            place,
                            vias,
                        )
                    if version in ("", "?") and not (release and version == "?"):
                        ticks = said & window.ticks
                        live = said & frozenset(range(window.since, window.live_until))
                        sure = said & frozenset(range(window.since, window.sure_until))
                    elif not release or plain(version) not in (plain(release), "?"):
                        continue
                    yield Piece(
                        "direct" if distance == 0 else "dependent",
                        distance,
                        ticks,
                        sure if where_known and meaning.certain else _NEVER,
                        live,
                        component,
                        place,
                        vias,
                    )

    def _named_pieces(self, number: int) -> Iterator[Piece]:
        who, mine = self.world.customers[number], self.deployed
        names = {alias for alias, held in who.aliases if held.known(self.by)}
        for naming in mine.namings:
            if naming.ref not in names:
                continue
            effective = [
                (carrier, place)
                for place in self.places
                for touched in naming.touched & mine.touched(place[0])
                for carrier, _, _ in self._origins(touched)
            ]
            touched_something = any(naming.touched & mine.touched(place[0]) for place in self.places)
            if touched_something and not effective:
                continue
            carried = [one.until for carrier, place in effective for one in self.windows(carrier, *place)]
            until = max(carried, default=mine.tried) if touched_something else END + 1
            yield Piece("named", 0, frozenset(range(mine.tried, until)) or _NOT_ANY_MORE, _NEVER)

    def entitled_since_opened(self, number: int) -> Iterator[Entitled]:
        """The entitlements of a customer, and of those merged into them, since the deployment opened."""
        for entitled in self.world.entitlements:
            held = ticks_of(entitled.clocks) & frozenset(range(self.deployed.tried, self.at + 1))
            if self.survivor(entitled.customer) == number and entitled.clocks.known(self.by) and held:
                yield entitled

    def is_unplaced(self, number: int) -> bool:
        """A customer of today's directory without any entitlement since the deployment opened."""
        current = any(held.held(self.at, self.by) for _, held in self.world.customers[number].facts)
        return (
            self.in_view
            and current
            and self.survivor(number) == number
            and not any(True for _ in self.entitled_since_opened(number))
        )

    def _treated_as(self, number: int) -> str:
        if not self.is_unplaced(number) or ENVIRONMENTS[self.deployed.environment] != "production":
            return "none"
        return self.world.without_entitlement[self.world.customers[number].directory]

    def is_of_environment(self, number: int) -> bool:
        """Whether somebody uses anything in the environment, or is treated as if."""
        return self.in_view and (
            self._treated_as(number) != "none"
            or any(self._in_environment(entitled) for entitled in self.entitled_since_opened(number))
        )

    def _means_something(self, subject: str) -> bool:
        """Whether it was known at the instant asked about what an entitlement to it means, and all of it."""
        held = [one.clocks.held(self.at, self.by) for one in self.world.meanings if one.subject == subject]
        partly = [clocks.held(self.at, self.by) for one, clocks in self.world.not_in_full if one == subject]
        return any(held) and not any(partly)

    def waits_for(self, number: int) -> set[str]:
        """What a customer is entitled to that nobody knows, where and while the deployment reached anything."""
        return {
            entitled.subject
            for entitled in self.world.entitlements
            if self.in_view
            and self.survivor(entitled.customer) == number
            and entitled.clocks.known(self.by)
            and self._in_environment(entitled)
            and not self._means_something(entitled.subject)
            and any(
                (ticks := ticks_of(entitled.clocks) & (_from(window.since) if entitled.version else window.ticks))
                and min(ticks) <= self.at
                for _, place, carrier, _, _ in self.reached
                for window in self.windows(carrier, *place)
                if self._fits(entitled, place)
            )
        }

    def own_copies(self, number: int) -> set[str]:
        """Of what a customer runs a copy of their own that it may be in, because it names no release."""
        return {
            entitled.subject
            for entitled in self.world.entitlements
            for meaning in self.world.meanings
            for component, place, carrier, _, _ in self.reached
            for window in self.windows(carrier, *place)
            if not self.deployed.release
            and self.in_view
            and self.survivor(entitled.customer) == number
            and entitled.version not in ("", "?")
            and entitled.clocks.known(self.by)
            and self._in_environment(entitled)
            and (meaning.subject, meaning.component) == (entitled.subject, component)
            and meaning.clocks.known(self.by)
            and self._fits(entitled, place)
            and (ticks := ticks_of(entitled.clocks) & ticks_of(meaning.clocks) & _from(window.since))
            and min(ticks) <= self.at
        }

    def _pieces(self, number: int) -> Iterator[Piece]:
        mine = self.deployed
        for entitled in self.world.entitlements:
            if (
                self.survivor(entitled.customer) == number
                and entitled.clocks.known(self.by)
                and self._in_environment(entitled)
            ):
                yield from self._entitled_pieces(entitled)
                if mine.blank == "all":
                    ticks = ticks_of(entitled.clocks) & _from(mine.tried)
                    yield Piece("dependent", None, ticks, _NEVER)
        for one in range(len(self.world.customers)):
            if self.survivor(one) == number:
                yield from self._named_pieces(one)
        word = self._treated_as(number)
        if word == "none":
            return
        if mine.blank == "all":
            yield Piece("dependent", None, _from(mine.tried), _NEVER)
        own = [
            one
            for _, place, carrier, distance, _ in self.reached
            if distance == 0
            for one in self.windows(carrier, *place)
            if one.since <= self.at
        ]
        if own:
            sure = [frozenset(range(one.since, one.sure_until)) for one in own] if word == "all" else []
            since, until = min(one.since for one in own), max(one.until for one in own)
            yield Piece("direct", 0, frozenset(range(since, until)), _NEVER.union(*sure))

    def pieces(self, number: int) -> list[Piece]:
        """Every way in which a customer is reached that had begun by the instant asked about."""
        if not self.in_view:
            return []
        return [piece for piece in self._pieces(number) if piece.ticks and min(piece.ticks) <= self.at]


_NEVER: Ticks = frozenset()
_NOT_ANY_MORE: Ticks = frozenset({-1})
"""The time of somebody who is named by what was replaced in the same instant: reached, and carrying nothing."""


def _from(tick: int) -> Ticks:
    return frozenset(range(tick, END + 1))


def _closure(
    start: str, needs: Iterable[tuple[str, str]], goes_on: Callable[[str], bool]
) -> dict[str, tuple[int, frozenset[str | None]]]:
    """Everything that depends on a component, by relaxation: the shortest distance and the neighbours it is over."""
    distance = {start: 0}
    changed = True
    while changed:
        changed = False
        for who, what in needs:
            if what in distance and goes_on(what) and distance[what] + 1 < distance.get(who, OPEN):
                distance[who] = distance[what] + 1
                changed = True
    return {
        component: (
            many,
            frozenset(
                what
                for who, what in needs
                if who == component and what in distance and goes_on(what) and distance[what] + 1 == many
            ),
        )
        for component, many in distance.items()
    }


_ORDER = ("named", "direct", "dependent")


@dataclass(frozen=True)
class Expected:
    """What is to be said of one customer. `windows` by component and place: live and carried ticks."""

    reach: str
    possible: bool
    possibly_carrying: bool
    carrying: bool
    distance: int | None
    vias: frozenset[str | None]
    components: frozenset[str]
    carried: Mapping[tuple[str, tuple[str, str]], Ticks]
    live: Mapping[tuple[str, tuple[str, str]], Ticks]


def expected(reading: Reading, number: int) -> Expected | None:
    """What the rules say of a customer; None when they are not reached."""
    pieces = reading.pieces(number)
    if not pieces:
        return None

    def rank(piece: Piece) -> tuple[int, int]:
        return _ORDER.index(piece.reach), OPEN if piece.distance is None else piece.distance

    best = min(rank(piece) for piece in pieces)
    nearest = [piece for piece in pieces if rank(piece) == best]
    now = frozenset({reading.at})
    until_now = frozenset(range(reading.at + 1))
    carried: dict[tuple[str, tuple[str, str]], Ticks] = {}
    live: dict[tuple[str, tuple[str, str]], Ticks] = {}
    for piece in pieces:
        if piece.component is not None:
            cell = piece.component, piece.place
            carried[cell] = carried.get(cell, frozenset()) | piece.ticks
            live[cell] = live.get(cell, frozenset()) | piece.live & piece.ticks
    return Expected(
        reach=nearest[0].reach,
        possible=not any(piece.sure & until_now for piece in pieces),
        possibly_carrying=not any(piece.sure & now for piece in pieces),
        carrying=any(piece.ticks & now for piece in pieces),
        distance=nearest[0].distance,
        vias=frozenset(via for piece in nearest for via in piece.vias),
        components=frozenset(component for component, _ in carried),
        carried=carried,
        live=live,
    )
