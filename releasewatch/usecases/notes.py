"""What release notes are made of: a recorded deployment, or a range straight from git without any ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from releasewatch.domain.audiences import Edit, Subjects
from releasewatch.domain.catalog import Catalog, Graph, Node
from releasewatch.domain.deployments import Baseline, Block, Place
from releasewatch.domain.footprint import SAMPLE, Touched, trace_footprint
from releasewatch.domain.merges import brought_by
from releasewatch.domain.notes import (
    ComponentLabel,
    CustomerScope,
    NoteChange,
    NotesInput,
    Period,
    ReachCounts,
    change_of_commit,
)
from releasewatch.domain.releases import Commit, PathChange, Side, printable_path
from releasewatch.errors import UnknownNameError
from releasewatch.ports import History
from releasewatch.usecases.surroundings import Surroundings

if TYPE_CHECKING:  # notes straight from git must not load the database library
    from releasewatch.domain.change_edits import ChangeEdit
    from releasewatch.domain.forges import PullRequest
    from releasewatch.storage.exposure import ExposureQuestion
    from releasewatch.storage.ledger import Ledger
    from releasewatch.storage.reaching import Behind
    from releasewatch.usecases.notes_shared import Shared


@dataclass(frozen=True, slots=True)
class Reading:
    """From when notes are read, and how far subjects may go (`[notes] subjects`)."""

    now: datetime
    subjects: Subjects = "account"


def notes_of_range(
    around: Surroundings,
    base: str,
    head: str,
    how: Reading,
    said: Mapping[str, Sequence[ChangeEdit]] = MappingProxyType({}),
    requests: Mapping[str, PullRequest] = MappingProxyType({}),
) -> NotesInput:
    """The notes of what lies between two revisions of a repo: everything in its catalog counts as deployed.

    Where there is a ledger that knows: `said`, what people said by hand of its changes (`edits_by_hand`), and
    `requests`, what a forge said of them (`requests_known`).
    """
    history = cast("History", around.history)
    base_sha, head_sha = history.resolve(base), history.resolve(head)
    catalog = around.catalog_at(head_sha)
    mapper = around.mapper_of(catalog)
    graph = graph_of(catalog)

    def owners_of(_base: str | None, change: PathChange) -> Any:
        return mapper.owners(change.path)

    begun = _Begun(base_sha, lambda net: Touched(net, partial(owners_of, base_sha), catalog.full_key))
    found = history.read_range(base_sha, head_sha, begun)
    block = Block(Baseline(base_sha, "given", base), catalog.full_keys, (Place(),), found.kind)
    footprint = trace_footprint([block], {base_sha: found}, owners_of, catalog.full_key, graph, begun.known)
    components: dict[int, list[str]] = {}
    for touch in footprint.touches:
        components.setdefault(touch.change, []).append(touch.component)
    merges = {
        "added": brought_by(((c.sha, c.parents) for c in found.added), head_sha),
        "removed": brought_by(((c.sha, c.parents) for c in found.removed or ()), base_sha),
    }
    changes = [
        begun.change_of(
            fact.commit,
            tuple(sorted(components.get(fact.number, ()))),
            fact.side,
            merges[fact.side].get(fact.commit.sha),
        )
        for fact in footprint.changes
    ]
    if requests:
        from releasewatch.domain.forges import add_requests

        add_requests(changes, requests)
    sources: dict[str, set[str]] = {}
    for origin in footprint.origins:
        for component in origin.reached:
            sources.setdefault(component, set()).add(origin.origin.touched)
    return NotesInput(
        repo=around.repo,
        base=base_sha,
        head=head_sha,
        now=how.now,
        range=found.kind,
        kind="rollback" if found.kind == "rollback" else "deploy",
        changes=changes,
        components=labels_of(catalog),
        sources={component: frozenset(keys) for component, keys in sources.items()},
        has_blank=bool(footprint.unmapped),
        unmapped=len(footprint.unmapped),
        unmapped_sample=tuple(printable_path(path) for path in footprint.unmapped[:SAMPLE]),
        merge_paths={printable_path(path): sha for path, sha in found.merge_paths.items()},
        history_complete=found.history_complete,
        why_incomplete=found.why_incomplete,
        subjects=how.subjects,
        edits=obey(changes, said),
    )


class _Begun:
    """What is known of a range without the whole of it: worked out while git reads the rest, which takes longer."""

    def __init__(self, base: str, touched_by: Callable[[Sequence[PathChange]], Touched]) -> None:
        self.known: dict[str | None, Touched] = {}
        self._base = base
        self._touched_by = touched_by
        self._changes: dict[str, NoteChange] = {}

    def differs(self, net: Sequence[PathChange]) -> None:
        self.known[self._base] = self._touched_by(net)

    def brings(self, commit: Commit) -> None:
        self._changes[commit.sha] = change_of_commit(commit)
        self.known[self._base][commit.paths]  # is remembered there

    def change_of(self, commit: Commit, components: tuple[str, ...], side: Side, merged_by: str | None) -> NoteChange:
        """The change that a commit is, which is known by now to have been reverted or not."""
        found = self._changes.get(commit.sha)
        if found is None:
            return change_of_commit(commit, components, side, merged_by)
        found.components, found.side, found.merged_by = components, side, merged_by
        found.reverted_by = commit.reverted_by
        return found


def graph_of(catalog: Catalog) -> Graph:
    """The graph of one catalog alone."""
    return Graph.build(
        (Node(catalog.full_key(c.key), c.type) for c in catalog.components),
        ((catalog.full_key(c.key), catalog.full_key(d)) for c in catalog.components for d in c.depends_on),
    )


def labels_of(*catalogs: Catalog) -> dict[str, ComponentLabel]:
    """What each component is called, and by whom it may be known."""
    return {
        catalog.full_key(c.key): ComponentLabel(c.title, c.visibility)
        for catalog in catalogs
        for c in catalog.components
    }


def notes_of_deployment(ledger: Ledger, deployment_id: int, counts: ReachCounts | None, how: Reading) -> NotesInput:
    """The notes of a recorded deployment, as the ledger has it."""
    with ledger.read() as connection:
        return notes_within(connection, deployment_id, counts, how)


def notes_within(
    connection: Any, deployment_id: int, counts: ReachCounts | None, how: Reading, shared: Shared | None = None
) -> NotesInput:
    """The same inside a transaction."""
    from releasewatch.storage import changes, deployments, footprints
    from releasewatch.usecases.notes_shared import Shared

    shared = shared or Shared(connection, how.now)
    found = deployments.get_deployment(connection, deployment_id)
    row, names = found.row, shared.names
    labels = shared.labels(row.catalog_id)
    rows = changes.read_changes(connection, deployment_id, names)
    said = shared.edits(found.repo)
    sources = {
        names[component]: frozenset(names[touched] for touched in touched_ids)
        for component, touched_ids in footprints.read_sources(connection, deployment_id).items()
    }
    not_deployed = frozenset(names[n] for n in footprints.read_not_deployed(connection, deployment_id))
    actor = deployments.read_actor(connection, deployment_id)
    edits = obey(rows, {"" if ref == found.id else ref: edits for ref, edits in said.items()})
    known = {key for change in rows for key in change.components} | sources.keys() | not_deployed
    return NotesInput(
        repo=found.repo,
        base=row.base,
        head=row.head,
        now=how.now,
        range="none" if row.range == "mixed" else row.range,
        kind=row.kind,
        environment=found.environment,
        release=row.release or None,
        deployment=found.id,
        live_at=row.opened_at,
        actor=actor or None,
        reach=counts,
        changes=rows,
        # A component that has left every catalog keeps its key as its name.
        components={**{key: ComponentLabel(key.rpartition("/")[2]) for key in known}, **labels},
        sources=sources,
        not_deployed=not_deployed,
        has_blank=row.has_blank,
        unmapped=row.unmapped_paths,
        unmapped_sample=tuple(row.unmapped_sample),
        history_complete=row.history_complete,
        why_incomplete=row.why_incomplete,
        subjects=how.subjects,
        edits=edits,
    )


def obey(changes: Iterable[NoteChange], said: Mapping[str, Sequence[ChangeEdit]]) -> dict[str, Edit]:
    """Put what people said by hand beside what the changes say themselves; returns the edits by sha."""
    found: dict[str, Edit] = {}
    if not said:
        return found
    from releasewatch.domain.change_edits import join_edits

    for change in changes:
        if change.sha in said:
            found[change.sha], trailers = join_edits(said[change.sha])
            change.trailers = (*change.trailers, *trailers)
    return found


def edits_by_hand(ledger: Ledger, repo: str) -> dict[str, list[ChangeEdit]]:
    """What people said by hand of the changes of a repo, by full sha."""
    from releasewatch.storage import change_edits

    with ledger.read() as connection:
        return change_edits.edits_of_repo(connection, repo)


def requests_known(ledger: Ledger, repo: str) -> dict[str, PullRequest]:
    """What a forge said of the pull requests of a repo's changes, by full sha."""
    from releasewatch.storage import forges

    with ledger.read() as connection:
        return forges.requests_of_repo(connection, repo)


@dataclass(frozen=True, slots=True)
class PeriodQuestion:
    """Which deployments are told together: to an environment, of one repo or all, that opened in the period."""

    environment: str
    repo: str | None
    period: Period


@dataclass(frozen=True, slots=True)
class Reader:
    """The one customer that notes are for, and what their exposure is asked with."""

    customer_id: Any
    key: str
    without_entitlement: Mapping[str, str]


def notes_of_period(
    ledger: Ledger, asked: PeriodQuestion, reader: Reader | None, how: Reading
) -> tuple[NotesInput, CustomerScope | None]:
    """The notes of the deployments of a period, as the ledger has them; for one customer, of those that reach them.

    Raises UnknownNameError for an environment or repo that the ledger does not know.
    """
    from releasewatch.domain.note_periods import Part, merge_parts, only_for
    from releasewatch.storage import catalogs, customer_names, deployments
    from releasewatch.storage.when import When
    from releasewatch.usecases.deployments import question_of, tier_of
    from releasewatch.usecases.notes_shared import Shared

    with ledger.read() as connection:
        if catalogs.environment_of(connection, asked.environment) is None:
            raise _unknown("environment", asked.environment)
        if asked.repo is not None and catalogs.repo_id_of(connection, asked.repo) is None:
            raise _unknown("repo", asked.repo)
        found = deployments.succeeded_between(
            connection,
            environment=asked.environment,
            repo=asked.repo,
            since=asked.period.since,
            until=asked.period.until,
        )
        targets = {one.id: tuple(deployments.targets_of(connection, one.row.deployment_id)) for one in found}
        tier = tier_of(connection, asked.environment)
        name = reader and customer_names.title_of(connection, reader.customer_id, When(how.now, how.now))
    scope: CustomerScope | None = None
    reached: list[CustomerScope] = []
    if reader is not None:
        questions = [
            question_of(one, tier, max(how.now, one.row.opened_at), how.now, reader.without_entitlement)
            for one in found
        ]
        reached = scopes_of_customer(ledger, questions, reader.customer_id, reader.key)
        if reached:
            together = frozenset[str]().union(*(here.components for here in reached))
            unsure = any(here.is_unsure for here in reached)
            scope = replace(reached[-1], components=together, origins=None, is_unsure=unsure)
    parts: list[Part] = []
    has_blank = False
    with ledger.read() as connection:
        shared = Shared(connection, how.now)
        for place, one in enumerate(found):
            given = notes_within(connection, one.row.deployment_id, None, how, shared)
            has_blank |= given.has_blank
            if reader is not None:
                given = only_for(given, reached[place])
                if not given.changes:
                    continue
            parts.append(Part(given, targets[one.id]))
    if reader is not None and scope is None:
        scope = CustomerScope(name or reader.key, frozenset(), frozenset({reader.key}), key=reader.key)
    merged = merge_parts(parts, asked.period, how.now, how.subjects, for_one=reader is not None)
    # What is not known of a deployment may be what reaches them, whatever else of it does.
    told = replace(merged, environment=asked.environment, repo=merged.repo or asked.repo or "", has_blank=has_blank)
    return told, scope


def _unknown(what: str, name: str) -> UnknownNameError:
    return UnknownNameError(
        f"The ledger knows no {what} {name!r}.", "See what was deployed with: releasewatch deployment list"
    )


def scope_of_customer(ledger: Ledger, question: ExposureQuestion, customer_id: Any, key: str) -> CustomerScope:
    """What of a deployment reaches one customer: their components, and every name that a change may name them by."""
    (found,) = scopes_of_customer(ledger, [question], customer_id, key)
    return found


def scopes_of_customer(
    ledger: Ledger, questions: Sequence[ExposureQuestion], customer_id: Any, key: str
) -> list[CustomerScope]:
    """The same of several deployments."""
    from releasewatch.storage import catalogs, customer_names
    from releasewatch.storage.exposure_many import unsure_of_each, ways_of_each
    from releasewatch.storage.reaching import Reaching
    from releasewatch.storage.when import When

    scopes: list[CustomerScope] = []
    with ledger.read() as connection:
        names = catalogs.component_keys(connection)
        ways = ways_of_each(connection, questions, customer_id)
        unreached = [q for q in questions if not ways[q.deployment_id]]
        unsure = unsure_of_each(connection, unreached, customer_id)

        @cache
        def called(when: When) -> dict[str, Any]:
            return {
                "name": customer_names.title_of(connection, customer_id, when) or key,
                "refs": frozenset({key, *customer_names.aliases_of(connection, customer_id, when)}),
                "titles": frozenset(customer_names.titles_of(connection, customer_id, when)),
            }

        for question in questions:
            rows = ways[question.deployment_id]
            behind = Reaching(connection, question).of(rows) if rows else ()
            scopes.append(
                CustomerScope(
                    components=frozenset(names[row.component_id] for row in rows if row.component_id is not None),
                    key=key,
                    origins=origins_in_words(behind, names),
                    is_unsure=question.deployment_id in unsure,
                    **called(When(question.at, question.known_at)),
                )
            )
    return scopes


def origins_in_words(behind: Iterable[Behind], names: Mapping[int, str]) -> frozenset[tuple[str, str, int]]:
    """What reaches a customer, as `CustomerScope` holds it."""
    return frozenset((names[one.component_id], names[one.touched_id], one.baseline_no) for one in behind)


def names_to_keep_in(ledger: Ledger, at: datetime, own: CustomerScope | None, called: str) -> dict[str, str]:
    """Names and aliases of customers that a document must not hold, but for the reader's own: to what one is called."""
    from releasewatch.storage import customer_names

    mine = {own.name, *own.refs, *own.titles} if own else set()
    with ledger.read() as connection:
        found = customer_names.all_names(connection, at)
        return dict.fromkeys(_but(found, mine), called)


def _but(names: Iterable[str], mine: set[str]) -> Iterable[str]:
    folded = {name.casefold() for name in mine}
    return (name for name in names if name.casefold() not in folded)
