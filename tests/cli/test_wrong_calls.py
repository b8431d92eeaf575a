"""A step whose words are wrong loses nothing: they wait, somebody says what was meant, or throws them away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.spool import from_line
from tests.support.command import run_here
from tests.support.spooling import RECORD, RUN, SPOOL, files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repos import RepoBuilder

STEP = ("deployment", "record", "--format", "json", *SPOOL, "--spool-errors")
TO = ("--environment", "production")


def here(shop: RepoBuilder, *words: str, cwd: Path | None = None, **env: str) -> Any:
    return run_here(*words, cwd=cwd or shop.path, env={**RUN, **env})


def kept(shop: RepoBuilder, *words: str, **env: str) -> Any:
    """Call the step with something that is wrong; what it says of the record that it keeps."""
    done = here(shop, *STEP, *words, **env)
    assert done.status == 0, done.err
    (file,) = files(shop)
    assert file.read_text().strip() in done.err or "actor" in from_line(file.read_text()).said
    return done.document["spooled"]


def flush(shop: RepoBuilder, *words: str, cwd: Path | None = None) -> Any:
    return here(shop, "spool", "flush", "--format", "json", *words, cwd=cwd)


def shown(shop: RepoBuilder, done: Any) -> Any:
    """The deployment that a flush has recorded, and no other."""
    assert (done.status, done.document["kept"]) == (0, []), done.out
    assert files(shop) == []
    (one,) = done.document["recorded"]
    return here(shop, "deployment", "show", one["deployment"], "--format", "json").document["deployment"]


LONG = "v" * 300

WRONG = {
    "status": ((*TO, "--status", "soon"), {}, "status=failed", {"status": "failed"}),
    "status variable": (TO, {"RELEASEWATCH_RECORD_STATUS": "skipped"}, "status=cancelled", {"status": "cancelled"}),
    "no status at all": ((*TO, "--status"), {}, "status=failed", {"status": "failed"}),
    "newline": (("--environment", "prod\nuction"), {}, "environment=production", {"environment": "production"}),
    "no environment": ((), {}, "environment=production", {"environment": "production"}),
    "release": ((*TO, "--release", LONG), {}, "release=v1", {"release": "v1"}),
    "timeout": ((*TO, "--release", "v1", "--timeout", "abc"), {}, "", {"release": "v1"}),
    "option": ((*TO, "--no-such", "thing", "--release", "v1"), {}, "no-such=", {"release": "v1"}),
    "slip of the pen": (("--enviroment", "production"), {}, "environment=production", {"environment": "production"}),
    "stray word": ((*TO, "eu"), {}, "arguments=", {"environment": "production"}),
    "component": ((*TO, "--component", "nothing"), {}, "component=invoicing", {"environment": "production"}),
    "commit": ((*TO, "--head", "nothing"), {}, "head={sha}", {"environment": "production"}),
    "why": ((*TO, "--why", "because"), {}, "why=", {"environment": "production"}),
    "kind": ((*TO, "--kind", "depoly"), {}, "kind=deploy", {"environment": "production"}),
    "started": ((*TO, "--started-at", "2999-01-01T00:00:00Z"), {}, "started-at=", {"environment": "production"}),
    "region": ((*TO, "--region", "*"), {}, "region=eu", {"environment": "production"}),
    "left by Azure": (("--environment", "$(ENV)"), {}, "environment=production", {"environment": "production"}),
    "left by GitLab": (
        (),
        {"RELEASEWATCH_CI_ENVIRONMENT": "$X"},
        "environment=production",
        {"environment": "production"},
    ),
    "regions left": (TO, {"RELEASEWATCH_RECORD_REGIONS": "eu ${REGION}"}, "region=eu", {"environment": "production"}),
    "component left": ((*TO, "--component", "{{ part }}"), {}, "component=invoicing", {"environment": "production"}),
    "key left": ((*TO, "--key", "run-$(Build.BuildId)"), {}, "key=run-1", {"key": "run-1"}),
    "release left": ((*TO, "--release", "$(Build.BuildNumber)"), {}, "release=v1", {"release": "v1"}),
}


@pytest.mark.parametrize(("words", "env", "anew", "then"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_waits_until_somebody_says_what_was_meant(shop, words, env, anew, then):
    sha = shop.commit("fix: one", {"services/invoicing/c.py": "1"})
    strict = here(shop, "deployment", "record", *words, **env)
    assert (strict.status, files(shop)) == (2, [])
    told = kept(shop, *words, **env)
    shop.commit("fix: later", {"services/invoicing/c.py": "2"})
    (item,) = here(shop, "spool", "list", "--format", "json").document["spooled"]
    assert (item["id"], item["because"]) == (told["id"], told["because"]["code"])
    assert item["fault"]
    assert item["fault"] in here(shop, "spool", "list").out
    if anew:
        stays = flush(shop)
        assert (stays.status, len(files(shop))) == (3, 1)
        (one,) = stays.document["kept"]
        assert f"--set {told['id']}:" in one["hint"]
        assert f"spool drop {told['id']}" in one["hint"]
    set_ = ("--set", f"{told['id']}:{anew.format(sha=sha)}") if anew else ()
    found = shown(shop, flush(shop, *set_))
    assert {name: found[name] for name in then} == then
    assert found["head"] == sha


def test_a_mended_call_is_the_record_that_the_step_would_have_made(shop):
    """The same key, the same instants; recorded once, in the order of the deployments."""
    shop.commit("fix: one", {"services/invoicing/c.py": "1"})
    told = kept(shop, *TO, "--status", "soon", "--region", "eu")
    late = flush(shop, "--set", f"{told['id']}:status=succeeded")
    found = shown(shop, late)
    assert found["finished_at"] == told["spooled_at"]
    again = here(shop, *RECORD, "--region", "eu").document["deployment"]
    assert (again["id"], again["already_recorded"]) == (found["id"], True)


def test_a_wrong_call_in_a_job_without_a_clone(shop, tmp_path):
    """CI says which commit it was; the catalog is read when it is recorded."""
    empty, spool = tmp_path / "empty", {"RELEASEWATCH_SPOOL_DIR": str(shop.path / ".releasewatch" / "spool")}
    empty.mkdir()
    words = (*STEP, *TO, "--status", "soon")
    assert here(shop, *words, cwd=empty, RELEASEWATCH_CI_SHA=shop.head, **spool).status == 0
    (file,) = files(shop)
    id_ = from_line(file.read_text()).id
    assert shown(shop, flush(shop, "--set", f"{id_}:status=failed"))["head"] == shop.head
    assert here(shop, *words, cwd=empty, **spool).status == 0
    (file,) = files(shop)
    id_ = from_line(file.read_text()).id
    stays = flush(shop, "--set", f"{id_}:status=failed")
    assert stays.document["kept"][0]["reason"] == "Nobody knows which commit it was: the pipeline called it 'HEAD'."
    mends = ("--set", f"{id_}:status=failed", "--set", f"{id_}:head={shop.head[:10]}")
    assert shown(shop, flush(shop, *mends))["head"] == shop.head


def test_what_finish_and_start_were_given_wrongly(shop):
    told = here(shop, "deployment", "finish", "--format", "json", *SPOOL, "--spool-errors", *TO).document["spooled"]
    assert told["because"]["message"].startswith("Missing option '--status'")
    assert shown(shop, flush(shop, "--set", f"{told['id']}:status=failed"))["status"] == "failed"
    words = (
        "deployment",
        "start",
        "--format",
        "json",
        *SPOOL,
        "--spool-errors",
        *TO,
        "--ring",
        "[a]",
        "--region",
        "us",
    )
    told = here(shop, *words).document["spooled"]
    assert told["status"] == "running"
    assert shown(shop, flush(shop, "--set", f"{told['id']}:ring=early"))["status"] == "running"


def test_several_values_and_what_cannot_be_set(shop):
    told = kept(shop, *TO, "--status", "soon")
    good = f"{told['id']}:status=failed"
    for wrong in ("soon", f"{told['id']}:status", ":status=failed", "0000:status=failed", f"{told['id']}:timeout=3"):
        assert flush(shop, "--set", wrong).status == 2, wrong
    stays = flush(shop, "--set", f"{told['id']}:status=late")
    assert (stays.status, "'late' is not one of" in stays.document["kept"][0]["reason"]) == (3, True)
    regions = ("--set", f"{told['id']}:region=eu", "--set", f"{told['id']}:region=us")
    found = shown(shop, flush(shop, "--set", good, *regions))
    assert [one["region"] for one in found["targets"]] == ["eu", "us"]


def test_what_was_not_wrong_is_not_said_anew(shop):
    """--set on a record that the ledger alone kept back says that it waits, and what may be done with it."""
    away = {"RELEASEWATCH_DATABASE_URL": "postgresql://127.0.0.1:1/ledger"}
    id_ = here(shop, *RECORD, *SPOOL, **away).document["spooled"]["id"]
    refused = flush(shop, "--set", f"{id_}:status=failed")
    assert (refused.status, refused.error["code"]) == (2, "invalid_call")
    assert refused.error["message"] == f"{id_} waits, and its call was not wrong: --set says anew what was wrong alone."
    assert f"spool drop {id_} --why" in refused.error["hint"]
    assert len(files(shop)) == 1


def test_the_flush_says_what_was_recorded_not_what_was_wrong(shop):
    told = kept(shop, "--environment", "prod\nuction")
    (line,) = here(shop, "spool", "flush", "--set", f"{told['id']}:environment=production").out.splitlines()
    assert line == f"{told['id']} of shop to production is D-3."


def test_nothing_that_may_be_a_secret_is_kept(shop):
    secret = "canary-7f3a"
    told = kept(
        shop,
        *TO,
        "--databse",
        f"postgresql://ada:{secret}@h/l",
        f"--token={secret}",
        "--url",
        f"https://ada:{secret}@ci.example.org/7?token={secret}",
        "--clone",
        f"https://{secret}@git.example.org/acme/shop",
        "--actor",
        "Ada Example",
        secret,
        secret,
    )
    (file,) = files(shop)
    record = from_line(file.read_text())
    assert secret not in repr(record)
    assert record.said["call"]["unknown"] == {"databse": "", "token": "", "arguments": ""}
    assert record.said["actor"] == "Ada Example"
    assert "Ada Example" not in repr(record.said["call"]) + json.dumps(told)


def test_a_secret_in_a_database_url_that_is_refused_is_not_kept(shop):
    kept(shop, *TO, "--database", "postgresql://ada:canary-7f3a@127.0.0.1:1/ledger")
    (file,) = files(shop)
    assert "canary-7f3a" not in repr(from_line(file.read_text()))


def test_only_the_step_keeps_a_wrong_call(shop):
    for words in (SPOOL, (*SPOOL, "--spool-errors", "--dry-run"), ("--spool-errors",)):
        assert here(shop, "deployment", "record", *TO, *words, "--status", "soon").status == 2
    assert here(shop, *STEP, "--help").status == 0
    assert files(shop) == []


def test_a_guard_that_asks_for_a_word_keeps_it_too(shop):
    config = (shop.path / "releasewatch.toml").read_text()
    config = config.replace("[catalog]", '[catalog]\nunmapped = "fail"') if "[catalog]" in config else config
    if "unmapped" not in config:
        config += '\n[catalog]\nunmapped = "fail"\n'
    assert here(shop, *RECORD, RELEASEWATCH_CI_RUN="1").status == 0
    shop.commit("fix: one", {"releasewatch.toml": config, "nowhere/x.bin": "1"})
    told = kept(shop, *TO)
    assert told["because"]["code"] == "refused"
    stays = flush(shop).document["kept"][0]
    assert f"--set {told['id']}:OPTION=VALUE" in stays["hint"]
    id_ = told["id"]
    shown(shop, flush(shop, "--set", f"{id_}:accept=unmapped", "--set", f"{id_}:why=a tool of ours"))


def test_what_went_wrong_after_the_record_was_made_keeps_nothing(shop, monkeypatch):
    def break_down(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("releasewatch.cli.deployment.leave", break_down)
        assert here(shop, *STEP, *TO).status == 70
    assert files(shop) == []


def gone(shop: RepoBuilder, folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the step in a folder that is deleted before it begins."""
    folder.mkdir(parents=True, exist_ok=True)
    program = ["sh", "-c", 'exec "$@"', "sh", sys.executable, "-P", "-m", "releasewatch", *STEP, *TO, *words]
    return subprocess.run(
        ["sh", "-c", 'cd "$1" && shift && rmdir "$PWD" && exec "$@"', "sh", str(folder), *program],
        env={**os.environ, **RUN, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_folder_that_was_deleted_under_the_step(shop, tmp_path):
    """In a clone the record waits in the clone's spool; elsewhere where a variable says; else the log holds it."""
    within = gone(shop, shop.path / "build" / "out")
    assert within.returncode == 0, within.stderr
    assert "The folder that this runs in was deleted." in within.stderr
    assert "Traceback" not in within.stderr
    assert shown(shop, flush(shop))["head"] == shop.head
    told = {"RELEASEWATCH_CI_SHA": shop.head}
    named = gone(shop, tmp_path / "a" / "b", RELEASEWATCH_SPOOL_DIR=str(shop.path / ".releasewatch" / "spool"), **told)
    assert (named.returncode, len(files(shop))) == (0, 1), named.stderr
    assert shown(shop, flush(shop))["head"] == shop.head
    nowhere = gone(shop, tmp_path / "c" / "d", "--region", "us", **told)
    assert (nowhere.returncode, files(shop)) == (0, []), nowhere.stderr
    assert "Nothing but the line above holds the record." in nowhere.stderr
    (tmp_path / "log").write_text(nowhere.stderr)
    assert shown(shop, flush(shop, "--from-log", str(tmp_path / "log")))["head"] == shop.head


def test_a_record_that_is_dropped(shop, tmp_path):
    """It is gone from the spool and not taken from a log again; what it held, by whom and why, is kept beside."""
    done = here(shop, *STEP, *TO, "--status", "soon")
    log = tmp_path / "log"
    log.write_text(done.err)
    id_ = done.document["spooled"]["id"]
    folder = shop.path / ".releasewatch" / "spool"
    (folder / "broken.spool").write_text("junk")
    for wrong in (("0000",), (id_, "0000"), (id_, "--why", " ")):
        why = () if "--why" in wrong else ("--why", "a trial")
        assert here(shop, "spool", "drop", *wrong, *why).status == 2
    assert here(shop, "spool", "drop", id_).status == 2
    assert len(files(shop)) == 2
    dropped = here(shop, "spool", "drop", id_, "broken.spool", "--why", "a trial", "--by", "olga", "--format", "json")
    assert [one["id"] for one in dropped.document["dropped"]] == [id_, "broken.spool"]
    assert files(shop) == []
    first, second = ((folder / "dropped.jsonl").read_text()).splitlines()
    kept_of_it = json.loads(first)
    assert (kept_of_it["id"], kept_of_it["why"], kept_of_it["by"]) == (id_, "a trial", "olga")
    assert from_line(kept_of_it["held"]).id == id_
    assert json.loads(second)["held"] == "junk"
    assert (folder / "dropped.jsonl").stat().st_mode & 0o777 == 0o600
    again = flush(shop, "--from-log", str(log))
    assert (again.status, again.document["recorded"], again.document["kept"]) == (0, [], [])
    assert "was dropped here" in again.err


def test_a_release_that_waited_is_read_from_the_ledger_inside_a_clone_too(shop, tmp_path):
    """The clone knows no commit of that name; a tag of it does not go before what the build recorded."""
    built = shop.commit("fix: built", {"services/invoicing/c.py": "1"})
    assert here(shop, "release", "record", "--release", "v404").status == 0
    shop.commit("fix: later", {"services/invoicing/c.py": "2"})
    empty, spool = tmp_path / "empty", {"RELEASEWATCH_SPOOL_DIR": str(shop.path / ".releasewatch" / "spool")}
    empty.mkdir()
    away = {"RELEASEWATCH_DATABASE_URL": "postgresql://127.0.0.1:1/ledger", **spool}
    words = ("--component", "shop/invoicing", "--release", "v404")
    assert here(shop, *RECORD, *SPOOL, *words, cwd=empty, **away).status == 0
    shop.git("tag", "v404")
    found = shown(shop, flush(shop))
    assert (found["release"], found["head"]) == ("v404", built)


def test_time_that_runs_out_at_once_finds_all_that_is_needed_loaded(shop):
    """An alarm in the middle of an import would leave modules half made, and the record could not be kept."""
    words = (*RECORD, *SPOOL, "--timeout", "0.001")
    program = [sys.executable, "-m", "releasewatch", *words]
    done = subprocess.run(
        program, cwd=shop.path, env={**os.environ, **RUN}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["spooled"]["because"]["code"] == "timed_out"
    assert shown(shop, flush(shop))["head"] == shop.head
