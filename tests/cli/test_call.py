"""`releasewatch call`: verdicts with their reasons, an order that can be checked, and what each channel may show."""

from __future__ import annotations

import csv
import stat

import pytest

from releasewatch.domain.privacy import opaque_key
from tests.support.command import run_here, run_on_terminal

LIST = ("call", "list", "--deployment", "two", "--format", "json")
IN_CI = {"CI": "true", "RELEASEWATCH_CI_RUN": "77"}


def by_customer(document):
    return {call["customer"]: call for call in document["calls"]}


def test_every_exposed_customer_has_a_verdict_with_its_reason(shop):
    document = run_here(*LIST, cwd=shop.path).document
    calls = by_customer(document)
    assert {key: call["verdict"] for key, call in calls.items()} == {
        "acme": "call",
        "bolt": "leave",
        "cask": "write",
        "dent": "write",
    }
    assert calls["acme"]["verdict_because"] == "a breaking change in what they use"
    assert "a call is not possible" in calls["cask"]["verdict_because"]
    assert "no number" in calls["dent"]["verdict_because"]
    assert calls["dent"]["possible"] is True
    assert calls["bolt"]["because"] == ["Checkout depends on Invoices"]


def test_a_country_with_one_clock_gives_the_time_where_nobody_said_the_zone(shop):
    customers = shop.path / "customers.csv"
    customers.write_text(customers.read_text("utf-8").replace("Europe/Berlin", ""), "utf-8")
    assert run_here("customer", "import", "--customers", "customers.csv", cwd=shop.path).status == 0
    calls = by_customer(run_here(*LIST, "--reveal", "names", cwd=shop.path).document)
    assert {key: call["local_time"] is not None for key, call in calls.items()} == {
        "acme": True,
        "bolt": True,
        "cask": False,
        "dent": True,
    }
    assert calls["acme"]["local_time"][-6:] in ("+01:00", "+02:00")


def test_the_parts_are_whole_numbers_that_sum_to_the_score(shop):
    calls = run_here(*LIST, cwd=shop.path).document["calls"]
    assert all(sum(call["parts"].values()) == call["score"] for call in calls)
    assert all(isinstance(points, int) for call in calls for points in call["parts"].values())
    assert [call["rank"] for call in calls] == [1, 2, 3, 4]
    assert [(-c["score"], c["customer"]) for c in calls] == sorted((-c["score"], c["customer"]) for c in calls)


def test_planning_keeps_calls_and_is_safe_to_repeat(shop):
    before = run_here(*LIST, cwd=shop.path).document
    assert before["list_version"] is None
    assert {call["id"] for call in before["calls"]} == {None}
    first = run_here("call", "plan", "--deployment", "two", "--format", "json", cwd=shop.path).document
    again = run_here("call", "plan", "--deployment", "two", "--format", "json", cwd=shop.path).document
    assert (first["added"], again["added"]) == (3, 0)
    assert first["list_version"] == again["list_version"] == 1
    after = by_customer(run_here(*LIST, cwd=shop.path).document)
    assert {key: call["status"] for key, call in after.items()} == {
        "acme": "open",
        "bolt": "not_planned",
        "cask": "open",
        "dent": "open",
    }
    assert {key for key, call in after.items() if call["id"]} == {"acme", "cask", "dent"}


def test_a_second_deployment_joins_the_open_call_of_a_customer(shop):
    run_here("call", "plan", "--deployment", "two", cwd=shop.path)
    first = by_customer(run_here(*LIST, cwd=shop.path).document)
    shop.commit("feat(invoicing)!: and once more", {"services/invoicing/a.py": "3"})
    run_here("deployment", "record", "--environment", "production", "--key", "three", "-q", cwd=shop.path)
    run_here("call", "plan", "--deployment", "three", cwd=shop.path)
    second = by_customer(run_here("call", "list", "--deployment", "three", "--format", "json", cwd=shop.path).document)
    assert second["acme"]["id"] == first["acme"]["id"] == "C-1"


@pytest.mark.usefixtures("on_a_working_day")
def test_a_pipe_shows_keys_and_no_contact(shop):
    printed = run_here(*LIST, cwd=shop.path)
    for name in ("Acme", "Ada", "23125", "olga", "ada@"):
        assert name not in printed.out
    acme = by_customer(printed.document)["acme"]
    assert acme["withheld"] == ["contact", "timezone", "local_time", "next_window", "caller", "name", "account_manager"]
    assert (acme["local_time"], acme["next_window"]) == (None, None)
    assert acme["callable"] in ("now", "later")


def test_a_terminal_shows_names_and_numbers_when_asked(shop):
    usual = run_on_terminal("call", "list", "--deployment", "two", cwd=shop.path)
    assert "Acme GmbH" in usual
    assert "23125" not in usual
    asked = run_on_terminal("call", "list", "--deployment", "two", "--reveal", "contacts", cwd=shop.path)
    assert "030 23125 101" in asked
    assert "555-0117" not in asked, "they must not be called"
    assert "not by phone" in asked


def test_ci_shows_keys_and_one_part_for_what_a_customer_is_worth(shop):
    printed = run_here(*LIST, "--reveal", "contacts", cwd=shop.path, env=IN_CI)
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
        done = run_here(
            *render, *arguments, "--config", str(changed), "--database", str(shop.path / ".releasewatch/ledger.db"),
            cwd=shop.path, env=IN_CI,
        )  # fmt: skip
        assert done.status == 0, done.err
        assert ("tel:+493023125101" in (tmp_path / "calls.csv").read_text("utf-8")) is shown


def test_opaque_keys_stand_for_keys_in_a_pipe(shop):
    config = shop.path / "releasewatch.toml"
    config.write_text(config.read_text("utf-8") + '\n[privacy]\nkeys = "opaque"\n', "utf-8")
    printed = run_here(*LIST, cwd=shop.path)
    assert "acme" not in printed.out
    assert all(call["customer"].startswith("customer-") for call in printed.document["calls"])


@pytest.mark.parametrize("form", ["md", "html", "csv"])
def test_a_document_in_a_pipe_holds_keys_and_opaque_ones_where_the_settings_say_so(shop, form):
    render = ("call", "render", "--deployment", "two", "--format", form)
    printed = run_here(*render, cwd=shop.path).out
    assert "acme" in printed
    for name in ("Acme", "Ada", "23125", "olga", "ada@"):
        assert name not in printed
    config = shop.path / "releasewatch.toml"
    config.write_text(config.read_text("utf-8") + '\n[privacy]\nkeys = "opaque"\n', "utf-8")
    opaque = run_here(*render, cwd=shop.path).out
    assert "acme" not in opaque
    assert "customer-" in opaque


@pytest.mark.parametrize("form", ["md", "html", "csv"])
def test_a_rendered_file_is_its_owners_alone_and_holds_one_account_managers_customers(shop, tmp_path, form):
    target = tmp_path / f"calls.{form}"
    done = run_here(
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
    run_here("call", "render", "--deployment", "two", "--format", "csv", "-o", str(target), cwd=shop.path)
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["key"]: row for row in csv.DictReader(file)}
    assert rows["acme"]["phone"] == "tel:+493023125101"
    assert rows["cask"]["verdict"] == "write"


def test_pages_follow_each_other(shop):
    first = run_here(*LIST, "--limit", "3", cwd=shop.path).document
    rest = run_here(*LIST, "--after", str(first["next_cursor"]), cwd=shop.path).document
    assert [call["rank"] for call in first["calls"] + rest["calls"]] == [1, 2, 3, 4]
    assert rest["next_cursor"] is None


def test_an_unknown_deployment_is_one_sentence(shop):
    done = run_here("call", "list", "--deployment", "D-99", "--format", "json", cwd=shop.path)
    assert (done.status, done.out) == (2, "")
    assert done.error["code"] == "unknown_name"


def test_a_pipe_does_not_tell_where_they_are_who_they_are_or_who_said_no(shop):
    said = ("Europe/Berlin", "their time", "IT manager", "do-not-call", "UTC)")
    for form in ("md", "html", "csv"):
        render = ("call", "render", "--deployment", "two", "--format", form)
        printed = run_here(*render, cwd=shop.path).out
        assert [words for words in said if words in printed] == []
        assert "a call is not possible" in printed
    written = shop.path / "calls.md"
    run_here("call", "render", "--deployment", "two", "-o", str(written), cwd=shop.path)
    assert [words for words in said if words in written.read_text("utf-8")] == list(said)
    named = by_customer(run_here(*LIST, "--reveal", "names", cwd=shop.path).document)
    assert "the directory says do-not-call" in named["cask"]["verdict_because"]
    assert named["acme"]["local_time"]


def test_opaque_keys_are_not_told_by_the_order_of_the_list(shop):
    customers = [f"k{number}" for number in range(12)]
    (shop.path / "more.csv").write_text("key,name\n" + "".join(f"{key},Name {key}\n" for key in customers), "utf-8")
    uses = "customer,component\n" + "".join(f"{key},shop/invoicing\n" for key in customers)
    (shop.path / "uses.csv").write_text(uses, "utf-8")
    took = ("customer", "import", "--customers", "more.csv", "--entitlements", "uses.csv", "--changes")
    assert run_here(*took, cwd=shop.path).status == 0

    def order(*arguments):
        calls = run_here(*LIST, *arguments, cwd=shop.path).document["calls"]
        return [call["customer"] for call in calls if call["score"] == by_score], calls

    by_score = by_customer(run_here(*LIST, cwd=shop.path).document)["k1"]["score"]
    assert order()[0] == sorted(customers)
    config = shop.path / "releasewatch.toml"
    config.write_text(config.read_text("utf-8") + '\n[privacy]\nkeys = "opaque"\n', "utf-8")
    shown = order()[0]
    assert shown == sorted(opaque_key(key) for key in customers)
    assert [opaque_key(key) for key in order("--reveal", "names")[0]] == shown


def test_nothing_is_said_that_names_another_customer(shop):
    shop.commit(
        "feat(invoicing): what was asked for",
        {"services/invoicing/c.py": "3"},
        trailers=[("Release-note", "Acme GmbH asked for this; bolt too."), ("Audience", "customer")],
    )
    shop.commit("feat(invoicing): more", {"services/invoicing/d.py": "3"}, trailers={"Release-note": "Faster."})
    record = ("deployment", "record", "--environment", "production", "--key", "three", "-q")
    assert run_here(*record, cwd=shop.path).status == 0
    listed = run_here("call", "list", "--deployment", "three", "--format", "json", cwd=shop.path)
    assert {call["customer"]: (call["say"], call["say_withheld"]) for call in listed.document["calls"]} == {
        key: (["Faster."], 1) for key in ("acme", "bolt", "cask", "dent")
    }
    assert "For 4 customers something to say names another customer and was left out." in listed.err
    for form in ("md", "html", "csv"):
        printed = run_here("call", "render", "--deployment", "three", "--format", form, cwd=shop.path)
        assert "asked for this" not in printed.out
        assert "something to say names another customer" in printed.err


def test_a_customer_may_be_told_what_names_only_them(shop):
    shop.commit(
        "feat(checkout): for one", {"services/checkout/c.py": "3"}, trailers={"Release-note": "As Bolt and Sons asked."}
    )
    record = ("deployment", "record", "--environment", "production", "--key", "three", "-q")
    assert run_here(*record, cwd=shop.path).status == 0
    asked = ("call", "list", "--deployment", "three", "--format", "json")
    (bolt,) = run_here(*asked, "--reveal", "names", cwd=shop.path).document["calls"]
    assert (bolt["customer"], bolt["say"], bolt["say_withheld"]) == ("bolt", ["As Bolt and Sons asked."], 0)
    (bolt,) = run_here(*asked, cwd=shop.path).document["calls"]
    assert (bolt["customer"], bolt["say"], bolt["say_withheld"]) == ("bolt", [], 1)
    piped = run_here("call", "render", "--deployment", "three", cwd=shop.path).out
    assert "Bolt and Sons" not in piped
    assert "1 left out: it holds what may not be said here." in piped


def test_who_cannot_be_ruled_out_is_counted(shop):
    shop.commit("chore: odd", {"elsewhere/a.py": "1", "nowhere/b.py": "1"})
    record = ("deployment", "record", "--environment", "production", "--key", "three", "-q")
    assert run_here(*record, cwd=shop.path).status == 0
    line = "2 paths belong to no component; 4 customers cannot be ruled out."
    for words in (("call", "plan"), ("call", "list"), ("exposure", "list")):
        asked = (*words, "--deployment", "three")
        assert line in run_here(*asked, cwd=shop.path).out
        document = run_here(*asked, "--format", "json", cwd=shop.path).document
        assert (document["counts"] if words[0] == "exposure" else document)["not_ruled_out"] == 4
    for words in (("call", "list"), ("exposure", "list")):
        asked = run_here(*words, "--deployment", "three", "--format", "jsonl", cwd=shop.path)
        assert (asked.out, line in asked.err) == ("", True)
    for form in ("md", "html"):
        assert line in run_here("call", "render", "--deployment", "three", "--format", form, cwd=shop.path).out
    explained = run_here("exposure", "explain", "--deployment", "three", "--customer", "acme", cwd=shop.path).out
    assert explained == (
        "D-3 is not known to reach acme.\n  They cannot be ruled out: 2 paths belong to no component.\n"
    )
    notes = ("notes", "render", "--deployment", "three", "--customer", "acme", "--audience")
    told = run_here(*notes, "account", cwd=shop.path).out
    assert "nothing to report" not in told
    assert "2 paths belong to no component." in told
    assert "not all of it is known: they cannot be ruled out." in told
    outside = run_here(*notes, "customer", cwd=shop.path).out
    assert "component" not in outside
    assert "nothing to report" not in outside
    assert "Nothing that is known of this release concerns you." in outside


def test_nobody_is_in_doubt_where_all_is_known(shop):
    for words in (("call", "plan"), ("call", "list"), ("exposure", "list")):
        asked = run_here(*words, "--deployment", "two", cwd=shop.path)
        assert "ruled out" not in asked.out + asked.err
    assert run_here(*LIST, cwd=shop.path).document["not_ruled_out"] == 0
