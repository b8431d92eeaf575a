"""`releasewatch freeze`: the file of customers' freezes, and the rule that keeps to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.command import Finished, run_here

if TYPE_CHECKING:
    from tests.support.repos import RepoBuilder

HEAD = "customer,from,to,reason\n"
NOW = "acme,2020-01-01,2099-12-31,audit by Ada\n"


def take(shop: RepoBuilder, text: str, *words: str) -> Finished:
    (shop.path / "freezes.csv").write_text(text)
    return run_here("freeze", "import", "freezes.csv", "--format", "json", *words, cwd=shop.path)


def plan(shop: RepoBuilder) -> Finished:
    words = ("deployment", "plan", "--environment", "production", "--fail-on", "freeze", "--format", "json")
    return run_here(*words, cwd=shop.path)


def counts(done: Finished) -> tuple[int, ...]:
    assert done.status == 0, done.err
    return tuple(done.document["import"][name] for name in ("read", "added", "ended", "unchanged"))


def test_a_customer_who_has_a_freeze_today_stops_what_reaches_them(shop):
    shop.commit("fix: more", {"services/invoicing/c.py": "1"})
    assert counts(take(shop, HEAD + NOW + "bolt,2020-01-01,31.12.2020,\ncask,2098-01-01,2099-01-01,\n")) == (3, 3, 0, 0)
    done = plan(shop)
    (one,) = done.document["violations"]
    assert (done.status, one["customers"], [each["key"] for each in one["sample"]]) == (1, 1, ["acme"])
    assert one["text"] == "It reaches 1 customer who has a freeze today."
    assert "Ada" not in done.out
    shop.commit("fix: more", {"services/checkout/c.py": "1"})
    assert plan(shop).status == 1, "what invoicing brought still goes out"


def test_a_freeze_of_whom_a_customer_was_merged_into_is_theirs(shop):
    shop.commit("fix: more", {"services/checkout/c.py": "1"})
    assert counts(take(shop, HEAD + "acme,2020-01-01,2099-12-31,\n")) == (1, 1, 0, 0)
    assert plan(shop).status == 0
    assert run_here("customer", "merge", "acme", "--into", "bolt", "--why", "x", cwd=shop.path).status == 0
    (one,) = plan(shop).document["violations"]
    assert [each["key"] for each in one["sample"]] == ["bolt"]


def test_the_same_file_again_changes_nothing_and_a_row_that_is_gone_has_ended(shop):
    bolt = "bolt,2030-01-01,2030-01-05,\n"
    assert counts(take(shop, HEAD + NOW + bolt)) == (2, 2, 0, 0)
    assert counts(take(shop, HEAD + bolt + NOW)) == (2, 0, 0, 2)
    assert counts(take(shop, HEAD + NOW.replace("audit", "an audit"))) == (1, 1, 1, 0)
    listed = run_here("freeze", "list", "--format", "json", cwd=shop.path).document["freezes"]
    assert [(one["customer"], one["from"], one["to"], one["withheld"]) for one in listed] == [
        ("acme", "2020-01-01", "2099-12-31", ["name", "reason"])
    ]


def test_a_file_without_rows_asks(shop):
    take(shop, HEAD + NOW)
    refused = take(shop, HEAD)
    assert (refused.status, refused.error["hint"]) == (4, "Is the export whole? If this is meant: --accept-ending 1")
    assert counts(take(shop, HEAD, "--accept-ending", "1")) == (0, 0, 1, 0)


def test_a_row_that_is_refused_is_named_by_line_and_ends_nothing(shop):
    take(shop, HEAD + NOW)
    text = HEAD + "acme,2030-13-01,2030-01-05,\nnobody,2030-01-01,2030-01-05,\nbolt,2030-01-05,2030-01-01,\nbolt,,,\n"
    done = take(shop, text)
    assert counts(done) == (4, 0, 0, 0)
    assert sorted((one["line"], one["column"]) for one in done.document["rejected"]) == [
        (2, "from"), (3, "customer"), (4, "to"), (5, "from"), (5, "to"),
    ]  # fmt: skip
    assert "nobody" not in str(done.document["rejected"])
    assert take(shop, text, "--strict").status == 1


def test_a_rehearsal_keeps_nothing(shop):
    assert take(shop, HEAD + NOW, "--dry-run").document["import"]["written"] is False
    assert run_here("freeze", "list", cwd=shop.path).out == "No freeze is on or to come.\n"


def test_the_settings_name_the_file_and_our_own_days(shop):
    config = shop.path / "releasewatch.toml"
    assert run_here("freeze", "import", cwd=shop.path).status == 2
    days = '[freezes.days.year-end]\nfrom = "2098-12-20"\nto = "2099-01-02"\n'
    config.write_text(config.read_text() + '[freezes]\nfile = "freezes.csv"\n' + days)
    (shop.path / "freezes.csv").write_text(HEAD + NOW)
    assert run_here("freeze", "import", cwd=shop.path).status == 0
    out = run_here("freeze", "list", "--reveal", "names", cwd=shop.path).out
    assert "ours: year-end" in out
    assert "acme (Acme GmbH)" in out
    public = {"CI": "true", "RELEASEWATCH_CI_PUBLIC": "true"}
    assert "acme" not in run_here("freeze", "list", cwd=shop.path, env=public).out


def test_what_a_customer_asked_for_is_forgotten_with_them(shop):
    take(shop, HEAD + NOW)
    shop.commit("fix: more", {"services/invoicing/c.py": "1"})
    rule = ("--head", "HEAD", "--rule", "customer=acme", "--why", "Ada agreed")
    there = ("--environment", "production")
    assert run_here("deployment", "approve", *there, *rule, cwd=shop.path).status == 0
    assert run_here("deployment", "record", *there, "--key", "three", cwd=shop.path).status == 0
    forget = ("customer", "forget", "acme", "--why", "asked", "--yes")
    done = run_here(*forget, cwd=shop.path)
    assert done.status == 0, done.err
    assert run_here("freeze", "list", cwd=shop.path).out == "No freeze is on or to come.\n"
    shown = run_here("deployment", "show", "three", "--format", "json", cwd=shop.path).out
    assert "acme" not in shown
    assert "customer=forgotten" in shown
