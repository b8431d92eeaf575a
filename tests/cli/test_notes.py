"""`releasewatch notes render`: of a deployment, of a range without a ledger, for one customer; and what is refused."""

from __future__ import annotations

import pytest

from tests.support.command import run_here
from tests.support.repos import AUTHOR


def render(shop, *arguments, **kwargs):
    return run_here("notes", "render", *arguments, cwd=shop.path, **kwargs)


@pytest.mark.parametrize("form", ["md", "html"])
def test_a_range_needs_no_ledger(shop, form):
    ledger = shop.path / ".releasewatch"
    ledger.rename(shop.path.parent / "elsewhere")
    done = render(shop, "--from", "HEAD~2", "--to", "HEAD", "--format", form)
    assert done.status == 0, done.err
    assert "drop the old export" in done.out
    assert not ledger.exists()


WHO = f", {AUTHOR[0]}"


def test_a_range_and_its_deployment_tell_the_same(shop):
    def changes(text):
        return [line for line in text.splitlines() if line.startswith(("- ", "## ", "### ")) and "**" not in line]

    from_git = changes(render(shop, "--from", "HEAD~2").out)
    assert from_git == changes(render(shop, "--deployment", "two", "--reveal", "names").out.replace(WHO, ""))
    assert len(from_git) > 3


def test_customers_read_agreed_words_and_no_other_customers_name(shop):
    told = render(shop, "--deployment", "two", "--audience", "customer").out
    assert "Exports are CSV now." in told
    for inner in ("Acme", "complained", "drop the old export", "Ada"):
        assert inner not in told


def test_one_customer_reads_what_reaches_them(shop):
    for key, told in (("acme", True), ("bolt", False)):
        text = render(shop, "--deployment", "two", "--audience", "customer", "--customer", key, "-o", "out.md")
        assert text.status == 0, text.err
        written = (shop.path / "out.md").read_text("utf-8")
        assert ("Acme GmbH" in written) is (key == "acme")
        assert ("Exports are CSV now." in written) is told or key == "bolt"


def test_notes_for_one_customer_name_them_where_names_may_be(shop):
    words = ("--deployment", "two", "--audience", "customer", "--customer", "acme")
    piped = render(shop, *words)
    assert "For acme" in piped.out
    assert "Acme GmbH" not in piped.out
    ci = {"GITHUB_ACTIONS": "true"}
    for more, env, name in (((), ci, "acme"), (("--reveal", "names"), {}, "Acme GmbH")):
        done = run_here("notes", "render", *words, *more, "-o", "out.md", cwd=shop.path, env=env)
        assert done.status == 0, done.err
        assert f"For {name}\n" in (shop.path / "out.md").read_text("utf-8")
    config = shop.path / "releasewatch.toml"
    config.write_text(config.read_text("utf-8") + '[privacy]\nkeys = "opaque"\n', "utf-8")
    opaque = render(shop, *words).out
    assert "For customer-" in opaque
    assert "acme" not in opaque


@pytest.mark.parametrize("more", [(), ("-o", "out.md"), ("-o", "out.md", "--reveal", "contacts")])
def test_a_public_repository_gets_no_notes_for_one_customer(shop, more):
    (shop.path / "event.json").write_text('{"repository": {"private": false, "visibility": "public"}}', "utf-8")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": "event.json"}
    words = ("--deployment", "two", "--audience", "customer", "--customer", "acme", *more)
    done = run_here("notes", "render", *words, cwd=shop.path, env=env)
    assert (done.status, done.out, (shop.path / "out.md").exists()) == (4, "", False)


def test_who_is_not_reached_is_called_by_name_too(shop):
    assert run_here("deployment", "record", "--environment", "staging", "--key", "st", cwd=shop.path).status == 0
    for asked in (("--deployment", "st"), ("--since", "2999-01-01", "--until", "2999-02-01")):
        environment = ("--environment", "production") if "--since" in asked else ()
        words = (*asked, *environment, "--audience", "customer", "--customer", "acme", "-o", "out.md")
        done = render(shop, *words)
        assert done.status == 0, done.err
        assert "For Acme GmbH\n" in (shop.path / "out.md").read_text("utf-8")


def test_a_change_without_words_is_told_as_such(shop):
    (shop.path / "services" / "invoicing" / "quiet.py").write_text("1", "utf-8")
    shop.git("add", "-A")
    shop.git("commit", "-q", "--allow-empty-message", "-m", "")
    done = render(shop, "--from", "HEAD~1")
    assert done.status == 0, done.err
    assert "(no subject) (" in done.out


def test_another_customers_name_fails_the_render_and_is_passed_with_a_reason(shop):
    shop.commit(
        "fix(invoicing): exports",
        {"services/invoicing/c.py": "1"},
        trailers={"Release-note": "As Bolt and Sons asked, exports are faster.", "Audience": "customer"},
    )
    run_here("deployment", "record", "--environment", "production", "--key", "three", "-q", cwd=shop.path)
    arguments = ("--deployment", "three", "--audience", "customer", "-o", "out.md")
    refused = render(shop, *arguments)
    assert refused.status == 4
    assert "another customer's name" in refused.err
    assert "Bolt" not in refused.err
    assert not (shop.path / "out.md").exists()
    assert render(shop, *arguments, "--allow", "Bolt and Sons").status == 4
    passed = render(shop, *arguments, "--allow", "Bolt and Sons", "--why", "they agreed to be named")
    assert passed.status == 0, passed.err
    assert "Bolt and Sons" in (shop.path / "out.md").read_text("utf-8")


def test_a_readers_own_name_is_told_only_where_names_may_be_shown(shop):
    shop.commit(
        "fix(invoicing): exports",
        {"services/invoicing/c.py": "1"},
        trailers={"Release-note": "As Acme GmbH asked, exports are faster.", "Audience": "customer"},
    )
    run_here("deployment", "record", "--environment", "production", "--key", "three", "-q", cwd=shop.path)
    words = ("--deployment", "three", "--audience", "customer", "--customer", "acme")
    piped = render(shop, *words)
    assert (piped.status, piped.out) == (4, "")
    assert "a customer's name, which may not be shown here" in piped.err
    assert "Acme" not in piped.err
    for more in (("--reveal", "names"), ("--allow", "Acme GmbH", "--why", "a test")):
        told = render(shop, *words, *more)
        assert told.status == 0, told.err
        assert "As Acme GmbH asked" in told.out


PERIOD = ("--since", "600m", "--environment", "production")
"""Since before the shop was built, which all tests of a worker share."""


def record(shop, key, *arguments):
    words = ("deployment", "record", "--environment", "production", "--key", key, "-q", *arguments)
    done = run_here(*words, cwd=shop.path)
    assert done.status == 0, done.err


class TestPeriod:
    def test_all_that_went_live_in_it_is_told_once(self, shop):
        shop.commit("fix(invoicing): rounding", {"services/invoicing/c.py": "1"})
        record(shop, "eu", "--region", "eu")
        record(shop, "us", "--region", "us")
        told = render(shop, *PERIOD).out
        for text in ("rounding", "drop the old export"):
            assert told.count(text) == 1
        assert "**Deployments:** D-1, D-2, D-3, D-4" in told
        assert "**Period:** " in told

    def test_what_was_rolled_back_in_it_is_told_to_engineering_alone(self, shop):
        words = ("--audience", "customer")
        assert "Exports are CSV now." in render(shop, *PERIOD, *words).out
        record(shop, "back", "--head", "HEAD~2")
        told = render(shop, *PERIOD, *words)
        assert (told.status, "Exports" in told.out) == (0, False)
        inner = render(shop, *PERIOD).out
        assert "drop the old export" in inner
        assert "Undone by D-3." in inner

    def test_what_a_later_deployment_reverted_too(self, shop):
        bad = shop.sha("HEAD~1")
        body = {"subject": "Revert the export", "files": {"services/invoicing/a.py": "1"}}
        shop.commit(f"{body['subject']}\n\nThis reverts commit {bad}.", body["files"])
        record(shop, "fixed")
        assert "Exports" not in render(shop, *PERIOD, "--audience", "customer").out
        assert "Exports" in render(shop, "--deployment", "two", "--audience", "customer").out

    def test_one_customer_reads_what_reaches_them(self, shop):
        shop.commit(
            "fix: us only",
            {"services/checkout/c.py": "1"},
            trailers={"Release-note": "Checkout is faster.", "Audience": "customer"},
        )
        record(shop, "checkout")
        for key, texts in (
            ("acme", {"Exports are CSV now."}),
            ("bolt", {"Exports are CSV now.", "Checkout is faster."}),
        ):
            words = ("--audience", "customer", "--customer", key, "-o", "out.md")
            assert render(shop, *PERIOD, *words).status == 0
            written = (shop.path / "out.md").read_text("utf-8")
            assert {text for text in ("Exports are CSV now.", "Checkout is faster.") if text in written} == texts

    def test_a_period_without_deployments_is_told_as_such(self, shop):
        told = render(shop, "--since", "2020-01-01", "--until", "2020-02-01", "--environment", "production")
        assert (told.status, "There is no change to tell of." in told.out) == (0, True)

    def test_what_failed_in_it_went_nowhere(self, shop):
        shop.commit("fix(invoicing): rounding", {"services/invoicing/c.py": "1"})
        record(shop, "failed", "--status", "failed")
        assert "rounding" not in render(shop, *PERIOD).out


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--deployment", "two", "--from", "HEAD~1"),
        ("--to", "HEAD"),
        ("--from", "HEAD~1", "--customer", "acme", "--audience", "customer"),
        ("--deployment", "two", "--customer", "acme"),
        ("--deployment", "two", "--since", "60m", "--environment", "production"),
        ("--since", "60m"),
        ("--until", "60m"),
        ("--since", "10m", "--until", "60m", "--environment", "production"),
        ("--since", "60m", "--environment", "nowhere"),
        ("--since", "60m", "--environment", "production", "--repo", "nobody"),
        ("--since", "60m", "--environment", "production", "--customer", "acme"),
        ("--from", "no-such-revision"),
        ("--from", "--output=/tmp/x"),
        ("--deployment", "two", "--customer", "nobody", "--audience", "customer"),
    ],
)
def test_a_wrong_call_is_status_2_and_prints_nothing(shop, arguments):
    done = render(shop, *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("Error: ")


def test_own_templates_come_first_and_their_errors_name_the_line(shop, tmp_path):
    folder = tmp_path / "templates" / "notes"
    folder.mkdir(parents=True)
    (folder / "engineering.md").write_text("For {{ notes.audience }}\n", "utf-8")
    arguments = ("--from", "HEAD~1", "--templates", str(tmp_path / "templates"))
    assert render(shop, *arguments).out == "For engineering\n"
    (folder / "engineering.md").write_text("fine\n{{ notes.no_such_name }}\n", "utf-8")
    broken = render(shop, *arguments)
    assert broken.status == 2
    assert "engineering.md" in broken.err
    assert "2" in broken.err
