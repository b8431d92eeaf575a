"""A step is never in the way: what a broken config, git, a bug or a signal keeps from the ledger is recorded later."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.spool import MARK, from_line
from tests.cli.test_broken_off import wait_until_it_waits
from tests.support.command import run_here
from tests.support.holding import lock_held, started
from tests.support.spooling import RECORD, RUN, SPOOL, files, ledger_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repos import RepoBuilder

ERRORS = (*SPOOL, "--spool-errors")
AWAY = "postgresql://127.0.0.1:1/ledger"


def here(shop: RepoBuilder, *words: str, cwd: Path | None = None, **env: str) -> Any:
    return run_here(*words, cwd=cwd or shop.path, env={**RUN, **env})


def flushed(shop: RepoBuilder, *words: str) -> Any:
    """Flush what waits; the one record that it was."""
    done = here(shop, "spool", "flush", "--format", "json", *words)
    assert (done.status, done.document["kept"]) == (0, []), done.out
    (one,) = done.document["recorded"]
    assert files(shop) == []
    return one


@pytest.mark.parametrize("text", ["[releasewatch\n", '[components.a]\npats = ["x"]\n'], ids=["syntax", "key"])
def test_a_broken_config(shop, tmp_path, text):
    shop.commit("fix: one", {"services/invoicing/c.py": "1"})
    config = shop.path / "releasewatch.toml"
    sound, output = config.read_text(), tmp_path / "output"
    config.write_text(text)
    strict = here(shop, *RECORD, *SPOOL)
    assert (strict.status, strict.error["code"], files(shop)) == (2, "invalid_config", [])
    done = here(shop, *RECORD, *ERRORS, "--actor", "ada", GITHUB_OUTPUT=str(output))
    assert done.status == 0, done.err
    assert done.document["spooled"]["because"]["code"] == "invalid_config"
    (file,) = files(shop)
    kept, told, put = (from_line(text) for text in (file.read_text(), done.err, output.read_text()))
    assert (file.stat().st_mode & 0o777, kept.said["actor"], told.said["actor"]) == (0o600, "ada", "")
    assert kept.checksum == told.checksum == put.checksum
    assert done.document["spooled"]["head"] == shop.head
    config.write_text(sound)
    one = flushed(shop)
    again = here(shop, *RECORD).document["deployment"]
    assert (again["id"], again["already_recorded"], again["head"]) == (one["deployment"], True, shop.head)


def test_a_flush_names_the_repo_as_the_settings_do_that_could_not_be_read(shop):
    config = shop.path / "releasewatch.toml"
    sound = config.read_text()
    shop.git("remote", "add", "origin", "https://git.example/acme/web.git")
    config.write_text("[")
    assert here(shop, *RECORD, *ERRORS).document["spooled"]["repo"] == "acme/web"
    config.write_text(sound)
    assert flushed(shop)["repo"] == "shop"


def test_a_config_that_is_broken_at_the_deployed_commit_itself(shop):
    sound = (shop.path / "releasewatch.toml").read_text()
    broken = shop.commit("break it", {"releasewatch.toml": "[", "services/invoicing/c.py": "1"})
    assert here(shop, *RECORD, *ERRORS).status == 0
    shop.commit("mend it", {"releasewatch.toml": sound})
    done = here(shop, "spool", "flush")
    assert (done.status, "The components are read as they stand here." in done.err) == (0, True), done.out
    shown = here(shop, "deployment", "show", "D-3", "--format", "json").document
    assert shown["deployment"]["head"] == broken
    assert "shop/invoicing" in [one["key"] for one in shown["components"]]


def test_a_bug(shop, monkeypatch):
    def break_down(*_: Any) -> None:
        raise ZeroDivisionError("Ada Example, 020 7946 0102")

    with monkeypatch.context() as patch:
        patch.setattr("releasewatch.usecases.recording.record", break_down)
        assert here(shop, *RECORD, *SPOOL).status == 70
        done = here(shop, *RECORD, *ERRORS)
    assert (done.status, done.document["spooled"]["because"]["code"]) == (0, "bug"), done.err
    assert "Its trace: " in done.document["spooled"]["because"]["hint"]
    assert "Ada Example" not in done.out + done.err
    assert flushed(shop)["already_recorded"] is False


def test_what_to_do_about_it_stands_in_the_log(shop, monkeypatch):
    def break_down(*_: Any) -> None:
        raise ZeroDivisionError

    words = (*RECORD, *ERRORS, "--format", "table")
    with monkeypatch.context() as patch:
        patch.setattr("releasewatch.usecases.recording.record", break_down)
        assert "\n  Its trace: " in here(shop, *words).err
    away = here(shop, *words, RELEASEWATCH_DATABASE_URL="postgresql://ada:canary@127.0.0.1:1/x?connect_timeout=1")
    assert "\n  Is the server up" in away.err
    assert "canary" not in away.out + away.err


def test_a_bug_that_comes_first_of_all(shop, monkeypatch):
    """Nothing could be settled: what was said is kept."""

    def break_down(*_: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("releasewatch.usecases.spool.read_task", break_down)
        done = here(shop, *RECORD, *ERRORS)
    assert done.status == 0, done.err
    assert flushed(shop)["already_recorded"] is False


@pytest.mark.parametrize("called", ["", "HEAD", "sha"])
def test_git_that_cannot_be_had(shop, tmp_path, called):
    """The commit is known where CI names it by its sha; else somebody has to say later which one it was."""
    sha = shop.head
    told = {"RELEASEWATCH_CI_SHA": sha if called == "sha" else called} if called else {}
    bare = tmp_path / "bin"
    bare.mkdir()
    strict = here(shop, *RECORD, *SPOOL, PATH=str(bare), **told)
    assert (strict.status, files(shop)) == (3, []), strict.err
    done = here(shop, *RECORD, *ERRORS, PATH=str(bare), **told)
    if called == "sha":
        assert (done.status, done.document["spooled"]["head"]) == (0, sha), done.err
        assert flushed(shop)["already_recorded"] is False
        return
    id_ = done.document["spooled"]["id"]
    assert (done.status, done.document["spooled"]["head"]) == (0, None), done.err
    assert f"give the flush --head {id_}=SHA" in done.err
    shop.commit("fix: later", {"services/invoicing/c.py": "1"})
    stays = here(shop, "spool", "flush", "--format", "json")
    assert (stays.status, len(files(shop))) == (3, 1)
    assert stays.document["kept"][0]["reason"] == "Nobody knows which commit it was: the pipeline called it 'HEAD'."
    for wrong in ("HEAD", f"{id_}=", f"0000={sha}"):
        assert here(shop, "spool", "flush", "--head", wrong).status == 2
    assert flushed(shop, "--head", f"{id_}={sha[:12]}")["already_recorded"] is False
    assert here(shop, "deployment", "show", "D-3", "--format", "json").document["deployment"]["head"] == sha


JUNK = "This is no database. " * 100


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("sqlite:///{shop}/junk.db", "not_a_ledger"),
        ("sqlite:///{shop}", "not_a_ledger"),
        ("mysql://h/ledger", "not_a_ledger"),
        ("env:RELEASEWATCH_ELSEWHERE", "not_a_ledger"),
        ("$(RELEASEWATCH_DATABASE_URL)", "not_a_ledger"),
        ("sqlite:///{shop}/share/ledger.db", "ledger_unavailable"),
    ],
    ids=["junk", "folder", "address", "variable", "not filled in", "no folder"],
)
def test_what_is_no_ledger(shop, url, code):
    (shop.path / "junk.db").write_text(JUNK)
    named = ("--database", url.format(shop=shop.path))
    strict = here(shop, *RECORD, *named)
    assert (strict.status, strict.error["code"], files(shop)) == (2 if code == "not_a_ledger" else 3, code, [])
    done = here(shop, *RECORD, *ERRORS, *named, "-v")
    assert (done.status, done.document["spooled"]["because"]["code"]) == (0, code), done.err
    assert (shop.path / "junk.db").read_text() == JUNK
    assert not (shop.path / "share").exists()
    assert not list(shop.path.glob("[$]*"))
    assert flushed(shop)["already_recorded"] is False


@pytest.mark.parametrize("length", [40, 12])
def test_a_sha_that_this_clone_does_not_know(shop, tmp_path, length):
    """It is shallow, or was made before the push; another one has it."""
    early = shop.clone(tmp_path / "early")
    spool = {"RELEASEWATCH_SPOOL_DIR": str(shop.path / ".releasewatch" / "spool")}
    sha = shop.commit("fix: later", {"services/invoicing/c.py": "1"})
    named = ("--head", sha[:length])
    assert here(early, *RECORD, *SPOOL, *named, **spool).status == 2
    done = here(early, *RECORD, *ERRORS, *named, **spool)
    assert (done.status, done.document["spooled"]["because"]["code"]) == (0, "unknown_name"), done.err
    assert here(early, "spool", "flush", **spool).status == 3
    assert flushed(shop)["already_recorded"] is False
    assert here(shop, "deployment", "show", "D-3", "--format", "json").document["deployment"]["head"] == sha


def test_a_job_without_a_checkout(shop, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    told = {"RELEASEWATCH_CI_SHA": shop.head, "RELEASEWATCH_SPOOL_DIR": str(shop.path / ".releasewatch" / "spool")}
    assert here(shop, *RECORD, *SPOOL, cwd=folder, **told).status == 2
    done = here(shop, *RECORD, *ERRORS, cwd=folder, **told)
    assert (done.status, done.document["spooled"]["head"]) == (0, shop.head), done.err
    assert flushed(shop)["already_recorded"] is False


def test_a_release_without_a_checkout(shop, tmp_path):
    assert here(shop, "release", "record", "--release", "v9").status == 0
    folder, spool = tmp_path / "empty", tmp_path / "spool"
    folder.mkdir()
    words = ("--component", "shop/invoicing", "--release", "v9")
    kept = {"RELEASEWATCH_SPOOL_DIR": str(spool)}
    done = here(shop, *RECORD, *SPOOL, *words, cwd=folder, RELEASEWATCH_DATABASE_URL=AWAY, **kept)
    assert (done.status, done.document["spooled"]["head"]) == (0, None), done.err
    url = f"sqlite:///{ledger_file(shop)}"
    late = here(shop, "spool", "flush", "--format", "json", cwd=folder, RELEASEWATCH_DATABASE_URL=url, **kept)
    assert [one["deployment"] for one in late.document["recorded"]] == ["D-3"], late.out
    shown = here(shop, "deployment", "show", "D-3", "--format", "json").document["deployment"]
    assert (shown["release"], shown["head"]) == ("v9", shop.head)


def test_a_call_that_is_wrong_in_itself_is_kept_by_the_step_alone(shop):
    for words in (("--component", "nothing"), ("--head", "nothing"), ("--status", "soon")):
        assert here(shop, *RECORD, *SPOOL, *words).status == 2
    assert files(shop) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_told_to_end_while_the_ledger_is_locked(shop, number):
    with lock_held(ledger_file(shop)), started(*RECORD, *SPOOL, cwd=shop.path, env=RUN) as process:
        wait_until_it_waits(process)
        process.send_signal(number)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + number, said
    (file,) = files(shop)
    assert file.read_text() in said
    assert flushed(shop)["already_recorded"] is False


def test_a_ledger_that_goes_with_the_runner_leaves_the_record_in_the_log(shop, tmp_path):
    """As where the secret is missing: the record is made in a file of the runner, and would be lost with it."""
    sha = shop.commit("fix: one more", {"services/invoicing/c.py": "1"})
    shutil.move(ledger_file(shop), tmp_path / "kept.db")
    done = here(shop, *RECORD, *ERRORS, "-q")
    assert (done.status, files(shop)) == (0, [])
    made = done.document["deployment"]
    (tmp_path / "job.log").write_text(done.err)
    flush = ("spool", "flush", "--format", "json", "--from-log", str(tmp_path / "job.log"))
    (same,) = here(shop, *flush).document["recorded"]
    assert (same["deployment"], same["already_recorded"]) == (made["id"], True)
    kept = ("--database", f"sqlite:///{tmp_path}/kept.db")
    (one,) = run_here(*flush, *kept, cwd=shop.path).document["recorded"]
    assert (one["deployment"], one["already_recorded"], one["head"]) == ("D-3", False, sha)
    shown = run_here("deployment", "show", "D-3", "--format", "json", *kept, cwd=shop.path).document["deployment"]
    assert (shown["key"], shown["finished_at"]) == (made["key"], made["finished_at"])


@pytest.mark.parametrize("env", [{"CI": ""}, {"JENKINS_URL": "https://j", "JENKINS_HOME": "/j", "BUILD_TAG": "1"}])
def test_one_that_stays_leaves_no_line(shop, env):
    """A machine of one's own, and a Jenkins that keeps its files."""
    done = here(shop, *RECORD, *ERRORS, **env)
    assert (done.status, MARK in done.err) == (0, False)


def test_in_the_order_of_deployments(shop):
    """Two that nothing was known of do not become one, and the first one is the baseline of the second."""
    config = shop.path / "releasewatch.toml"
    sound = config.read_text()
    heads = []
    for number in (1, 2):
        heads.append(shop.commit(f"fix: {number}", {"services/invoicing/c.py": str(number)}))
        config.write_text("[")
        assert here(shop, *RECORD, *ERRORS).status == 0
        config.write_text(sound)
    done = here(shop, "spool", "flush", "--format", "json").document
    assert [(one["deployment"], one["head"]) for one in done["recorded"]] == [("D-3", heads[0]), ("D-4", heads[1])]
    assert here(shop, "deployment", "show", "D-4", "--format", "json").document["deployment"]["base"] == heads[0]
