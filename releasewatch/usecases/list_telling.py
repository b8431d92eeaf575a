"""When others are told of call lists: that one may be worked on, that it is withdrawn, that a call on it is overdue."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from releasewatch.domain.notifications import Fact, Rule
from releasewatch.storage import call_sendings
from releasewatch.storage.calls import ListOf
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_approval import Drafts
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.incident_calls import list_incident_calls
from releasewatch.usecases.incident_contacts import Asking, Gathered, gather
from releasewatch.usecases.outbox import tell, tell_of_list

_LOOKS_BACK = timedelta(days=30)
"""Of incidents that began before that, nobody is told what time alone has made of their lists."""


def look_for_news(ledger: Ledger, rules: Collection[Rule], asking: Asking, planning: Planning) -> int:
    """Find what no command has said, because only time or many small words made it so: overdue calls, each once a day
    (UTC), and lists whose receivers have to be told that they are withdrawn. Returns how many are new.
    """
    kinds = {kind for rule in rules for kind in rule.when}
    if not kinds & {"call_overdue", "list_withdrawn"}:
        return 0
    now = asking.now
    with ledger.read() as connection:
        found = gather(connection, asking, now - _LOOKS_BACK, now)
        drafts = Drafts(connection, now, planning.approve_by_itself)
        late = list(_late_calls(found, drafts, now)) if "call_overdue" in kinds else []
        given = [one for one in found if _was_given(connection, one)] if "list_withdrawn" in kinds else []
    lost = [one for one in given if list_incident_calls(ledger, one.incident.id, planning).calls.withdrawn]
    if not late and not lost:
        return 0
    with ledger.write() as connection:
        many = sum(tell(connection, rules, fact, now) for fact in late)
        for one in lost:
            many += tell_of_list(connection, "list_withdrawn", ListOf(incident_id=one.incident.incident_id), rules, now)
    return many


def _late_calls(found: Iterable[Gathered], drafts: Drafts, now: datetime) -> Iterable[Fact]:
    """Calls that may be made and wait for too long, each once, whatever else it is about."""
    seen: set[int] = set()
    for one in found:
        state, number = one.scene.state, one.incident.incident_id
        late = [call for call in one.open if call.overdue and call.call_id not in seen]
        if late and drafts.standing(number).approved:
            for call in late:
                seen.add(call.call_id)
                day = f"{now:%Y-%m-%d}"
                yield Fact("call_overdue", "call", call.call_id, day, now, state.environment, state.severity, number)


def _was_given(connection: Any, one: Gathered) -> bool:
    return bool(call_sendings.read_sendings(connection, ListOf(incident_id=one.incident.incident_id)))
