"""Sending what waits in the outbox: each one claimed, rendered from what the ledger says now, sent and settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from releasewatch.domain.notifications import MOST_ATTEMPTS, Message, Rule, State, next_try
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import (
    LedgerUnavailableError,
    NotTakenError,
    ReleasewatchError,
    TimedOutError,
    UnknownNameError,
)
from releasewatch.rendering.notifications import render_notification
from releasewatch.storage import outbox
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.outbox import Kept
from releasewatch.usecases.notification_facts import facts_of


@dataclass(frozen=True, slots=True)
class Way:
    """How the receiver of a rule is told: what may be shown there, by which template, and what sends it.

    `send` gets the message and the instant; it raises NotTakenError or another of our errors.
    """

    rule: Rule
    send: Callable[[Message, datetime], None]
    reveal: Reveal = Reveal.KEYS
    opaque: bool = False
    template: Path | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """With which settings, and by which clock. `ends`: whether no more is begun.

    `also_all`: those that wait for their next try, and those that were given up, are tried too.
    """

    clock: Callable[[], datetime]
    without_entitlement: Mapping[str, str] = field(default_factory=dict)
    ends: Callable[[], bool] = lambda: False
    also_all: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one: `state` as it is now; `error` when it was not taken."""

    kept: Kept
    state: State
    error: ReleasewatchError | None = None
    next_at: datetime | None = None


def send_waiting(ledger: Ledger, ways: Mapping[str, Way], how: Sending) -> Iterator[Outcome]:
    """Send what is due, oldest first, each once; several at a time share the work.

    After a receiver could not take one for the time being, it is left alone until the next time. What has no way here
    (another repo's rule, a variable that is not set) is left to others, untried.
    """
    open_ways = dict(ways)
    last = 0
    while open_ways and not how.ends():
        with ledger.write() as connection:
            kept = outbox.claim(
                connection,
                open_ways,
                how.clock(),
                after=last,
                also_early=how.also_all,
                also_given_up=how.also_all,
            )
        if kept is None:
            return
        last = kept.number
        outcome = _send_one(ledger, open_ways[kept.notification.rule], kept, how)
        problem = outcome.error.message if outcome.error else ""
        with ledger.write() as connection:
            outbox.settle(connection, kept, outcome.state, how.clock(), next_at=outcome.next_at, problem=problem)
        if outcome.state == "waiting":
            del open_ways[kept.notification.rule]
        yield outcome


def _send_one(ledger: Ledger, way: Way, kept: Kept, how: Sending) -> Outcome:
    try:
        said = facts_of(ledger, kept, way.reveal, how.clock(), how.without_entitlement, opaque=way.opaque)
        over = way.rule.exposure_over
        small = kept.notification.kind == "exposure_over" and over is not None and said["customers"] <= over
        if small or said.pop("over", False):
            return Outcome(kept, "not_needed")
        way.send(_message(kept, said, way), how.clock())
    except (LedgerUnavailableError, TimedOutError):
        raise
    except UnknownNameError as error:
        return Outcome(kept, "given_up", error)
    except ReleasewatchError as error:
        lasting = isinstance(error, NotTakenError) and error.lasting
        if lasting or kept.attempts >= MOST_ATTEMPTS:
            return Outcome(kept, "given_up", error)
        asked = error.wait if isinstance(error, NotTakenError) else None
        return Outcome(kept, "waiting", error, next_try(kept.attempts, how.clock(), asked))
    return Outcome(kept, "sent")


def _message(kept: Kept, said: Mapping[str, Any], way: Way) -> Message:
    title, text = render_notification(said, way.template)
    about = kept.notification
    facts = {name: value for name, value in said.items() if value not in (None, "", ()) and name not in ("kind", "at")}
    return Message(title, text, about.key, about.kind, about.at, facts, link=str(said.get("url") or ""))
