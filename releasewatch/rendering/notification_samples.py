"""Made-up values of each kind of notification, with which a template can be tried before anything has happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releasewatch.domain.notifications import When

_DEPLOYMENT: Mapping[str, Any] = {
    "subject": "D-7",
    "repo": "shop",
    "environment": "production",
    "release": "v1.2.0",
    "status": "succeeded",
    "deployment_kind": "deploy",
    "head": "0123456789",
    "url": "https://ci.example.com/runs/7",
    "customers": 12,
    "named": 1,
    "direct": 8,
    "dependent": 3,
    "possible": 2,
    "not_ruled_out": 1,
}

_INCIDENT: Mapping[str, Any] = {
    "subject": "INC-7",
    "incident": "INC-7",
    "title": "Invoices are wrong",
    "severity": "SEV2",
    "status": "investigating",
    "environment": "production",
    "components": ("shop/invoicing",),
    "exposed": 12,
    "affected": 3,
    "still_exposed": 9,
}

_LIST: Mapping[str, Any] = {
    "subject": "INC-7",
    "incident": "INC-7",
    "severity": "SEV2",
    "status": "investigating",
    "environment": "production",
    "version": 2,
    "calls": 5,
    "because": "the incident was cancelled",
}

_SAMPLES: Mapping[When, Mapping[str, Any]] = {
    "deployment_recorded": _DEPLOYMENT,
    "exposure_over": _DEPLOYMENT,
    "incident_opened": _INCIDENT,
    "incident_updated": _INCIDENT,
    "incident_resolved": {**_INCIDENT, "status": "resolved"},
    "call_overdue": {"subject": "C-7", "customer": "acme", "since": "2026-03-01T09:30:00Z", "incident": "INC-7"},
    "list_ready": _LIST,
    "list_withdrawn": _LIST,
    "reports_together": {"subject": "D-7", "reporters": 3, "repo": "shop", "environment": "production"},
}

_MAY_LACK = frozenset({"release", "head", "url", "title", "severity", "components", "still_exposed", "customer"})
"""What nobody said, or the settings keep to ourselves."""


def samples_of(kind: When) -> tuple[Mapping[str, Any], ...]:
    """Values of `NotificationView`, by name: of one of which all is known, and of one of which little is."""
    whole = {"kind": kind, "at": "2026-03-01T09:30:00Z", **_SAMPLES[kind]}
    return whole, {name: value for name, value in whole.items() if name not in _MAY_LACK}
