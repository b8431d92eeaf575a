"""What the notes of several recorded deployments have in common, so that each of it is read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from releasewatch.domain.catalog import Catalog
from releasewatch.domain.change_edits import ChangeEdit
from releasewatch.domain.notes import ComponentLabel
from releasewatch.storage import catalogs, change_edits
from releasewatch.usecases.notes import labels_of


class Shared:
    """What notes of several deployments have in common, read once, inside one transaction."""

    def __init__(self, connection: Any, now: datetime) -> None:
        self._connection, self._now = connection, now
        self._catalogs: dict[int, Catalog] = {}
        self._labels: dict[int, Mapping[str, ComponentLabel]] = {}
        self._edits: dict[str, Mapping[str, Sequence[ChangeEdit]]] = {}

    @cached_property
    def names(self) -> Mapping[int, str]:
        """The full keys of all components, by number."""
        return catalogs.component_keys(self._connection)

    @cached_property
    def _in_force(self) -> Mapping[str, int]:
        return catalogs.catalogs_in_force(self._connection, self._now, self._now)

    def labels(self, catalog_id: int) -> Mapping[str, ComponentLabel]:
        """What components are called: its own by the catalog of a deployment, the others by what is in force."""
        if catalog_id not in self._labels:
            own = self._catalog(catalog_id)
            others = [self._catalog(number) for repo, number in self._in_force.items() if repo != own.repo]
            self._labels[catalog_id] = labels_of(*others, own)
        return self._labels[catalog_id]

    def edits(self, repo: str) -> Mapping[str, Sequence[ChangeEdit]]:
        """What people said by hand of the changes of a repo."""
        if repo not in self._edits:
            self._edits[repo] = change_edits.edits_of_repo(self._connection, repo)
        return self._edits[repo]

    def _catalog(self, number: int) -> Catalog:
        if number not in self._catalogs:
            self._catalogs[number] = catalogs.load_catalog(self._connection, number)
        return self._catalogs[number]
