"""The components of one repo, as its configuration says, or of all repos, as the ledger knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from releasewatch.storage import catalogs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from releasewatch.domain.catalog import Catalog
    from releasewatch.storage.ledger import Ledger


def catalogs_in_ledger(ledger: Ledger, at: datetime, known_at: datetime) -> list[Catalog]:
    """The catalog in force of every repo at an instant, as known at another: that of its newest forward deployment."""
    with ledger.read() as connection:
        found = catalogs.catalogs_in_force(connection, at, known_at)
        return [catalogs.load_catalog(connection, number) for _, number in sorted(found.items())]


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted: at most `limit` items after the one with the key `after`."""

    limit: int
    after: str | None = None


def describe_catalogs(found: Iterable[Catalog], page: Page) -> dict[str, Any]:
    """The document of `catalog show --format json`: components by full key, with what they need and who needs them.

    `not_in_catalog` are dependencies that none of these catalogs holds; of another repo, the ledger may know them.
    """
    known = list(found)
    components = {catalog.full_key(one.key): (catalog, one) for catalog in known for one in catalog.components}
    needed_by: dict[str, list[str]] = {}
    for key, (catalog, one) in components.items():
        for needed in one.depends_on:
            needed_by.setdefault(catalog.full_key(needed), []).append(key)
    wanted = [key for key in sorted(components) if page.after is None or key > page.after]
    items = []
    for key in wanted[: page.limit]:
        catalog, one = components[key]
        needs = sorted({catalog.full_key(needed) for needed in one.depends_on})
        items.append(
            {
                "key": key,
                "repo": catalog.repo,
                "title": one.title,
                "type": one.type,
                "owner": one.owner,
                "visibility": one.visibility,
                "paths": list(one.paths),
                "depends_on": needs,
                "not_in_catalog": [needed for needed in needs if needed not in components],
                "needed_by": sorted(set(needed_by.get(key, ()))),
            }
        )
    return {"components": items, "next_cursor": items[-1]["key"] if len(wanted) > page.limit else None}
