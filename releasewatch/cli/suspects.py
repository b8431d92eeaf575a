"""`releasewatch incident suspects`: which deployment began an impact, with reasons and a doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import click

from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, emit_table, one_line
from releasewatch.domain.times import format_both
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from releasewatch.domain.suspects import SuspectWeights
    from releasewatch.usecases.suspects import Lineup, Ranking, Strategy
    from releasewatch.wiring import App


@click.command()
@click.argument("incident", metavar="[INC]", required=False)
@click.option(
    "--component", "components", multiple=True, metavar="KEY", help="What is hurt: a key, or repo/key. Repeatable."
)
@click.option("--region", "regions", multiple=True, metavar="R", help="Where it is hurt. Repeatable.")
@click.option("--ring", "rings", multiple=True, metavar="R", help="In which ring. Repeatable.")
@click.option("--environment", metavar="ENV", help="Default: all of tier production.")
@click.option("--since", type=INSTANT, metavar="T", help="When the impact began: 2h (ago), 02:47, …")
@click.option("--until", type=INSTANT, metavar="T", help="When it ended; left out while it lasts.")
@click.option(
    "--strategy",
    type=click.Choice(["score", "latest"]),
    default="score",
    show_default=True,
    help="score: the points of [suspects]. latest: the clock alone, the last deployment that succeeded.",
)
@click.option("--limit", type=WholeNumber(1, 1000), default=5, show_default=True, metavar="N", help="How many.")
@click.option("--at", type=INSTANT, metavar="T", help="The world at that instant, as known now; default now.")
@click.option("--known-at", type=INSTANT, metavar="T", help="Only what was recorded by then.")
@common(reveal=True)
def suspects(
    app: App,
    form: str,
    reveal: str | None,
    incident: str | None,
    components: tuple[str, ...],
    regions: tuple[str, ...],
    rings: tuple[str, ...],
    environment: str | None,
    since: datetime | None,
    until: datetime | None,
    strategy: Strategy,
    limit: int,
    at: datetime | None,
    known_at: datetime | None,
) -> None:
    """Rank the deployments of all repos by how likely one of them began an impact.

    The score, 0 to 100, is the sum of the points of its reasons, each with a sentence. What went live after the start
    is no suspect. When nothing reaches the points from which a suspect is plausible, that is said: none of these. Such
    a case has its cause elsewhere, or needs more components. The points are settings: [suspects].

    Of an incident (INC-7) its own components, environment, places and start count, where those who are affected are,
    and what was said of blame. The numbers stay with it: incident link INC-7 --suspect 1 (as of an earlier instant none
    are given). Without one, say --component
    and --since.
    """
    from releasewatch.usecases.suspect_names import without_names
    from releasewatch.usecases.suspects import Blaming, line_up

    ranking = replace(ranking_of(app, strategy), at=at, known_at=known_at, shown=limit)
    if incident is not None:
        if any((components, regions, rings, environment, since, until)):
            raise InvalidCallError(
                "What an incident is about is known from itself.",
                f"Correct it with: releasewatch incident update {incident} --help; or leave the incident out.",
            )
        _of_incident(app, form, reveal, incident, ranking, limit)
        return
    if since is None:
        raise InvalidCallError("It is not said when the impact began.", "Give --since T, or an incident: INC-7.")
    how = Blaming(
        now=app.now,
        began_at=since,
        ended_at=until,
        components=components,
        regions=regions,
        rings=rings,
        environment=environment,
        repo=app.repo_name()[0],
        strategy=strategy,
        weights=ranking.weights,
        look_back=ranking.look_back,
        at=at,
        known_at=known_at,
        shown=limit,
    )
    found = without_names(app.ledger, line_up(app.ledger, how), limit, app.level(reveal, None), app.now)
    if form == "json":
        emit_json(found.document(limit))
        return
    show_lineup(app, found, limit)


def _of_incident(app: App, form: str, reveal: str | None, incident: str, ranking: Ranking, limit: int) -> None:
    from releasewatch.usecases.incident_suspects import propose_suspects

    found = propose_suspects(app.ledger, incident, app.now, ranking, limit=limit)
    found = found.for_channel(app.ledger, limit, app.level(reveal, None), app.now)
    if form == "json":
        emit_json(found.document(limit))
        return
    impact, because = found.ranked.lineup.impact, found.ranked.began_because
    where = ", ".join((*impact.components, *impact.regions, *impact.rings))
    emit_line(
        one_line(
            f"{found.ranked.incident.id}: hurting since {format_both(impact.began_at, app.zone)}"
            + (f" ({because})" if because != "said" else "")
            + (f", in {where}" if where else "")
        )
    )
    show_lineup(app, found.ranked.lineup, limit, found.numbers)
    for one in found.ranked.outside:
        emit_line(f"{one.id}, {one.state}, is not looked at: {one.because}.")


def ranking_of(app: App, strategy: Strategy = "score") -> Ranking:
    """How suspects are ranked, by the settings."""
    from datetime import timedelta

    from releasewatch.usecases.suspects import Ranking

    return Ranking(strategy, weights_of(app), timedelta(days=app.config.tables.suspects.look_back_days))


def in_none_of_the_days(app: App, before: str) -> str:
    """The end of the sentence that no deployment went live: how far back it was looked, and what that leaves."""
    days = counted(app.config.tables.suspects.look_back_days, "day")
    return f"in the {days} {before} ([suspects] look_back_days): its cause is elsewhere, older, or was not recorded."


def weights_of(app: App) -> SuspectWeights:
    """The points that the settings give to each reason."""
    from msgspec.structs import asdict

    from releasewatch.domain.suspects import SuspectWeights

    return SuspectWeights(
        **{key: value for key, value in asdict(app.config.tables.suspects).items() if key != "look_back_days"}
    )


def show_lineup(app: App, found: Lineup, limit: int, numbers: Mapping[int, int] | None = None) -> None:
    """The suspects for people: numbered by place, or by the numbers that an incident gave; each with its reasons."""
    if not found.suspects:
        emit_line(f"No deployment went live {in_none_of_the_days(app, 'before the impact')}")
        return
    shown = [
        (str(place if numbers is None else numbers.get(one.candidate.number, "")), one)
        for place, one in enumerate(found.suspects[:limit], 1)
    ]
    emit_table(
        ("", "deployment", "repo", "live from", "score"),
        [
            [
                number,
                suspect.candidate.id,
                suspect.candidate.repo,
                format_both(suspect.candidate.live_at, app.zone),
                str(suspect.score),
            ]
            for number, suspect in shown
        ],
        right=("", "score"),
    )
    for number, suspect in shown:
        emit_line(f"{number}  {suspect.candidate.id}:" + ("" if suspect.reasons else " nothing speaks against it"))
        for reason in suspect.reasons:
            emit_line(one_line(f"  {reason.points:>3}  {reason.text}"))
    if found.none_plausible:
        emit_line(f"None of these is plausible: from {found.least} of {counted(found.most, 'point')} on one would be.")
    if found.candidates > limit:
        emit_line(f"Looked at {counted(found.candidates, 'deployment')}; --limit shows more.")
