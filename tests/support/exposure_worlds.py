"""Draws random worlds for the law of exposure."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.support.exposure_facts import (
    ALWAYS,
    COMPONENTS,
    DIRECTORIES,
    ENVIRONMENTS,
    LAST,
    OPEN,
    Clocks,
    Deployed,
    Doubt,
    Entitled,
    Meaning,
    Naming,
    Who,
    World,
)

REGIONS = ("eu", "us", "jp")
RINGS = ("early", "late")
RELEASES = ("v1", "v2", "v3")
ALIASES = ("acme", "globex", "k1", "k2")
PRODUCTS = ("product:x", "product:y")
TICKS = st.integers(0, LAST)


def _mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """The usual one half of the time."""
    return st.sampled_from((usual,) * len(others) + others)


@st.composite
def _interval(draw: st.DrawFn) -> tuple[int, int]:
    """An interval that may be open at either end; now and then one without any instant."""
    start = draw(_mostly(ALWAYS, *range(LAST + 1)))
    end = draw(_mostly(OPEN, *range(LAST + 2)))
    return (start, end) if start <= end else (end, start)


@st.composite
def _recorded(draw: st.DrawFn) -> tuple[int, int]:
    start, end = draw(st.sampled_from(((ALWAYS, OPEN),) * 6 + ((ALWAYS, LAST // 2), (LAST // 2, OPEN), (3, 9))))
    return start, end


@st.composite
def _clocks(draw: st.DrawFn) -> Clocks:
    return Clocks(*draw(_interval()), *draw(_recorded()))


@st.composite
def _facts(draw: st.DrawFn) -> tuple[tuple[str, Clocks], ...]:
    """What a directory says of a customer: at any instant, as known by any other, one fact or none."""
    shape = draw(st.sampled_from(("always", "always", "always", "none", "left", "changed", "corrected")))
    tick = draw(TICKS)
    if shape == "none":
        return ()
    if shape == "left":
        return (("kim", Clocks(ALWAYS, tick)),)
    if shape == "changed":
        return (("kim", Clocks(ALWAYS, tick)), ("lee", Clocks(tick, OPEN)))
    if shape == "corrected":
        return (("kim", Clocks(recorded_to=tick)), ("", Clocks(recorded_from=tick)))
    return (("kim", Clocks()),)


@st.composite
def _customers(draw: st.DrawFn) -> tuple[Who, ...]:
    pairs = [("crm", "k1"), ("desk", "k1"), ("crm", "k2"), ("crm", "Z")]
    found: list[Who] = []
    for number, (directory, key) in enumerate(pairs[: draw(st.integers(2, 4))]):
        aliases = tuple(
            (alias, Clocks(recorded_from=start, recorded_to=end))
            for alias in sorted({key, *draw(st.sets(st.sampled_from(ALIASES), max_size=2))})
            for start, end in [draw(_recorded())]
        )
        into = draw(st.sampled_from((None,) * 6 + tuple(range(number)))) if number else None
        start, end = draw(_recorded())
        merged = Clocks(recorded_from=start, recorded_to=end)
        found.append(Who(directory, key, draw(_facts()), aliases, into, merged))
    return tuple(found)


@st.composite
def _products(draw: st.DrawFn) -> tuple[Meaning, ...]:
    found: list[Meaning] = []
    for product in PRODUCTS:
        for component in draw(st.sets(st.sampled_from(COMPONENTS), max_size=3)):
            certain = draw(_mostly(True, False))
            first = draw(_clocks())
            found.append(Meaning(product, component, certain, first))
            if first.valid_to < OPEN and draw(st.booleans()):  # out of the product, and back
                again = first.valid_to + draw(st.integers(1 if first.valid_to == first.valid_from else 0, 2))
                found.append(Meaning(product, component, certain, Clocks(again)))
    return tuple(found)


@st.composite
def _not_in_full(draw: st.DrawFn) -> tuple[tuple[str, Clocks], ...]:
    return tuple((one, draw(_clocks())) for one in PRODUCTS if draw(_mostly(False, False, True)))


SUBJECTS = (*COMPONENTS, "a", "b", "c", *PRODUCTS, "!first", "not-known-yet", "shop/aa", "zz/last")


@st.composite
def _entitlements(draw: st.DrawFn, customers: int) -> tuple[Entitled, ...]:
    found: dict[Any, Entitled] = {}
    for _ in range(draw(st.integers(4, 9))):
        cell = (
            draw(st.integers(0, customers - 1)),
            draw(st.sampled_from(("shop/a", "shop/b", "shop/lib", "shop/sub") * 3 + SUBJECTS)),
            draw(_mostly("", "production", "production", "production", "staging", "?")),
            draw(_mostly("", "eu", "us", "jp", "mars", "?")),
            draw(_mostly("", "early", "late", "canary", "?")),
        )
        if draw(_mostly(False, False, True)):
            rows = draw(_upgrades())
        else:
            rows = [(draw(_mostly("", *RELEASES, "1", "V2", "?", "v9")), draw(_clocks()))]
        for version, clocks in rows:
            found[(*cell, version, clocks.valid_from, clocks.recorded_from)] = Entitled(*cell, version, clocks)
    return tuple(found.values())


@st.composite
def _upgrades(draw: st.DrawFn) -> list[tuple[str, Clocks]]:
    """One customer's copy as it goes from version to version."""
    ticks = sorted(draw(st.sets(TICKS, min_size=1, max_size=3)))
    starts, ends = [ALWAYS, *ticks], [*ticks, OPEN]
    versions = draw(
        st.lists(
            st.sampled_from((*RELEASES, "2", "V3", "v8", "v9", "9", "", "?")),
            min_size=len(starts),
            max_size=len(starts),
        )
    )
    return [(v, Clocks(start, end)) for v, start, end in zip(versions, starts, ends, strict=True)]


_SOME = st.frozensets(st.sampled_from(COMPONENTS), max_size=3)


@st.composite
def _touched(draw: st.DrawFn, own: frozenset[str]) -> frozenset[str]:
    """What of a repo's components has changed; most often something has."""
    return draw(st.frozensets(st.sampled_from(sorted(own)), min_size=draw(_mostly(1, 0)), max_size=3))


@st.composite
def _targets(draw: st.DrawFn) -> tuple[tuple[str, str], ...]:
    one = st.tuples(_mostly("", *REGIONS), _mostly("", *RINGS))
    return tuple(sorted(draw(st.sets(one, min_size=1, max_size=2))))


@st.composite
def _deployments(draw: st.DrawFn, regions: frozenset[str], in_order: bool) -> tuple[Deployed, ...]:
    many = draw(st.integers(1, 4))
    opened = draw(st.lists(TICKS, min_size=many, max_size=many))
    recorded = draw(st.lists(TICKS, min_size=many, max_size=many))
    opened, recorded = (sorted(opened), sorted(recorded)) if in_order else (opened, list(range(many)))
    found: list[Deployed] = []
    known_regions = {environment: set(regions) for environment in ENVIRONMENTS}
    for number in range(many):
        repo = draw(_mostly("shop", "shop", "web"))
        own = frozenset(c for c in COMPONENTS if c.startswith(f"{repo}/"))
        targets = draw(_targets())
        environment = draw(_mostly("production", "production", "live-too", "staging"))
        known_regions[environment] |= {region for region, _ in targets if region}
        at = max(recorded[number], opened[number]) if in_order else recorded[number]
        if in_order and found:
            at = max(at, found[-1].recorded)
        heard = draw(st.integers(found[-1].recorded if found else 0, at)) if in_order else at
        status = draw(_mostly("succeeded", "succeeded", "failed", "cancelled", "running"))
        # What was deployed in between would have made the second attempt a deployment of its own.
        first = found[-1].opened if found else 0
        again = in_order and status == "succeeded" and draw(_mostly(False, False, True))
        found.append(
            Deployed(
                repo=repo,
                environment=environment,
                components=draw(st.just(own) | st.frozensets(st.sampled_from(sorted(own)), min_size=1)),
                targets=targets,
                tried=draw(st.integers(first, opened[number])) if again else opened[number],
                opened=opened[number],
                heard=heard,
                recorded=at,
                status=status,
                release=draw(_mostly("", *RELEASES, "1")),
                special_region=draw(st.sampled_from(("nowhere", *sorted(known_regions[environment])))),
                touched_there=draw(_touched(own)),
                touched_elsewhere=draw(_touched(own)),
                undoes=draw(st.frozensets(st.integers(0, many - 1), max_size=2)),
                namings=tuple(
                    Naming(ref, draw(_SOME))
                    for ref in sorted(
                        draw(st.sets(st.sampled_from((*ALIASES, "nobody")), max_size=draw(_mostly(0, 0, 2))))
                    )
                ),
                blank=draw(_mostly("none", "none", "warn", "all")),
            )
        )
    return tuple(found)


@st.composite
def _doubts(draw: st.DrawFn) -> tuple[Doubt, ...]:
    return tuple(
        Doubt(
            draw(st.sampled_from(("shop", "web"))),
            draw(_mostly("production", "staging")),
            frozenset(COMPONENTS),
            draw(_targets()),
            draw(TICKS),
        )
        for _ in range(draw(st.integers(0, 1)))
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world of a handful of components, deployments, customers and entitlements."""
    component = st.sampled_from(COMPONENTS)
    regions = draw(st.frozensets(st.sampled_from(REGIONS)))
    in_order = draw(st.booleans())
    customers = draw(_customers())
    return World(
        types={c: draw(_mostly("service", "service", "library")) for c in COMPONENTS},
        needs=frozenset(draw(st.sets(st.tuples(component, component), min_size=4, max_size=8))),
        regions=regions,
        rings=draw(st.frozensets(st.sampled_from(RINGS))),
        deployments=draw(_deployments(regions, in_order)),
        doubts=draw(_doubts()),
        products=draw(_products()),
        not_in_full=draw(_not_in_full()),
        customers=customers,
        entitlements=draw(_entitlements(len(customers))),
        without_entitlement={d: draw(_mostly("none", "possible", "all")) for d in DIRECTORIES},
        in_order=in_order,
    )


@st.composite
def questions(draw: st.DrawFn, world: World) -> list[tuple[int, int, int]]:
    """Deployments to ask about, each at an instant and as known by another: most often after it, and now."""
    numbers = st.integers(0, len(world.deployments) - 1)
    return [
        (number, draw(_mostly(LAST, LAST, *range(LAST + 1))), draw(_mostly(LAST, *range(LAST + 1))))
        for number in draw(st.lists(numbers, min_size=1, max_size=4))
    ]
