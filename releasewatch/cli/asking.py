"""What is asked to be recorded: the options of a deployment, and what CI tells where they say nothing."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.options import FILLED_NAME
from releasewatch.domain.deployments import Place
from releasewatch.domain.links import without_secrets
from releasewatch.errors import InvalidCallError
from releasewatch.wiring.clones import Clone, head_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from releasewatch.integrations.ci.facts import CiFacts
    from releasewatch.usecases.record_facts import RecordRequest
    from releasewatch.wiring import App

_RUN = "releasewatch.run"


@dataclass(frozen=True, slots=True)
class Told:
    """What is known beside the options: the CI job, when it is, and who deployed unless they say so.

    `run`: what stands for the run's id where no CI system tells one.
    """

    ci: CiFacts | None
    now: datetime
    actor: str
    run: str
    clone: Clone | None = None


def told_to(app: App, given: Mapping[str, Any]) -> Told:
    """The same as this job tells it."""
    return Told(app.ci, app.now, given["actor"] or app.actor, random_run(), app.clone)


def random_run() -> str:
    """An id for what has none: the same as long as the command runs, and as the shell of a shipped step knows it."""
    from_step = os.environ.get("RELEASEWATCH_STEP_RUN") or secrets.token_hex(16)
    found: str = click.get_current_context().find_root().meta.setdefault(_RUN, from_step)
    return found


def request_of(told: Told, given: Mapping[str, Any]) -> RecordRequest:
    """The facts of a deployment: flags, then what CI tells; without the settings, for which a ledger may be needed."""
    from releasewatch.usecases.record_facts import RecordRequest

    if given["why"] and not given["accept"]:
        raise InvalidCallError("--why is the reason for --accept, and no rule is given.", "Add --accept RULE.")
    ci = told.ci
    run = ci.run if ci else None
    if given["key"] is None and run is None:
        run = told.run
    return RecordRequest(
        environment=environment_of(ci, given["environment"]),
        tier="other",
        now=told.now,
        head=head_of(told.clone, ci, given["head"]),
        head_is_given=given["head"] is not None,
        components=tuple(sorted(set(given["components"]))),
        targets=_targets(given["regions"], given["rings"]),
        release=given["release"] or "",
        base=given["base"],
        job_started_at=ci.job_started_at if ci else None,
        key=given["key"],
        url=without_secrets(given["url"] or (ci.url if ci and ci.url else "")),
        actor=told.actor,
        stated_kind=None if given["kind"] == "deploy" else given["kind"],
        title=given["title"],
        accept=tuple(given["accept"]),
        why=given["why"],
        provider=ci.provider if ci else "",
        run=run or "",
        attempt=ci.attempt if ci else 1,
    )


def environment_of(ci: CiFacts | None, given: str | None) -> str:
    """Where it goes: as given, else as CI tells."""
    told = ci.environment if ci else None
    if given is None and told is None:
        raise click.UsageError("Missing option '--environment'.")
    return given or FILLED_NAME.convert(told, None, None)


def said_by(verb: str, given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What `record`, `start` and `finish` say of how and when it ended."""
    if verb == "start":
        return {"status": "running", "started_at": given["started_at"] or now}
    if verb == "finish":
        return {"status": given["status"], "finished_at": given["finished_at"] or now, "finishes": True}
    return {name: given[name] for name in ("status", "started_at", "finished_at", "fixes")}


def _targets(regions: Sequence[str], rings: Sequence[str]) -> tuple[Place, ...]:
    return tuple(Place(region, ring) for region in regions or ("",) for ring in rings or ("",))
