"""`doctor`: each trouble is one line with its cure, and no trouble ends the examination."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import insert, text

from releasewatch.config import LedgerAddress, parse_config
from releasewatch.errors import OutsideFailedError
from releasewatch.integrations.ci import recognise, variables_used
from releasewatch.integrations.git_depth import CloneDepth
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.migrate import HEAD, VERSION_TABLE
from releasewatch.storage.types import OPEN_END, OPEN_START
from releasewatch.usecases import doctor
from tests.support.command import bound_by_permissions, run_command
from tests.support.ledgers import new_ledger
from tests.support.repos import RepoBuilder, run_git

if TYPE_CHECKING:
    from tests.support.command import Finished

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)

CONFIG = b"""
[components.cart]
paths = ["cart/**"]
[directory.crm]
kind = "csv"
customers = "customers.csv"
entitlements = "entitlements.csv"
"""

SHALLOW = "Clone with full history and without contents: fetch-depth: 0 and filter: blob:none (--filter=blob:none)."


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    """A repo with a configuration and three commits."""
    repo = RepoBuilder(tmp_path / "shop")
    (repo.path / "releasewatch.toml").write_bytes(CONFIG)
    repo.git("add", "releasewatch.toml")
    for number in range(3):
        repo.git("commit", "-q", "--allow-empty", "-m", f"Commit {number}")
    return repo


def states(done: Finished) -> dict[str, str]:
    return {one["name"]: one["state"] for one in done.document["checks"]}


def found(done: Finished, name: str) -> tuple[str, str, str | None]:
    (one,) = (one for one in done.document["checks"] if one["name"] == name)
    assert set(one) == {"name", "state", "text", "hint"}
    return one["state"], one["text"], one["hint"]


def examine(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Finished:
    done = run_command("doctor", "--format", "json", *arguments, cwd=folder, env=env)
    assert (done.err, done.document["schema"]) == ("", 1)
    return done


# The command


def test_a_repo_before_its_first_deployment(shop: RepoBuilder) -> None:
    done = examine(shop.path)
    assert done.status == 0
    assert states(done) == {
        "config": "ok",
        "ledger": "ok",
        "spool": "ok",
        "git": "ok",
        "ci": "ok",
        "forge": "ok",
        "templates": "ok",
        "directory crm": "warn",
    }
    assert found(done, "config")[1] == "releasewatch.toml: 1 component"
    assert found(done, "directory crm")[1] == "imported: customers never, entitlements never"
    assert not (shop.path / ".releasewatch").exists(), "an examination makes no ledger"


def test_people_get_a_line_each_and_what_to_do(shop: RepoBuilder) -> None:
    done = run_command("doctor", cwd=shop.path)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "ok    config: releasewatch.toml: 1 component"
    assert lines[-2:] == [
        "warn  directory crm: imported: customers never, entitlements never",
        "      Run: releasewatch customer import",
    ]


@pytest.mark.parametrize(("config", "status"), [(CONFIG, 1), (b"[components.cart\n", 1)], ids=["warn", "fail"])
def test_what_is_found_fails_a_step_only_when_asked(shop: RepoBuilder, config: bytes, status: int) -> None:
    (shop.path / "releasewatch.toml").write_bytes(config)
    assert examine(shop.path).status == 0
    assert examine(shop.path, "--strict").status == status


def test_a_broken_configuration_is_told_once_and_the_rest_is_examined(shop: RepoBuilder) -> None:
    (shop.path / "releasewatch.toml").write_text('[catalog]\nunmaped = "all"\n')
    done = examine(shop.path)
    assert states(done) == {
        "config": "fail",
        "ledger": "fail",
        "organisation": "fail",
        "spool": "ok",
        "git": "ok",
        "ci": "ok",
        "forge": "fail",
        "templates": "ok",
        "mail": "fail",
        "directories": "fail",
        "notify templates": "fail",
        "notify": "fail",
    }
    assert 'did you mean "unmapped"' in found(done, "config")[1]
    assert found(done, "ledger")[1:] == ("not looked at, because of what config says", None)


def test_a_shallow_clone_is_told_with_its_cure(shop: RepoBuilder, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", "--depth", "2", shop.url, "clone")
    state, words, hint = found(examine(tmp_path / "clone"), "git")
    assert (state, hint) == ("warn", SHALLOW)
    assert "this clone is shallow: it holds 2 commits of HEAD" in words


@pytest.mark.parametrize(("left_out", "state"), [("blob:none", "ok"), ("tree:0", "warn")])
def test_a_partial_clone_may_leave_out_contents_only(
    shop: RepoBuilder, tmp_path: Path, left_out: str, state: str
) -> None:
    run_git(tmp_path, "clone", "-q", f"--filter={left_out}", shop.url, "clone")
    assert found(examine(tmp_path / "clone"), "git")[0] == state


def test_a_repo_without_commits_and_no_repo_at_all(tmp_path: Path) -> None:
    RepoBuilder(tmp_path / "new")
    assert found(examine(tmp_path / "new"), "git")[0] == "warn"
    (tmp_path / "plain").mkdir()
    done = examine(tmp_path / "plain")
    assert found(done, "git")[0] == "fail"
    assert found(done, "config")[0] == "warn"


def test_git_that_is_missing_is_told(shop: RepoBuilder, tmp_path: Path) -> None:
    state, words, hint = found(examine(shop.path, env={"PATH": str(tmp_path)}), "git")
    assert (state, words) == ("fail", "git is needed to read history, and there is no git on PATH.")
    assert hint


def test_a_file_on_a_ci_runner_is_pointed_out_with_the_line_that_mends_it(shop: RepoBuilder) -> None:
    github = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ID": "77",
        "GITHUB_RUN_ATTEMPT": "2",
        "GITHUB_SHA": shop.head,
        "GITHUB_ACTOR": "ada-canary",
    }
    done = examine(shop.path, env=github)
    state, words, hint = found(done, "ledger_kept")
    assert state == "warn"
    assert words == f"sqlite:///{shop.path}/.releasewatch/ledger.db is a file on a CI runner and is lost with it"
    assert hint == "Set RELEASEWATCH_DATABASE_URL=postgresql://USER@HOST/DATABASE from the CI's secrets."
    state, words, _ = found(done, "ci")
    assert state == "ok"
    assert words.startswith("github-actions: run 77 (GITHUB_RUN_ID), attempt 2 (GITHUB_RUN_ATTEMPT), sha ")
    assert "actor (GITHUB_ACTOR)" in words
    assert "canary" not in done.out


def test_a_server_that_is_down_is_told_without_its_password(shop: RepoBuilder) -> None:
    env = {"RELEASEWATCH_DATABASE_URL": "postgresql://ada:canary-7f3a@127.0.0.1:1/ledger"}
    done = examine(shop.path, env=env)
    assert done.status == 0
    assert found(done, "ledger")[:2] == ("fail", "The ledger 127.0.0.1:1/ledger cannot be reached.")
    assert found(done, "directories")[1] == "not looked at, because of what ledger says"
    assert "canary" not in done.out


def test_a_place_that_may_not_be_written_is_told(shop: RepoBuilder) -> None:
    (shop.path / "closed").mkdir(mode=0o500)
    words = ["doctor", "--format", "json", "--database", "closed/ledger.db"]
    done = run_command(*words, cwd=shop.path, through=bound_by_permissions())
    assert found(done, "ledger_file")[:2] == ("fail", f"{shop.path}/closed may not be written by this user")


# What is looked at, one by one


def address(url: str) -> LedgerAddress:
    file = url.removeprefix("sqlite:///") if url.startswith("sqlite") else None
    return LedgerAddress(Secret(url), url.replace("+psycopg", ""), "flag", Path(file) if file else None)


def ledger_state(url: str) -> tuple[str, str]:
    one = doctor.check_ledger(address(url), is_lost=False)[0]
    return one.state, one.hint


def test_a_ledger_of_each_schema(ledger_url: str) -> None:
    is_file = ledger_url.startswith("sqlite")
    upgrade = ("ok", "") if is_file else ("fail", "Run: releasewatch db upgrade")
    assert ledger_state(ledger_url) == upgrade
    ledger = new_ledger(ledger_url)
    assert ledger_state(ledger_url) == ("ok", "")
    for version, expected in (
        ("0000", upgrade),
        ("9999", ("fail", "Upgrade releasewatch here to the version that wrote it.")),
    ):
        with ledger.write() as connection:
            connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{version}'"))
        assert ledger_state(ledger_url) == expected
    with ledger.read() as connection:
        assert connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) == "9999", "nothing was changed"


def test_a_ledger_that_others_may_read_is_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    new_ledger(f"sqlite:///{path}").close()
    assert len(doctor.check_ledger(address(f"sqlite:///{path}"), is_lost=False)) == 1
    path.chmod(0o640)
    _, one = doctor.check_ledger(address(f"sqlite:///{path}"), is_lost=False)
    assert (one.name, one.state, one.hint) == ("ledger_file", "warn", f"Run: chmod 600 {path}")


@pytest.mark.parametrize(
    ("environ", "state", "said"),
    [
        ({}, "ok", "no CI system recognised"),
        ({"CI": "true"}, "warn", "generic; it does not say run and sha"),
        (
            {"CI": "true", "RELEASEWATCH_CI_SHA": "abc"},
            "warn",
            "generic: sha abc (RELEASEWATCH_CI_SHA); it does not say run",
        ),
        (
            {"JENKINS_URL": "https://ci.example", "BUILD_TAG": "b-1", "GIT_COMMIT": "abc"},
            "ok",
            "jenkins: run b-1 (BUILD_TAG)",
        ),
    ],
)
def test_what_a_ci_system_says(environ: dict[str, str], state: str, said: str) -> None:
    facts = recognise(environ)
    (one,) = doctor.check_ci(facts, variables_used(facts, environ) if facts else {})
    assert one.state == state
    assert said in one.text
    assert ("RELEASEWATCH_CI_RUN" in one.hint) == ("does not say run" in one.text)


def test_templates_that_did_not_come_along_are_told(tmp_path: Path) -> None:
    (one,) = doctor.check_templates(tmp_path)
    assert (one.state, one.hint) == ("fail", "Install releasewatch again.")


@pytest.mark.parametrize(
    ("depth", "state"),
    [
        (CloneDepth("2.39.5", has_commits=True, is_shallow=False), "ok"),
        (CloneDepth("2.39.5", has_commits=True, is_shallow=False, left_out="blob:limit=1k"), "warn"),
        (CloneDepth("2.39.5", has_commits=True, is_shallow=True, commits=1), "warn"),
    ],
)
def test_a_clone_is_judged_by_what_it_holds(depth: CloneDepth, state: str) -> None:
    (one,) = doctor.check_git(depth)
    assert one.state == state
    assert one.text.startswith("git 2.39.5")


def imported(url: str, **ages: timedelta) -> None:
    """Record an import of each kind, so long before NOW."""
    row = {"directory": "crm", "digest": "", "mode": "snapshot", "read": 0, "added": 0, "changed": 0, "ended": 0}
    with new_ledger(url).write() as connection:
        for kind, age in ages.items():
            connection.execute(insert(t.import_run).values(**row, kind=kind, rejected=0, recorded_at=NOW - age))


def facts_of(url: str) -> dict[str, doctor.Check]:
    checks = doctor.check_facts(Secret(url), parse_config(CONFIG, "releasewatch.toml"), NOW)
    return {one.name: one for one in checks}


WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("ages", "state", "said"),
    [
        (
            {"customers": timedelta(minutes=3), "entitlements": timedelta(hours=5)},
            "ok",
            "customers within the last hour, entitlements 5 hours ago",
        ),
        ({"customers": WEEK, "entitlements": WEEK}, "ok", "customers 7 days ago, entitlements 7 days ago"),
        ({"customers": WEEK + timedelta(seconds=1), "entitlements": timedelta(0)}, "warn", "customers 7 days ago"),
        ({"customers": timedelta(hours=1)}, "warn", "customers 1 hour ago, entitlements never"),
    ],
)
def test_a_directory_that_was_imported_long_ago_is_pointed_out(
    tmp_path: Path, ages: dict[str, timedelta], state: str, said: str
) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    imported(url, **ages)
    one = facts_of(url)["directory crm"]
    assert one.state == state
    assert said in one.text


def test_the_newest_import_counts(ledger_url: str) -> None:
    imported(ledger_url, customers=WEEK * 5, entitlements=WEEK * 5)
    assert facts_of(ledger_url)["directory crm"].state == "warn"
    imported(ledger_url, customers=timedelta(0), entitlements=timedelta(0))
    assert facts_of(ledger_url)["directory crm"].state == "ok"


def test_entitlements_that_wait_are_counted(ledger_url: str) -> None:
    ledger = new_ledger(ledger_url)
    assert facts_of(ledger_url)["entitlements"].state == "ok"
    number = uuid4()
    row = {
        "customer_id": number,
        "environment": "",
        "region": "",
        "ring": "",
        "recorded_from": OPEN_START,
        "valid_from": OPEN_START,
        "recorded_to": OPEN_END,
        "valid_to": OPEN_END,
    }
    with ledger.write() as connection:
        connection.execute(
            insert(t.customer).values(customer_id=number, directory="crm", key="acme-canary", recorded_at=OPEN_START)
        )
        for subject, version in (("crat", ""), ("crat", "v1"), ("product:gone", "")):
            connection.execute(insert(t.entitlement).values(**row, subject=subject, version=version))
        ended = row | {"valid_to": NOW}
        connection.execute(insert(t.entitlement).values(**ended, subject="ended", version=""))
    one = facts_of(ledger_url)["entitlements"]
    assert (one.state, one.text) == ("warn", "3 entitlements wait for crat, product:gone, not in the ledger")
    assert "canary" not in one.text


def test_an_environment_without_a_tier_is_pointed_out_once_it_is_used(shop: RepoBuilder) -> None:
    words = ["deployment", "record", "--environment", "blue", "--quiet"]
    assert run_command(*words, cwd=shop.path).status == 0
    state, said, hint = found(examine(shop.path), "environments")
    assert (state, said.split(":")[0]) == ("warn", "blue of tier other")
    assert hint
    with (shop.path / "releasewatch.toml").open("a") as file:
        file.write('[environments.blue]\ntier = "staging"\n')
    assert run_command(*words, cwd=shop.path).status == 0
    assert found(examine(shop.path), "environments")[0] == "ok"


def test_only_errors_of_ours_are_findings() -> None:
    def fails() -> list[doctor.Check]:
        raise OutsideFailedError("It is down.", "Wait.")

    def is_wrong() -> list[doctor.Check]:
        raise ZeroDivisionError

    assert doctor.examine([("one", fails), ("two", fails)]) == [
        doctor.Check("one", "fail", "It is down.", "Wait."),
        doctor.Check("two", "fail", "not looked at, because of what one says"),
    ]
    with pytest.raises(ZeroDivisionError):
        doctor.examine([("bug", is_wrong)])


def test_the_schema_of_a_good_ledger_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    new_ledger(url).close()
    assert doctor.check_ledger(address(url), is_lost=False)[0].text == f"{url}, schema {HEAD}"
