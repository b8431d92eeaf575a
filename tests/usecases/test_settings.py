"""Pushing the organisation's settings: versions in order, nothing twice, and in force for every repo at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from releasewatch.config import parse_organisation
from releasewatch.errors import UnknownNameError
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.catalogs import environment_of
from releasewatch.storage.ledger import Rehearsal
from releasewatch.storage.products import known_products, store_products
from releasewatch.storage.types import OPEN_END
from releasewatch.usecases.settings import (
    compare_with_pushed,
    describe_version,
    list_versions,
    push_settings,
    read_pushed,
)
from tests.support.racing import Racer, race
from tests.support.worlds import World

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.config import OrganisationSettings
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.settings import Pushed

WHEN = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


def settings(text: str) -> OrganisationSettings:
    return parse_organisation(text.encode(), "organisation.toml")


def breaking(points: int) -> OrganisationSettings:
    return settings(f"[ranking]\nbreaking = {points}\n")


def push(ledger: Ledger, given: OrganisationSettings, at: datetime = WHEN) -> Pushed:
    return push_settings(ledger, given, "ada", "because", at)


def test_nothing_is_there_before_the_first_push(ledger: Ledger, ledger_url: str) -> None:
    assert read_pushed(Secret(ledger_url)) is None
    assert list_versions(Secret(ledger_url)) == []
    with pytest.raises(UnknownNameError, match="no version 1"):
        describe_version(Secret(ledger_url), 1)


def test_looking_makes_no_ledger(tmp_path: Path) -> None:
    assert read_pushed(Secret(f"sqlite:///{tmp_path}/none.db")) is None
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_holds_none(postgres_url: str) -> None:
    assert read_pushed(Secret(postgres_url)) is None


def test_each_push_is_a_version_with_who_when_and_what_changed(ledger: Ledger, ledger_url: str) -> None:
    first = push(ledger, breaking(20))
    assert (first.version, first.previous, first.is_new) == (1, None, True)
    second = push(ledger, breaking(30), WHEN + timedelta(hours=1))
    assert (second.version, second.previous) == (2, 1)
    assert [(one.key, one.before, one.after) for one in second.changes] == [(("ranking", "breaking"), 20, 30)]

    found = read_pushed(Secret(ledger_url))
    assert found is not None
    assert (found.version, found.recorded_by, found.recorded_at) == (2, "ada", WHEN + timedelta(hours=1))
    assert found.tables.ranking.breaking == 30
    newest, oldest = list_versions(Secret(ledger_url))
    assert (newest["version"], newest["recorded_at"], newest["why"]) == (2, "2026-03-20T13:00:00Z", "because")
    assert newest["changes"] == [{"key": "ranking.breaking", "change": "changed", "before": 20, "after": 30}]
    assert [one["change"] for one in oldest["changes"]] == ["added"]
    described = describe_version(Secret(ledger_url), 1)
    source = "organisation settings, version 1"
    assert described["settings"] == [{"key": "ranking.breaking", "value": 20, "source": source}]


def test_the_same_content_is_no_new_version(ledger: Ledger, ledger_url: str) -> None:
    push(ledger, settings('[ranking]\nbreaking = 1\nescalated = 2\n[notes]\nsubjects = "customer"'))
    again = push(ledger, settings('[notes]\nsubjects = "customer"\n[ranking]\nescalated = 2\nbreaking = 1'))
    assert (again.version, again.is_new, again.changes) == (1, False, ())
    assert len(list_versions(Secret(ledger_url))) == 1


def test_an_empty_file_is_a_version_too(ledger: Ledger, ledger_url: str) -> None:
    """Whoever pushes nothing but defaults has said that the organisation's tables are not the repos' any more."""
    assert push(ledger, settings("")).is_new
    found = read_pushed(Secret(ledger_url))
    assert found is not None
    assert found.version == 1


def test_what_stood_there_can_be_pushed_again_later(ledger: Ledger, ledger_url: str) -> None:
    for points in (1, 2, 1):
        push(ledger, breaking(points))
    assert [one["version"] for one in list_versions(Secret(ledger_url))] == [3, 2, 1]


def test_the_version_known_at_an_instant(ledger: Ledger, ledger_url: str) -> None:
    push(ledger, breaking(1))
    push(ledger, breaking(2), WHEN + timedelta(hours=2))

    def known(at: datetime) -> int | None:
        found = read_pushed(Secret(ledger_url), at)
        return None if found is None else found.version

    assert known(WHEN - timedelta(seconds=1)) is None
    assert known(WHEN) == 1
    assert known(WHEN + timedelta(hours=1)) == 1
    assert known(WHEN + timedelta(hours=2)) == 2


def test_a_clock_that_goes_back_does_not_change_their_order(ledger: Ledger, ledger_url: str) -> None:
    push(ledger, breaking(1))
    push(ledger, breaking(2), WHEN - timedelta(hours=2))
    newest, oldest = list_versions(Secret(ledger_url))
    assert newest["recorded_at"] >= oldest["recorded_at"]
    known = read_pushed(Secret(ledger_url), WHEN)
    assert known is not None
    assert known.version == 2


def test_a_comparison_writes_nothing(ledger: Ledger, ledger_url: str) -> None:
    push(ledger, breaking(1))
    made = compare_with_pushed(breaking(2), Secret(ledger_url))
    assert (made.previous, len(made.changes)) == (1, 1)
    assert len(list_versions(Secret(ledger_url))) == 1


def test_a_rehearsal_is_forgotten(ledger: Ledger, ledger_url: str) -> None:
    rehearsal = Rehearsal(Secret(ledger_url))
    assert push(rehearsal, breaking(1)).version == 1
    rehearsal.close()
    assert list_versions(Secret(ledger_url)) == []


# In force in the ledger, for every repo


@pytest.fixture
def world(tmp_path: Path, ledger: Ledger) -> World:
    return World(tmp_path, ledger)


def subjects(ledger: Ledger) -> set[str]:
    """What an entitlement may say to mean a product's component now."""
    s = t.component_subject.c
    with ledger.read() as connection:
        now = select(s.subject).where(s.valid_to == OPEN_END, s.recorded_to == OPEN_END)
        return set(connection.scalars(now.where(s.subject.startswith("product:"))))


def test_products_mean_their_components_from_the_push_on(world: World, ledger: Ledger) -> None:
    world.commit("a")
    world.record(1)
    push(ledger, settings('[products.business]\ncomponents = ["shop/a"]\n[products.all]\ncomponents = ["shop/*"]'))
    assert subjects(ledger) == {"product:business", "product:all"}
    made = push(ledger, settings('[products.all]\ncomponents = ["shop/*"]'), WHEN + timedelta(days=1))
    assert made.products_ended == ("business",)
    assert subjects(ledger) == {"product:all"}


def test_products_that_a_repos_file_brought_end_with_the_first_push(world: World, ledger: Ledger) -> None:
    world.commit("a")
    world.record(1)
    with ledger.write() as connection:
        store_products(connection, {"old": ["shop/a"]}, WHEN - timedelta(days=1))
    made = push(ledger, settings('[products.new]\ncomponents = ["shop/a"]'))
    assert made.products_ended == ("old",)
    with ledger.read() as connection:
        assert known_products(connection) == {"new": ["shop/a"]}


def test_a_stated_tier_counts_at_once_where_something_was_deployed(world: World, ledger: Ledger) -> None:
    world.commit("a")
    world.record(1)

    def tier(environment: str) -> str | None:
        with ledger.read() as connection:
            row = environment_of(connection, environment)
        return None if row is None else str(row.tier)

    was = tier("production")
    push(ledger, settings('[environments.production]\ntier = "staging"\n[environments.qa]\ntier = "testing"'))
    assert (was, tier("production"), tier("qa")) == ("production", "staging", None)
    push(ledger, settings("[environments.production]\n"), WHEN + timedelta(days=1))
    assert tier("production") == "staging"  # nobody states another one


# Several at once


def pushes(folder: Path, url: str, contents: list[str]) -> list[Racer]:
    racers = []
    for number, content in enumerate(contents):
        file = folder / f"organisation-{number}.toml"
        file.write_text(content)
        words = ["config", "push", str(file), "--by", f"p{number}", "--format", "json", "-q"]
        racers.append(Racer(words, {"RELEASEWATCH_DATABASE_URL": url}, folder))
    return racers


def test_two_at_once_get_two_numbers_in_order(ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    contents = [f"[ranking]\nbreaking = {points}\n" for points in range(4)]
    done = race(pushes(tmp_path, ledger_url, contents))
    assert sorted(one["version"] for one in done) == [1, 2, 3, 4]
    versions = list_versions(Secret(ledger_url))
    for newer, older in pairwise(versions):
        assert newer["changes"][0]["before"] == older["changes"][0]["after"]


def test_the_same_twice_at_once_is_one_version(ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    done = race(pushes(tmp_path, ledger_url, ["[ranking]\nbreaking = 7\n"] * 3))
    assert [one["version"] for one in done] == [1, 1, 1]
    assert sorted(one["pushed"] for one in done) == [False, False, True]
    assert len(list_versions(Secret(ledger_url))) == 1
