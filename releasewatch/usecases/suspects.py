"""Which deployments may have begun an impact: the candidates of all repos, ranked by the score or by the clock."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from releasewatch.domain.suspects import (
    Impact,
    Suspect,
    SuspectWeights,
    attainable,
    most_elsewhere,
    rank_latest,
    rank_suspects,
)
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import catalogs
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.suspects import (
    Scene,
    count_candidates,
    find_near,
    newest_first,
    read_candidates,
    read_latest,
)
from releasewatch.storage.types import LATEST

Strategy = Literal["score", "latest"]

MOST_SHOWN = 1000
"""So many are read for the rule of the clock, which blames one; the command shows no more."""

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Ranking:
    """How suspects are ranked. `look_back`: how long before the start a deployment may have gone live.

    `at`, `known_at`: as the world was at an instant, and by what was recorded by one; None: as it is known now.
    `shown`: so many are wanted at most, best first; of the others only those are read that come first by what is cheap.
    """

    strategy: Strategy = "score"
    weights: SuspectWeights = field(default_factory=SuspectWeights)
    look_back: timedelta = timedelta(days=90)
    at: datetime | None = None
    known_at: datetime | None = None
    shown: int = MOST_SHOWN


@dataclass(frozen=True, slots=True)
class Blaming:
    """What is known of an impact, as given, and how suspects are ranked.

    `components`: full keys, or bare ones of `repo` or of no other; `environment` None: all of tier production.
    """

    now: datetime
    began_at: datetime
    ended_at: datetime | None = None
    components: Sequence[str] = ()
    regions: Sequence[str] = ()
    rings: Sequence[str] = ()
    environment: str | None = None
    repo: str | None = None
    strategy: Strategy = "score"
    weights: SuspectWeights = field(default_factory=SuspectWeights)
    look_back: timedelta = timedelta(days=90)
    at: datetime | None = None
    known_at: datetime | None = None
    shown: int = MOST_SHOWN

    @property
    def ranking(self) -> Ranking:
        return Ranking(self.strategy, self.weights, self.look_back, self.at, self.known_at, self.shown)


@dataclass(frozen=True, slots=True)
class Lineup:
    """The suspects, best first: as many as were wanted, or more. `least`: the points from which one is plausible;
    `most`: what the question allows; `candidates`: how many deployments there were to suspect."""

    impact: Impact
    suspects: tuple[Suspect, ...]
    strategy: Strategy
    least: int
    most: int
    candidates: int

    @property
    def none_plausible(self) -> bool:
        return not any(suspect.plausible for suspect in self.suspects)

    def document(self, limit: int, incident: str | None = None) -> dict[str, Any]:
        """The document of `incident suspects --format json`, without its schema number."""
        return {
            "incident": incident,
            "strategy": self.strategy,
            "began_at": format_utc(self.impact.began_at),
            "components": list(self.impact.components),
            "none_plausible": self.none_plausible,
            "plausible_from": self.least,
            "attainable": self.most,
            "candidates": self.candidates,
            "suspects": [suspect_document(suspect) for suspect in self.suspects[:limit]],
        }


def line_up(ledger: Ledger, how: Blaming) -> Lineup:
    """Rank the deployments that went live before an impact.

    Raises InvalidCallError for times in the wrong order, UnknownNameError for a component, environment or region that
    the ledger does not know, AmbiguousNameError for a bare component key of several repos.
    """
    _check_times(how)
    with ledger.read() as connection:
        return line_up_in(connection, how)


def line_up_in(connection: Any, how: Blaming) -> Lineup:
    """The same inside somebody's transaction; the times are taken as they are."""
    components = _components(connection, how)
    environments = _environments(connection, how)
    _check_places(connection, environments, how)
    impact = Impact(
        how.began_at, how.ended_at, tuple(sorted(components.values())), tuple(how.regions), tuple(how.rings)
    )
    return rank_in(connection, impact, components, environments, how.ranking)


def rank_in(
    connection: Any,
    impact: Impact,
    components: Mapping[int, str],
    environments: Sequence[int],
    how: Ranking,
    also: Collection[int] = (),
) -> Lineup:
    """Rank what went live in some environments before an impact whose names are resolved.

    `also`: deployments that are looked at in any case, beside those that are wanted.
    """
    # Dates before year 1 do not exist: however long the look back, it ends there.
    floor = datetime.min.replace(tzinfo=impact.began_at.tzinfo)
    since = impact.began_at - how.look_back if impact.began_at - floor > how.look_back else floor
    places = impact.regions, impact.rings
    scene = Scene(environments, since, impact.began_at, components, *places, how.at or LATEST, how.known_at or LATEST)
    if how.strategy == "latest":
        last = read_latest(connection, scene, MOST_SHOWN)
        return Lineup(impact, tuple(rank_latest(impact, last)), "latest", 100, 100, len(last))
    most = attainable(impact, how.weights)
    least = -(-how.weights.plausible * most // 100)
    ranked = _rank_some(connection, impact, scene, how, also)
    return Lineup(impact, tuple(ranked), "score", least, most, count_candidates(connection, scene))


def _rank_some(connection: Any, impact: Impact, scene: Scene, how: Ranking, also: Collection[int]) -> list[Suspect]:
    """The first of all by their score, without reading all.

    Those that may have points for what they reach are read at once. The others have few points but for their time: they
    are read newest first, until none that is older can be among the first any more.
    """
    near = find_near(connection, scene, also)
    candidates = read_candidates(connection, scene, near)
    wanted = how.shown + len(also)
    last: tuple[datetime, int] | None = None
    while True:
        page = newest_first(connection, scene, last, _PAGE)
        candidates += read_candidates(connection, scene, (number for _, number in page if number not in near))
        ranked = rank_suspects(impact, candidates, how.weights)
        if len(page) < _PAGE:
            return ranked
        last = page[-1]
        if len(ranked) >= wanted and most_elsewhere(impact, last[0], how.weights) < ranked[wanted - 1].score:
            return ranked


def _check_times(how: Blaming) -> None:
    if how.began_at > how.now:
        raise InvalidCallError(
            f"--since is {format_utc(how.began_at)}, which lies ahead.", "Give when the impact began, such as 2h (ago)."
        )
    if how.at is not None and how.began_at > how.at:
        raise InvalidCallError(
            f"At {format_utc(how.at)} the impact had not begun: that was at {format_utc(how.began_at)}.",
            "Give a later --at, or an earlier --since.",
        )
    if how.ended_at is not None and how.ended_at > how.now:
        raise InvalidCallError(
            f"--until is {format_utc(how.ended_at)}, which lies ahead.", "Leave --until out while the impact lasts."
        )
    if how.ended_at is not None and how.ended_at < how.began_at:
        raise InvalidCallError(
            f"The impact ends ({format_utc(how.ended_at)}) before it begins ({format_utc(how.began_at)}).",
            "Give --until an instant after --since.",
        )


def _components(connection: Any, how: Blaming) -> dict[int, str]:
    found: dict[int, str] = {}
    for ref in how.components:
        try:
            known = catalogs.resolve_component(connection, ref, how.repo)
        except UnknownNameError as error:
            full = sorted(catalogs.component_keys(connection).values())
            bare = [key.rpartition("/")[2] for key in full]
            near = difflib.get_close_matches(ref, full + bare, n=1)
            raise UnknownNameError(error.message, f"Did you mean {near[0]}?" if near else error.hint) from error
        found[known.component_id] = known.full_key
    return found


def _environments(connection: Any, how: Blaming) -> list[int]:
    rows = catalogs.environments(connection)
    if how.environment is None:
        found = [row.environment_id for row in rows if row.tier == "production"]
        if rows and not found:
            raise InvalidCallError(
                "No environment that was deployed to is of tier production.",
                f"Name one with --environment: {', '.join(row.key for row in rows)}.",
            )
        return found
    chosen = [row.environment_id for row in rows if row.key == how.environment]
    if not chosen:
        raise _unknown("Nothing was ever deployed to", how.environment, [row.key for row in rows])
    return chosen


def _check_places(connection: Any, environments: Sequence[int], how: Blaming) -> None:
    """Refuse a region or ring that is not among those known: it would only cost every suspect its points."""
    axes = [catalogs.known_axes(connection, number) for number in environments]
    for word, given, known in (
        ("region", how.regions, {region for one in axes for region in one.regions}),
        ("ring", how.rings, {ring for one in axes for ring in one.rings}),
    ):
        for name in given:
            if known and name not in known:
                raise _unknown(f"The ledger knows no {word}", name, known)


def _unknown(words: str, name: str, known: Collection[str]) -> UnknownNameError:
    near = difflib.get_close_matches(name, known, n=1)
    there_are = f"There are: {', '.join(sorted(known)) or 'none'}."
    return UnknownNameError(f"{words} {name!r}.", f"Did you mean {near[0]}?" if near else there_are)


def suspect_document(suspect: Suspect) -> dict[str, Any]:
    """One suspect as JSON has it."""
    one = suspect.candidate
    return {
        "deployment": one.id,
        "repo": one.repo,
        "environment": one.environment,
        "kind": one.kind,
        "head": one.head,
        "live_from": format_utc(one.live_at),
        "score": suspect.score,
        "plausible": suspect.plausible,
        "reasons": [{"kind": r.kind, "points": r.points, "text": r.text} for r in suspect.reasons],
    }
