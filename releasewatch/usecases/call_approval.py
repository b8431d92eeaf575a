"""Approving an incident's list: whether it is a draft, who may approve it, and keeping who did."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from releasewatch.domain.call_approval import Approval, ListStanding, how_to_approve, judge
from releasewatch.domain.defaults import APPROVE_BY_ITSELF
from releasewatch.domain.incidents import IncidentState, fold
from releasewatch.domain.notifications import Rule, When
from releasewatch.domain.staff import is_same_person
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.storage import call_approvals, call_lists, calls, incidents
from releasewatch.storage import staff as staff_storage
from releasewatch.storage.calls import ListOf
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import LATEST
from releasewatch.usecases.call_tellings import Summaries
from releasewatch.usecases.outbox import tell_of_list

_KINDS = ("severity", "commander", "liaison", "summary", "replaced", "status")


class Drafts:
    """Which incidents' lists are drafts, as of an instant; each is asked for once."""

    def __init__(
        self,
        connection: Any,
        at: datetime,
        by_itself: Collection[str] = APPROVE_BY_ITSELF,
        known_at: datetime = LATEST,
    ) -> None:
        self._connection, self._at, self._known_at, self._by_itself = connection, at, known_at, by_itself
        self._found: dict[int, tuple[ListStanding, IncidentState, int]] = {}

    def standing(self, incident_id: int) -> ListStanding:
        """How an incident's list stands."""
        return self._look(incident_id)[0]

    def state(self, incident_id: int) -> IncidentState:
        """Of the incident, only what an approval depends on."""
        return self._look(incident_id)[1]

    def revision(self, incident_id: int) -> int:
        """The number of the customer summary that is agreed, 0 for none."""
        return self._look(incident_id)[2]

    def among(self, incident_ids: Iterable[int]) -> tuple[str, ...]:
        """Those whose lists are drafts, as ids."""
        return tuple(f"INC-{one}" for one in sorted({*incident_ids} - {0}) if not self.standing(one).approved)

    def _look(self, incident_id: int) -> tuple[ListStanding, IncidentState, int]:
        if incident_id not in self._found:
            said = incidents.read_statements(self._connection, [incident_id], _KINDS)[incident_id]
            state = fold(said, self._at, self._known_at)
            newest = Summaries.among(said, self._at, self._known_at).newest
            revision = newest.number if newest else 0
            approvals = call_approvals.read_approvals(self._connection, incident_id, self._known_at)
            blamed = frozenset(incidents.blamed_deployments(self._connection, incident_id, self._known_at))
            role = "liaison" if state.liaison else "commander" if state.commander else ""
            is_cancelled = state.status == "cancelled"
            standing = judge(approvals, state.severity, revision, blamed, self._by_itself, role, cancelled=is_cancelled)
            self._found[incident_id] = standing, state, revision
        return self._found[incident_id]


def approve_list(
    ledger: Ledger,
    ref: str,
    who: str,
    now: datetime,
    by_itself: Collection[str] = APPROVE_BY_ITSELF,
    *,
    version: int | None = None,
    why: str = "",
    given: bool = True,
    rules: Collection[Rule] = (),
) -> tuple[str, ListStanding, bool]:
    """Approve an incident's list, or take that back (`given`); the incident, how its list stands, and whether it is so
    only now.

    The customer liaison approves; where there is none the commander; anybody else, and whoever takes an approval
    back, says why. `version`: the one that was read; another one is refused. Approving twice is approving once.
    `rules`: who is told of it.
    """
    if not who:
        raise InvalidCallError("It is not known who approves.", "Say who: --by NAME, or RELEASEWATCH_ACTOR.")
    with ledger.write() as connection:
        ledger.lock(connection, calls.LOCK)
        incident = incidents.resolve_incident(connection, ref)
        planned = call_lists.list_version(connection, ListOf(incident_id=incident.incident_id))
        if planned is None:
            raise InvalidCallError(
                f"{incident.id} has no list yet that could be approved.",
                f"Plan it: releasewatch call plan --incident {incident.id}",
            )
        if version is not None and version != planned:
            raise RefusedError(
                f"The list of {incident.id} is at version {planned}, not {version}.",
                f"Read it again: releasewatch call list --incident {incident.id}",
            )
        drafts = Drafts(connection, now, by_itself)
        before = drafts.standing(incident.incident_id)
        is_cancelled = drafts.state(incident.incident_id).status == "cancelled"
        if not given and is_cancelled:
            raise InvalidCallError(
                f"{incident.id} was cancelled: its list is no draft, and holds nothing but corrections.",
                f"See them: releasewatch call list --incident {incident.id}",
            )
        if not given:
            _may_take_back(before, incident.id, why)
        elif is_cancelled or (before.approved and not before.rule):
            return incident.id, before, False
        elif not why and not _may_approve(connection, drafts.state(incident.incident_id), who):
            raise RefusedError(
                f"The list of {incident.id} is not yours to approve.", how_to_approve(before, incident.id)
            )
        blamed = frozenset(incidents.blamed_deployments(connection, incident.incident_id))
        said = Approval(planned, given, drafts.revision(incident.incident_id), blamed, why, who, now)
        call_approvals.add_approval(connection, incident.incident_id, said)
        kind: When = "list_ready" if given else "list_withdrawn"
        # What was ready by rule is told already, in this version; a word on it makes it ready no second time.
        occasion = "" if given and before.rule else f"said {now.isoformat()}"
        tell_of_list(connection, kind, ListOf(incident_id=incident.incident_id), rules, now, occasion)
        return incident.id, Drafts(connection, now, by_itself).standing(incident.incident_id), True


def _may_take_back(before: ListStanding, incident: str, why: str) -> None:
    if not why:
        raise InvalidCallError("An approval is taken back for a reason.", "Give it with --why TEXT.")
    if not before.approved:
        raise InvalidCallError(
            f"The list of {incident} is a draft: {before.because}.", "There is nothing to take back."
        )


def _may_approve(connection: Any, state: IncidentState, who: str) -> bool:
    named = state.liaison or state.commander
    return bool(named) and is_same_person(staff_storage.read_staff(connection), named, who)


def refuse_drafts(drafts: Drafts, call: str, incident_ids: Iterable[int]) -> None:
    """Raise RefusedError when everything in a call is of a draft: what is approved in it may be told."""
    mine = sorted({*incident_ids} - {0})
    held_back = drafts.among(mine)
    if mine and len(held_back) == len(mine):
        standing = drafts.standing(mine[-1])
        incident = f"INC-{mine[-1]}"
        raise RefusedError(
            f"{call} may not be made yet: the list of {incident} is a draft ({standing.because}).",
            how_to_approve(standing, incident),
        )


def approval_document(standing: ListStanding) -> dict[str, Any]:
    """How a list stands, as JSON; `by` is a name, and `why` somebody's words."""
    last = standing.last
    return {
        "approved": standing.approved,
        "because": standing.because or None,
        "rule": standing.rule or None,
        "approver": standing.role or None,
        "last": None
        if last is None
        else {
            "version": last.version,
            "given": last.given,
            "by": last.by,
            "at": format_utc(last.at),
            "why": last.why or None,
        },
    }
