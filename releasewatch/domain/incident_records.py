"""An incident as another tool wrote it down: one neutral shape for whatever it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

RecordSeverity = Literal["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"]
RecordStatus = Literal["investigating", "identified", "monitoring", "resolved", "cancelled"]


@dataclass(frozen=True, slots=True)
class RecordUpdate:
    """Something that was said while it went on. `status`: as the source writes it; empty where it says none."""

    at: datetime
    text: str
    status: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """One incident of another tool. Instants in UTC; None: the source does not say, or it has not come yet.

    - `source`: the kind of the file; `key`: the source's own id, the same in every export.
    - `impact_started_at`, `impact_ended_at`: when customers began and ceased to suffer, as far as the source tells that
      from paperwork. Both None for what hurt nobody (an announcement).
    - `opened_at`, `resolved_at`: when somebody wrote it down, and declared it over.
    - `components`, `regions`: as written there; whether the ledger knows such names is not this record's business.
    - `updates`: the oldest first. `is_public`: customers could read them where they were written.
    - `attributes`: whatever the source says that has no place above, as plain JSON values.
    """

    source: str
    key: str
    title: str
    severity: RecordSeverity
    status: RecordStatus
    impact_started_at: datetime | None
    impact_ended_at: datetime | None = None
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    components: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    updates: tuple[RecordUpdate, ...] = ()
    url: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class RejectedIncident:
    """One incident that cannot be read. `place`: file and line or number; `field` and `reason`: what, and what was
    wanted there."""

    place: str
    field: str
    reason: str
    is_file: bool = False
    """A whole file was left out: how many incidents it holds is not known."""
