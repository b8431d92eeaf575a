"""What the ledger says of the subject of a notification, when it is sent: counts and keys, and what may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.outbox import Kept
from releasewatch.usecases.deployments import Describing, describe
from releasewatch.usecases.incident_scene import Viewing
from releasewatch.usecases.incident_showing import Showing, show_incident
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
    if about.subject == "deployment":
        return {**said, **_of_deployment(ledger, about.number, Describing(now, without_entitlement))}
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


def _of_incident(ledger: Ledger, ref: str, how: Showing) -> dict[str, Any]:
    document = show_incident(ledger, ref, how)
    found = document["incident"]
    return {
        **{name: found[name] for name in ("title", "severity", "status", "environment")},
        "incident": ref,
        "components": tuple(found["components"]),
        **{name: document["customers"][name] for name in _OF_IMPACT},
    }
