"""Who received which version of a list, and which of these is withdrawn since: they have to be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from releasewatch.domain.call_purposes import in_utc
from releasewatch.domain.words import counted


@dataclass(frozen=True, slots=True)
class Sending:
    """That somebody got a list. `version` 0: it had not been planned. `audience`: everyone; team, or account_manager,
    whose name or key is `receiver` (empty: whom nobody keeps). `blamed`: the deployments that were blamed then.
    """

    version: int
    audience: str
    receiver: str
    channel: str
    by: str
    at: datetime
    blamed: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """That what somebody received is not so any more, and why, without a customer's name."""

    sending: Sending
    because: str

    def sentence(self, *, names: bool) -> str:
        """It in a sentence; who received it only where names may be shown."""
        one = self.sending
        what = f"Version {one.version}" if one.version else "A list that was not planned"
        how, to = ("mailed", "to") if one.channel == "mail" else ("made", "for")
        if one.audience == "everyone":
            whom = f"{to} everyone"
        elif one.audience == "team":
            whom = f"{to} team {one.receiver}" if names else f"{to} a team"
        elif not one.receiver:
            whom = "of those whom nobody keeps"
        else:
            whom = f"{to} {one.receiver}" if names else f"{to} an account manager"
        return f"{what}, {how} {whom} on {in_utc(one.at)}, is withdrawn: {self.because}."


def newest_of_each(sendings: Iterable[Sending]) -> list[Sending]:
    """What each receiver got last: a newer version takes the place of the one before. Oldest first."""
    newest: dict[tuple[str, str], Sending] = {}
    for one in sendings:
        newest.pop((one.audience, one.receiver), None)
        newest[one.audience, one.receiver] = one
    return list(newest.values())


def why_withdrawn(sending: Sending, cancelled_at: datetime | None, blamed: frozenset[int], cleared: int) -> str:
    """Why what somebody got of an incident is withdrawn; empty when it still holds.

    `cancelled_at`: when the incident was, if it is; `blamed`: the deployments now; `cleared`: how many of those on it
    were cleared since.
    """
    if cancelled_at is not None and sending.at <= cancelled_at:
        return "the incident was cancelled"
    if gone := sorted(sending.blamed - blamed):
        return f"{', '.join(f'D-{number}' for number in gone)} {'is' if len(gone) == 1 else 'are'} not blamed any more"
    if cleared:
        return f"{counted(cleared, 'customer')} on it {'was' if cleared == 1 else 'were'} cleared since"
    return ""
