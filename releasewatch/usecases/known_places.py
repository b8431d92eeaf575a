"""Components, regions and rings as people name them: the ones that the ledger knows, or what may have been meant."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from releasewatch.errors import UnknownNameError
from releasewatch.storage import catalogs


def known_component(connection: Any, ref: str, repo: str | None) -> str:
    """The full key of a component; raises UnknownNameError with what may have been meant."""
    try:
        return catalogs.resolve_component(connection, ref, repo).full_key
    except UnknownNameError as error:
        full = list(catalogs.component_keys(connection).values())
        bare = {key.rpartition("/")[2]: key for key in sorted(full, reverse=True)}
        near = get_close_matches(ref, [*full, *bare], n=1)
        if not near:
            raise
        raise UnknownNameError(error.message, f"Did you mean {bare.get(near[0], near[0])}?") from error


def check_places(connection: Any, axis: str, places: Sequence[str]) -> None:
    """Refuse a region (or ring, by `axis`) to which no deployment went and which no setting names."""
    if not places:
        return
    known: set[str] = set()
    for row in catalogs.environments(connection):
        axes = catalogs.known_axes(connection, row.environment_id)
        known |= axes.regions if axis == "region" else axes.rings
    for place in places:
        if place not in known:
            near = get_close_matches(place, sorted(known), n=1)
            there_are = f"There are: {', '.join(sorted(known))}." if known else f"The ledger knows no {axis} yet."
            raise UnknownNameError(
                f"No deployment went to a {axis} {place!r}, and the settings have none of that name.",
                f"Did you mean {near[0]}?" if near else there_are,
            )
