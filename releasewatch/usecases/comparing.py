"""What a deployment is compared with and what comes of it: baselines by cell, the footprint, what it takes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC

from releasewatch.domain.catalog import Catalog, Graph, Node, PathOwners
from releasewatch.domain.deployments import (
    Baseline,
    Block,
    Cell,
    Coverage,
    Kind,
    Place,
    expand_targets,
    group_blocks,
    kind_of_cell,
)
from releasewatch.domain.footprint import Footprint, OwnersOf, stated_footprint, trace_footprint
from releasewatch.domain.releases import Commit, PathChange, Range, printable_path
from releasewatch.domain.words import counted
from releasewatch.errors import ConfigError, RefusedError
from releasewatch.ports import History, PathMapper
from releasewatch.storage import catalogs
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.record_facts import Prepared, Seen, Task
from releasewatch.usecases.undoing import endings_by_later, endings_of_earlier

_TAGS_TOLD = 5


def prepare(ledger: Ledger, task: Task, seen: Seen) -> Prepared:
    """Everything that needs git, computed outside of any write transaction."""
    history = task.around.history
    places = expand_targets(task.request.targets, seen.axes)
    if task.head is None or history is None:
        return _prepare_change(task, seen, places)
    comparison = _Comparison(ledger, task, seen, history, task.head, places)
    prepared = comparison.prepare()
    _check_unmapped(task, prepared.footprint)
    if seen.standing.succeeded:
        ranges = comparison.ranges
        prepared.endings = endings_of_earlier(ledger, history, seen, prepared.footprint, ranges, task.head)
        prepared.own_endings = endings_by_later(ledger, history, seen, prepared.footprint, task.head)
    return prepared


def _prepare_change(task: Task, seen: Seen, places: tuple[Place, ...]) -> Prepared:
    """A change without git: the components are stated, and all that is known of it is its title."""
    at = seen.standing.opened_at.astimezone(UTC)
    commit = Commit("", (), "", "", authored_at=at, committed_at=at, subject=task.request.title, body="")
    block = Block(Baseline(None, "none", "a change without git"), task.components, places, kind="change")
    graph = Graph.build(seen.nodes, seen.edges)
    return Prepared(stated_footprint(block, task.components, graph, commit), task.components, places, None)


def _check_unmapped(task: Task, footprint: Footprint) -> None:
    if not footprint.unmapped or task.catalog.unmapped != "fail" or "unmapped" in task.request.accept:
        return
    many = len(footprint.unmapped)
    raise RefusedError(
        f"{many} changed {'path belongs' if many == 1 else 'paths belong'} to no component, and the catalog says "
        f"to fail then; the first is {printable_path(footprint.unmapped[0])}.",
        "Give it to a component, or pass it with: --accept unmapped --why TEXT",
    )


@dataclass(frozen=True, slots=True)
class _Removed:
    """Cells of components that an earlier catalog had and the head's has not, with what these were."""

    baselines: Mapping[Cell, Coverage]
    nodes: tuple[Node, ...]


class _Comparison:
    """One head against the baselines of all its cells."""

    def __init__(
        self, ledger: Ledger, task: Task, seen: Seen, history: History, head: str, places: Sequence[Place]
    ) -> None:
        self._ledger = ledger
        self._task = task
        self._seen = seen
        self._history = history
        self._head = head
        self._places = tuple(places)
        self._catalogs: dict[int, Catalog] = {}
        self._mappers: dict[str | None, PathMapper] = {}
        self._used: dict[str, Coverage] = {}
        self._remarks: list[str] = []
        self.ranges: dict[str | None, Range] = {}

    def prepare(self) -> Prepared:
        """Find the baselines, read git once for each, and trace what changed."""
        task, seen = self._task, self._seen
        baselines = self._assign_baselines()
        removed = self._find_removed() if not task.request.components else _Removed({}, ())
        baselines |= {cell: self._baseline_of(held) for cell, held in removed.baselines.items()}
        for baseline in dict.fromkeys(baselines.values()):
            if baseline.base is not None and baseline.base not in self.ranges:
                self.ranges[baseline.base] = self._history.read_range(baseline.base, self._head)
        blocks = [self._told(block) for block in group_blocks({c: (b, self._kind(c, b)) for c, b in baselines.items()})]
        graph = Graph.build([*seen.nodes, *removed.nodes], seen.edges)
        footprint = trace_footprint(
            blocks, self.ranges, self._owners_by(task.around.mapper_of(task.catalog)), task.catalog.full_key, graph
        )
        bases = {block.baseline.base for block in blocks}
        why_incomplete = dict.fromkeys(r.why_incomplete for r in self.ranges.values() if r.why_incomplete)
        return Prepared(
            footprint,
            tuple(sorted({*task.components, *(node.key for node in removed.nodes)})),
            self._places,
            bases.pop() if len(bases) == 1 else None,
            has_unknown=any(self.is_unknown(found) for found in self.ranges.values()),
            remarks=[*self._remarks, *(f"History is not complete: {why}." for why in why_incomplete)],
        )

    def is_unknown(self, found: Range) -> bool:
        """Whether not even the difference of the trees could be had."""
        return found.kind == "unknown" and not found.net and not self._history.contains(found.base or "")

    def _assign_baselines(self) -> dict[Cell, Baseline]:
        """Of each cell: the newest succeeded deployment that covers it, else what the rules say for a first one."""
        found: dict[Cell, Baseline] = {}
        first: list[Cell] = []
        for component in self._task.components:
            for place in self._places:
                cell = Cell(component, place.region, place.ring)
                held = self._seen.before.newest(cell)
                if held is None:
                    first.append(cell)
                else:
                    found[cell] = self._baseline_of(held)
        base = self._task.request.base
        if base is not None and not first:
            if not self._history.is_shallow():  # a shallow one may lack it
                self._history.resolve(base)  # a slip of the pen is told while somebody looks
            self._remarks.append("--from was not needed: every cell has a baseline in the ledger.")
        return found | self._first_baselines(first)

    def _baseline_of(self, held: Coverage) -> Baseline:
        self._used[held.head] = held
        return Baseline(held.head, "deployment", f"D-{held.deployment_id}", held.deployment_id)

    def _first_baselines(self, cells: Sequence[Cell]) -> dict[Cell, Baseline]:
        """`--from`; else for a component new to the catalog the repo's last deployment there; else a tag or nothing.

        Where a repo tags its packages alone, each component begins at its own nearest earlier tag.
        """
        found: dict[Cell, Baseline] = {}
        if self._task.request.base is None:
            found = {cell: near for cell in cells if (near := self._neighbour(cell)) is not None}
        rest = [cell for cell in cells if cell not in found]
        common = self._common_base() if rest else None
        if rest and common is None:
            own = self._own_tags({cell.component for cell in rest})
            mine = {cell: own[cell.component] for cell in rest if cell.component in own}
            if mine:
                told = sorted({one.text for one in own.values()})
                more = f" and {len(told) - _TAGS_TOLD} more" if len(told) > _TAGS_TOLD else ""
                which = ", ".join(told[:_TAGS_TOLD]) + more
                self._remarks.append(f"First deployment of {counted(len(mine), 'cell')}: compared with {which}.")
            found |= mine
            rest = [cell for cell in rest if cell not in mine]
        if rest:
            fallback = common or self._nothing()
            found |= dict.fromkeys(rest, fallback)
            self._remarks.append(f"First deployment of {counted(len(rest), 'cell')}: compared with {fallback.text}.")
        return found

    def _neighbour(self, cell: Cell) -> Baseline | None:
        last = self._seen.before.newest_at(cell.place)
        if last is None or cell.component in self._catalog_of(last).full_keys:
            return None
        self._used[last.head] = last
        text = f"D-{last.deployment_id}, the repo's last deployment here: the component is new in the catalog"
        return Baseline(last.head, "neighbour", text, last.deployment_id)

    def _common_base(self) -> Baseline | None:
        """What was named with `--from`, else the nearest tag of everything."""
        given = self._task.request.base
        if given is not None:
            return Baseline(self._history.resolve(given), "given", f"{given} (--from)")
        tag = self._history.nearest_tag(self._head)
        if tag is not None:
            return Baseline(tag[1], "tag", f"{tag[0]}, the nearest earlier tag")
        return None

    def _own_tags(self, components: AbstractSet[str]) -> dict[str, Baseline]:
        """The nearest earlier tag of each component whose package has tags of its own."""
        names = sorted(self._history.package_tags())
        if not names:
            return {}
        packages = self._task.around.tag_packages(names)
        tags: dict[str, list[str]] = {}
        for name, package in packages.of_tag.items():
            tags.setdefault(packages.components.get(package, ""), []).append(name)
        found = {}
        for component in sorted(components & tags.keys()):
            tag = self._history.nearest_tag(self._head, tags[component])
            if tag is not None:
                found[component] = Baseline(tag[1], "tag", f"{tag[0]}, the nearest earlier tag of {component}")
        return found

    def _nothing(self) -> Baseline:
        if self._history.is_shallow():
            hidden = replace(
                self._history.read_range(None, self._head),
                history_complete=False,
                why_incomplete="this clone is shallow, and what was deployed before cannot be seen in it",
            )
            self.ranges[None] = hidden
            return Baseline(None, "none", "nothing: this shallow clone may lack an earlier tag")
        return Baseline(None, "none", "nothing: it is the start of history here, with no changes")

    def _find_removed(self) -> _Removed:
        """Deploying everything takes away what an earlier catalog had and the head's has not.

        The deployment that took a component away covers its cells as well, under a catalog without it: then it is gone
        already.
        """
        baselines: dict[Cell, Coverage] = {}
        types: dict[str, Node] = {}
        for component in sorted(self._seen.before.components - set(self._task.catalog.full_keys)):
            for place in self._places:
                held = self._seen.before.newest(cell := Cell(component, place.region, place.ring))
                if held is None:
                    continue
                catalog = self._catalog_of(held)
                kinds = {catalog.full_key(c.key): c.type for c in catalog.components}
                if component in kinds:
                    baselines[cell] = held
                    types[component] = Node(component, kinds[component])
        return _Removed(baselines, tuple(types.values()))

    def _kind(self, cell: Cell, baseline: Baseline) -> Kind:
        found = self.ranges.get(baseline.base)
        return kind_of_cell(
            source=baseline.source,
            range_kind=found.kind if found is not None else "none",
            stated=self._task.request.stated_kind,
            was_live_there=self._seen.same_head.newest(cell) is not None,
        )

    def _told(self, block: Block) -> Block:
        found = self.ranges.get(block.baseline.base)
        return block if found is None else replace(block, range=found.kind, history_complete=found.history_complete)

    def _owners_by(self, mapper: PathMapper) -> OwnersOf:
        """A path that is deleted at head belongs to what it belonged to at the base; else the head's catalog speaks."""

        def owners_of(base: str | None, change: PathChange) -> PathOwners:
            if change.status == "D":
                owners = self._mapper_at(base, mapper).owners(change.path)
                if not owners.unmapped:
                    return owners
            return mapper.owners(change.path)

        return owners_of

    def _mapper_at(self, base: str | None, mapper: PathMapper) -> PathMapper:
        """How paths mapped at a base: by the catalog of the deployment that put it there, else by the file in git."""
        if base not in self._mappers:
            held = self._used.get(base or "")
            try:
                catalog = self._catalog_of(held) if held is not None else self._task.around.catalog_at(base)
            except ConfigError as error:
                # What was deployed long ago may be written in a way that is no longer understood; that is no reason
                # to lose the record.
                self._remarks.append(f"The catalog of the baseline could not be read ({error.message.rstrip('.')}).")
                self._mappers[base] = mapper
            else:
                self._mappers[base] = self._task.around.mapper_of(catalog)
        return self._mappers[base]

    def _catalog_of(self, held: Coverage) -> Catalog:
        if held.catalog_id not in self._catalogs:
            with self._ledger.read() as connection:
                self._catalogs[held.catalog_id] = catalogs.load_catalog(connection, held.catalog_id)
        return self._catalogs[held.catalog_id]
