"""What people and measurements say of customers in an incident: one at a time, or a file of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from releasewatch.domain.impacts import ImpactSaid
from releasewatch.errors import InvalidCallError
from releasewatch.storage import impact_words, incidents
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.impact_words import Added, Saying
from releasewatch.storage.incidents import IncidentRef
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.incidents import Telling


@dataclass(frozen=True, slots=True)
class ImpactTold:
    """The incident, what was added, and what a reader refused before: line and why."""

    incident: IncidentRef
    added: Added
    refused: tuple[tuple[int, str], ...]


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
    return ImpactTold(incident, added, ())


def take_evidence(
    ledger: Ledger, ref: str, rows: Iterable[ImpactSaid | tuple[int, str]], telling: Telling
) -> ImpactTold:
    """Add what a measurement says, of as many customers as it likes; rows that cannot be read are refused with why.

    Of one customer's rows the last one counts; the same evidence again adds nothing.
    """
    refused: list[tuple[int, str]] = []

    def readable() -> Iterable[ImpactSaid]:
        for row in rows:
            if isinstance(row, ImpactSaid):
                yield row
            else:
                refused.append(row)

    with ledger.write() as connection:
        incident = incidents.resolve_incident(connection, ref)
        saying = Saying(incident.incident_id, "measurement", telling.why, telling.by, telling.now)
        added = impact_words.add_words(connection, saying, readable())
    return ImpactTold(incident, added, tuple(sorted([*refused, *added.refused])))
