"""`releasewatch call render --format json`: the document of `call list`, whole or a file for each account manager."""

from __future__ import annotations

import json
import stat

import pytest

from tests.support.command import run_here

ABOUT = ("--deployment", "two")
RENDER = ("call", "render", *ABOUT, "--format", "json")
IN_CI = {"CI": "true", "RELEASEWATCH_CI_RUN": "77"}


@pytest.fixture
def planned(shop):
    assert run_here("call", "plan", *ABOUT, cwd=shop.path).status == 0
    return shop


def test_it_is_the_document_of_the_list_and_in_a_file_with_contacts(planned):
    rendered = run_here(*RENDER, cwd=planned.path).document
    listed = run_here("call", "list", *ABOUT, "--format", "json", cwd=planned.path).document
    assert {**rendered, "as_of": ""} == {**listed, "as_of": ""}
    assert rendered["as_of"][-1] == "Z"
    for _ in range(2):  # one list of ours takes the place of the other
        done = run_here(*RENDER, "-o", "calls.json", cwd=planned.path)
        assert (done.status, done.out) == (0, ""), done.err
    file = planned.path / "calls.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    whole = json.loads(file.read_text("utf-8"))
    assert [row["rank"] for row in whole["calls"]] == [1, 2, 3, 4]
    assert (whole["calls"][0]["contact"]["phone_e164"], whole["account_manager"]) == ("+493023125101", None)
    (planned.path / "calls.json").write_text('{\n  "schema": 1,\n  "incident": {}\n}\n', "utf-8")
    refused = run_here(*RENDER, "-o", "calls.json", cwd=planned.path)
    assert (refused.status, "is no call list" in refused.err) == (4, True)


def test_each_account_manager_has_a_file_with_their_customers_only(planned):
    done = run_here(*RENDER, "--each-account-manager", "-o", "lists", cwd=planned.path)
    assert done.status == 0, done.err
    found = {path.name.split("-")[2]: json.loads(path.read_text()) for path in (planned.path / "lists").iterdir()}
    whose = {who: [row["customer"] for row in one["calls"]] for who, one in found.items()}
    assert whose == {"olga": ["acme", "dent"], "piet": ["bolt"], "UNOWNED": ["cask"]}
    assert {who: one["account_manager"] for who, one in found.items()} == {
        "olga": "olga",
        "piet": "piet",
        "UNOWNED": "",
    }
    assert found["piet"]["verdicts"] == {"call": 0, "write": 0, "leave": 1}


def test_ci_is_shown_keys_and_counts_and_a_public_log_counts(planned):
    done = run_here(*RENDER, "--account-manager", "olga", "-o", "ci.json", cwd=planned.path, env=IN_CI)
    assert done.status == 0, done.err
    text = (planned.path / "ci.json").read_text("utf-8")
    assert "acme" in text
    for word in ("Ada", "23125", "olga", "Acme", "Berlin"):
        assert word not in text
    refused = run_here(*RENDER, "--each-account-manager", "-o", "lists", cwd=planned.path, env=IN_CI)
    assert (refused.status, refused.error["code"]) == (4, "refused")


def test_it_is_not_read_back(planned):
    run_here(*RENDER, "-o", "calls.json", cwd=planned.path)
    done = run_here("call", "import", "calls.json", "--by", "olga", cwd=planned.path)
    assert done.status == 2
    assert "is JSON, which programs read and nobody fills in: a list is read back from XLSX or CSV." in done.err


def test_a_call_that_is_made_says_how_often_it_was_tried(planned):
    for disposition in ("no_answer", "connected"):
        logged = run_here("call", "log", "C-1", "--disposition", disposition, "--by", "olga", cwd=planned.path)
        assert logged.status == 0, logged.err
    first = next(row for row in run_here(*RENDER, cwd=planned.path).document["calls"] if row["id"] == "C-1")
    assert (first["status"], first["attempts"]) == ("done", 2)
