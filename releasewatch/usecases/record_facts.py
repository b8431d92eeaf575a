"""What recording a deployment works with: what the pipeline says, what the ledger knew, what is to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from releasewatch.domain.catalog import Catalog, Node
from releasewatch.domain.deployments import Axes, Coverages, Kind, Later, Place, Standing, Statement, Status
from releasewatch.domain.footprint import Footprint
from releasewatch.domain.notifications import Rule
from releasewatch.usecases.surroundings import Surroundings

if TYPE_CHECKING:  # notes straight from git use these facts, and must not load the database library
    from releasewatch.storage.windows import Ending


@dataclass(frozen=True, slots=True)
class RecordRequest:
    """What the pipeline says of a deployment. `now` is an aware UTC instant, as are all others.

    `head_is_given`: a person or pipeline named the head; else it is CI's, or HEAD.
    `settled_key`: the idempotency key as it was settled when the record was spooled. `tier_is_guess`: nobody stated the
    tier, so that it replaces none. `finishes`: this ends what was started under the same key, even when the CI system
    counts the two as different attempts (GitLab: two jobs of one pipeline). `rules`: who is to be told of it.
    """

    environment: str
    tier: str
    now: datetime
    head: str = "HEAD"
    components: tuple[str, ...] = ()
    targets: tuple[Place, ...] = (Place(),)
    axes: Axes = field(default_factory=Axes)
    products: Mapping[str, Sequence[str]] = field(default_factory=dict)
    release: str = ""
    base: str | None = None
    status: Status = "succeeded"
    started_at: datetime | None = None
    finished_at: datetime | None = None
    job_started_at: datetime | None = None
    key: str | None = None
    url: str = ""
    actor: str = ""
    stated_kind: Kind | None = None
    title: str = ""
    fixes: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    why: str = ""
    provider: str = ""
    run: str = ""
    attempt: int = 1
    tier_is_guess: bool = False
    head_is_given: bool = False
    finishes: bool = False
    settled_key: str = ""
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """Which deployment it is, whether it was there already, and what is worth saying about how it came to be."""

    deployment_id: int
    already_recorded: bool
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One deployment to be recorded: what was asked, and what git and the catalog make of the words.

    `components` are the full keys of what was deployed; `head` is None for a change without git.
    """

    around: Surroundings
    request: RecordRequest
    catalog: Catalog
    head: str | None
    components: tuple[str, ...]
    key: str


@dataclass(slots=True)
class Seen:
    """The ledger as it was before git was read, as far as it concerns one deployment.

    `existing` is the row of the record that `statement` belongs to, None for a new one; `standing` is what it comes to
    with the statement, `told_as` how the same attempt was told before. `axes` holds the regions and rings known of the
    environment, `stored_axes` those of the ledger. `before` is what came before the deployment, `same_head` those of
    them that had its head, `later` what came after.
    """

    statement: Statement
    standing: Standing
    position: int = 0
    repo_id: int | None = None
    environment_id: int | None = None
    axes: Axes = field(default_factory=Axes)
    stored_axes: Axes = field(default_factory=Axes)
    existing: Any = None
    told_as: Status | None = None
    before: Coverages = field(default_factory=lambda: Coverages(()))
    same_head: Coverages = field(default_factory=lambda: Coverages(()))
    later: list[Later] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    edges: list[tuple[str, str]] = field(default_factory=list)

    @property
    def number(self) -> int | None:
        """The deployment's number, when it is recorded already."""
        return None if self.existing is None else int(self.existing.deployment_id)


@dataclass(slots=True)
class Prepared:
    """What is to be written.

    `scope`: all components that the deployment covers, those included that it took away. `base` is the one that all
    blocks share. `has_unknown`: of some block not even the difference could be had. `endings`: what it takes back;
    `own_endings`: which later one took back what it brought.
    """

    footprint: Footprint
    scope: tuple[str, ...]
    places: tuple[Place, ...]
    base: str | None
    has_unknown: bool = False
    endings: list[Ending] = field(default_factory=list)
    own_endings: list[tuple[Later, Ending]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
