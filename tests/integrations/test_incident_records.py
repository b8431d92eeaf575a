"""Incidents of other tools: recognised by what a text holds, read or refused with file, field and what was wanted."""

from __future__ import annotations

import io
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from releasewatch.domain.incident_records import IncidentRecord, RejectedIncident
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.incidents import SOURCES, read_incidents

GCP = {
    "id": "g1", "external_desc": "Slow", "severity": "medium", "begin": "2026-03-01T10:00:00+00:00",
    "created": "2026-03-01T10:10:00+00:00", "updates": [],
}  # fmt: skip

PAGERDUTY = {
    "id": "P1", "incident_number": 7, "title": "Down", "status": "triggered", "urgency": "high",
    "created_at": "2026-03-01T10:00:00Z", "service": {"id": "S", "type": "service_reference", "summary": "shop"},
}  # fmt: skip

ISSUE = """---
title: API down
date: 2026-03-01 10:00:00
severity: down
affected: [API]
---
"""

FINE = "id: i\ndate: 2026-03-01\ntitle: x\nseverity: down\n"

LAUGHS = "date: 2026-03-01\na: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in itertools.pairwise("abcdefghi")
)
"""A thousand million laughs: each alias stands for ten of the one before."""

TABLE = "key,title,severity,started_at,ended_at,components,team\nI-1,Slow,SEV3,2026-03-01T10:00:00Z,,a; b,blue\n"


def read(text: str | bytes, source: str | None = None) -> list[IncidentRecord | RejectedIncident]:
    content = text.encode() if isinstance(text, str) else text
    return list(read_incidents(Path("-"), source, stdin=io.BytesIO(content)))


def read_one(text: str, source: str | None = None) -> IncidentRecord:
    (found,) = read(text, source)
    assert isinstance(found, IncidentRecord), found
    return found


def refused(text: str, source: str | None = None) -> tuple[str, str, str]:
    (found,) = read(text, source)
    assert isinstance(found, RejectedIncident), found
    return found.place, found.field, found.reason


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (json.dumps([GCP]), "gcp"),
        (json.dumps({"incidents": [PAGERDUTY]}), "pagerduty"),
        (json.dumps([PAGERDUTY]), "pagerduty"),
        (ISSUE.replace("title", "id: i\ntitle"), "cstate"),
        (TABLE, "csv"),
        (TABLE.replace("a; b", "a").replace(",", ";"), "csv"),
    ],
)
def test_a_kind_is_recognised_and_can_be_named(text, source):
    assert read_one(text).source == source
    assert read(text, source) == read(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no incidents of a kind that is known"),
        ("# Notes\n", "no incidents of a kind that is known"),
        ('{"a": 1}', "no incidents of a kind that is known"),
        ('[{"id": "x",\n "a', "line 2, column 2: this is no JSON"),
        ('[{"begin": NaN}]', "NaN is no value of JSON"),
        ("[" * 200_000, "nested too deep"),
        ('[{"begin": ' + "9" * 5000 + "}]", "this is no JSON"),
        (b"key\xff", "is not utf-8: byte 3"),
        (TABLE.replace("team", "key"), "names a column twice"),
        (TABLE.replace("team", "x," * 2000), "names more than 1000 columns"),
        (TABLE + 'I-2,"broken off', "line 3: this is no CSV"),
    ],
)
def test_what_cannot_be_read_at_all_is_refused(text, words):
    with pytest.raises(InvalidCallError) as refusal:
        read(text)
    assert words in refusal.value.message
    assert refusal.value.message.startswith("standard input")


def test_an_empty_list_is_no_mistake():
    assert read("[]") == []


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(InvalidCallError) as refusal:
        read("[]", "statuspage")
    assert all(kind in refusal.value.hint for kind in SOURCES)


def test_a_named_kind_says_what_is_missing():
    with pytest.raises(InvalidCallError, match="no column key and no severity and no started_at"):
        read("title\nx\n", "csv")
    with pytest.raises(InvalidCallError, match="neither JSON nor a table with a column data"):
        read("a,b\n", "pagerduty")
    assert refused("# Notes\n", "cstate") == (
        "standard input", "it", "has no front matter; wanted YAML between two lines of three dashes",
    )  # fmt: skip


class TestFields:
    @pytest.mark.parametrize(
        ("changes", "field", "reason"),
        [
            ({"begin": "yesterday"}, "begin", "is 'yesterday'; wanted a time like 2026-03-31T14:05:00Z"),
            ({"begin": "2026-03-01T10:00:00"}, "begin", "without a zone"),
            ({"begin": "2026-02-30T10:00:00Z"}, "begin", "which no clock shows"),
            ({"begin": "0001-01-01T00:00:00+14:00"}, "begin", "beyond the calendar"),
            ({"begin": None}, "begin", "is missing; wanted a time"),
            ({"begin": 1700000000}, "begin", "wanted a time"),
            ({"severity": "huge"}, "severity", "is 'huge'; wanted one of high, medium, low"),
            ({"severity": None}, "severity", "is missing; wanted high, medium, low"),
            ({"id": ""}, "id", "is empty or missing"),
            ({"id": ["x"]}, "id", "is a list; wanted a text"),
            ({"id": "x" * 201}, "id", "is 201 characters long; at most 200"),
            ({"external_desc": "a\0b"}, "external_desc", "holds what is no text"),
            ({"external_desc": "a\ud800"}, "external_desc", "holds what is no text"),
            ({"updates": "none"}, "updates", "is a text; wanted a list"),
            ({"updates": [7]}, "updates[0]", "is a number; wanted an object"),
            ({"updates": [{"when": "x"}]}, "updates[0].when", "wanted a time"),
            ({"more": {"a": "x\0"}}, "more", "holds what is no text"),
            ({"more": json.loads("[" * 60 + "]" * 60)}, "more", "is nested more than 50 deep"),
            ({"more": float("1e400")}, "more", "is a number beyond"),
            ({"end": "2026-03-01T09:00:00Z"}, "end", "lies before begin"),
        ],
    )
    def test_a_bad_one_names_itself_and_what_was_wanted(self, changes, field, reason):
        place, named, why = refused(json.dumps([GCP | changes]).replace("Infinity", "1e400"))
        assert place.startswith("standard input: incident 1")
        assert named == field
        assert reason in why

    def test_the_others_are_read(self):
        found = read(json.dumps([GCP | {"severity": ""}, GCP | {"id": "g2"}, "text"]))
        assert [type(one) for one in found] == [RejectedIncident, IncidentRecord, RejectedIncident]

    def test_a_key_twice_is_one_incident_too_many(self):
        _, again = read(json.dumps([GCP, GCP]))
        assert isinstance(again, RejectedIncident)
        assert (again.field, again.reason) == ("key", "is that of another incident before it")


class TestGcp:
    def test_one_that_goes_on(self):
        assert (read_one(json.dumps([GCP])).status, read_one(json.dumps([GCP])).impact_ended_at) == (
            "investigating", None,
        )  # fmt: skip
        said = {"when": "2026-03-01T11:00:00Z", "status": "AVAILABLE", "text": "Fixed, we watch it."}
        assert read_one(json.dumps([GCP | {"updates": [said]}])).status == "monitoring"


class TestCState:
    def issue(self, **changes: str) -> str:
        return ISSUE.replace("---\n", "---\nid: i\n" + "".join(f"{k}: {v}\n" for k, v in changes.items()), 1)

    def test_a_time_without_a_zone_is_utc(self):
        assert read_one(self.issue()).impact_started_at == instant("2026-03-01T10:00:00Z")
        with_zone = self.issue().replace("10:00:00", "10:00:00 +02:00")
        assert read_one(with_zone).impact_started_at == instant("2026-03-01T08:00:00Z")

    def test_an_open_issue_is_where_its_newest_word_says(self):
        text = (
            '\n*Monitoring* - Watching. {{< track "2026-03-01 10:30:00" >}}'
            '\n\n*Investigating* - Looking. {{< track "2026-03-01 10:05:00" >}}\n'
        )
        found = read_one(self.issue(resolved="false", resolvedWhen="2026-03-01 11:00:00") + text)
        assert (found.status, found.impact_ended_at) == ("monitoring", None)
        assert [one.text for one in found.updates] == ["Looking.", "Watching."]
        assert found.attributes["resolvedWhen"] == "2026-03-01 11:00:00"

    def test_the_file_names_an_issue_without_an_id(self, tmp_path):
        (tmp_path / "2026-api-down.md").write_text(ISSUE, "utf-8")
        (tmp_path / "_index.md").write_text("---\ntitle: Issues\n---\n", "utf-8")
        (found,) = read_incidents(tmp_path)
        assert isinstance(found, IncidentRecord)
        assert found.key == "2026-api-down"
        assert refused(ISSUE)[1] == "id"

    @pytest.mark.parametrize(
        ("front", "field", "reason"),
        [
            ("title: x\ndate: [", "line 4, column 1", "is no YAML"),
            ("date: 2026-03-01\ntitle: !!python/object/apply:os.system [id]", "line 3, column 8", "is no YAML"),
            ("date: 2026-03-01\na: " + "[" * 5000, "line 3, column 204", "nested more than 200 deep"),
            ("date: 2026-03-01\na: &a [*a]", "its front matter", "nested too deep"),
            (FINE + "\n".join(" " * n + "a:" for n in range(240)), "a", "is nested more than 50 deep"),
            ("date: 2026-03-01\n" + "# long\n" * 10_000, "its front matter", "has 70018 characters; at most 32768"),
            (LAUGHS, "its front matter", "more than 10,000 things"),
            ("date: 2026-03-01\ntitle: 7\nseverity: odd", "severity", "wanted one of down, disrupted, notice"),
            ("date: 2026-03-01\ntitle: x\nseverity: down\nresolved: often", "resolved", "wanted true or false"),
            ("date: 2026-03-01\ntitle: x\nid: i\nseverity: down\naffected: [{}]", "affected.1", "is an object"),
            ("date: 2026-03-01\n- x", "line 3, column 1", "is no YAML"),
        ],
    )  # fmt: skip
    def test_hostile_front_matter_is_refused(self, front, field, reason):
        _, named, why = refused(f"---\n{front}\n---\n", "cstate")
        assert (named, reason in why) == (field, True), (named, why)

    def test_a_bad_time_in_the_text(self):
        assert refused(self.issue() + '{{< track "soon" >}}')[1:] == (
            "track", "is 'soon'; wanted a time like 2026-03-31T14:05:00Z",
        )  # fmt: skip


class TestPagerDuty:
    def test_priority_outweighs_urgency(self):
        ranked = PAGERDUTY | {"priority": {"id": "X", "type": "priority", "summary": "P3"}}
        assert read_one(json.dumps([ranked])).severity == "SEV3"
        own = PAGERDUTY | {"priority": {"id": "X", "type": "priority", "summary": "Whenever"}}
        assert read_one(json.dumps([own])).severity == "SEV2"

    def test_people_stay_out_and_their_ids_stay(self):
        ada = {"id": "U1", "type": "user_reference", "summary": "Ada Example", "html_url": "https://x.example/ada"}
        log = {
            "id": "L", "type": "acknowledge_log_entry", "summary": "Acknowledged by Ada Example.", "agent": ada,
            "created_at": "2026-03-01T10:01:00Z", "channel": {"type": "email", "address": "ada@acme.example"},
        }  # fmt: skip
        found = read_one(json.dumps([PAGERDUTY | {"assignments": [{"assignee": ada}], "log_entries": [log]}]))
        assert "ada" not in repr(found).casefold()
        assert found.attributes["assignments"] == [{"assignee": {"id": "U1", "type": "user_reference"}}]
        assert found.updates[0].status == "acknowledged"

    def test_a_row_of_the_raw_table_that_is_no_json(self):
        row = json.dumps(PAGERDUTY).replace('"', '""')
        found = read(f'id,data\n1,"{row}"\n2,"{{"\n')
        assert [type(one) for one in found] == [IncidentRecord, RejectedIncident]
        assert found[1] == RejectedIncident("standard input, line 3", "it", "is a text; wanted an object with fields")


class TestTable:
    def test_a_row(self):
        found = read_one(TABLE)
        assert (found.key, found.severity, found.status) == ("I-1", "SEV3", "investigating")
        assert (found.components, found.attributes) == (("a", "b"), {"team": "blue"})

    @pytest.mark.parametrize(
        ("word", "severity"), [("sev-1", "SEV1"), ("P2", "SEV2"), ("3", "SEV3"), ("critical", "SEV1"), ("info", "SEV5")]
    )
    def test_severities_by_other_names(self, word, severity):
        assert read_one(TABLE.replace("SEV3", word)).severity == severity

    def test_an_end_means_resolved_unless_it_says_otherwise(self):
        ended = TABLE.replace("Z,,", "Z,2026-03-01T11:00:00Z,")
        assert read_one(ended).status == "resolved"
        assert refused(ended.replace("11:00", "09:00"))[1:] == ("ended_at", "lies before started_at")

    def test_too_many_cells_and_the_line_of_a_row_after_a_long_cell(self):
        place, _, reason = refused(TABLE.splitlines()[0] + "\n" + "I-1,a,SEV1,2026-03-01T10:00:00Z,,,,,\n")
        assert (place, reason[:12]) == ("standard input, line 2", "has 9 cells;")
        *_, last = read(TABLE + 'I-2,"two\nlines",SEV1,2026-03-01T10:00:00Z\nI-3,a,odd,2026-03-01T10:00:00Z\n')
        assert isinstance(last, RejectedIncident)
        assert last.place == "standard input, line 5"

    def test_marks_of_other_encodings(self):
        for encoding in ("utf-8-sig", "utf-16"):
            (found,) = read(TABLE.encode(encoding))
            assert isinstance(found, IncidentRecord)


def test_a_folder_without_incidents_is_refused(tmp_path):
    with pytest.raises(InvalidCallError, match="holds no file of incidents"):
        list(read_incidents(tmp_path))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidCallError, match="cannot be read: No such file"):
        list(read_incidents(tmp_path / "none.json"))


def test_a_foreign_file_of_a_folder_is_named_and_the_others_are_read(tmp_path):
    (tmp_path / "a.json").write_text('{"name": "no incident"}', "utf-8")
    (tmp_path / "b.csv").write_text(TABLE, "utf-8")
    (tmp_path / "c.csv").write_bytes(b"key,title\n\xff\xfe\xfa,x\n")
    foreign, found, unreadable = read_incidents(tmp_path)
    assert isinstance(found, IncidentRecord)
    for one, name in ((foreign, "a.json"), (unreadable, "c.csv")):
        assert isinstance(one, RejectedIncident)
        assert (one.place, one.field) == (str(tmp_path / name), "file")
    assert foreign.reason.startswith("is left out: ")
    (tmp_path / "b.csv").unlink()
    with pytest.raises(InvalidCallError, match=r"No file of .* could be read. The first: .*a.json holds no incidents"):
        list(read_incidents(tmp_path))
