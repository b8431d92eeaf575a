"""Which deployment may be blamed for an incident, and which may have fixed it: what cannot be is told in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Placed:
    """A deployment as far as it matters here. `ended_at`: when it was done, else when it began; `head`: its commit."""

    number: int
    environment: str
    status: str
    succeeded: bool
    opened_at: datetime
    ended_at: datetime
    repo: str = ""
    head: str | None = None

    def is_commit_of(self, other: Placed) -> bool:
        """Whether both put the same commit of a repo."""
        return self.head is not None and (self.repo, self.head) == (other.repo, other.head)

    @property
    def id(self) -> str:
        return f"D-{self.number}"

    @property
    def order(self) -> tuple[datetime, int]:
        return self.opened_at, self.number


@dataclass(frozen=True, slots=True)
class Fixable:
    """What of an incident decides it: what is blamed, where it is, and when customers began to suffer, as said."""

    incident: str
    blamed: Sequence[Placed] = ()
    environment: str = ""
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoFix:
    """Why it cannot be, and what to do."""

    because: str
    hint: str


def why_no_fix(it: Fixable, fixing: Placed) -> NoFix | None:
    """Why a deployment cannot have fixed an incident; None when it can.

    Where something is blamed in the environment that it went to, it has to come after the first of those; else after
    what is blamed elsewhere, or when nothing is blamed, after customers began to suffer.
    """
    see = f"See: releasewatch incident show {it.incident}"
    if not fixing.succeeded:
        was = "is still running" if fixing.status == "running" else f"was {fixing.status}"
        if fixing.status == "failed":
            was = "failed"
        return NoFix(f"{fixing.id} {was}, so it fixed nothing.", "Name the deployment that went live.")
    if any(one.number == fixing.number for one in it.blamed):
        return NoFix(
            f"{fixing.id} is blamed for {it.incident} itself, so it cannot have fixed it.",
            f"If it is not to blame, say so first: releasewatch incident link {it.incident} --deployment {fixing.id} "
            "--state cleared --why TEXT",
        )
    same = next((one for one in it.blamed if fixing.is_commit_of(one)), None)
    if same is not None:
        return NoFix(
            f"{fixing.id} put the same commit as {same.id}, which is blamed, so it took nothing of it back.",
            "Name the deployment that went live without it, or with a mend; what was set by hand is recorded with: "
            "releasewatch deployment record --kind change",
        )
    here = [one for one in it.blamed if one.environment == fixing.environment]
    places = {one.environment for one in it.blamed} | ({it.environment} if it.environment else set())
    if places and fixing.environment not in places:
        return NoFix(
            f"{fixing.id} went to {fixing.environment}, and {it.incident} is in {', '.join(sorted(places))}.",
            "Name the deployment that mended it there.",
        )
    before = min(here or it.blamed, key=lambda one: one.order, default=None)
    if before is not None and fixing.order < before.order:
        return NoFix(
            f"{fixing.id} went live at {fixing.opened_at:%Y-%m-%d %H:%M} UTC, before {before.id}, which is blamed: at "
            f"{before.opened_at:%Y-%m-%d %H:%M} UTC.",
            see,
        )
    if before is None and it.began_at is not None and fixing.ended_at < it.began_at:
        return NoFix(
            f"{fixing.id} was live at {fixing.ended_at:%Y-%m-%d %H:%M} UTC, before customers began to suffer: at "
            f"{it.began_at:%Y-%m-%d %H:%M} UTC.",
            see,
        )
    return None
