"""Which customers of a large incident are ranked one by one: see `usecases/call_choosing.py`."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from releasewatch.domain.call_incidents import UNSAID_SEVERITY
from releasewatch.domain.impact_measures import Span
from releasewatch.storage import call_facts
from releasewatch.storage.call_scored import Scored, scored_incident
from releasewatch.storage.call_top import reporters_in
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_choosing import Choice
from releasewatch.usecases.incident_scene import Scene

REPORTERS = 5_000
"""So many who told us something are on a list whatever they score: beside what it holds, as many as can be named in one
statement. Who of still more told us later stands where their score puts them, which counts that they did."""


def incident_choice(connection: Any, scene: Scene, how: Planning, before: Choice | None = None) -> Choice:
    """Whom to rank of many. Who was told of it, has a call about it, or told us something since it began, is on the
    list whatever they score. `before`: the choice before what is due was written."""
    spoken = call_facts.spoken_of(connection, scene.question)
    if before is not None:
        return before.after_writing(connection, spoken)
    span = Span(scene.window.started_at, scene.window.until, how.now)
    kept = {*spoken, *reporters_in(connection, scene.question, REPORTERS)}
    return Choice(connection, how, _scored(scene, how, span), kept, span=span, nobody=scene.state.status == "cancelled")


def _scored(scene: Scene, how: Planning, span: Span) -> Scored:
    points, state = how.weights.incident, scene.state
    # At most what the worst status of any component gives: which of them reach somebody is not asked.
    level = max((points.level.get(status, 0) for status in state.components.values()), default=0)
    severity = points.severity.get(state.severity or UNSAID_SEVERITY, 0)
    today = how.now.astimezone(UTC).date()
    lasted = min(filter(None, (span.until, span.at))) - span.started_at
    return scored_incident(scene.question, how.weights, today, severity, level, max(lasted, timedelta()))
