"""`call list --explain KEY`: why a customer stands here and not higher, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from releasewatch.cli.call_output import is_opaque, refuse_if_public, withhold
from releasewatch.cli.output import emit_json, emit_line, emit_table
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.usecases.call_candidates import Planning, RankedList


def check_alone(form: str, **filters: Any) -> None:
    """Refuse what chooses rows: the place of a customer is one on the whole list."""
    given = [f"--{name.replace('_', '-')}" for name, value in filters.items() if value is not None]
    if form == "jsonl":
        given.append("--format jsonl")
    if given:
        raise InvalidCallError(
            f"--explain tells a customer's place on the whole list, and {', '.join(given)} chooses a part of it.",
            "Leave that out.",
        )


def explain(app: App, form: str, reveal: str | None, made: RankedList, ref: str, how: Planning) -> None:
    """Give out the explanation, as much of it as the channel may show."""
    from releasewatch.domain.call_scores import parts_for_ci
    from releasewatch.domain.privacy import opaque_key
    from releasewatch.usecases.call_explaining import explain_call, explanation_document

    level, in_ci, opaque = app.level(reveal, None), app.ci is not None, is_opaque(app)
    refuse_if_public(app, reveal, level)
    if level < Reveal.KEYS:
        raise RefusedError("This is a public repository: nothing is told of a single customer.", "Ask elsewhere.")
    document = explanation_document(explain_call(app.ledger, made, ref, how, level, in_ci=in_ci))
    hidden = opaque and level < Reveal.NAMES
    if hidden:
        document["customer"] = opaque_key(document["customer"])
    if document["on_list"]:
        document["call"] = withhold(document["call"], level, in_ci=in_ci, opaque=opaque)
        above = document["above"]
        if above is not None and hidden:
            above["customer"] = opaque_key(above["customer"])
        if above is not None and in_ci:
            above["parts"] = parts_for_ci(above["parts"])
    if form == "json":
        subject = made.calls.subject
        about = {"incident": subject if made.calls.incident is not None else None}
        about["deployment"] = None if made.calls.incident is not None else subject
        emit_json(
            {
                **about,
                "explanation": document,
                "list_version": made.version,
                "settings_version": made.calls.settings_version,
            }
        )
    else:
        _tell(document, made.calls.subject)


def _tell(document: dict[str, Any], subject: str) -> None:
    who = document["customer"]
    if not document["on_list"]:
        emit_line(f"{who} is not on the list of {subject}: {document['because']}.")
        return
    row, above = document["call"], document["above"]
    band = f"{row['band']}, " if row["band"] else ""
    emit_line(f"{who}: place {document['rank']} of {document['of']} for {subject}, {counted(row['score'], 'point')}.")
    emit_line(f"{band}{row['verdict']}: {row['verdict_because']}")
    emit_line(f"Callable: {_callable(row)}")
    if above is None:
        emit_line("Nobody stands above them. Their points:")
        emit_table(
            ("part", "points"), [(name, f"{points:+d}") for name, points in row["parts"].items()], right=("points",)
        )
    else:
        emit_line(f"Above them: {above['customer']}, place {above['rank']}, {counted(above['score'], 'point')}.")
        names = list(dict.fromkeys((*row["parts"], *above["parts"])))
        emit_table(
            ("part", "theirs", "above", "difference"),
            [
                (
                    name,
                    f"{row['parts'].get(name, 0):+d}",
                    f"{above['parts'].get(name, 0):+d}",
                    f"{document['difference'][name]:+d}" if name in document["difference"] else "",
                )
                for name in names
            ],
            right=("theirs", "above", "difference"),
        )
        emit_line(_gap(who, document))
    if document["would_change"]:
        emit_line("What would change the verdict:")
        for one in document["would_change"]:
            emit_line(f"  {one}")


def _gap(who: str, document: dict[str, Any]) -> str:
    above, points = document["above"], document["points_to_pass"]
    same = above["score"] == document["call"]["score"]
    tie = "The same score: the order of the keys decides. " if same else ""
    return f"{tie}{counted(points, 'point')} more would put {who} before {above['customer']}."


def _callable(row: dict[str, Any]) -> str:
    words = str(row["callable"])
    if row["at_any_hour"]:
        words += f", at any hour ({row['at_any_hour']} by [calling] override_hours)"
    window = row["next_window"]
    if window is not None and row["callable"] != "now":
        words += f", next from {window['from']} until {window['until']}"
    return words
