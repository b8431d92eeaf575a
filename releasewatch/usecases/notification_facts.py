"""What the ledger says of the subject of a notification, when it is sent: counts and keys, and what may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from releasewatch.domain.incidents import fold
from releasewatch.domain.notifications import Notification
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.domain.times import format_utc
from releasewatch.errors import UnknownNameError
from releasewatch.storage import calls, deployments, incidents
from releasewatch.storage.call_facts import keys_of
from releasewatch.storage.calls import ListOf
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.outbox import Kept
from releasewatch.storage.types import LATEST
from releasewatch.usecases.call_approval import Drafts
from releasewatch.usecases.deployments import Describing, describe
from releasewatch.usecases.incident_showing import Showing, show_incident
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.outbox import subject_id

_OF_EXPOSURE = ("customers", "named", "direct", "dependent", "possible", "not_ruled_out")
_OF_IMPACT = ("exposed", "affected", "still_exposed")


def facts_of(
    ledger: Ledger,
    kept: Kept,
    reveal: Reveal,
    now: datetime,
    without_entitlement: Mapping[str, str],
    *,
    opaque: bool = False,
) -> dict[str, Any]:
    """Values of `NotificationView`, by name. Raises UnknownNameError when the ledger does not know the subject."""
    about = kept.notification
    said: dict[str, Any] = {"kind": about.kind, "subject": subject_id(kept), "at": format_utc(about.at)}
    if about.kind == "call_overdue":
        return {**said, **_of_call(ledger, about, reveal, opaque=opaque)}
    if about.kind.startswith("list_"):
        return {**said, **_of_list(ledger, about)}
    if about.kind == "reports_together":
        return {**said, **_of_reports(ledger, about)}
    if about.subject == "deployment":
        return {**said, **_of_deployment(ledger, about.number, Describing(now, without_entitlement, reveal=reveal))}
    return {**said, **_of_incident(ledger, said["subject"], Showing(Viewing(now), reveal, opaque))}


def _of_deployment(ledger: Ledger, number: int, how: Describing) -> dict[str, Any]:
    document = describe(ledger, number, how)
    found = document["deployment"]
    return {
        **{name: found[name] for name in ("repo", "environment", "release", "status", "url")},
        "deployment_kind": found["kind"],
        "head": (found["head"] or "")[:10],
        **{name: document["exposure"][name] for name in _OF_EXPOSURE},
    }


def _of_call(ledger: Ledger, about: Notification, reveal: Reveal, *, opaque: bool) -> dict[str, Any]:
    """An open call; one that was closed since is `over`."""
    with ledger.read() as connection:
        call = calls.find_call(connection, about.number)
        if call is None:
            raise UnknownNameError(f"There is no call C-{about.number} any more.")
        key = keys_of(connection, [call.customer_id]).get(call.customer_id, "")
        added = [one.added_at for one in calls.items_of(connection, call.customer_id, about.number)]
    return {
        "over": call.status != "open",
        "incident": f"INC-{about.detail}",
        "customer": "" if reveal < Reveal.KEYS else opaque_key(key) if opaque and reveal < Reveal.NAMES else key,
        "since": format_utc(call.next_at or min(added, default=about.at)),
    }


def _of_reports(ledger: Ledger, about: Notification) -> dict[str, Any]:
    with ledger.read() as connection:
        found = deployments.get_deployment(connection, about.number)
    return {"reporters": about.detail, "repo": found.repo, "environment": found.environment}


def _of_list(ledger: Ledger, about: Notification) -> dict[str, Any]:
    """A list as it stands now, and why it is withdrawn, if it is."""
    is_incident = about.subject == "incident"
    whose = ListOf(incident_id=about.number) if is_incident else ListOf(deployment_id=about.number)
    with ledger.read() as connection:
        said: dict[str, Any] = {
            "version": about.detail,
            "calls": len(calls.planned_customers(connection, whose)),
        }
        if not is_incident:
            blamed_for = incidents.blamed_for(connection, about.number)
            found = deployments.get_deployment(connection, about.number)
            because = f"D-{about.number} is blamed for INC-{blamed_for[0]}" if blamed_for else ""
            return {**said, "environment": found.environment, "repo": found.repo, "because": because}
        state = fold(
            incidents.read_statements(connection, [about.number], ("severity", "status", "environment"))[about.number],
            LATEST,
            LATEST,
        )
        standing = Drafts(connection, about.at).standing(about.number)
    because = "the incident was cancelled" if state.status == "cancelled" else standing.because
    return {
        **said,
        "incident": f"INC-{about.number}",
        "severity": state.severity,
        "status": state.status,
        "environment": state.environment,
        "because": because or "what it says of some customers is not so any more",
    }


def _of_incident(ledger: Ledger, ref: str, how: Showing) -> dict[str, Any]:
    document = show_incident(ledger, ref, how)
    found = document["incident"]
    return {
        **{name: found[name] for name in ("title", "severity", "status", "environment")},
        "incident": ref,
        "components": tuple(found["components"]),
        **{name: document["customers"][name] for name in _OF_IMPACT},
    }
