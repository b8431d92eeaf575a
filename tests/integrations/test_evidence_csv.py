"""Evidence of an impact as CSV: each row is read, or refused with the reason and nothing that it held."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from releasewatch.domain.impacts import ImpactSaid
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.evidence_csv import open_evidence, read_evidence


def read(text):
    return list(read_evidence(io.StringIO(text), "hurt.csv"))


def test_a_row_needs_no_more_than_a_customer():
    assert read("Customer\nacme\n\n") == [ImpactSaid("acme", "affected", line=2)]


def test_a_row_tells_all_it_can():
    (row,) = read("count,customer,state,note,first_at,level\n7,acme,cleared,fine,2026-03-01T02:00:00+01:00,partial\n")
    assert row == ImpactSaid("acme", "cleared", datetime(2026, 3, 1, 1, tzinfo=UTC), None, 7, "fine", "partial", 2)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",affected,,", "customer: it names none"),
        ("acme,hurt,,", "state: wanted one of affected, cleared, added, removed"),
        ("acme,,-3,", "count: wanted a whole number"),
        ("acme,,,bad", "level: wanted one of maintenance, degraded, partial, major_outage"),
        ("acme", "it has 1 cell where the header has 4"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_alone(row, reason):
    found = read(f"customer,state,count,level\n{row}\nbolt,,,\n")
    assert found == [(2, reason), ImpactSaid("bolt", "affected", line=3)]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_file_is_read_as_the_other_tables_are(separator, encoding, tmp_path):
    file = tmp_path / "hurt.csv"
    rows = ["customer,count,note", 'acme,7,"Zahlungen für März fehlen"', "bolt,,"]
    file.write_bytes("\r\n".join(rows).replace(",", separator).encode(encoding))
    with open_evidence(file) as text:
        assert list(read_evidence(text, "hurt.csv")) == [
            ImpactSaid("acme", "affected", None, None, 7, "Zahlungen für März fehlen", "", 2),
            ImpactSaid("bolt", "affected", line=3),
        ]


@pytest.mark.parametrize("text", ["", "name\nacme\n", "customer,customer\n", "customer,secret\n"])
def test_a_file_of_something_else_is_refused(text):
    with pytest.raises(InvalidCallError, match="does not have the columns"):
        read(text)
