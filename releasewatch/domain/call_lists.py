"""A planned list as a whole: what it is about, of when, and whose part of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from releasewatch.domain.call_approval import ListStanding
from releasewatch.domain.call_care import ComingHead, no_care_because
from releasewatch.domain.call_rules import CallRules
from releasewatch.domain.call_scores import RankingWeights
from releasewatch.domain.call_sendings import Withdrawn
from releasewatch.domain.calling_hours import CallingHours
from releasewatch.domain.unsure import NOBODY, Unsure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from releasewatch.domain.calls import PlannedCall


@dataclass(frozen=True, slots=True)
class IncidentHead:
    """The incident that a list is about. `deployments`: whom it is blamed on; `left_out`: who is not on it, by why;
    `approval`: whether its calls may be made; `names_somebody`: whether its title does."""

    id: str
    title: str
    severity: str
    status: str
    started_at: datetime
    until: datetime | None
    deployments: tuple[str, ...]
    left_out: Mapping[str, int]
    approval: ListStanding = field(default_factory=lambda: ListStanding(""))
    names_somebody: bool = False


@dataclass(frozen=True, slots=True)
class Beyond:
    """Who is not on a list because it holds `most` customers: how many, by reach or by state."""

    most: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def customers(self) -> int:
        """How many in all."""
        return sum(self.counts.values())

    @property
    def line(self) -> str:
        """The same in words; empty for nobody."""
        if not self.customers:
            return ""
        told = ", ".join(f"{many:,} {kind}" for kind, many in sorted(self.counts.items()) if many)
        who = "1 more customer scores" if self.customers == 1 else f"{self.customers:,} more customers score"
        return (
            f"And {who} lower ({told}): the list holds the first {self.most:,}, "
            "and whoever has a call already. [calling] most is how many."
        )

    @property
    def document(self) -> dict[str, Any]:
        """The same for `--format json`."""
        return {"beyond": {"customers": self.customers, "most": self.most or None, "by": dict(self.counts)}}


NOBODY_BEYOND = Beyond()


@dataclass(frozen=True, slots=True)
class CallList:
    """A planned list, or one account manager's part of it, ready to be rendered. Instants in UTC.

    `rows` are in the order of the list. `account_manager` is set when it is only theirs (empty: only those whom nobody
    keeps), `team` when it is only that of one. `total` counts all rows that were planned, whoever keeps them.
    `settings_version`: which of the organisation's settings ranked it, if any did.
    `incident`: set when it is an incident's, `coming` when it is of what is not live yet, `week` when it is of
    check-ins; `deployment` is then empty. `waiting`: for how many something is meant that is not theirs yet.
    `not_ruled_out` counts those who are not
    on it, and may be reached by what is not known of the change; `unmapped` its paths that belong to no component.
    `unsure`: those by what is not known of them. `withdrawn`: who received what is not so any more. `beyond`: who is
    not among so many as a list holds. `blamed_for`: the incident that the deployment is blamed for.
    """

    deployment: str
    repo: str
    environment: str
    as_of: datetime
    version: int
    rows: Sequence[PlannedCall]
    total: int
    release: str | None = None
    live_at: datetime | None = None
    account_manager: str | None = None
    team: str | None = None
    not_ruled_out: int = 0
    unmapped: int = 0
    unsure: Unsure = NOBODY
    weights: RankingWeights = field(default_factory=RankingWeights)
    hours: CallingHours = field(default_factory=CallingHours)
    rules: CallRules = field(default_factory=CallRules)
    settings_version: int | None = None
    incident: IncidentHead | None = None
    coming: ComingHead | None = None
    week: str = ""
    waiting: int = 0
    withdrawn: tuple[Withdrawn, ...] = ()
    beyond: Beyond = NOBODY_BEYOND
    blamed_for: str = ""

    @property
    def blame(self) -> str:
        """That nobody is called because of its deployment, and whose list counts; empty when it is not blamed."""
        if not self.blamed_for:
            return ""
        return f"{no_care_because(self.deployment, self.blamed_for)}: the list of {self.blamed_for} says whom to call."

    @property
    def subject(self) -> str:
        """`D-3` or `INC-1`; else what it is of, in words."""
        if self.incident is not None:
            return self.incident.id
        if self.coming is not None:
            return f"what comes to {self.environment} with {self.repo} {self.release or self.coming.head[:10]}"
        return f"check-ins of week {self.week}" if self.week else self.deployment

    @property
    def list_id(self) -> str:
        """`INC-1`, `D-3`, `H-2` of what is coming, `check-ins 2026-W12`; empty when it is not planned."""
        if self.incident is not None:
            return self.incident.id
        if self.coming is not None:
            return self.coming.id
        return f"check-ins {self.week}" if self.week else self.deployment

    @property
    def mixes_currencies(self) -> bool:
        """Whether contract values in several currencies are compared as they stand."""
        valued = (row.candidate for row in self.rows if row.candidate.contract_value is not None)
        return not self.weights.currency and len({one.currency for one in valued if one.currency}) > 1

    @property
    def part(self) -> str:
        """Whose part of the list it is, in words; empty when it is the whole."""
        if self.team is not None:
            return f"team {self.team}"
        return "whoever takes them" if self.account_manager == "" else self.account_manager or ""
