"""As of when an incident is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Viewing:
    """As of when an incident is looked at. `at` None: now. `known_at` None: all that is recorded."""

    now: datetime
    at: datetime | None = None
    known_at: datetime | None = None
    without_entitlement: Mapping[str, str] | None = None
