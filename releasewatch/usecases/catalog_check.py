"""Checking a catalog against the files it maps, and against the customers that the ledger knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from releasewatch.domain.catalog import Graph, Node
from releasewatch.domain.catalog_check import (
    NO_EFFECT,
    find_cycles,
    find_idle_patterns,
    find_idle_products,
    find_unmapped,
    find_unused,
)
from releasewatch.domain.customers import PRODUCT
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.domain.releases import printable_path
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError
from releasewatch.usecases.discovery import OWN_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from releasewatch.domain.catalog import Catalog
    from releasewatch.ports import PathMapper
    from releasewatch.secret import Secret
    from releasewatch.storage.catalog_check import SomeCustomers

FINDINGS = (
    "unmapped", "dead-pattern", "cycle", "unused", "unplaced", "waiting", "parents", "alike-keys", "unknown-names",
)  # fmt: skip
"""What a catalog can be found wrong in; cycles are allowed, and are found all the same."""

OF_LATE = timedelta(days=90)
"""How far back names in `Customer:` trailers are looked at."""

OF_LEDGER = frozenset({"unused", "unplaced", "waiting", "parents", "alike-keys", "unknown-names"})
"""The findings that only a ledger can tell."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a commit, and how many commits touched each since an instant. `complete`: the clone holds all."""

    head: str
    paths: Sequence[str]
    since: datetime
    churn: Mapping[str, int] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What the ledger knows, as of an instant.

    `entitled`: full keys of components; `waiting`: how many entitlements name something unknown, by what they name;
    `without`: how many customers use nothing, with the first of their keys; `parents`: whose parent is nobody, or they
    themselves; `alike`: whose key another one has but for case; `unknown`: names in `Customer:` trailers of what
    was deployed in the last 90 days that nobody goes by; `graph` is over all repos.
    """

    graph: Graph
    entitled: frozenset[str]
    waiting: Mapping[str, int]
    without: int
    without_keys: tuple[str, ...]
    parents: SomeCustomers
    alike: SomeCustomers
    unknown: tuple[str, ...]
    products: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Telling:
    """How much is told: so many of each finding, and customers as the channel may show them."""

    limit: int
    reveal: Reveal = Reveal.KEYS
    opaque: bool = False


def look_at_ledger(url: Secret, catalog: Catalog, now: datetime, limit: int) -> LedgerFacts:
    """Read what only the ledger tells; nothing is made or upgraded.

    Raises InvalidCallError when there is none at the program's schema, and whatever keeps it from being read.
    """
    from releasewatch.storage import catalog_check, catalogs, health, migrate, products
    from releasewatch.storage.unknown_names import unknown_in_repo
    from releasewatch.usecases.schema import as_it_is, state_of

    with as_it_is(url) as ledger:
        state = state_of(ledger, migrate.current(ledger))
        if state in ("missing", "empty"):
            raise InvalidCallError("There is no ledger yet.", "It comes with the first deployment that is recorded.")
        if state != "current":
            raise InvalidCallError(f"The ledger is {state} this program's schema.", "See: releasewatch db current")
        with ledger.read() as connection:
            nodes, edges = catalogs.load_dependencies(connection, catalog, now)
            without = catalog_check.customers_without_component(connection, now, limit)
            return LedgerFacts(
                Graph.build(nodes, edges),
                frozenset(catalog_check.entitled_components(connection, now)),
                health.waiting_subjects(connection, now),
                without.customers,
                without.keys,
                catalog_check.customers_with_odd_parent(connection, now, limit),
                catalog_check.customers_with_alike_keys(connection, now, limit),
                unknown_in_repo(connection, catalog.repo, now - OF_LATE).names,
                products.known_products(connection),
            )


def check_catalog(
    catalog: Catalog,
    files: Files,
    mapper_of: Callable[[Catalog], PathMapper],
    facts: LedgerFacts | None,
    telling: Telling,
) -> dict[str, Any]:
    """The document of `catalog check --format json`. What was not looked at is null; `found` are words of FINDINGS."""
    unmapped = find_unmapped(files.paths, mapper_of(catalog).owners, files.churn)
    # What `init` has just written is not committed yet, and is no file of the head.
    idle = find_idle_patterns(catalog, [*files.paths, OWN_FILE], lambda asked: mapper_of(asked).owners)
    graph = facts.graph if facts else _own_graph(catalog)
    own = set(catalog.full_keys)
    cycles = [cycle for cycle in find_cycles(graph) if own.intersection(cycle)]
    document: dict[str, Any] = {
        "repo": catalog.repo,
        "head": files.head,
        "since": format_utc(files.since),
        "churn_complete": files.complete,
        "files": len(files.paths),
        "components": len(catalog.components),
        "unmapped": {
            "files": len(unmapped),
            "changed": sum(1 for one in unmapped if one.commits),
            "items": [{"path": printable_path(one.path), "commits": one.commits} for one in unmapped[: telling.limit]],
        },
        "dead_patterns": [
            {
                "component": catalog.full_key(one.component) if one.component != NO_EFFECT else None,
                "pattern": one.pattern,
                "does": "excludes nothing" if one.pattern.startswith("!") else "matches no file",
            }
            for one in idle
        ],
        "cycles": [list(cycle) for cycle in cycles],
    }
    document |= _of_ledger(catalog, facts, telling)
    document["found"] = [word for word in FINDINGS if _is_found(word, document)]
    document["next_cursor"] = None
    return document


def _own_graph(catalog: Catalog) -> Graph:
    edges = [(catalog.full_key(c.key), catalog.full_key(d)) for c in catalog.components for d in c.depends_on]
    return Graph.build((Node(catalog.full_key(c.key), c.type) for c in catalog.components), edges)


def _of_ledger(catalog: Catalog, facts: LedgerFacts | None, telling: Telling) -> dict[str, Any]:
    if facts is None:
        return dict.fromkeys(
            ("unused", "unplaced", "waiting", "dead_products", "parents", "alike_keys", "unknown_names")
        )
    # What waits for a component of this catalog means it, although no deployment has brought it into the ledger yet.
    named = {
        catalog.full_key(one.key)
        for one in catalog.components
        if {one.key, catalog.full_key(one.key)} & facts.waiting.keys()
    }
    own = catalog.full_keys
    waiting = sorted(facts.waiting.items(), key=lambda one: (-one[1], one[0]))
    idle = find_idle_products(facts.products, facts.graph.nodes.keys())
    brought = {one.key for one in catalog.components} | set(own)
    brought |= {PRODUCT + product for product in facts.products.keys() - dict(idle).keys()}
    return {
        "unused": find_unused(own, facts.graph, facts.entitled | named),
        "unplaced": _customers(facts.without, facts.without_keys, telling),
        "parents": _customers(facts.parents.customers, facts.parents.keys, telling),
        "alike_keys": _customers(facts.alike.customers, facts.alike.keys, telling),
        "unknown_names": _unknown(facts.unknown, telling),
        "waiting": {
            "entitlements": sum(facts.waiting.values()),
            "subjects": [
                {"subject": subject, "entitlements": many, "in_catalog": subject in brought}
                for subject, many in waiting[: telling.limit]
            ],
            "more": max(0, len(waiting) - telling.limit),
        },
        "dead_products": [{"product": product, "patterns": list(patterns)} for product, patterns in idle],
    }


def _unknown(names: Sequence[str], telling: Telling) -> dict[str, Any]:
    told = _customers(len(names), names, telling)
    return {"names": told["customers"], "keys": told["keys"], "withheld": told["withheld"]}


def _customers(many: int, keys: Sequence[str], telling: Telling) -> dict[str, Any]:
    told = keys[: telling.limit] if telling.reveal >= Reveal.KEYS else ()
    return {
        "customers": many,
        "keys": [opaque_key(key) if telling.opaque else key for key in told],
        "withheld": ["keys"] if telling.reveal < Reveal.KEYS else [],
    }


def _is_found(word: str, document: Mapping[str, Any]) -> bool:
    match word:
        case "unmapped":
            return bool(document["unmapped"]["files"])
        case "dead-pattern":
            return bool(document["dead_patterns"] or document["dead_products"])
        case "cycle":
            return bool(document["cycles"])
        case "unused":
            return bool(document["unused"])
        case "unplaced" | "parents" | "alike-keys":
            some = document[word.replace("-", "_")]
            return some is not None and bool(some["customers"])
        case "unknown-names":
            return document["unknown_names"] is not None and bool(document["unknown_names"]["names"])
        case _:
            return document["waiting"] is not None and bool(document["waiting"]["entitlements"])
