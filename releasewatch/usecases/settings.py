"""The organisation's settings: pushed into the ledger in versions, read by every command, compared and listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from releasewatch.config import OrganisationSettings, pushed_settings
from releasewatch.config.problems import dotted
from releasewatch.domain.settings import SettingChange, compare_settings, removal_needs_word, tables_of
from releasewatch.domain.times import format_utc
from releasewatch.domain.words import counted
from releasewatch.errors import RefusedError, UnknownNameError
from releasewatch.storage import migrate
from releasewatch.storage import settings as stored
from releasewatch.usecases.schema import as_it_is

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from releasewatch.secret import Secret
    from releasewatch.storage.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did. `previous` is None for the first version; `is_new` is False when the same stood there already.

    `products_ended`: products that the ledger knew and that these settings do not have.
    """

    version: int
    previous: int | None
    is_new: bool
    changes: tuple[SettingChange, ...]
    products_ended: tuple[str, ...] = ()


def read_pushed(url: Secret, known_at: datetime | None = None) -> OrganisationSettings | None:
    """The settings in force, or those that were by an instant; None when none were pushed (by then).

    Looks only: no ledger is made or upgraded, and an empty one holds none. Raises what keeps a ledger from being read.
    """
    found = _newest(url, known_at)
    if found is None:
        return None
    return pushed_settings(found.document, found.version, found.recorded_at, found.recorded_by)


def push_settings(
    ledger: Ledger,
    settings: OrganisationSettings,
    by: str,
    why: str,
    now: datetime,
    *,
    accept_ending: int = 0,
    lacking: Sequence[str] = (),
) -> Pushed:
    """Make these the organisation's settings: a new version, unless they are what is in force already.

    Products and stated tiers are in force in the ledger from this transaction on, for every repo. Safe to repeat, and
    for several at once: each that brings something new gets a number of its own. Raises RefusedError when most of what
    is in force would go and nobody agreed to so many; before the first push, a repo's own tables that these settings
    lack (`lacking`, as written) are what is in force.
    """
    from releasewatch.storage import products  # every command reads settings, and few push them

    given = {key: product.components for key, product in settings.tables.products.items()}
    tiers = {key: table.tier for key, table in settings.tables.environments.items() if table.tier is not None}
    with ledger.write() as connection:
        ledger.lock(connection, "releasewatch:settings")
        ledger.lock(connection, "releasewatch:directory")
        ledger.lock(connection, "releasewatch:catalog")
        last = stored.newest_settings(connection)
        previous = last.version if last else None
        changes = compare_settings(last.document if last else {}, settings.document)
        if last is not None and not changes:
            return Pushed(last.version, previous, False, ())
        going = removal_needs_word(last.document, settings.document) if last else 0
        if last and going > accept_ending:
            raise RefusedError(
                f"The push would take away {going} of {counted(len(tables_of(last.document)), 'table')} of the "
                "organisation's settings; nothing was changed.",
                f"Is the file whole? See: releasewatch config check FILE. If this is meant: --accept-ending {going}",
            )
        ended = tuple(sorted(products.known_products(connection).keys() - given.keys()))
        if last is None and len(lacking) > accept_ending:
            raise _lacking(connection, lacking, ended, now)
        new = stored.add_settings(connection, settings.document, now, by, why)
        if products.store_products(connection, given, new.recorded_at, whole=True):
            products.refresh_subjects(connection, new.recorded_at)
        stored.state_tiers(connection, tiers)
    return Pushed(new.version, previous, True, changes, ended)


def _lacking(connection: Any, lacking: Sequence[str], ended: Sequence[str], now: datetime) -> RefusedError:
    from releasewatch.storage import products

    used = products.entitlements_of(connection, ended, now)
    named = ", ".join(f"{key} ({counted(many, 'entitlement')})" for key, many in used.items())
    return RefusedError(
        "This repo's own settings hold what the file lacks, and would count no more: "
        f"{', '.join(f'[{name}]' for name in lacking)}."
        f"{f' Products that would end: {named}.' if named else ''} Nothing was changed.",
        f"Move them into the file first. If they are meant to go: --accept-ending {len(lacking)}",
    )


def compare_with_pushed(settings: OrganisationSettings, url: Secret) -> Pushed:
    """What a push of these would change, without writing anything; `version` is the one in force (0: none yet)."""
    last = _newest(url)
    changes = compare_settings(last.document if last else {}, settings.document)
    return Pushed(last.version if last else 0, last.version if last else None, bool(changes) or last is None, changes)


def list_versions(url: Secret) -> list[dict[str, Any]]:
    """Every version, newest first, with who, when, why and what it changed: `config log --format json`."""
    found = []
    before: Any = {}
    for one in _versions(url):
        changes = compare_settings(before, one.document)
        found.append(_version_document(one) | {"changes": changes_document(changes)})
        before = one.document
    return found[::-1]


def describe_version(url: Secret, version: int) -> dict[str, Any]:
    """What a version says, as it was written. Raises UnknownNameError."""
    versions = _versions(url)
    for one in versions:
        if one.version == version:
            settings = compare_settings({}, one.document)
            items = [{"key": dotted(s.key), "value": s.after, "source": source_of(version)} for s in settings]
            return {**_version_document(one), "settings": items, "next_cursor": None}
    known = (
        f"There are versions 1 to {len(versions)}." if versions else "None were pushed yet: releasewatch config push"
    )
    raise UnknownNameError(f"There is no version {version} of the organisation's settings.", known)


def source_of(version: int) -> str:
    """How the source of a setting is called that came from the ledger."""
    return f"organisation settings, version {version}"


def changes_document(changes: tuple[SettingChange, ...]) -> list[dict[str, Any]]:
    """The changes as JSON gives them."""
    return [{"key": dotted(one.key), "change": one.change, "before": one.before, "after": one.after} for one in changes]


def _newest(url: Secret, known_at: datetime | None = None) -> stored.SettingsVersion | None:
    with as_it_is(url) as ledger:
        if migrate.current(ledger) is None:
            return None
        with ledger.read() as connection:
            return stored.newest_settings(connection, known_at)


def _versions(url: Secret) -> list[stored.SettingsVersion]:
    with as_it_is(url) as ledger:
        if migrate.current(ledger) is None:
            return []
    ledger = migrate.open_ledger(url)
    try:
        with ledger.read() as connection:
            return stored.settings_versions(connection)
    finally:
        ledger.close()


def _version_document(one: stored.SettingsVersion) -> dict[str, Any]:
    return {
        "version": one.version,
        "recorded_at": format_utc(one.recorded_at),
        "recorded_by": one.recorded_by,
        "why": one.why or None,
    }
