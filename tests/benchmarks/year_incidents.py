"""What came of a generated year's bad deployments: incidents, blame, fixes, and calls to customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_START

TOLD = 8
"""Customers of an incident who have a call about it."""


class Culprit(Protocol):
    """A deployment, as far as it matters here."""

    @property
    def number(self) -> int: ...
    @property
    def component(self) -> int: ...
    @property
    def finished_at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...


class Aftermath:
    """The rows of one incident for each deployment to blame; `after`: what was deployed next, by number."""

    def __init__(
        self,
        keys: Mapping[int, str],
        blamed: Sequence[Culprit],
        after: Mapping[int, Culprit],
        customers: Sequence[UUID],
    ) -> None:
        self._keys, self._blamed, self._after, self._customers = keys, blamed, after, customers

    def tables(self) -> Iterator[tuple[Any, Iterator[Mapping[str, Any]]]]:
        """Each table with its rows, in an order that foreign keys allow."""
        yield t.incident, ({"incident_id": n, "key": f"INC-{n}", "recorded_at": self._began(m)} for n, m in self._all())
        yield t.incident_statement, self._statements()
        yield t.incident_link, self._links()
        yield t.fix, self._fixes()
        if self._customers:
            yield t.call, (row for row, _ in self._calls())
            yield t.call_item, self._items()
            yield t.attempt, self._attempts()
            yield t.attempt_told, self._told()

    def _all(self) -> Iterator[tuple[int, Culprit]]:
        """Every incident's number, with the deployment that began it."""
        return enumerate(self._blamed, 1)

    def _began(self, m: Culprit) -> datetime:
        return m.finished_at + timedelta(minutes=20)

    def _statements(self) -> Iterator[Mapping[str, Any]]:
        number = 0
        for incident, m in self._all():
            began = self._began(m)
            over = began + timedelta(minutes=30 + m.number % 300)
            key = self._keys[m.component]
            for kind, subject, value, at, said_at in (
                ("title", "", f"{key} answers with errors", OPEN_START, began),
                ("severity", "", f"SEV{1 + incident % 4}", began, began),
                ("status", "", "investigating", began, began),
                ("component", key, "yes", OPEN_START, began),
                ("environment", "", "production", OPEN_START, began),
                ("impact_started_at", "", began.isoformat(), OPEN_START, began),
                ("impact_ended_at", "", over.isoformat(), OPEN_START, over),
                ("status", "", "resolved", over, over),
            ):
                number += 1
                yield {
                    "statement_id": number,
                    "incident_id": incident,
                    "kind": kind,
                    "subject": subject,
                    "value": value,
                    "happened_at": at,
                    "recorded_at": said_at,
                    "audience": "engineering",
                    "recorded_by": "on-call",
                    "why": "",
                    "source": "",
                }

    def _links(self) -> Iterator[Mapping[str, Any]]:
        for incident, m in self._all():
            yield {
                "link_id": incident,
                "incident_id": incident,
                "deployment_id": m.number,
                "state": "confirmed" if incident % 2 else "suspect",
                "score": 60,
                "why": "what it touched is what broke",
                "recorded_by": "on-call",
                "recorded_at": self._began(m) + timedelta(minutes=5),
            }

    def _fixes(self) -> Iterator[Mapping[str, Any]]:
        for incident, m in self._all():
            after = self._after.get(m.number)
            if incident % 2 and after is not None:
                yield {
                    "fix_id": incident,
                    "deployment_id": after.number,
                    "ref": f"INC-{incident}",
                    "holds": True,
                    "why": "",
                    "recorded_by": "on-call",
                    "recorded_at": after.recorded_at,
                }

    def _calls(self) -> Iterator[tuple[Mapping[str, Any], int]]:
        """Each call, with the number of its incident. Everybody has at most one that is open: all are done."""
        number = 0
        for incident, m in self._all():
            for place in range(TOLD):
                number += 1
                at = self._began(m) + timedelta(minutes=20 + place)
                yield (
                    {
                        "customer_id": self._customers[(incident * TOLD + place) % len(self._customers)],
                        "call_id": number,
                        "call_group": "incident",
                        "status": "done",
                        "created_at": at - timedelta(minutes=5),
                        "closed_at": at,
                        "closed_by": "olga",
                    },
                    incident,
                )

    def _items(self) -> Iterator[Mapping[str, Any]]:
        for row, incident in self._calls():
            yield {
                **_keys(row, "customer_id", "call_id"),
                "incident_id": incident,
                "deployment_id": 0,
                "purpose": "first_notice",
                "verdict": "call",
                "added_at": row["created_at"],
                "withdrawn_at": None,
                "why_withdrawn": "",
            }

    def _attempts(self) -> Iterator[Mapping[str, Any]]:
        for row, _ in self._calls():
            yield {
                **_keys(row, "customer_id", "call_id"),
                "attempt_id": row["call_id"],
                "channel": "phone",
                "disposition": "connected",
                "outcome": "informed",
                "reached": True,
                "closes": True,
                "attempted_at": row["closed_at"],
                "recorded_by": "olga",
                "recorded_at": row["closed_at"],
            }

    def _told(self) -> Iterator[Mapping[str, Any]]:
        for row, incident in self._calls():
            yield {
                "customer_id": row["customer_id"],
                "attempt_id": row["call_id"],
                "incident_id": incident,
                "deployment_id": 0,
                "purpose": "first_notice",
                "statement_id": 0,
                "state": "presumed",
            }


def _keys(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
