"""Deployments of the past: what a tag or a line of a list says of one, and how an imported one is told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from releasewatch.domain.deployments import Place

if TYPE_CHECKING:
    from datetime import datetime

    from releasewatch.domain.deployments import Status

Source = Literal["tags", "file", "github", "gitlab"]

SOURCES: tuple[Source, ...] = ("tags", "file", "github", "gitlab")
SOURCE_WORDS: dict[str, str] = {"tags": "tags", "file": "a file", "github": "GitHub", "gitlab": "GitLab"}

IMPORT = "import"
"""What stands in the place of a CI system on a deployment that was imported; its run then begins with the source."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag. `sha`: the commit that it names in the end, None when it names none. `at`: when it was made, in UTC: the
    tagger's date, else the commit's; None when neither is known."""

    name: str
    sha: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PastDeployment:
    """A deployment as a line of a list states it. Empty: the line does not say. Instants are in UTC.

    `base`: what its cells are compared with where nothing was deployed before.
    """

    head: str
    finished_at: datetime | None
    environment: str = ""
    regions: tuple[str, ...] = ()
    rings: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    release: str = ""
    started_at: datetime | None = None
    status: Status = "succeeded"
    key: str = ""
    base: str = ""

    @property
    def opened_at(self) -> datetime | None:
        """When it began to reach customers, as far as that is known."""
        return self.started_at or self.finished_at

    @property
    def targets(self) -> tuple[Place, ...]:
        """Regions times rings; everywhere when none is named."""
        return tuple(Place(region, ring) for region in self.regions or ("",) for ring in self.rings or ("",))


def source_of(provider: str, run: str) -> Source | None:
    """Where an imported deployment was taken from; None for one that was recorded as it happened."""
    if provider != IMPORT:
        return None
    return next((source for source in SOURCES if run.startswith(f"{source}:")), "file")
