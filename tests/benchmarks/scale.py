"""Generates a directory of many customers, skewed as real ones are: CSV files, settings and a git repo, from a seed.

`python -m tests.benchmarks.scale DIR --customers 1000000 --seed 7` writes DIR/customers.csv, contacts.csv,
entitlements.csv, staff.csv, and DIR/repo with `releasewatch.toml` and commits (tests/benchmarks/scale_repo.py). The
same seed and number give the same bytes. Rows are written as they are made: memory does not grow with them. People and
mail addresses are made up, and so are telephone numbers, which are from ranges that are kept for fiction.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from tests.benchmarks.scale_repo import COMPONENTS, REPO, Catalog, make_catalog, write_repo
from tests.benchmarks.starting import count, run

T = TypeVar("T")

TODAY = date(2026, 4, 1)
DIRECTORY = "crm"

CUSTOMER_COLUMNS = (
    "key", "name", "aliases", "parent", "customer_tier", "segment", "contract_value", "currency", "renewal_on",
    "account_manager", "country", "timezone", "language", "do_not_call", "escalated", "sla_minutes", "industry",
)  # fmt: skip
CONTACT_COLUMNS = (
    "customer", "key", "name", "role", "phone", "email", "language", "best_from", "best_to", "primary", "do_not_call",
    "consent",
)  # fmt: skip
ENTITLEMENT_COLUMNS = (
    "customer", "component", "product", "environment", "region", "ring", "version", "valid_from", "valid_to",
)  # fmt: skip
STAFF_COLUMNS = ("key", "name", "email", "team", "languages", "timezone", "manager", "away_from", "away_to")

FIRST = "Ada Ben Cleo Dan Eva Finn Gia Hugo Ines Jon Kaya Leo Mia Nils Olga Piet Quin Rosa Sam Tara Uwe Vera Wim Zoe"
LAST = "Abel Brandt Costa Dubois Engel Fischer Garcia Haas Ivanov Jansen Kim Lopez Meyer Novak Okafor Petit Quast Rossi"
NAME_A = "Blue North Silver Green Prime Alpha Delta Vega Nova Terra Aqua Solar Urban Royal Grand First Inter Trans Omni"
NAME_B = "Bridge Field Stone Harbor River Forge Point Line Works Gate Mill Tower Crest Park Dale Ridge Port Wood Lane"
NAME_C = "Logistics Foods Energy Software Retail Health Finance Steel Media Travel Textiles Robotics Insurance Pharma"
INDUSTRIES = "logistics food energy software retail health finance metal media travel textile insurance pharma public"
ROLES = ("IT manager", "CTO", "Operations", "Purchasing", "Head of support", "Administrator", "", "")


@dataclass(frozen=True, slots=True)
class Country:
    """Where customers are. `phones`: makes the national digits of a number, by a draw between 0 and 1."""

    code: str
    weight: int
    timezones: tuple[str, ...]
    languages: tuple[str, ...]
    currency: str
    region: str
    prefix: str
    phones: tuple[str, ...]
    """Numbers kept for fiction: each `x` is any digit."""


_US_AREAS = "201 202 206 212 213 214 215 303 305 312 404 415 503 512 602 612 617 702 713 718 801 816 901 917 919"
_UK = (
    "113 496 0xxx", "114 496 0xxx", "115 496 0xxx", "116 496 0xxx", "117 496 0xxx", "118 496 0xxx", "121 496 0xxx",
    "131 496 0xxx", "141 496 0xxx", "151 496 0xxx", "161 496 0xxx", "191 498 0xxx", "20 7946 0xxx", "7700 900xxx",
)  # fmt: skip
_US = tuple(f"{area} 555 01xx" for area in _US_AREAS.split())
_DE = ("30 23125 xxx", "69 90009 xxx", "40 66969 xxx", "221 4710 xxx", "89 99998 xxx")
_FR = ("1 99 00 xx xx", "2 61 91 xx xx", "3 53 01 xx xx", "4 65 71 xx xx", "5 36 49 xx xx", "6 39 98 xx xx")
_AU = ("2 5550 xxxx", "3 5550 xxxx", "7 5550 xxxx", "8 5550 xxxx", "2 7010 xxxx", "3 7010 xxxx", "7 7010 xxxx")

COUNTRIES = (
    Country(
        "US",
        30,
        ("America/New_York", "America/Chicago", "America/Los_Angeles", ""),
        ("en",),
        "USD",
        "us-east",
        "1",
        _US,
    ),
    Country("DE", 22, ("Europe/Berlin", ""), ("de", "de", "en"), "EUR", "eu-central", "49", _DE),
    Country("GB", 14, ("Europe/London",), ("en",), "GBP", "eu-west", "44", _UK),
    Country("FR", 12, ("Europe/Paris", ""), ("fr",), "EUR", "eu-west", "33", _FR),
    Country("AU", 6, ("Australia/Sydney", "Australia/Perth"), ("en",), "AUD", "ap-south", "61", _AU),
    Country("CA", 6, ("America/Toronto", "America/Vancouver"), ("en", "fr"), "CAD", "us-west", "1", _US),
    Country("NL", 4, ("Europe/Amsterdam",), ("nl", "en"), "EUR", "eu-west", "44", _UK),
    Country("ES", 4, ("Europe/Madrid",), ("es",), "EUR", "eu-west", "33", _FR),
    Country("", 2, ("",), ("",), "EUR", "eu-central", "49", _DE),
)

TIERS = (("platinum", 1), ("gold", 4), ("silver", 15), ("free", 80))
CONTRACTS = {"platinum": 400_000, "gold": 40_000, "silver": 5_000}
"""The median of the yearly contract value; the values are log-normal around it."""
CONTACTS = ((0, 5), (1, 35), (2, 30), (3, 18), (4, 8), (5, 4))
"""How many contacts a customer has, and of how many percent that is true: two on average."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written: rows of each file."""

    customers: int
    contacts: int
    entitlements: int
    staff: int


def write_scale(
    folder: Path, *, customers: int, components: int = COMPONENTS, seed: int = 7, repo: bool = True
) -> Counts:
    """Write everything into a folder; returns how many rows each file has. Files are replaced, a repo is not."""
    if repo:
        (folder / "repo").mkdir(parents=True)
    folder.mkdir(parents=True, exist_ok=True)
    catalog = make_catalog(Random(f"{seed}:catalog"), components)
    managers = [f"am-{n:03}" for n in range(max(20, customers // 3000))]
    staff = write_rows(folder / "staff.csv", STAFF_COLUMNS, _staff(managers, Random(f"{seed}:staff")))
    counted = _write_directory(folder, customers, Random(f"{seed}:customers"), managers, catalog)
    if repo:
        write_repo(folder / "repo", catalog, seed)
    return Counts(*counted, staff)


def write_rows(path: Path, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> int:
    """Write a CSV file; returns how many rows."""
    many = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow(row)
            many += 1
    return many


def _write_directory(
    folder: Path, customers: int, random: Random, managers: Sequence[str], catalog: Catalog
) -> tuple[int, int, int]:
    draws, contacts, entitlements = _Draws(random, catalog), 0, 0
    with ExitStack() as stack:
        writers = []
        for name, columns in (
            ("customers", CUSTOMER_COLUMNS), ("contacts", CONTACT_COLUMNS), ("entitlements", ENTITLEMENT_COLUMNS),
        ):  # fmt: skip
            stream = stack.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline=""))
            writers.append(csv.writer(stream, lineterminator="\n"))
            writers[-1].writerow(columns)
        for number in range(customers):
            key = f"K{number:07}"
            country = draws.pick(draws.countries)
            tier = draws.pick(draws.tiers)
            writers[0].writerow(_customer(draws, number, key, country, tier, draws.pick(managers)))
            people = _contacts(draws, number, key, country)
            writers[1].writerows(people)
            uses = _entitlements(draws, key, country, tier)
            writers[2].writerows(uses)
            contacts += len(people)
            entitlements += len(uses)
    return customers, contacts, entitlements


class _Draws:
    """Pools in which everything stands as often as it is to be drawn."""

    def __init__(self, random: Random, catalog: Catalog) -> None:
        self.random = draw = random.random
        self.gauss = random.gauss

        def pick(pool: Sequence[T]) -> T:
            return pool[int(draw() * len(pool))]

        self.pick: Callable[[Sequence[Any]], Any] = pick
        self.countries = _pool([(country, country.weight) for country in COUNTRIES])
        self.tiers = _pool(TIERS)
        self.contacts = _pool(CONTACTS)
        # A component's customers: the first is used by more than half of them, the last by a few in a thousand.
        self.components = _pool(
            [(f"{REPO}/{key}", max(1, 40_000 // rank)) for rank, key in enumerate(catalog.popular, 1)]
        )
        self.products = _pool([(key, max(1, 1000 // rank)) for rank, key in enumerate(catalog.products, 1)])
        self.people = [f"{first} {last}" for first in FIRST.split() for last in LAST.split()]
        self.organisations = [
            f"{a}{b.lower()} {c}" for a in NAME_A.split() for b in NAME_B.split() for c in NAME_C.split()
        ]
        self.industries = INDUSTRIES.split()
        self.dates = [(TODAY + timedelta(days=n)).isoformat() for n in range(1, 400)]
        self.past = [(TODAY - timedelta(days=n)).isoformat() for n in range(1, 1500)]
        self.days = [f"{n:05}" for n in range(100_000)]


def _pool(weighted: Sequence[tuple[T, int]]) -> list[T]:
    return [item for item, weight in weighted for _ in range(weight)]


def _customer(draws: _Draws, number: int, key: str, country: Country, tier: str, manager: str) -> tuple[Any, ...]:
    pick, draw = draws.pick, draws.random
    chance, more = draw(), draw()
    aliases = ""
    if chance < 0.4:
        aliases = f"tenant-{number * 7919 % 100_000_007:08}"
        if chance < 0.1:
            aliases += f";{key.lower()}.example.org"
    parent = f"K{int(more * number):07}" if 0.10 < chance < 0.13 and number else ""
    value = renewal = currency = ""
    median = CONTRACTS.get(tier)
    if median:
        value = f"{median * math.exp(draws.gauss(0, 0.8)):.2f}"
        currency, renewal = country.currency, pick(draws.dates)
    return (
        key,
        f"{pick(draws.organisations)} {number % 997}",
        aliases,
        parent,
        tier,
        "enterprise" if tier in {"platinum", "gold"} else "business" if tier == "silver" else "",
        value,
        currency,
        renewal,
        manager if median or more < 0.7 else "",
        country.code,
        pick(country.timezones),
        pick(country.languages),
        "yes" if more < 0.02 else "no",
        "yes" if 0.5 < more < 0.503 else "no",
        "60" if tier == "platinum" else "240" if tier == "gold" else "",
        pick(draws.industries),
    )


def _contacts(draws: _Draws, number: int, key: str, country: Country) -> list[tuple[Any, ...]]:
    pick, draw = draws.pick, draws.random
    rows, board = [], _phone(draws, country)
    for place in range(pick(draws.contacts)):
        name, chance, more = pick(draws.people), draw(), draw()
        phone = ""
        if chance < 0.45:  # the switchboard, with an extension
            phone = f"{board} ext. {int(more * 9000) + 100}"
        elif chance < 0.60:
            phone = board
        elif chance < 0.85:
            phone = _phone(draws, country)
        rows.append((
            key,
            f"P{number:07}-{place}" if more < 0.7 else "",
            name,
            pick(ROLES),
            phone,
            f"{name.lower().replace(' ', '.')}.{place}@{key.lower()}.example.org",
            pick(country.languages) if chance < 0.3 else "",
            "09:30" if chance > 0.9 else "",
            "12:00" if chance > 0.9 else "",
            "no" if place else "yes",
            "yes" if 0.30 < more < 0.31 else "no",
            "yes" if more < 0.3 else "no" if more > 0.98 else "",
        ))  # fmt: skip
    return rows


def _phone(draws: _Draws, country: Country) -> str:
    """A number kept for fiction, written in one of the ways in which people write them."""
    digits = iter(draws.pick(draws.days))
    national = "".join(next(digits) if sign == "x" else sign for sign in draws.pick(country.phones))
    way = draws.random()
    if way < 0.5 or not country.code:
        return f"+{country.prefix} {national}"
    if way < 0.6:
        return f"+{country.prefix}{national.replace(' ', '')}"
    if country.prefix == "1":
        return f"({national[:3]}) {national[4:].replace(' ', '-')}"
    # Only at home is a number of the country dialled without its prefix.
    return f"0{national}" if country.code not in {"NL", "ES"} else f"+{country.prefix} {national}"


def _entitlements(draws: _Draws, key: str, country: Country, tier: str) -> list[tuple[Any, ...]]:
    pick, draw = draws.pick, draws.random
    if draw() < 0.02:
        return []
    middle = {"platinum": 22, "gold": 16, "silver": 12}.get(tier, 8.2)
    many = min(60, int(middle * math.exp(draws.gauss(0, 0.45))) + 1)
    rows, seen = [], set()
    for _ in range(many):
        chance, more = draw(), draw()
        product = chance < 0.15
        subject = pick(draws.products if product else draws.components)
        if subject in seen:
            subject = pick(draws.components)  # two draws, so that the popular ones do not take all
            product = False
            if subject in seen:
                continue
        seen.add(subject)
        # Most use it everywhere; some in the region of their country, some in two, and of some nobody knows.
        region = "" if more < 0.6 else country.region if more < 0.95 else "eu-west;us-east" if more < 0.98 else "?"
        rows.append((
            key,
            "" if product else subject,
            subject if product else "",
            "" if chance < 0.95 else "production",
            region,
            "" if chance < 0.7 or chance > 0.85 else "stable" if chance < 0.8 else "early",
            f"{int(more * 40) % 4}.{int(chance * 1000) % 10}.0" if 0.4 < more < 0.43 else "",
            pick(draws.past) if chance > 0.5 else "",
            pick(draws.dates) if chance > 0.97 else "",
        ))  # fmt: skip
    return rows


def _staff(managers: Sequence[str], random: Random) -> Iterator[tuple[Any, ...]]:
    """Account managers in teams of ten, whose first leads them; a few are away."""
    people = [f"{first} {last}" for last in LAST.split() for first in FIRST.split()]
    for place, key in enumerate(managers):
        country = COUNTRIES[int(random.random() * 4)]
        away = random.random() < 0.05
        yield (
            key,
            people[place % len(people)],
            f"{key}@example.org",
            f"team-{place // 10:02}",
            ";".join(sorted({"en", country.languages[0]})),
            country.timezones[0],
            managers[place // 10 * 10] if place % 10 else "",
            TODAY.isoformat() if away else "",
            (TODAY + timedelta(days=14)).isoformat() if away else "",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--customers", type=count, default=1_000_000)
    parser.add_argument("--components", type=count, default=COMPONENTS)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    if (given.folder / "repo").exists():
        parser.error(f"{given.folder} holds a repo already: name a new folder")
    started = time.perf_counter()
    counts = write_scale(given.folder, customers=given.customers, components=given.components, seed=given.seed)
    rows = ", ".join(f"{many} {name}" for name, many in asdict(counts).items())
    print(f"{rows}, {given.components} components in {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    run(main)
