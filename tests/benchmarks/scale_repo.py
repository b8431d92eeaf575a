"""The deployed repo of the generated directory: settings with a graph of components, commits that touch few or many.

Most components depend on a hot core: a change of it reaches nearly everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.support.repos import RepoBuilder

REPO = "shop"
COMPONENTS = 500
CORE = 8
PLATFORM = 60
PRODUCTS = 24
REGIONS = ("eu-central", "eu-west", "us-east", "us-west", "ap-south")
RINGS = ("early", "stable")
HISTORY = 30
"""So many commits of one component each stand between the first and those that are tagged."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """Components in the order in which they depend on each other: each on earlier ones alone.

    `popular`: all of them, the most used by customers first. `products`: what each holds, the most used first.
    """

    depends_on: dict[str, tuple[str, ...]]
    popular: tuple[str, ...]
    products: dict[str, tuple[str, ...]]


def make_catalog(random: Random, components: int = COMPONENTS) -> Catalog:
    """A core, a platform upon it, and services upon both; 150 components or more."""
    names = [f"core-{n}" for n in range(CORE)]
    names += [f"platform-{n:02}" for n in range(PLATFORM)]
    names += [f"service-{n:03}" for n in range(components - CORE - PLATFORM)]
    depends_on: dict[str, tuple[str, ...]] = {}
    for place, name in enumerate(names):
        if place < CORE:
            needs = names[:place][-1:] if place % 3 == 2 else []
        elif place < CORE + PLATFORM:
            needs = random.sample(names[:CORE], random.randint(1, 3))
        else:
            needs = random.sample(names[:CORE], random.choice((0, 0, 1, 1, 2)))
            needs += random.sample(names[CORE : CORE + PLATFORM], random.randint(1, 3))
            needs += random.sample(
                names[CORE + PLATFORM : place], min(place - CORE - PLATFORM, random.choice((0, 0, 1)))
            )
        depends_on[name] = tuple(sorted(needs))
    services = names[CORE + PLATFORM :]
    random.shuffle(services)
    popular = (*services[:40], *names[CORE : CORE + PLATFORM], *services[40:], *names[:CORE])
    products = {f"plan-{n:02}": tuple(sorted(random.sample(services, random.randint(4, 30)))) for n in range(PRODUCTS)}
    return Catalog(depends_on, popular, products)


def settings_of(catalog: Catalog) -> str:
    """`releasewatch.toml`; its directory is the CSV files beside the repo."""
    return "\n".join(_settings(catalog)) + "\n"


def _settings(catalog: Catalog) -> Iterator[str]:
    yield f'[releasewatch]\nrepo = "{REPO}"\n\n[catalog]\nno_effect = ["*.md", "*.toml"]'
    yield f'\n[environments.production]\ntier = "production"\nregions = {_list(REGIONS)}\nrings = {_list(RINGS)}'
    yield '\n[environments.staging]\ntier = "staging"'
    yield '\n[directory.crm]\nkind = "csv"'
    yield from (f'{kind} = "../{kind}.csv"' for kind in ("customers", "contacts", "entitlements"))
    yield '\n[staff]\nfile = "../staff.csv"'
    for place, (key, needs) in enumerate(catalog.depends_on.items()):
        yield f'\n[components.{key}]\ntitle = "{key.replace("-", " ").title()}"\npaths = ["{key}/**"]'
        yield f'owner = "team-{place % 40:02}"\ndepends_on = {_list(needs)}'
        if place < CORE and place % 2:
            yield 'type = "library"\nvisibility = "internal"'
    for key, holds in catalog.products.items():
        yield f"\n[products.{key}]\ncomponents = {_list([f'{REPO}/{one}' for one in holds])}"


def _list(words: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def write_repo(folder: Path, catalog: Catalog, seed: int) -> RepoBuilder:
    """A git repo with one folder for each component; tags name what each commit touches.

    `base` is everything, `rare` the component with the fewest customers, `hot` that with the most, `few` five of them,
    `many` a quarter of the services, `core` the whole core.
    """
    repo = RepoBuilder(folder)
    names, random = list(catalog.depends_on), Random(f"{seed}:history")

    def touch(subject: str, touched: Sequence[str], tag: str = "") -> None:
        number = len(repo.git("rev-list", "--all").split())
        repo.commit(subject, {f"{name}/main.py": f"# {number}\n" for name in touched})
        if tag:
            repo.tag(tag)

    repo.commit("Begin", {"releasewatch.toml": settings_of(catalog)} | {f"{n}/main.py": "# 0\n" for n in names})
    for name in random.choices(names[CORE:], k=HISTORY):
        touch(f"fix({name}): mend what broke", [name])
    repo.tag("base")
    services = [name for name in catalog.popular if name.startswith("service-")]
    touch(f"feat({services[-1]}): add what few use", services[-1:], "rare")
    touch(f"feat({services[0]}): add what most use", services[:1], "hot")
    middle = len(services) // 4
    touch("fix: mend five services", services[middle : middle + 5], "few")
    touch("chore: move services to the new runtime", services[2 * middle : 3 * middle], "many")
    touch("perf: make the core faster", names[:CORE], "core")
    return repo
