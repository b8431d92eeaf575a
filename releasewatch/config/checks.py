"""Finds what is wrong between the settings of a file whose shape is right: names, patterns, dependencies, addresses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from releasewatch.config.directory_checks import (
    find_directory_problems,
    find_reference_problems,
    find_url_problems,
)
from releasewatch.config.gate_checks import find_gate_problems
from releasewatch.config.ledger_address import read_address, reference_name
from releasewatch.config.mail_checks import find_chat_problems, find_mail_problems
from releasewatch.config.notify_checks import find_notify_problems
from releasewatch.config.problems import Key, Problem, did_you_mean, listed
from releasewatch.config.schema import CatalogTable, ComponentTable, Currency, ForgeTable, Line, Name, Suspects, Tables
from releasewatch.domain.defaults import MOST_SUSPECT
from releasewatch.domain.patterns import read_pattern
from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COMPONENT_KEY = re.compile(r"[A-Za-z0-9._-]{1,100}")
_REPO = re.compile(r"[\w.~@+-]+(/[\w.~@+-]+)*")
_REPO_WANTED = "wanted a name such as shop or group/shop: letters, digits and . _ - ~ @ + between slashes"
_COMPONENT_KEY_WANTED = "a component key has 1 to 100 letters, digits and . _ -"


def find_problems(tables: Tables) -> list[Problem]:
    """Everything that is wrong, in the order in which the tables are documented."""
    return [
        *_general(tables),
        *_patterns(tables.catalog, tables.components),
        *_components(tables.components),
        *find_dependency_problems(tables.components, tables.releasewatch.repo),
        *_environments(tables),
        *_products(tables),
        *_names("directory", tables.directory),
        *find_directory_problems(tables.directory),
        *_forge(tables.forge),
        *_tiers_and_hours(tables),
        *_rates(tables),
        *_points(tables.suspects),
        *find_mail_problems(tables.mail),
        *find_chat_problems(tables.chat),
        *find_gate_problems(tables),
        *_names("notify", tables.notify),
        *find_notify_problems(tables.notify, has_mail=bool(tables.mail.host and tables.mail.sender)),
    ]


def repo_problem(repo: str) -> str | None:
    """What is wrong with the name of a repo, or None."""
    return None if len(repo) <= 200 and _REPO.fullmatch(repo) else _REPO_WANTED


def find_dependency_problems(components: Mapping[str, ComponentTable], repo: str | None) -> Iterator[Problem]:
    """Dependencies on oneself, or on a component that this repo does not have; other repos' are not known here.

    Without the name of the repo, only keys without a repo are known to be its own.
    """
    for key, component in components.items():
        for number, needs in enumerate(component.depends_on):
            where: Key = ("components", key, "depends_on", number)
            other, slash, bare = needs.rpartition("/")
            if not _COMPONENT_KEY.fullmatch(bare) or (slash and not _REPO.fullmatch(other)):
                yield Problem(where, needs, "wanted the key of a component, or repo/key for one of another repo")
            elif slash and other != repo:
                continue
            elif bare == key:
                yield Problem(where, needs, "a component cannot depend on itself", "Leave it out.")
            elif bare not in components:
                guess = did_you_mean(bare, set(components) - {key})
                has = f"This repo has {listed(sorted(components))}; one of another repo is written repo/key."
                yield Problem(where, needs, f"this repo has no such component{guess}", has)


def _general(tables: Tables) -> Iterator[Problem]:
    repo, database = tables.releasewatch.repo, tables.releasewatch.database
    if repo is not None and (problem := repo_problem(repo)):
        yield Problem(("releasewatch", "repo"), repo, problem)
    if database is not None:
        try:
            if reference_name(database) is None:
                read_address(database, "", Path(), password_allowed=False)
        except InvalidCallError as error:
            yield Problem(("releasewatch", "database"), database, error.message, error.hint)


def _forge(forge: ForgeTable) -> Iterator[Problem]:
    if forge.url is not None:
        yield from find_url_problems(forge.url, ("forge", "url"), relative=False, plain_http=forge.plain_http, hint="")
    if forge.token is not None:
        yield from find_reference_problems(forge.token, ("forge", "token"))
    if forge.kind is None and forge != ForgeTable():
        yield Problem(
            ("forge",), msgspec.to_builtins(forge), "the forge needs its kind", 'Add kind = "github", or "gitlab".'
        )


def _patterns(catalog: CatalogTable, components: Mapping[str, ComponentTable]) -> Iterator[Problem]:
    lists: list[tuple[Key, tuple[str, ...]]] = [(("catalog", "no_effect"), catalog.no_effect)]
    lists += [(("components", key, "paths"), component.paths) for key, component in components.items()]
    for key, patterns in lists:
        adds = False
        for number, pattern in enumerate(patterns):
            try:
                adds = not read_pattern(pattern).negated or adds
            except InvalidCallError as error:
                yield Problem((*key, number), pattern, error.message, error.hint)
                adds = True
            if not adds:
                excludes = "a pattern with ! takes something away from those before it, and there is none"
                yield Problem((*key, number), pattern, excludes)
                break


def _components(components: Mapping[str, ComponentTable]) -> Iterator[Problem]:
    for key, component in components.items():
        if not _COMPONENT_KEY.fullmatch(key):
            yield Problem(("components", key), msgspec.to_builtins(component), _COMPONENT_KEY_WANTED)


def _environments(tables: Tables) -> Iterator[Problem]:
    yield from _names("environments", tables.environments)
    for name, environment in tables.environments.items():
        for axis in ("regions", "rings"):
            values: tuple[str, ...] = getattr(environment, axis)
            for number, value in enumerate(values):
                if value in values[:number]:
                    yield Problem(("environments", name, axis, number), value, "it stands in this list twice")


def _products(tables: Tables) -> Iterator[Problem]:
    yield from _names("products", tables.products)
    own = f"{tables.releasewatch.repo or ''}/"  # no key begins with a slash: without a name none is known as ours
    for name, product in tables.products.items():
        for number, component in enumerate(product.components):
            where: Key = ("products", name, "components", number)
            repo, slash, bare = component.rpartition("/")
            whole_repo = bool(slash) and bare == "*"
            if (slash and not _REPO.fullmatch(repo)) or not (whole_repo or _COMPONENT_KEY.fullmatch(bare)):
                yield Problem(where, component, "wanted a component key, repo/key, or repo/* for all of a repo")
            elif not tables.components:
                continue  # catalog-info.yaml may describe them
            elif component.startswith(own) and not whole_repo and bare not in tables.components:
                guess = did_you_mean(bare, tables.components)
                yield Problem(where, component, f"this repo has no such component{guess}")


def _tiers_and_hours(tables: Tables) -> Iterator[Problem]:
    for tier, points in tables.ranking.customer_tier.items():
        if not _fits(tier, Line):
            yield Problem(("ranking", "customer_tier", tier), points, "the name of a tier is one line of text")
    if tables.calling.hours_to <= tables.calling.hours_from:
        wanted = f"wanted a time after hours_from, which is {tables.calling.hours_from}"
        yield Problem(("calling", "hours_to"), tables.calling.hours_to, wanted)


def _rates(tables: Tables) -> Iterator[Problem]:
    """Rates are of other currencies, in one that is said."""
    ranking = tables.ranking
    for currency, rate in ranking.rates.items():
        where: Key = ("ranking", "rates", currency)
        if not _fits(currency, Currency):
            yield Problem(where, rate, "wanted a currency as EUR or USD on the left")
        elif not ranking.currency:
            yield Problem(where, rate, 'say in which currency values are compared: currency = "EUR"')
        elif currency == ranking.currency and rate != 1:
            yield Problem(where, rate, f"{currency} is what values are compared in, and is worth 1 of itself")


def _points(suspects: Suspects) -> Iterator[Problem]:
    """A score is 0 to 100, and the sum of its parts."""
    others = ("half_hours", "plausible", "look_back_days")
    total = sum(points for name, points in msgspec.structs.asdict(suspects).items() if name not in others)
    if total > MOST_SUSPECT:
        words = f"the points of all reasons are {total} in all; wanted at most {MOST_SUSPECT}"
        yield Problem(("suspects",), total, words)


def _names(table: str, entries: Mapping[str, msgspec.Struct]) -> Iterator[Problem]:
    for name, entry in entries.items():
        if not _fits(name, Name):
            problem = "a name is one line of at most 100 characters, without ; and not ?"
            yield Problem((table, name), msgspec.to_builtins(entry), problem)


def _fits(text: str, kind: object) -> bool:
    try:
        msgspec.convert(text, kind)
    except msgspec.ValidationError:
        return False
    return True
