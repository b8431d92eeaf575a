"""`releasewatch incident suspects`: which deployment began an impact, with reasons and a doubt."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from releasewatch.cli.options import INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, emit_table, one_line
from releasewatch.domain.times import format_both
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from releasewatch.domain.suspects import SuspectWeights
    from releasewatch.usecases.suspects import Lineup, Strategy
    from releasewatch.wiring import App


@click.command()
@click.option(
    "--component", "components", multiple=True, metavar="KEY", help="What is hurt: a key, or repo/key. Repeatable."
)
@click.option("--region", "regions", multiple=True, metavar="R", help="Where it is hurt. Repeatable.")
@click.option("--ring", "rings", multiple=True, metavar="R", help="In which ring. Repeatable.")
@click.option("--environment", metavar="ENV", help="Default: all of tier production.")
@click.option("--since", type=INSTANT, required=True, metavar="T", help="When the impact began: 2h (ago), 02:47, …")
@click.option("--until", type=INSTANT, metavar="T", help="When it ended; left out while it lasts.")
@click.option(
    "--strategy",
    type=click.Choice(["score", "latest"]),
    default="score",
    show_default=True,
    help="score: the points of [suspects]. latest: the clock alone, the last deployment that succeeded.",
)
@click.option("--limit", type=click.IntRange(1, 1000), default=5, show_default=True, metavar="N", help="How many.")
@common()
def suspects(
    app: App,
    form: str,
    components: tuple[str, ...],
    regions: tuple[str, ...],
    rings: tuple[str, ...],
    environment: str | None,
    since: datetime,
    until: datetime | None,
    strategy: Strategy,
    limit: int,
) -> None:
    """Rank the deployments of all repos by how likely one of them began an impact.

    The score, 0 to 100, is the sum of the points of its reasons, each with a sentence. What went live after the start
    is no suspect. When nothing reaches the points from which a suspect is plausible, that is said: none of these. Such
    a case has its cause elsewhere, or needs more components. The points are settings: [suspects].
    """
    from datetime import timedelta

    from releasewatch.usecases.suspects import Blaming, line_up

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
        weights=weights_of(app),
        look_back=timedelta(days=app.config.tables.suspects.look_back_days),
    )
    found = line_up(app.ledger, how)
    if form == "json":
        emit_json(found.document(limit))
        return
    show_lineup(app, found, limit)


def weights_of(app: App) -> SuspectWeights:
    """The points that the settings give to each reason."""
    from msgspec.structs import asdict

    from releasewatch.domain.suspects import SuspectWeights

    return SuspectWeights(
        **{key: value for key, value in asdict(app.config.tables.suspects).items() if key != "look_back_days"}
    )


def show_lineup(app: App, found: Lineup, limit: int) -> None:
    """The suspects for people: numbered, each with its reasons and their points."""
    if not found.suspects:
        emit_line("No deployment went live before the impact: its cause is elsewhere, or was not recorded.")
        return
    emit_table(
        ("", "deployment", "repo", "live from", "score"),
        [
            [
                str(place),
                suspect.candidate.id,
                suspect.candidate.repo,
                format_both(suspect.candidate.live_at, app.zone),
                str(suspect.score),
            ]
            for place, suspect in enumerate(found.suspects[:limit], 1)
        ],
        right=("", "score"),
    )
    for place, suspect in enumerate(found.suspects[:limit], 1):
        emit_line(f"{place}  {suspect.candidate.id}:" + ("" if suspect.reasons else " nothing speaks against it"))
        for reason in suspect.reasons:
            emit_line(one_line(f"  {reason.points:>3}  {reason.text}"))
    if found.none_plausible:
        emit_line(f"None of these is plausible: from {found.least} of {found.most} points on one would be.")
    if len(found.suspects) > limit:
        emit_line(f"Looked at {counted(len(found.suspects), 'deployment')}; --limit shows more.")
