"""The ways in which customers come into an incident: through blamed deployments, else through its components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    and_,
    case,
    column,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
    values,
)

from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.domain.deployments import REST
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_rows import exposed_rows, merged_customers
from releasewatch.storage.exposure_ways import (
    DEPENDENT,
    DIRECT,
    RANK,
    ExposureQuestion,
    earlier,
    known,
    later,
    some_customers,
    what_it_says,
)
from releasewatch.storage.types import OPEN_END, Instant, key_type


@dataclass(frozen=True, slots=True)
class Blamed:
    """A suspect or confirmed deployment. `rest_region`, `rest_ring`: whether what its windows call every other region
    (ring) holds one of the incident's."""

    question: ExposureQuestion
    rest_region: bool
    rest_ring: bool


@dataclass(frozen=True, slots=True)
class ImpactQuestion:
    """What is asked of an incident. `until` None: it goes on. `components` None: whatever a deployment reaches.

    `components`: number to distance, and over whom. `regions`, `rings` empty: all. `environments`: for incidents
    without a blamed deployment.
    """

    incident_id: int
    at: datetime
    known_at: datetime
    started_at: datetime
    until: datetime | None
    blamed: tuple[Blamed, ...]
    components: Mapping[int, tuple[int, str]] | None
    regions: frozenset[str]
    rings: frozenset[str]
    environments: tuple[str, ...]

    @property
    def is_over(self) -> bool:
        """Whether the impact has ended by the instant asked about."""
        return self.until is not None and self.until <= self.at

    def holds(self, component_id: ColumnElement[int]) -> ColumnElement[bool]:
        """Whether a component is one of the incident's."""
        return component_id.in_(sorted(self.components or ()))


WAY = (
    "customer_id",
    "rank",
    "certain",
    "source",
    "component_id",
    "via",
    "region",
    "ring",
    "any_region",
    "any_ring",
    "live_from",
    "live_until",
    "carrying_until",
    "sure_until",
    "window_certain",
    "subject_certain",
    "environment",
    "entitled_region",
    "entitled_ring",
    "version",
    "subject",
)
"""The columns of a way, as exposure gives them; `deployment_id` stands before."""


def ways_in(q: ImpactQuestion, among: Sequence[UUID] | None = None, columns: Sequence[str] = WAY) -> CTE:
    """Every way in which somebody (`among`: one of these) is a candidate, each with the deployment (0: none) that
    reaches them. `columns`: all that is asked of a way, beside whose it is."""
    return find_ways(q, among, columns).cte("way_in")


def find_ways(
    q: ImpactQuestion, among: Sequence[UUID] | None = None, columns: Sequence[str] = WAY
) -> Select[Any] | CompoundSelect[Any]:
    """The same as a statement, for what goes on from it alone."""
    parts = [_blamed_ways(q, one, among, columns) for one in q.blamed]
    if not parts and q.components:
        parts = [_entitled_ways(q, among)]
    if not parts:
        return _no_ways()
    names = ["deployment_id", "customer_id", *(name for name in columns if name != "customer_id")]
    short = [part.with_only_columns(*(part.exported_columns[name] for name in names)) for part in parts]
    return union_all(*short) if len(short) > 1 else short[0]


def _decided_by(q: ImpactQuestion) -> Iterator[str]:
    """What of a way through a deployment decides whether it counts."""
    yield "carrying_until"
    if q.until is not None:
        yield "live_from"
    if q.components is not None or q.regions or q.rings:
        yield "component_id"
    for places, axis in ((q.regions, "region"), (q.rings, "ring")):
        if places:
            yield from (axis, f"any_{axis}", f"entitled_{axis}")


def _no_ways() -> Select[Any]:
    e = t.entitlement.c
    typed: dict[str, Any] = {"customer_id": e.customer_id, "component_id": t.component_subject.c.component_id}
    typed |= dict.fromkeys(("live_from", "live_until", "carrying_until", "sure_until"), e.valid_from)
    typed |= dict.fromkeys(("rank", "certain", "any_region", "any_ring"), literal(0))
    typed |= dict.fromkeys(("window_certain", "subject_certain"), literal(0))
    columns = [typed.get(name, e.subject).label(name) for name in WAY]
    return (
        select(literal(0).label("deployment_id"), *columns)
        .join_from(t.entitlement, t.component_subject, t.component_subject.c.subject == e.subject)
        .where(false())
    )


def _blamed_ways(q: ImpactQuestion, one: Blamed, among: Sequence[UUID] | None, columns: Sequence[str]) -> Select[Any]:
    rows = exposed_rows(one.question, among, {*columns, *_decided_by(q)})
    r = rows.c
    number: Any = one.question.deployment_id
    number = literal(number) if isinstance(number, int) else number
    found = select(number.label("deployment_id"), *r)
    found = found.where(r.carrying_until > q.started_at)
    if q.until is not None:
        # Of an impact that ended as it began, the one instant counts.
        found = found.where(or_(r.live_from < q.until, r.live_from <= q.started_at))
    if q.components is not None:
        found = found.where(or_(r.component_id.is_(None), q.holds(r.component_id)))
    for places, rest, axis in ((q.regions, one.rest_region, "region"), (q.rings, one.rest_ring, "ring")):
        if places:
            is_any, place, entitled = r[f"any_{axis}"], r[axis], r[f"entitled_{axis}"]
            inside = or_(is_any == 1, place.in_(sorted(places)), and_(place == REST, true() if rest else false()))
            mine = or_(entitled.in_(sorted(places)), and_(entitled.in_((ANY, UNKNOWN)), inside))
            found = found.where(or_(r.component_id.is_(None), mine))
    return found


def _entitled_ways(q: ImpactQuestion, among: Sequence[UUID] | None) -> Select[Any]:
    """Who uses the components, or what depends on them, while the impact goes on."""
    e, s = t.entitlement.c, t.component_subject.c
    asked = ExposureQuestion(0, "", is_production=True, release="", at=q.at, known_at=q.known_at, label="entitled")
    merged = merged_customers(asked)
    wanted = (
        values(column("component_id", Integer), column("distance", Integer), column("via", key_type()), name="wanted")
        .data([(number, *step) for number, step in sorted((q.components or {}).items())])
        .cte("wanted")
    )
    starts = later(later(e.valid_from, s.valid_from), literal(q.started_at, Instant))
    ends = earlier(earlier(e.valid_to, s.valid_to), literal(q.until or OPEN_END, Instant))
    sure = and_(
        s.certain.is_(True), e.environment != UNKNOWN, e.region != UNKNOWN, e.ring != UNKNOWN, e.version != UNKNOWN
    )
    found = (
        select(
            literal(0).label("deployment_id"),
            func.coalesce(merged.c.survivor_id, e.customer_id, type_=e.customer_id.type).label("customer_id"),
            (case((wanted.c.distance == 0, DIRECT), else_=DEPENDENT) * RANK + wanted.c.distance).label("rank"),
            case((sure, 1), else_=0).label("certain"),
            literal("entitlement").label("source"),
            s.component_id,
            case((wanted.c.via == "", null()), else_=wanted.c.via).label("via"),
            e.region.label("region"),
            e.ring.label("ring"),
            literal(1).label("any_region"),
            literal(1).label("any_ring"),
            starts.label("live_from"),
            ends.label("live_until"),
            ends.label("carrying_until"),
            ends.label("sure_until"),
            literal(1).label("window_certain"),
            case((s.certain.is_(True), 1), else_=0).label("subject_certain"),
            *what_it_says(e),
        )
        .join_from(wanted, t.component_subject, s.component_id == wanted.c.component_id)
        .join(t.entitlement, e.subject == s.subject)
        .join(merged, merged.c.customer_id == e.customer_id, isouter=True)
        .where(
            known(s.recorded_from, s.recorded_to, asked),
            known(e.recorded_from, e.recorded_to, asked),
            e.environment.in_(q.environments),
            e.valid_to > e.valid_from,
            e.valid_to > s.valid_from,
            s.valid_to > e.valid_from,
            e.valid_from <= q.at,
            s.valid_from <= q.at,
            literal(q.started_at, Instant) <= q.at,
            e.valid_to > q.started_at,
            s.valid_to > q.started_at,
        )
    )
    if among is not None:
        found = found.where(e.customer_id.in_(select(some_customers(asked, among, merged).c.customer_id)))
    if q.until is not None:
        found = found.where(*(or_(start < q.until, start <= q.started_at) for start in (e.valid_from, s.valid_from)))
    for places, place in ((q.regions, e.region), (q.rings, e.ring)):
        if places:
            found = found.where(place.in_([ANY, UNKNOWN, *sorted(places)]))
    return found
