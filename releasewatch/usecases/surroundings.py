"""Where commits and components are read: what the use cases ask of one repo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from releasewatch.domain.catalog import Catalog
    from releasewatch.ports import History, PathMapper
    from releasewatch.usecases.tag_packages import TagPackages


def _no_packages(_tags: Sequence[str]) -> TagPackages:
    from releasewatch.usecases.tag_packages import TagPackages

    return TagPackages()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What recording reads: a repo's history, its catalog at a commit, and how paths map under a catalog.

    `tag_packages`: which tags name a package, and the components that those are; it may read every manifest.
    """

    repo: str
    history: History | None
    catalog_at: Callable[[str | None], Catalog]
    mapper_of: Callable[[Catalog], PathMapper]
    tag_packages: Callable[[Sequence[str]], TagPackages] = _no_packages
