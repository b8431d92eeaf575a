"""What settings are where nobody said otherwise, and their bounds: apart from what works with them, so that a command
reads its settings without loading how calls are ranked and suspects are found."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from releasewatch.domain.incidents import ComponentStatus, Severity

HurtState = Literal["affected", "presumed", "possible"]

SEVERITY_POINTS: Mapping[Severity, int] = MappingProxyType({"SEV1": 40, "SEV2": 30, "SEV3": 20, "SEV4": 10, "SEV5": 5})
STATE_POINTS: Mapping[HurtState, int] = MappingProxyType({"affected": 20, "presumed": 10})
LEVEL_POINTS: Mapping[ComponentStatus, int] = MappingProxyType({"major_outage": 10, "partial": 5, "degraded": 2})

MOST_LISTED = 5000
"""So many customers a list holds where the settings do not say: more than a large team calls in a week."""

APPROVE_BY_ITSELF: tuple[Severity, ...] = ("SEV1",)
"""Severities whose lists need nobody's word, where the settings do not say."""

MOST_SUSPECT = 100
"""The most points that a suspect can have: of all reasons together."""
