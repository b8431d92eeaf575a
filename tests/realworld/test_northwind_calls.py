"""Northwind's 93 customers on a call list: each has a row, a verdict and a reason, whatever their number looks like."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from tests.support.command import run_here
from tests.support.data import real_data
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
[releasewatch]
repo = "northwind"
[components.orders]
title = "Orders"
paths = ["orders/**"]
[directory.crm]
kind = "csv"
customers = "{file}"
contacts = "{file}"
without_entitlement = "all"
[directory.crm.columns.customers]
key = "CustomerID"
name = "CompanyName"
country = "Country"
[directory.crm.columns.contacts]
customer = "CustomerID"
name = "ContactName"
role = "ContactTitle"
phone = "Phone"
"""


def _run(folder: Path, *arguments: str) -> Any:
    done = run_here(*arguments, cwd=folder)
    assert done.status == 0, done.err
    return done


def test_everybody_is_on_the_list_with_a_number_or_a_reason(tmp_path: Path) -> None:
    file = real_data("crm", "northwind_customers.csv")
    repo = RepoBuilder(tmp_path / "northwind")
    repo.commit("Start", {"releasewatch.toml": SETTINGS.format(file=file), "orders/a": "1"})
    record = ("deployment", "record", "--environment", "production", "-q")
    _run(repo.path, "customer", "import", "-q")
    _run(repo.path, *record)
    repo.commit("feat!: another way to order", {"orders/a": "2"})
    _run(repo.path, *record, "--key", "bad")
    opened = _run(
        repo.path,
        "incident",
        "open",
        "--title",
        "orders",
        "--severity",
        "SEV1",
        "--deployment",
        "bad",
        "--format",
        "json",
    )
    key = opened.document["incident"]["key"]
    _run(repo.path, "call", "plan", "--incident", key, "-q")
    listed = ("call", "list", "--incident", key, "--limit", "1000", "--format", "json", "--reveal", "contacts", "-q")
    document = _run(repo.path, *listed).document
    calls = document["calls"]

    with file.open(encoding="utf-8", newline="") as stream:
        keys = {row["CustomerID"].strip() for row in csv.DictReader(stream)}
    assert {one["customer"] for one in calls} == keys
    assert len(calls) == 93
    assert document["verdicts"] == {"call": 91, "write": 2, "leave": 0}
    for one in calls:
        assert sum(one["parts"].values()) == one["score"]
        if one["verdict"] == "write":
            assert "no number is known, so write" in one["verdict_because"]
            assert "no number" in one["not_known"]
        else:
            assert one["contact"]["phone"]
        assert "no account manager" in one["not_known"]
        assert ("time zone not known" in one["not_known"]) == (one["local_time"] is None)
    numbers: dict[str, set[str]] = {}
    for one in calls:
        if one["verdict"] == "call":
            numbers.setdefault(one["contact"]["phone_e164"] or one["contact"]["phone"], set()).add(one["customer"])
    shared = {name for customers in numbers.values() if len(customers) > 1 for name in customers}
    assert {one["customer"] for one in calls if one["same_number_as"]} == shared
    assert len({one["id"] for one in calls}) == 93, "one number is one dial, and stays as many calls"
    again = _run(repo.path, *listed).document["calls"]
    assert [one["customer"] for one in again] == [one["customer"] for one in calls]

    # The promises of a list, with a second incident in the same calls, and three who are not to be called any more.
    spared = sorted(shared | {one["customer"] for one in calls if one["verdict"] == "call"})[:3]
    for name in spared:
        _run(repo.path, "customer", "mark", name, "--do-not-call", "--why", "they asked", "-q")
    more = ("--title", "orders again", "--severity", "SEV3", "--deployment", "bad", "--format", "json")
    other = _run(repo.path, "incident", "open", *more).document["incident"]["key"]
    _run(repo.path, "call", "plan", "--incident", other, "-q")
    _run(repo.path, "call", "plan", "--incident", key, "-q")
    of_other = tuple(other if one == key else one for one in listed)
    lists = [_run(repo.path, *options).document["calls"] for options in (listed, of_other)]
    ids = {one["customer"]: one["id"] for one in lists[0]}
    for rows in lists:
        assert {one["customer"] for one in rows} == keys, "nobody presumed is missing, whatever is known of them"
        for one in rows:
            assert sum(one["parts"].values()) == one["score"]
            assert one["verdict_because"]
            assert one["id"] == ids[one["customer"]], "one open call, whatever it is about"
            assert len(one["items"]) == 2
            if one["customer"] in spared:
                assert (one["callable"], one["verdict"]) == ("never", "write")
                assert not one["contact"]["may_dial"]
