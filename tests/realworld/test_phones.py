"""Phone numbers that nobody on this project made up: libphonenumber's examples, and a company's customers."""

from __future__ import annotations

import csv
from collections import Counter

from releasewatch.integrations.directories.fields import read_country
from releasewatch.integrations.directories.phones import look_at_phone
from tests.support.data import real_data


def test_every_example_number_is_read_alike_in_all_four_ways_of_writing_it() -> None:
    with real_data("crm", "phonenumbers_examples.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 918
    for row in rows:
        for writing in ("e164", "international", "national", "rfc3966"):
            found = look_at_phone(row[writing], row["region"])
            if row["valid"] == "True":
                assert (found.e164, found.state) == (row["e164"], "valid"), row
            else:
                assert found.state == "possible", row


def test_the_numbers_of_northwinds_customers() -> None:
    with real_data("crm", "northwind_customers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    seen = [look_at_phone(row["Phone"], read_country(row["Country"]) if row["Country"] else "") for row in rows]
    # The two that libphonenumber cannot parse are customers without a number.
    assert Counter(phone.state for phone in seen) == {"valid": 48, "possible": 43, "": 2}
    assert all(phone.e164 for phone in seen if phone.state == "valid")
    # French numbers without their area code: no dialable form may be made of them.
    short = [phone for row, phone in zip(rows, seen, strict=True) if row["Phone"] == "88.60.15.31"]
    assert [phone.e164 for phone in short] == [""]
