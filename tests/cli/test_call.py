"""`releasewatch call`: verdicts with their reasons, an order that can be checked, and what each channel may show."""

from __future__ import annotations

import csv
import stat

import pytest

from tests.support.command import run_command, run_on_terminal

LIST = ("call", "list", "--deployment", "two", "--format", "json")
IN_CI = {"CI": "true", "RELEASEWATCH_CI_RUN": "77"}


def by_customer(document):
    return {call["customer"]: call for call in document["calls"]}


def test_every_exposed_customer_has_a_verdict_with_its_reason(shop):
    document = run_command(*LIST, cwd=shop.path).document
    calls = by_customer(document)
    assert {key: call["verdict"] for key, call in calls.items()} == {
        "acme": "call",
        "bolt": "leave",
        "cask": "write",
        "dent": "write",
    }
    assert calls["acme"]["verdict_because"] == "a breaking change in what they use"
    assert "do-not-call" in calls["cask"]["verdict_because"]
    assert "no number" in calls["dent"]["verdict_because"]
    assert calls["dent"]["possible"] is True
    assert calls["bolt"]["because"] == ["Checkout depends on Invoices"]


def test_the_parts_are_whole_numbers_that_sum_to_the_score(shop):
    calls = run_command(*LIST, cwd=shop.path).document["calls"]
    assert all(sum(call["parts"].values()) == call["score"] for call in calls)
    assert all(isinstance(points, int) for call in calls for points in call["parts"].values())
    assert [call["rank"] for call in calls] == [1, 2, 3, 4]
    assert [(-c["score"], c["customer"]) for c in calls] == sorted((-c["score"], c["customer"]) for c in calls)


def test_planning_keeps_calls_and_is_safe_to_repeat(shop):
    before = run_command(*LIST, cwd=shop.path).document
    assert before["list_version"] is None
    assert {call["id"] for call in before["calls"]} == {None}
    first = run_command("call", "plan", "--deployment", "two", "--format", "json", cwd=shop.path).document
    again = run_command("call", "plan", "--deployment", "two", "--format", "json", cwd=shop.path).document
    assert (first["added"], again["added"]) == (3, 0)
    assert first["list_version"] == again["list_version"] == 1
    after = by_customer(run_command(*LIST, cwd=shop.path).document)
    assert {key: call["status"] for key, call in after.items()} == {
        "acme": "open",
        "bolt": "not_planned",
        "cask": "open",
        "dent": "open",
    }
    assert {key for key, call in after.items() if call["id"]} == {"acme", "cask", "dent"}


def test_a_second_deployment_joins_the_open_call_of_a_customer(shop):
    run_command("call", "plan", "--deployment", "two", cwd=shop.path)
    first = by_customer(run_command(*LIST, cwd=shop.path).document)
    shop.commit("feat(invoicing)!: and once more", {"services/invoicing/a.py": "3"})
    run_command("deployment", "record", "--environment", "production", "--key", "three", "-q", cwd=shop.path)
    run_command("call", "plan", "--deployment", "three", cwd=shop.path)
    second = by_customer(
        run_command("call", "list", "--deployment", "three", "--format", "json", cwd=shop.path).document
    )
    assert second["acme"]["id"] == first["acme"]["id"] == "C-1"


def test_a_pipe_shows_keys_and_no_contact(shop):
    printed = run_command(*LIST, cwd=shop.path)
    for name in ("Acme", "Ada", "23125", "olga", "ada@"):
        assert name not in printed.out
    assert by_customer(printed.document)["acme"]["withheld"] == ["contact", "name", "account_manager"]


def test_a_terminal_shows_names_and_numbers_when_asked(shop):
    usual = run_on_terminal("call", "list", "--deployment", "two", cwd=shop.path)
    assert "Acme GmbH" in usual
    assert "23125" not in usual
    asked = run_on_terminal("call", "list", "--deployment", "two", "--reveal", "contacts", cwd=shop.path)
    assert "030 23125 101" in asked


def test_ci_shows_keys_and_one_part_for_what_a_customer_is_worth(shop):
    printed = run_command(*LIST, "--reveal", "contacts", cwd=shop.path, env=IN_CI)
    acme = by_customer(printed.document)["acme"]
    assert acme["contact"] is None
    assert not {"tier", "contract", "renewal"} & acme["parts"].keys()
    assert acme["parts"]["relationship"] > 0
    assert "[privacy] ci" in printed.err


def test_contacts_in_a_file_in_ci_need_the_flag_and_the_setting(shop, tmp_path):
    render = ("call", "render", "--deployment", "two", "--format", "csv", "-o", str(tmp_path / "calls.csv"))
    for arguments, setting, shown in (
        ((), "keys", False),
        (("--reveal", "contacts"), "keys", False),
        ((), "contacts", False),
        (("--reveal", "contacts"), "contacts", True),
    ):
        config = (shop.path / "releasewatch.toml").read_text("utf-8")
        changed = tmp_path / "settings.toml"
        changed.write_text(f'{config}\n[privacy]\nci = "{setting}"\n', "utf-8")
        done = run_command(
            *render, *arguments, "--config", str(changed), "--database", str(shop.path / ".releasewatch/ledger.db"),
            cwd=shop.path, env=IN_CI,
        )  # fmt: skip
        assert done.status == 0, done.err
        assert ("tel:+493023125101" in (tmp_path / "calls.csv").read_text("utf-8")) is shown


def test_opaque_keys_stand_for_keys_in_a_pipe(shop):
    config = shop.path / "releasewatch.toml"
    config.write_text(config.read_text("utf-8") + '\n[privacy]\nkeys = "opaque"\n', "utf-8")
    printed = run_command(*LIST, cwd=shop.path)
    assert "acme" not in printed.out
    assert all(call["customer"].startswith("customer-") for call in printed.document["calls"])


@pytest.mark.parametrize("form", ["md", "html", "csv"])
def test_a_document_in_a_pipe_holds_keys_and_opaque_ones_where_the_settings_say_so(shop, form):
    render = ("call", "render", "--deployment", "two", "--format", form)
    printed = run_command(*render, cwd=shop.path).out
    assert "acme" in printed
    for name in ("Acme", "Ada", "23125", "olga", "ada@"):
        assert name not in printed
    config = shop.path / "releasewatch.toml"
    config.write_text(config.read_text("utf-8") + '\n[privacy]\nkeys = "opaque"\n', "utf-8")
    opaque = run_command(*render, cwd=shop.path).out
    assert "acme" not in opaque
    assert "customer-" in opaque


@pytest.mark.parametrize("form", ["md", "html", "csv"])
def test_a_rendered_file_is_its_owners_alone_and_holds_one_account_managers_customers(shop, tmp_path, form):
    target = tmp_path / f"calls.{form}"
    done = run_command(
        "call", "render", "--deployment", "two", "--format", form, "--account-manager", "olga", "-o", str(target),
        cwd=shop.path,
    )  # fmt: skip
    assert (done.status, done.out) == (0, "")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    text = target.read_text("utf-8")
    assert "Acme GmbH" in text
    assert "Bolt and Sons" not in text
    assert "Exports are CSV now." in text


def test_the_csv_has_a_dialable_number(shop, tmp_path):
    target = tmp_path / "calls.csv"
    run_command("call", "render", "--deployment", "two", "--format", "csv", "-o", str(target), cwd=shop.path)
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["key"]: row for row in csv.DictReader(file)}
    assert rows["acme"]["phone"] == "tel:+493023125101"
    assert rows["cask"]["verdict"] == "write"


def test_pages_follow_each_other(shop):
    first = run_command(*LIST, "--limit", "3", cwd=shop.path).document
    rest = run_command(*LIST, "--after", str(first["next_cursor"]), cwd=shop.path).document
    assert [call["rank"] for call in first["calls"] + rest["calls"]] == [1, 2, 3, 4]
    assert rest["next_cursor"] is None


def test_an_unknown_deployment_is_one_sentence(shop):
    done = run_command("call", "list", "--deployment", "D-99", "--format", "json", cwd=shop.path)
    assert (done.status, done.out) == (2, "")
    assert done.error["code"] == "unknown_name"
