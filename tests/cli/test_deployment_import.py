"""`deployment import` as a process of its own: forms, strictness, rehearsals, errors, and progress on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import CONFIG
from tests.support.command import Finished, run_here, run_on_terminal
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

IMPORT = ("deployment", "import")
TAGS = ("--source", "tags", "--environment", "production")


@pytest.fixture
def repo(tmp_path: Path) -> RepoBuilder:
    """Three releases of a shop that nobody has recorded; the configuration is new and not committed."""
    made = RepoBuilder(tmp_path / "shop")
    for number in (1, 2, 3):
        made.commit(files={"services/invoicing/a.py": str(number), ".gitignore": "*.csv\n.releasewatch\n"})
        made.tag(f"v{number}")
    (made.path / "releasewatch.toml").write_text(CONFIG, "utf-8")
    return made


def run(repo: RepoBuilder, *words: str) -> Finished:
    return run_here(*IMPORT, *words, cwd=repo.path)


def listed(repo: RepoBuilder) -> Any:
    return run_here("deployment", "list", "--format", "json", cwd=repo.path).document["deployments"]


def write_list(repo: RepoBuilder, *rows: str) -> str:
    (repo.path / "past.csv").write_text("\n".join(("head,finished_at", *rows, "")), "utf-8")
    return "past.csv"


def test_tags_become_deployments_that_say_where_they_come_from(repo):
    done = run(repo, *TAGS)
    assert done.status == 0, done.err
    assert done.out.startswith("3 tags read: 3 deployments recorded.\n  oldest: v1 to production, 2026-01-05 10:01")
    assert "First deployment of 3 cells: compared with nothing" in done.err
    assert [(one["release"], one["source"]) for one in listed(repo)] == [("v3", "tags"), ("v2", "tags"), ("v1", "tags")]
    shown = run_here("deployment", "show", "D-2", cwd=repo.path).out
    assert shown.startswith("D-2: deploy of shop to production (everywhere), succeeded: v2  [imported from tags]")
    again = run(repo, *TAGS)
    assert again.out.startswith("3 tags read: 0 deployments recorded, 3 recorded before.\n")


def test_tags_of_packages_are_deployments_of_their_components(repo):
    (repo.path / "services/invoicing/package.json").write_text('{"name": "@acme/bills"}', "utf-8")
    (repo.path / "package.json").write_text('{"private": true, "workspaces": ["services/*"]}', "utf-8")
    repo.git("add", "package.json", "services/invoicing/package.json")
    for tag in ("@acme/bills@1.0.0", "other@2.0.0"):
        repo.tag(tag)
    done = run(repo, *TAGS, "--tags", "*@*")
    assert done.status == 0, done.err
    left_out = "1 left out (of a package that is no component: other)"
    assert done.out.startswith(f"2 tags read: 1 deployment recorded, {left_out}.\n")
    assert "releases of its component alone: @acme/bills = shop/invoicing (1)." in done.err
    whole = run(repo, *TAGS, "--tags", "*@*", "--whole-repo")
    assert whole.out.startswith("2 tags read: 2 deployments recorded.\n")
    refused = run(repo, "--source", write_list(repo), "--whole-repo")
    assert (refused.status, "--whole-repo is about tags" in refused.err) == (2, True)


def test_a_first_record_begins_at_each_components_own_tag(repo):
    """A monorepo that tags its packages alone has no tag of everything to begin at."""
    for tag in ("v1", "v2", "v3"):
        repo.git("tag", "-d", tag)
    (repo.path / "services/invoicing/package.json").write_text('{"name": "@acme/bills"}', "utf-8")
    (repo.path / "package.json").write_text('{"private": true, "workspaces": ["services/*"]}', "utf-8")
    repo.git("add", "package.json", "services/invoicing/package.json", "releasewatch.toml")
    repo.git("commit", "-qm", "Describe it")
    repo.tag("@acme/bills@1.0.0")
    repo.tag("checkout@7.0.0")
    repo.commit("Mend bills", {"services/invoicing/a.py": "mended"})
    repo.tag("@acme/bills@1.1.0")
    planned = run_here("deployment", "plan", "--environment", "production", "--format", "json", cwd=repo.path)
    assert planned.status == 0, planned.err
    one, other = "@acme/bills@1.0.0, the nearest earlier tag of shop/invoicing", "checkout@7.0.0, the nearest earlier"
    assert f"First deployment of 2 cells: compared with {one}, {other} tag of shop/checkout." in planned.err
    assert "First deployment of 1 cell: compared with nothing" in planned.err
    assert "Name it: deployment record --from REV; or bring its past first:\n" in planned.err
    touched = {one["key"]: one["changes"] for one in planned.document["components"]}
    assert touched == {"shop/invoicing": 1, "shop/checkout": 0}
    given = run_here(
        *("deployment", "record", "--dry-run", "--environment", "production", "--from", "checkout@7.0.0"),
        *("--component", "invoicing"),
        cwd=repo.path,
    )
    assert "compared with checkout@7.0.0 (--from)" in given.err
    assert "Did something run there before?" not in given.err


def test_the_document_tells_all(repo):
    rows = (f"{repo.sha('v1')},2026-02-01", "nothing,2026-02-02")
    done = run(repo, "--source", write_list(repo, *rows), "--environment", "production", "--format", "json")
    assert done.status == 0, done.err
    assert done.document["import"] == {
        "source": "file",
        "file": "past.csv",
        "read": 2,
        "recorded": 1,
        "already_recorded": 0,
        "rejected": 1,
        "left_out": [],
        "written": True,
    }
    (one,) = done.document["deployments"]
    assert (one["id"], one["opened_at"], one["kind"]) == ("D-1", "2026-02-01T00:00:00Z", "initial")
    (refused,) = done.document["rejected"]
    assert (refused["file"], refused["line"], refused["column"], refused["tag"]) == ("past.csv", 3, "head", None)
    assert refused["reason"].startswith("No commit is called 'nothing'")


def test_strict_stops_at_a_bad_row_and_writes_nothing(repo):
    name = write_list(repo, f"{repo.sha('v1')},2026-02-01", f"{repo.sha('v2')},")
    done = run(repo, "--source", name, "--environment", "production", "--strict")
    assert done.status == 1
    assert "past.csv:3: finished_at is empty" in done.out
    assert "Nothing was imported: --strict stops at rejected rows." in done.err
    assert not (repo.path / ".releasewatch").exists()
    name = write_list(repo, f"{repo.sha('v1')},2026-02-01", f"{repo.sha('v2')},2026-02-02")
    assert run(repo, "--source", name, "--environment", "production", "--strict").status == 0
    assert len(listed(repo)) == 2


def test_a_dry_run_leaves_nothing_behind(repo):
    done = run(repo, *TAGS, "--dry-run", "--format", "json")
    assert [one["id"] for one in done.document["deployments"]] == [None] * 3
    assert (done.document["import"]["recorded"], done.document["import"]["written"]) == (3, False)
    assert not (repo.path / ".releasewatch").exists()


def test_a_guard_of_the_catalog_is_passed_with_a_word(repo):
    (repo.path / "releasewatch.toml").write_text(CONFIG + '[catalog]\nunmapped = "fail"\n', "utf-8")
    repo.commit(files={"tools/x": "1"})
    repo.tag("v4")
    done = run(repo, *TAGS)
    assert "tag v4: 1 changed path belongs to no component" in done.out
    accepted = run(repo, *TAGS, "--accept", "unmapped", "--why", "before the catalog", "--format", "json")
    assert accepted.document["import"]["recorded"] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--source", "tags"), "A tag does not say where it was deployed."),
        (("--source", "past.csv", "--tags", "v*"), "--tags chooses among tags, and a file is read."),
        (("--source", "nothing.csv", "--environment", "production"), "nothing.csv cannot be read"),
        ((*TAGS, "--tags", "w*"), "No tag here is called 'w*'"),
        (("--source", "bad.csv", "--environment", "production"), "bad.csv lacks the column finished_at"),
    ],
)
def test_a_wrong_call_says_what_to_do(repo, words, message):
    (repo.path / "bad.csv").write_text("head,when\n", "utf-8")
    done = run(repo, *words)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert not (repo.path / ".releasewatch").exists()


def test_progress_is_shown_on_a_terminal_only(repo):
    assert "Recording" in run_on_terminal(*IMPORT, *TAGS, cwd=repo.path)
    assert "Recording" not in run(repo, *TAGS).err
