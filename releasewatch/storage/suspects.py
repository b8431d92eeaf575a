"""The deployments before an impact as the score of suspects sees them: which may matter, and what is known of those."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, literal, or_, select

from releasewatch.domain.deployments import Place
from releasewatch.domain.suspect_signs import BY_SUBJECT, SIGNS, Sign
from releasewatch.domain.suspects import Candidate, Reached
from releasewatch.storage import tables as t
from releasewatch.storage import window_endings
from releasewatch.storage.sql import chunks, written_out
from releasewatch.storage.types import LATEST, OPEN_END

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an impact was and from when; `since`: how far back deployments are looked for.

    `components`: number to full key. Empty components, regions and rings: not known. `at`, `known_at`: what was taken
    back later, or was recorded later, is not known.
    """

    environments: Sequence[int]
    since: datetime
    began_at: datetime
    components: Mapping[int, str]
    regions: Collection[str] = ()
    rings: Collection[str] = ()
    at: datetime = LATEST
    known_at: datetime = LATEST


def count_candidates(connection: Connection, scene: Scene) -> int:
    """How many deployments went live in the scene's environments between `since` and the start."""
    return connection.scalar(select(func.count()).select_from(t.deployment).where(*_among(scene))) or 0


def find_near(connection: Connection, scene: Scene, also: Collection[int] = ()) -> set[int]:
    """Those of them that reach the components, or may; without components those that were taken back after the start.

    `also`: of these, the ones that are among them.
    """
    d, r, w, s = t.deployment.c, t.reach.c, t.window.c, t.scope_component.c
    among = _among(scene)
    if scene.components:
        wanted = list(scene.components)
        reach = select(r.deployment_id).where(r.component_id.in_(wanted))
        scopes = select(s.scope_id).where(s.component_id.in_(wanted))
        blank = or_(d.history_complete.is_(False), d.kind == "initial")
        questions = [
            select(d.deployment_id).where(*among, d.deployment_id.in_(reach)),
            select(d.deployment_id).where(*among, blank, d.scope_id.in_(scopes)),
        ]
    else:
        ended = select(w.deployment_id).where(w.carrying_until >= scene.began_at, w.carrying_ended_by.is_not(None))
        questions = [select(d.deployment_id).where(*among, d.deployment_id.in_(ended))]
    questions += [select(d.deployment_id).where(*among, d.deployment_id.in_(part)) for part in chunks(sorted(also))]
    return {number for question in questions for number in connection.scalars(question)}


def newest_first(
    connection: Connection, scene: Scene, after: tuple[datetime, int] | None, most: int
) -> list[tuple[datetime, int]]:
    """When they went live, and their numbers, the newest first; `after`: the last one of the page before."""
    d = t.deployment.c
    question = select(d.opened_at, d.deployment_id).where(*_among(scene))
    if after is not None:
        older = and_(d.opened_at == after[0], d.deployment_id < after[1])
        question = question.where(d.opened_at <= after[0], or_(d.opened_at < after[0], older))
    rows = connection.execute(question.order_by(d.opened_at.desc(), d.deployment_id.desc()).limit(most))
    return [(row.opened_at, row.deployment_id) for row in rows]


def read_candidates(connection: Connection, scene: Scene, numbers: Iterable[int]) -> list[Candidate]:
    """Some of the scene's deployments with all that the score needs: seven statements for each 1,000 of them."""
    found: list[Candidate] = []
    for part in chunks(sorted(numbers), _AT_ONCE):
        found += _read_part(connection, scene, part)
    return found


def _read_part(connection: Connection, scene: Scene, numbers: Sequence[int]) -> list[Candidate]:
    d = t.deployment.c
    rows = connection.execute(_select().where(d.deployment_id.in_(written_out(numbers)))).all()
    reached, touched = _read_reach(connection, numbers, scene.components)
    unknown = _read_unknown(connection, numbers, scene.components)
    places = _read_places(connection, numbers)
    states = _read_states(connection, numbers, scene)
    paths, shown = _read_paths(connection, numbers)
    for number, signs in _read_subjects(connection, numbers).items():
        shown[number] = {**signs, **shown.get(number, {})}
    found = []
    for row in rows:
        number = int(row.deployment_id)
        carried, taken_back_at, taken_back_by = states.get(number, (None, None, None))
        found.append(
            replace(
                _candidate(row),
                reached=reached.get(number, {}),
                unknown=frozenset(unknown.get(number, ())),
                touched=touched.get(number, 0),
                places=tuple(places.get(number, ())),
                carried=carried,
                taken_back_at=taken_back_at,
                taken_back_by=taken_back_by,
                paths=paths.get(number, 0),
                shown=shown.get(number, {}),
            )
        )
    return found


def read_latest(connection: Connection, scene: Scene, most: int) -> list[Candidate]:
    """The last deployments that had succeeded and ended by the start, however long before; the newest first."""
    d = t.deployment.c
    ended_at = func.coalesce(d.finished_at, d.opened_at)
    rows = connection.execute(
        _select()
        .where(
            d.environment_id.in_(scene.environments),
            d.succeeded.is_(True),
            ended_at <= scene.began_at,
            d.recorded_at <= scene.known_at,
        )
        .order_by(ended_at.desc(), d.deployment_id.desc())
        .limit(most)
    )
    return [_candidate(row) for row in rows]


def _select() -> Select[Any]:
    return (
        select(t.deployment, t.repo.c.key.label("repo_key"), t.environment.c.key.label("environment_key"))
        .join_from(t.deployment, t.repo)
        .join(t.environment)
    )


def _candidate(row: Any) -> Candidate:
    """What the deployment itself says, without what it touched."""
    return Candidate(
        row.deployment_id,
        row.repo_key,
        row.environment_key,
        row.kind,
        row.opened_at,
        head=row.head,
        finished_at=row.finished_at,
        succeeded=row.succeeded,
    )


def _among(scene: Scene) -> list[Any]:
    d = t.deployment.c
    known = [] if scene.known_at == LATEST else [d.recorded_at <= scene.known_at]
    return [d.environment_id.in_(scene.environments), d.opened_at >= scene.since, d.opened_at <= scene.began_at, *known]


def _read_reach(
    connection: Connection, numbers: Sequence[int], components: Mapping[int, str]
) -> tuple[dict[int, dict[str, Reached]], dict[int, int]]:
    """How near each comes to the components asked about, and how many it changed in all."""
    r = t.reach.c
    via = t.component.alias("via")
    mine = or_(r.distance == 0, r.component_id.in_(list(components)))
    rows = connection.execute(
        select(r.deployment_id, r.component_id, r.distance, func.min(via.c.full_key).label("via"))
        .join_from(t.reach, via, via.c.component_id == r.via_id, isouter=True)
        .where(r.deployment_id.in_(written_out(numbers)), mine)
        .group_by(r.deployment_id, r.component_id, r.distance)
        .order_by(r.deployment_id, r.component_id, r.distance.desc())
    )
    reached: dict[int, dict[str, Reached]] = {}
    touched: dict[int, int] = {}
    for row in rows:
        if row.distance == 0:
            touched[row.deployment_id] = touched.get(row.deployment_id, 0) + 1
        if row.component_id in components:
            # The nearest comes last.
            reached.setdefault(row.deployment_id, {})[components[row.component_id]] = Reached(row.distance, row.via)
    return reached, touched


def _read_unknown(connection: Connection, numbers: Sequence[int], components: Mapping[int, str]) -> dict[int, set[str]]:
    """The components asked about that were deployed without a baseline, or by a clone that lacked history."""
    d, s = t.deployment.c, t.scope_component.c
    rows = connection.execute(
        select(d.deployment_id, s.component_id)
        .join_from(t.deployment, t.scope_component, s.scope_id == d.scope_id)
        .where(
            d.deployment_id.in_(written_out(numbers)),
            or_(d.history_complete.is_(False), d.kind == "initial"),
            s.component_id.in_(list(components)),
        )
    )
    found: dict[int, set[str]] = {}
    for row in rows:
        found.setdefault(row.deployment_id, set()).add(components[row.component_id])
    return found


def _read_places(connection: Connection, numbers: Sequence[int]) -> dict[int, list[Place]]:
    p = t.target.c
    rows = connection.execute(
        select(p.deployment_id, p.region, p.ring)
        .where(p.deployment_id.in_(written_out(numbers)))
        .order_by(p.deployment_id, p.region, p.ring)
    )
    found: dict[int, list[Place]] = {}
    for row in rows:
        found.setdefault(row.deployment_id, []).append(Place(row.region, row.ring))
    return found


def _read_states(
    connection: Connection, numbers: Sequence[int], scene: Scene
) -> dict[int, tuple[bool, datetime | None, int | None]]:
    """Whether what each brought was still there at the start, and when and by whom the last of it was taken back.

    Only what reaches the components, and is in the regions and rings, that are asked about.
    """
    w = t.window.c
    columns = w.deployment_id, w.region, w.ring, w.live_from, w.carrying_until, w.carrying_ended_by
    past = scene.known_at < LATEST or scene.at < LATEST
    question = select(*columns, *((w.origin_no, w.certain, w.carrying_ended_recorded_at) if past else ())).where(
        w.deployment_id.in_(written_out(numbers))
    )
    if scene.components:
        question = question.where(_reaches(scene.components))
    # A row that only names a place has no instant; a possible window that success ended is no taking back.
    real = and_(
        w.carrying_until > w.live_from,
        or_(w.carrying_ended_by.is_(None), w.carrying_ended_by != w.deployment_id),
    )
    rows: dict[int, list[Any]] = {}
    found_rows: Sequence[Any] = connection.execute(question.where(real).distinct()).all()
    for row in window_endings.as_known(connection, found_rows, scene.at, scene.known_at) if past else found_rows:
        rows.setdefault(row.deployment_id, []).append(row)
    found: dict[int, tuple[bool, datetime | None, int | None]] = {}
    for number, all_here in rows.items():
        here = _in_places(_in_places(all_here, "region", scene.regions), "ring", scene.rings)
        if not here:
            continue
        carried = any(row.live_from <= scene.began_at < row.carrying_until for row in here)
        last = max(here, key=lambda row: (row.carrying_until, row.carrying_ended_by or 0))
        ended = last.carrying_until != OPEN_END
        found[number] = (
            carried,
            last.carrying_until if ended else None,
            last.carrying_ended_by if ended else None,
        )
    return found


def _reaches(components: Mapping[int, str]) -> Any:
    r, w = t.reach.c, t.window.c
    return (
        select(r.component_id)
        .where(r.deployment_id == w.deployment_id, r.origin_no == w.origin_no, r.component_id.in_(list(components)))
        .exists()
    )


def _in_places(rows: Sequence[Any], axis: str, wanted: Collection[str]) -> list[Any]:
    """The rows of the places asked about; where a place is not named, the remainder stands for it."""
    if not wanted:
        return list(rows)
    named = {getattr(row, axis) for row in rows}
    meant = {place if place in named else "" for place in wanted}
    return [row for row in rows if getattr(row, axis) in meant]


def _read_paths(connection: Connection, numbers: Sequence[int]) -> tuple[dict[int, int], dict[int, dict[Sign, str]]]:
    """How many paths each changed, and one for each sign that a path shows."""
    p = t.changed_path.c
    lowered = func.lower(p.path)
    samples = [
        func.min(
            case(
                (
                    or_(
                        *(lowered.contains(text, autoescape=True) for text in marks.path_holds),
                        *(lowered.endswith(text, autoescape=True) for text in marks.path_ends),
                    ),
                    p.path,
                )
            )
        ).label(sign)
        for sign, marks in SIGNS.items()
    ]
    rows = connection.execute(
        select(p.deployment_id, func.count(p.path_digest.distinct()).label("many"), *samples)
        .where(p.deployment_id.in_(written_out(numbers)))
        .group_by(p.deployment_id)
    ).all()
    return {row.deployment_id: row.many for row in rows}, _signs(rows)


def _read_subjects(connection: Connection, numbers: Sequence[int]) -> dict[int, dict[Sign, str]]:
    """The signs that a subject shows; what was reverted in its own range shows none."""
    c = t.change.c
    lowered = func.lower(c.subject)
    samples = [
        func.max(
            case((or_(*(lowered.contains(text, autoescape=True) for text in marks.subject_holds)), literal(BY_SUBJECT)))
        ).label(sign)
        for sign, marks in SIGNS.items()
    ]
    rows = connection.execute(
        select(c.deployment_id, *samples)
        .where(c.deployment_id.in_(written_out(numbers)), c.side == "added", c.reverted_by.is_(None))
        .group_by(c.deployment_id)
    )
    return _signs(rows.all())


def _signs(rows: Sequence[Any]) -> dict[int, dict[Sign, str]]:
    return {
        row.deployment_id: {sign: getattr(row, sign) for sign in SIGNS if getattr(row, sign) is not None}
        for row in rows
    }
