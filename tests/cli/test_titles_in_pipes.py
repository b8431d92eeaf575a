"""Titles, names of releases, subjects and paths are shown in a pipe, unless they name somebody."""

from __future__ import annotations

from tests.support.command import run_here, run_on_terminal

JOB = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_REPOSITORY": "example/shop"}
HIDDEN = "withheld here: it names a customer, or one of our people"


def run(shop, *words, status=0, **more):
    done = run_here(*words, cwd=shop.path, **more)
    assert done.status == status, done.err
    return done


def change(shop, title, key, *more):
    words = ("deployment", "record", "--environment", "production", "--kind", "change", "--component", "invoicing")
    return run(shop, *words, "--title", title, "--key", key, *more)


def told(done):
    return done.document["deployment"] | {"out": done.out}


def test_a_title_that_names_somebody_is_withheld_wherever_it_is_shown_in_a_pipe(shop):
    titles = ("Switch acme  gmbh over", "Ada Example asked for it", "olga's flag", "call +44 20 7946 0102")
    for title in titles:
        assert HIDDEN in change(shop, title, title).out
    for words in (("deployment", "show", "D-3"), ("deployment", "list"), ("status", "--format", "json")):
        out = run(shop, *words, env=JOB).out
        assert [title for title in titles if title in out] == []
    newest = run(shop, "deployment", "list", "--format", "json").document["deployments"][:4]
    assert [(one["title"], one["withheld"]) for one in newest] == [(None, ["title"])] * 4
    assert titles[0] in run(shop, "deployment", "show", "D-3", "--reveal", "names").out
    assert titles[0] in run_on_terminal("deployment", "show", "D-3", cwd=shop.path)


def test_a_title_that_names_nobody_is_shown_in_one_line(shop):
    shown = change(shop, "Widen the pool\n::error::x\x1b[31m", "flag").out.splitlines()[0]
    assert shown.endswith(", succeeded: Widen the pool ::error::x?[31m")
    again = run(shop, "deployment", "show", "D-3").out
    assert again.splitlines()[0] == shown
    assert "[recorded before]" not in again
    assert "[recorded before]" in change(shop, "Widen the pool\n::error::x\x1b[31m", "flag").out


def test_a_release_is_shown_by_its_commit_where_its_name_holds_a_customers(shop, tmp_path):
    shop.commit("fix: more", {"services/invoicing/c.py": "1"})
    run(shop, "release", "record", "--release", "acme-hotfix")
    record = ("deployment", "record", "--environment", "production")
    run(shop, *record, "--release", "acme-hotfix", "--key", "three")
    shop.commit("fix: yet more", {"services/invoicing/c.py": "2"})
    plan = ("deployment", "plan", "--environment", "production", "--release", "bolt 7")
    plan_of_that = run(shop, *plan, "--format", "json")
    assert (told(plan_of_that)["release"], told(plan_of_that)["withheld"]) == (None, ["release"])
    assert plan_of_that.document["baselines"][0]["live"]["release"] is None
    written = tmp_path / "plan.md"
    run(shop, *plan, "--format", "md", "-o", str(written))
    for words in (
        *(plan, (*plan, "--format", "md"), ("deployment", "list"), ("deployment", "show", "D-3"), ("status",)),
        *(("release", "list"), ("release", "show", "acme-hotfix"), ("event", "export")),
    ):
        assert "acme-hotfix" not in run(shop, *words, env=JOB).out
    assert "acme-hotfix" not in written.read_text()
    assert "bolt 7" not in written.read_text()
    assert "acme-hotfix" in run(shop, "deployment", "list", "--reveal", "names").out


def test_neither_subjects_nor_paths_name_anybody_in_a_pipe(shop):
    shop.commit("fix: Ben Example could not pay", {"services/invoicing/migrations/bolt and sons.sql": "1"})
    record = ("deployment", "record", "--environment", "production")
    run(shop, *record, "--key", "three")
    explain = ("exposure", "explain", "--deployment", "D-3", "--customer", "acme")
    said = run(shop, *explain, env=JOB).out
    assert "(whose subject names somebody)" in said
    assert "It changed a path whose name names somebody." in said
    assert "“fix: Ben Example could not pay”" in run(shop, *explain, "--reveal", "names").out
    run(shop, "incident", "open", "--title", "slow", "--component", "invoicing", "--started-at", "0s")
    assert "bolt and" not in run(shop, "incident", "show", "INC-1", "--format", "json").out
    for words in (("INC-1",), ("--component", "invoicing", "--since", "0s")):
        told_in_pipe = run(shop, "incident", "suspects", *words).out
        assert "migrates data: a path that names somebody" in told_in_pipe
        assert "bolt and" not in told_in_pipe
    assert "bolt and sons.sql" in run(shop, "incident", "suspects", "INC-1", "--reveal", "names").out
    head = run(shop, "change", "show", "HEAD", "--format", "json").document
    assert (head["change"]["subject"], head["withheld"]) == (None, ["subject"])
    assert "Ben Example" not in run(shop, "change", "show", "HEAD").out
