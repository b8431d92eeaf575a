"""`releasewatch backtest`: past incidents against today's map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import OUTPUT, common
from releasewatch.cli.output import emit, emit_json, emit_line, emit_table, one_line, say
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.domain.times import format_both, format_utc
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasewatch.domain.backtest import Mend, Replay, Score
    from releasewatch.domain.customers import Rejected

_PRINTED = 20


@click.command()
@click.option(
    "--incidents", type=OUTPUT, required=True, metavar="FILE", help="CSV: started_at, ended_at, customers, head."
)
@click.option(
    "--environment", "environments", multiple=True, metavar="ENV", help="Only these; default: all of tier production."
)
@click.option("--mends", type=WholeNumber(0, 100), default=10, show_default=True, help="How many suggestions.")
@common(replica=True)
def command(app: App, form: str, incidents: Path, environments: tuple[str, ...], mends: int) -> None:
    """Replay past incidents through today's map: of those who complained, how many would have been on the list.

    Each row of FILE is an incident: when it started, who complained (keys or aliases, ; between), and the commit that
    was to blame where that is known; else the newest deployment before it is taken. Recall is the share of those who
    complained that the list holds, precision the share of the list that complained. Nothing is written.
    """
    from releasewatch.domain.backtest import distances, score_within, suggest_mends
    from releasewatch.domain.customers import Rejected
    from releasewatch.integrations.directories.directory_file import open_file
    from releasewatch.integrations.directories.records import INCIDENTS
    from releasewatch.usecases.backtest import Backtest, replay_all

    file = open_file(incidents, INCIDENTS)
    rows = list(file.rows())
    rejected = [row for row in rows if isinstance(row, Rejected)]
    past = [(row.line, row.row) for row in rows if not isinstance(row, Rejected)]
    if not past:
        raise InvalidCallError(
            f"{incidents} holds no incident that can be read.",
            f"Its first row: {rejected[0].problems[0].column} {rejected[0].problems[0].reason}."
            if rejected
            else "Give a row for each: started_at, customers.",
        )
    products = {key: product.components for key, product in app.config.tables.products.items()}
    how = Backtest(app.surroundings(git=app.history_or_none is not None), app.now, environments, products)
    replays = list(replay_all(app.ledger, past, how))
    scores = [(str(distance), score_within(replays, distance)) for distance in distances(replays)]
    scores.append(("all", score_within(replays)))
    suggested = suggest_mends(replays, mends)
    level = app.level(None, None)
    opaque = level < Reveal.NAMES and app.config.tables.privacy.keys == "opaque"
    if form == "json":
        emit_json(_document(replays, scores, suggested, rejected, shown=level >= Reveal.KEYS, opaque=opaque))
    else:
        _show(app, replays, scores, suggested, shown=level >= Reveal.KEYS, opaque=opaque)
        for row in rejected[:_PRINTED]:
            for problem in row.problems:
                emit(one_line(f"{incidents}:{row.line}: {problem.column} {problem.reason}") + "\n")
    if not app.quiet:
        for note in file.notes:
            say(f"{incidents}: {note}")


def _document(
    replays: Sequence[Replay],
    scores: Sequence[tuple[str, Score]],
    mends: Sequence[Mend],
    rejected: Sequence[Rejected],
    *,
    shown: bool,
    opaque: bool,
) -> dict[str, Any]:
    return {
        "incidents": [_replay(replay, shown=shown, opaque=opaque) for replay in replays],
        "scores": [
            {
                "within": within,
                "complained": score.complained,
                "found": score.found,
                "listed": score.listed,
                "recall": _rounded(score.recall),
                "precision": _rounded(score.precision),
            }
            for within, score in scores
        ],
        "mends": [
            {
                "component": mend.component,
                "depends_on": mend.depends_on or None,
                "path": mend.path or None,
                "misses": mend.misses,
            }
            for mend in mends
        ],
        "rejected": [
            {"line": row.line, "column": problem.column or None, "reason": problem.reason}
            for row in rejected
            for problem in row.problems
        ],
    }


def _replay(replay: Replay, *, shown: bool, opaque: bool) -> dict[str, Any]:
    def name(key: str) -> str:
        return opaque_key(key) if opaque else key

    return {
        "line": replay.line,
        "started_at": format_utc(replay.incident.started_at),
        "deployment": replay.deployment,
        "rank": replay.rank,
        "complained": replay.complained,
        "found": len(replay.found),
        "listed": sum(replay.listed.values()),
        "listed_by_distance": {str(distance): many for distance, many in sorted(replay.listed.items())},
        "missed": [{"customer": name(one.customer), "because": one.because} for one in replay.missed]
        if shown
        else None,
        "notes": list(replay.notes),
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _show(
    app: App,
    replays: Sequence[Replay],
    scores: Sequence[tuple[str, Score]],
    mends: Sequence[Mend],
    *,
    shown: bool,
    opaque: bool,
) -> None:
    numbers = ("rank", "complained", "found", "listed")
    emit_table(
        ("line", "started", "deployment", *numbers),
        [
            [
                str(replay.line),
                format_both(replay.incident.started_at, app.zone),
                replay.deployment or "none known",
                "" if replay.rank is None else str(replay.rank),
                str(replay.complained),
                str(len(replay.found)),
                str(sum(replay.listed.values())),
            ]
            for replay in replays
        ],
        right=("line", *numbers),
    )
    emit_table(
        ("distance up to", "complained", "found", "listed", "recall", "precision"),
        [
            [within, str(s.complained), str(s.found), str(s.listed), _percent(s.recall), _percent(s.precision)]
            for within, s in scores
        ],
        right=("complained", "found", "listed", "recall", "precision"),
    )
    missed = [(replay, one) for replay in replays for one in replay.missed]
    if missed and shown:
        emit_line("Not on the list:")
        for replay, one in missed[:_PRINTED]:
            key = opaque_key(one.customer) if opaque else one.customer
            emit_line(f"  line {replay.line}, {key}: {one.because}")
        if len(missed) > _PRINTED:
            emit_line(f"  … {len(missed)} in all; --format json lists them.")
    if mends:
        emit_line("What would have mended most:")
    for mend in mends:
        what = f"depends_on {mend.depends_on}" if mend.depends_on else f"paths {mend.path}"
        emit_line(f"  {mend.component} {what}: {counted(mend.misses, 'miss', 'misses')}")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
