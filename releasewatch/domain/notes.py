"""Release notes as facts: what goes into them, and what one audience (and one customer) may read of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from releasewatch.domain.unsure import NOBODY, Unsure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from releasewatch.domain.audiences import Audience, Edit, Subjects
    from releasewatch.domain.catalog import Visibility
    from releasewatch.domain.deployments import Kind
    from releasewatch.domain.releases import Commit, RangeKind, Side


@dataclass(slots=True)
class NoteChange:
    """One change as notes need it: a commit of a range, or a change without git (then `sha` is empty).

    `components` are full keys, by the net difference: empty when nothing of the change is left, or nothing is known.
    `title` is the pull request's title where a merge carries one. `merged_by` is the sha of the merge, of the same
    range, that brought the commit to its line (`merges.brought_by`); None on the main line or when it is not known.
    `description` is the subject without its conventional type and scope; `authored_at` is in UTC. `reverts` and
    `reverts_subjects` are what it says that it undoes, wherever that is. `touches` holds its components once for each
    baseline of the deployment against which it touched them, by number; empty where there are none.
    """

    sha: str
    subject: str
    side: Side = "added"
    type: str = ""
    scope: str | None = None
    breaking: bool = False
    description: str = ""
    pull_request: int | None = None
    title: str | None = None
    is_merge: bool = False
    merged_by: str | None = None
    reverted_by: str | None = None
    trailers: tuple[tuple[str, str], ...] = ()
    author_name: str = ""
    authored_at: datetime | None = None
    components: tuple[str, ...] = ()
    reverts: tuple[str, ...] = ()
    reverts_subjects: tuple[str, ...] = ()
    touches: frozenset[tuple[str, int]] = frozenset()
    pull_request_url: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """From when (UTC, inclusive) to when (exclusive) deployments are told of together."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ComponentLabel:
    """How a component is called, and by whom it may be known."""

    title: str
    visibility: Visibility = "customer"


@dataclass(frozen=True, slots=True)
class ReachCounts:
    """How many customers a deployment reaches; `named + direct + dependent = customers`."""

    customers: int
    named: int = 0
    direct: int = 0
    dependent: int = 0
    possible: int = 0
    unplaced: int = 0
    not_ruled_out: int = 0
    unsure: Unsure = NOBODY


@dataclass(frozen=True, slots=True)
class NotesInput:
    """Everything that notes are made of: filled from a recorded deployment, or from a git range alone.

    - `changes` newest first; `components` by full key: those that occur, and none when there is no catalog.
    - `sources`: for a component that is reached through others, the changed components (full keys) that reach it.
    - `not_deployed`: full keys of components that changed and were not deployed; what touches only them reaches nobody.
    - `has_blank`: not all that changed is known, or not whom it belongs to.
    - `merge_paths`: printable path to the sha of the merge that made it, for paths that no plain commit explains.
    - `period`: of which several deployments are told together; `deployment` then names them all.
    - `edits`: by full sha. `now` (UTC) decides whether an embargo runs; `live_at` is in UTC.
    """

    repo: str
    head: str | None
    now: datetime
    base: str | None = None
    range: RangeKind = "forward"
    kind: Kind = "deploy"
    environment: str | None = None
    release: str | None = None
    deployment: str | None = None
    period: Period | None = None
    live_at: datetime | None = None
    actor: str | None = None
    reach: ReachCounts | None = None
    changes: Sequence[NoteChange] = ()
    components: Mapping[str, ComponentLabel] = field(default_factory=dict)
    sources: Mapping[str, frozenset[str]] = field(default_factory=dict)
    not_deployed: frozenset[str] = frozenset()
    has_blank: bool = False
    unmapped: int = 0
    unmapped_sample: tuple[str, ...] = ()
    merge_paths: Mapping[str, str] = field(default_factory=dict)
    history_complete: bool = True
    why_incomplete: str | None = None
    subjects: Subjects = "account"
    edits: Mapping[str, Edit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CustomerScope:
    """The one customer that notes are for: only what reaches them is told, under the titles of their own components.

    `components`: full keys of the customer's components that the deployment reaches. `refs`: every key and alias that a
    `Customer:` trailer may name them by. `titles`: what they, and those whom they took over, are called. `origins`: for
    one deployment, what reaches each of those components in the places that are theirs, as `(component, changed
    component, number of the baseline)`; None where baselines are not told apart. `is_unsure`: nothing known reaches
    them, and what they use is not known in full.
    """

    name: str
    components: frozenset[str]
    refs: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    key: str = ""
    origins: frozenset[tuple[str, str, int]] | None = None
    is_unsure: bool = False

    def concerns(self, touches: Iterable[tuple[str, int]]) -> bool:
        """Whether something that was touched reaches them; only where baselines are told apart."""
        theirs = {(touched, baseline) for _, touched, baseline in self.origins or ()}
        return not theirs.isdisjoint(touches)


@dataclass(slots=True)
class NoteItem:
    """One line of notes. Outer audiences get `text`, titles and what breaks; the rest stays empty for them.

    `also`: titles of further components it touches. `wording`: its sentence for readers outside. `commits`: what a
    merge stands for. `audience`: how far it goes.
    """

    text: str
    also: tuple[str, ...] = ()
    breaking: bool = False
    breaking_note: str = ""
    wording: str = ""
    pull_request: int | None = None
    sha: str = ""
    authors: tuple[str, ...] = ()
    authored_at: datetime | None = None
    reverted_by: str = ""
    undoes: tuple[str, ...] = ()
    audience: Audience | None = None
    embargo_until: date | None = None
    commits: tuple[NoteItem, ...] = ()
    pull_request_url: str = ""


@dataclass(frozen=True, slots=True)
class NoteGroup:
    """Lines of one component within a section; an empty title needs no heading."""

    title: str
    items: tuple[NoteItem, ...]


@dataclass(frozen=True, slots=True)
class NoteSection:
    """One heading of notes. `kind`: breaking, a conventional type, component, several, none, not_deployed or undone."""

    kind: str
    title: str
    groups: tuple[NoteGroup, ...]


@dataclass(frozen=True, slots=True)
class Notes:
    """What one audience may read. Nothing of an inner audience is in it, but for `held`, which no template sees.

    - `sections` are the changes that went live, `removed` those that a rollback took away.
    - `counts` (`removed_counts`): title to the number of changes that a customer is told nothing else about.
    - `embargoes`: the days until which something is held back from account staff; `embargoed` with what kind it is.
    - `is_known_in_full`: False when something that changed is not known: nobody can be ruled out. Customers
      read no more of it than that nothing *known* concerns them.
    - `is_customer_unsure`: nothing known reaches the one customer that they are for, and what they use is not known in
      full.
    - `problems`: trailers that could not be read. `held`: texts of inner audience, to be looked for in the document.
    """

    audience: Audience
    conventional: bool
    customer: str | None = None
    repo: str | None = None
    environment: str | None = None
    release: str | None = None
    deployment: str | None = None
    period: Period | None = None
    live_at: datetime | None = None
    kind: Kind = "deploy"
    range: RangeKind = "forward"
    base: str | None = None
    head: str | None = None
    actor: str | None = None
    reach: ReachCounts | None = None
    sections: tuple[NoteSection, ...] = ()
    removed: tuple[NoteSection, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    removed_counts: tuple[tuple[str, int], ...] = ()
    embargoes: tuple[date, ...] = ()
    embargoed: tuple[tuple[str, date], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    not_deployed: tuple[str, ...] = ()
    is_known_in_full: bool = True
    is_customer_unsure: bool = False
    unmapped: int = 0
    unmapped_sample: tuple[str, ...] = ()
    merge_paths: tuple[tuple[str, str], ...] = ()
    history_complete: bool = True
    why_incomplete: str | None = None
    held: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether this audience is told of no change at all."""
        return not (self.sections or self.removed or self.counts or self.removed_counts)


def change_of_commit(
    commit: Commit, components: tuple[str, ...] = (), side: Side = "added", merged_by: str | None = None
) -> NoteChange:
    """A commit of a range as notes need it. `components` are full keys."""
    parts = commit.conventional
    return NoteChange(
        sha=commit.sha,
        subject=commit.subject,
        side=side,
        type=parts.type if parts else "",
        scope=parts.scope if parts else None,
        breaking=commit.breaking,
        description=parts.description if parts else "",
        pull_request=commit.pull_request,
        title=commit.pull_request_title,
        is_merge=commit.is_merge,
        merged_by=merged_by,
        reverted_by=commit.reverted_by,
        trailers=commit.trailers,
        author_name=commit.author_name,
        authored_at=commit.authored_at,
        components=components,
        reverts=commit.reverts_shas,
        reverts_subjects=commit.reverts_subjects,
    )


def talking_points(notes: Notes) -> tuple[str, ...]:
    """The sentences that may be said to a customer: the lines of notes of audience customer, as they stand there."""
    if notes.audience != "customer":
        raise ValueError("talking points are made of notes for customers only")
    said = [
        before + item.text
        for sections, before in ((notes.sections, ""), (notes.removed, "No longer there: "))
        for section in sections
        for group in section.groups
        for item in group.items
    ]
    return tuple(dict.fromkeys(said))
