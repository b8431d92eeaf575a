"""Whether an incident's list may be worked on: it is a draft until somebody approves it, and again when it changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from releasewatch.domain.defaults import APPROVE_BY_ITSELF

ROLES = {"liaison": "customer liaison", "commander": "commander"}
"""Who approves: the first of these roles that is taken."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One word on a list: that its `version` may be worked on (`given`), or may not any more.

    `revision`: the number of the customer summary that was agreed then, 0 for none; `blamed`: the deployments.
    """

    version: int
    given: bool
    revision: int
    blamed: frozenset[int]
    why: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ListStanding:
    """Whether a list may be worked on. `because`: why it may not, empty when it may. `rule`: the severity by which it
    needs nobody's word. `last`: the newest word on it. `role`: who may approve it: liaison, commander, or nobody's.
    """

    because: str
    rule: str = ""
    last: Approval | None = None
    role: str = ""

    @property
    def approved(self) -> bool:
        """Whether its calls may be made."""
        return not self.because


def judge(
    approvals: Sequence[Approval],
    severity: str,
    revision: int,
    blamed: frozenset[int],
    by_itself: Collection[str] = APPROVE_BY_ITSELF,
    role: str = "",
    *,
    cancelled: bool = False,
) -> ListStanding:
    """How a list stands by the words on it, oldest first.

    An approval holds for later versions, until the wording for customers or the blame is another one. One that was
    taken back is a draft whatever its severity. `cancelled`: the incident was; what is left on its list are
    corrections, whose words are always the same, and which nobody is to wait for.
    """
    last = approvals[-1] if approvals else None
    if cancelled:
        return ListStanding("", rule=severity if severity in by_itself else "", last=last, role=role)
    if last is not None and not last.given:
        return ListStanding(f"the approval of version {last.version} was taken back", last=last, role=role)
    if last is not None and (last.revision, last.blamed) == (revision, blamed):
        return ListStanding("", last=last, role=role)
    if severity in by_itself:
        return ListStanding("", rule=severity, last=last, role=role)
    if last is None:
        return ListStanding("nobody has approved it yet", role=role)
    what = "the blame" if last.blamed != blamed else "the wording for customers"
    return ListStanding(f"{what} changed since version {last.version} was approved", last=last, role=role)


def how_to_approve(standing: ListStanding, incident: str) -> str:
    """Who may approve a draft, and how, without a name."""
    command = f"releasewatch call approve --incident {incident}"
    if standing.role:
        return f"Its {ROLES[standing.role]} approves it, or somebody else with --why TEXT: {command}"
    return f"It has no liaison and no commander: anybody may approve it, and says why: {command} --why TEXT"
