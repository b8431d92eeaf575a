"""Incidents that others wrote down, read twice: by the program, and here straight from the files."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from releasewatch.domain.incident_records import IncidentRecord
from releasewatch.integrations.incidents import read_incidents
from tests.support.data import real_data

if TYPE_CHECKING:
    from pathlib import Path


def records(path: Path) -> list[IncidentRecord]:
    found = list(read_incidents(path))
    assert all(isinstance(one, IncidentRecord) for one in found), [one for one in found if not hasattr(one, "key")]
    return [one for one in found if isinstance(one, IncidentRecord)]


def at(text: str | None) -> datetime | None:
    """`2022-07-01T13:37:44+00:00`, read without the program's own reader."""
    if not text:
        return None
    assert text.endswith("+00:00")
    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)


class TestGoogleCloud:
    @pytest.fixture
    def expected(self) -> list[dict[str, Any]]:
        path = real_data("incidents", "gcp", "incidents-2021-07_2022-07.json")
        found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
        return found

    def test_every_incident_with_its_times_and_severity(self, expected):
        found = records(real_data("incidents", "gcp", "incidents-2021-07_2022-07.json"))
        assert len(found) == len(expected) == 157
        by_impact = {"SERVICE_OUTAGE": "SEV1", "SERVICE_DISRUPTION": "SEV2", "SERVICE_INFORMATION": "SEV4"}
        for one, raw in zip(found, expected, strict=True):
            assert one.key == raw["id"]
            assert one.title == raw["external_desc"].strip()
            assert one.severity == by_impact[raw["status_impact"]], "by the field that the reader does not look at"
            assert one.status == "resolved"
            assert (one.impact_started_at, one.impact_ended_at) == (at(raw["begin"]), at(raw["end"]))
            assert (one.opened_at, one.resolved_at) == (at(raw["created"]), at(raw["end"]))
            assert one.components == tuple(dict.fromkeys(product["title"] for product in raw["affected_products"]))
            assert one.url == f"https://status.cloud.google.com/incidents/{raw['id']}"

    def test_every_update_and_every_region(self, expected):
        found = records(real_data("incidents", "gcp"))
        assert sum(len(one.updates) for one in found) == 770
        for one, raw in zip(found, expected, strict=True):
            assert [(update.at, update.text, update.status) for update in one.updates] == sorted(
                ((at(update["when"]), update["text"].strip(), update["status"]) for update in raw["updates"]),
                key=lambda update: update[0],
            )
            said = re.findall(r'"title": "[^"]*", "id": "([a-z0-9-]+)"', json.dumps(raw["updates"]))
            for which in ("previously_affected_locations", "currently_affected_locations"):
                said += [place["id"] for place in raw[which]]
            assert set(one.regions) == set(said)

    def test_nothing_else_is_lost(self, expected):
        for one, raw in zip(records(real_data("incidents", "gcp")), expected, strict=True):
            read = {"id", "external_desc", "begin", "end", "created", "updates", "uri", "most_recent_update"}
            read |= {"previously_affected_locations", "currently_affected_locations"}
            assert one.attributes == {name: value for name, value in raw.items() if name not in read}


SEVERITIES = {"down": "SEV1", "disrupted": "SEV2", "notice": "SEV4"}


class TestCState:
    def test_every_issue_with_its_times_and_severity(self):
        folder = real_data("incidents", "cstate")
        found = {one.key: one for one in records(folder)}
        files = sorted(folder.glob("*.md"))
        assert len(found) == len(files) == 11
        for file in files:
            # PyYAML's own reading of times, which the program does not use: naive ones are UTC.
            raw = yaml.safe_load(file.read_text("utf-8").split("---\n")[1])
            one = found[raw.get("id", file.stem)]
            started, ended = (self.instant(raw.get(name)) for name in ("date", "resolvedWhen"))
            assert one.title == raw["title"]
            assert one.opened_at == started
            assert one.components == tuple(raw.get("affected", ()))
            if raw.get("informational"):
                assert (one.severity, one.status) == ("SEV5", "resolved")
                assert (one.impact_started_at, one.impact_ended_at) == (None, None)
                continue
            assert one.severity == SEVERITIES[raw["severity"]]
            assert one.status == ("resolved" if raw["resolved"] else "investigating")
            assert (one.impact_started_at, one.impact_ended_at) == (started, ended)

    @staticmethod
    def instant(value: datetime | None) -> datetime | None:
        return value and (value if value.tzinfo else value.replace(tzinfo=UTC))

    def test_what_was_said_and_when(self):
        found = {one.key: one for one in records(real_data("incidents", "cstate"))}
        guilds = found["2018-04-13-unavailable-guilds-connection-issues"]
        assert [(f"{one.at:%H:%M}", one.status, one.text[:39]) for one in guilds.updates] == [
            ("15:54", "Investigating", "We're aware of users experiencing unava"),
            ("16:50", "Monitoring", "After hitting the ole reboot button Exa"),
            ("17:30", "Update", "A fix has been implemented and we are m"),
        ]  # fmt: skip
        assert guilds.attributes["body"].startswith("*Post-mortem*")
        assert found["dns-resolution-api"].attributes["automated"] is True


def test_pagerduty_as_recorded():
    """Against the rows that DevLake, another tool, made of the same answers."""
    found = records(real_data("incidents", "devlake", "raw_pagerduty_incidents.csv"))
    with real_data("incidents", "devlake", "tool_pagerduty_incidents.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(found) == len(rows) == 3
    severities = {"high": "SEV2", "low": "SEV4"}
    statuses = {"triggered": "investigating", "acknowledged": "investigating", "resolved": "resolved"}
    for one, row in zip(found, rows, strict=True):
        assert one.url == row["url"]
        assert f"[#{row['number']}] {one.title}" == row["summary"]
        assert (one.severity, one.status) == (severities[row["urgency"]], statuses[row["status"]])
        assert one.impact_started_at == at(re.sub(r"\.\d+", "", row["created_date"]))
        assert one.impact_ended_at == (
            at(re.sub(r"\.\d+", "", row["updated_date"])) if row["status"] == "resolved" else None
        )
        assert one.components == ("DevService",)
        assert one.attributes["service"]["id"] == row["service_id"]
    assert "Amini" not in repr(found), "who was called is nobody's attribute of an incident"
