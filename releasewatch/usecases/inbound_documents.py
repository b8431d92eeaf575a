"""What a customer reached us with, and what fits, as `call inbound --format json` gives it, and as may be shown."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote
from typing import Any

from releasewatch.domain.inbound import Alarm, Point
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.storage.customer_reports import Report
from releasewatch.usecases.customer_reach import reaching_document
from releasewatch.usecases.inbound import Answer, FitDeployment, FitIncident

Key = Callable[[str], str]
"""A customer's key as it may be shown."""


def answer_document(answer: Answer, reveal: Reveal, key: Key) -> dict[str, Any]:
    """The whole answer. Where only counts may be shown, nobody's key is; commands that need one then name none."""
    shown = key(answer.customer)
    hides = reveal < Reveal.KEYS
    return {
        "report": {
            **report_document(answer.report, answer.component, reveal),
            "customer": None if hides else shown,
            "already_recorded": answer.already,
            "changed": answer.changed,
        },
        "incidents": [_incident(one, reveal) for one in answer.incidents],
        "deployments": [_deployment(one) for one in answer.deployments],
        "more_deployments": answer.more_deployments,
        "open_call": answer.open_call or None,
        "tell_on_call": None if answer.alarm is None else alarm_document(answer.alarm, reveal, key),
        "next": [] if hides else next_lines(answer, shown),
    }


def next_lines(answer: Answer, key: str) -> list[str]:
    """What to type next: confirm what they are hurt by, else flag what is new. `key`: how the customer is called."""
    who, lines = quote(key), []
    if answer.open_call:
        lines.append(f"releasewatch call log {answer.open_call} --disposition connected --outcome affected")
    unsaid = (one for one in answer.incidents if one.holds != "affected")
    why = f'--why "they told us: {answer.report.id}"'
    lines += [f"releasewatch incident impact {one.id} --confirm {who} {why}" for one in unsaid]
    if all(one.holds == "could" for one in answer.incidents):
        about = f" --component {answer.component}" if answer.component else ""
        suspect = next((one for one in answer.deployments if one.score > 0), None)
        blame = f" --deployment {suspect.reaching.id}" if suspect is not None else ""
        lines.append(f'releasewatch incident open --title "…" --detected-by customer{about}{blame}')
    lines.append(f"releasewatch customer brief {who}")
    return lines


def report_document(report: Report, component: str, reveal: Reveal) -> dict[str, Any]:
    """One report; what was noted or said needs the word for contacts, a ticket and who took it that for names."""
    said = report.said
    document: dict[str, Any] = {
        "id": report.id,
        "reported_at": format_utc(said.reported_at),
        "channel": said.channel,
        "source": said.source,
        "reference": said.reference or None,
        "component": component or None,
        "incident": f"INC-{said.incident_id}" if said.incident_id else None,
        "note": said.note or None,
        "quote": said.quote or None,
        "by": report.recorded_by or None,
    }
    hidden = ["note", "quote"] if reveal < Reveal.CONTACTS else []
    hidden += ["reference", "by"] if reveal < Reveal.NAMES else []
    withheld = [name for name in hidden if document[name] is not None]
    return {**document, **dict.fromkeys(withheld), "withheld": withheld}


def _why(points: tuple[Point, ...]) -> list[dict[str, Any]]:
    return [{"points": one.points, "text": one.text} for one in points]


def _incident(one: FitIncident, reveal: Reveal) -> dict[str, Any]:
    hidden = ["title"] if one.names_somebody and reveal < Reveal.NAMES else []
    return {
        "incident": one.id,
        "title": None if hidden else one.title,
        "severity": one.severity or None,
        "status": one.status,
        "impact_started_at": format_utc(one.started_at),
        "state": one.holds,
        "score": one.score,
        "why": _why(one.why),
        "call": one.call or None,
        "told_at": None if one.told_at is None else format_utc(one.told_at),
        "first": one.first,
        "withheld": hidden,
    }


def _deployment(one: FitDeployment) -> dict[str, Any]:
    return {**reaching_document(one.reaching), "score": one.score, "why": _why(one.why)}


def alarm_document(alarm: Alarm, reveal: Reveal, key: Key) -> dict[str, Any]:
    """Whom on-call is to be told of."""
    return {
        "deployments": [f"D-{number}" for number in alarm.deployments],
        "customers": [] if reveal < Reveal.KEYS else [key(one) for one in alarm.customers],
        "count": len(alarm.customers),
        "reports": list(alarm.reports),
        "first_at": format_utc(alarm.first_at),
        "last_at": format_utc(alarm.last_at),
    }
