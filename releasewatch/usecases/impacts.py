"""What people and measurements say of customers in an incident: one at a time, or a file of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from releasewatch.domain.impacts import ImpactSaid, problem_with
from releasewatch.errors import InvalidCallError
from releasewatch.storage import impact_words, incidents
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.impact_words import Added, Saying
from releasewatch.storage.incidents import IncidentRef
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.incidents import Telling


@dataclass(frozen=True, slots=True)
class ImpactTold:
    """The incident, and what was added and refused."""

    incident: IncidentRef
    added: Added

    @property
    def document(self) -> dict[str, Any]:
        """As JSON has it: how many words, and each line that was refused."""
        return {
            "new": self.added.new,
            "said_before": self.added.same,
            "refused": len(self.added.refused),
            "refused_rows": [{"line": line, "reason": why} for line, why in self.added.refused],
        }


def say_by_hand(
    ledger: Ledger, ref: str, words: Mapping[str, Sequence[str]], telling: Telling, *, level: str = ""
) -> ImpactTold:
    """Confirm, clear, add or remove customers, by key, alias or the beginning of one. `words`: state to customers.

    Raises UnknownNameError or AmbiguousNameError, and then nothing is added.
    """
    if not telling.why.strip():
        raise InvalidCallError("What is said of a customer by hand needs a reason.", "Give it with --why TEXT.")
    with ledger.write() as connection:
        incident = incidents.resolve_incident(connection, ref)
        said: dict[str, str] = {}
        ids: dict[str, UUID] = {}
        for state, names in words.items():
            for name in names:
                found = resolve_customer(connection, name)
                ids[found.customer_id.hex] = found.customer_id
                if said.setdefault(found.customer_id.hex, state) != state:
                    raise InvalidCallError(
                        f"{found.key} cannot be {said[found.customer_id.hex]} and {state} at once.",
                        "Say one of them, or one after the other.",
                    )
        if not said:
            raise InvalidCallError("No customer is named.", "Give --confirm, --clear, --add or --remove.")
        lines = [
            ImpactSaid(name, state, level=level if state == "affected" else "", line=line)
            for line, (name, state) in enumerate(said.items(), 1)
        ]
        saying = Saying(incident.incident_id, "person", telling.why, telling.by, telling.now)
        added = impact_words.add_words(connection, saying, lines, ids)
    return ImpactTold(incident, added)


def take_evidence(
    ledger: Ledger, ref: str, rows: Iterable[ImpactSaid | tuple[int, str]], telling: Telling, *, strict: bool = False
) -> ImpactTold:
    """Add what a measurement says, of as many customers as it likes; rows that cannot be are refused with why.

    One customer's rows are united, and all refused when they contradict each other; the same evidence again adds
    nothing. `strict`: nothing is added when a row is refused.
    """
    with ledger.write() as connection:
        incident = incidents.resolve_incident(connection, ref)
        saying = Saying(incident.incident_id, "measurement", telling.why, telling.by, telling.now)
        added = impact_words.add_words(connection, saying, _possible(rows, telling.now), strict=strict)
    return ImpactTold(incident, added)


def _possible(rows: Iterable[impact_words.Row], now: datetime) -> Iterator[impact_words.Row]:
    for row in rows:
        problem = problem_with(row, now) if isinstance(row, ImpactSaid) else ""
        yield (row.line, problem) if problem and isinstance(row, ImpactSaid) else row
