"""`deployment record --clone`: a job without a checkout says the same as one with it, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from releasewatch.integrations.gitpython import Git
from tests.support.command import run_here
from tests.support.git_server import git_server
from tests.support.holding import started
from tests.support.http_server import running_server
from tests.support.repos import RepoBuilder
from tests.support.spooling import RECORD, SPOOL

CANARY = "canary-7f3a"
CONFIG = """
[releasewatch]
repo = "shop"
[components.a]
paths = ["a/**"]
[components.b]
paths = ["b/**"]
depends_on = ["a"]
"""
ERRORS = (*SPOOL, "--spool-errors")


@pytest.fixture
def shop(tmp_path) -> RepoBuilder:
    repo = RepoBuilder(tmp_path / "git" / "shop")
    repo.commit("Start", {"releasewatch.toml": CONFIG, "a/1": "1", "b/1": "1"})
    repo.git("tag", "v1")
    repo.commit("feat: a", {"a/1": "2"})
    return repo


@pytest.fixture
def job(tmp_path, monkeypatch) -> Path:
    """The folder of a job that checked nothing out, on a machine whose place for passing files is watched."""
    folder, passing = tmp_path / "job", tmp_path / "passing"
    folder.mkdir()
    passing.mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("TMPDIR", str(passing))
    return folder


def left(job: Path) -> list[str]:
    return sorted(one.name for one in (job.parent / "passing").iterdir())


def record(job: Path, *words: str, **env: str) -> Any:
    return run_here(*RECORD, *words, cwd=job, env={"CI": "true", "RELEASEWATCH_CI_RUN": "4711", **env})


def said(document: Any) -> Any:
    """What does not depend on when it was said."""
    text = json.dumps(document, sort_keys=True)
    return json.loads(re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "T", text))


def spooled(job: Path) -> list[Path]:
    return sorted((job / ".releasewatch" / "spool").glob("*.spool"))


@pytest.mark.parametrize("lets", ["all", "no commit by its sha", "no filter"])
def test_it_says_what_a_checkout_says(shop, job, lets):
    """First deployments, forward, a rollback, what diverged and a revert: cell for cell the same."""
    if lets == "no commit by its sha":
        shop.git("config", "uploadpack.allowAnySHA1InWant", "false")
    if lets == "no filter":
        shop.git("config", "uploadpack.allowFilter", "false")
    first = shop.head
    for number in range(4):
        shop.commit(f"feat: {number}", {f"b/{number}": str(number), "a/1": f"x{number}"})
    middle = shop.head
    brought = shop.commit("feat: bad", {"a/bad": "1"})
    shop.commit("A merge's line", {"b/9": "9"})
    shop.commit("Take it back", body=f"This reverts commit {brought}.", delete=["a/bad"])
    reverted = shop.head
    shop.branch("side", middle)
    side = shop.commit("fix: on the side", {"b/side": "1"})
    heads = [first, brought, middle, reverted, side, first[:10]] if lets == "all" else [brought, middle]
    for number, head in enumerate(heads):
        words = ("--head", head, "--key", f"k{number}", "-q")
        there = run_here(*RECORD, *words, cwd=shop.path, env={"CI": "true"})
        here = record(job, "--clone", shop.url, *words)
        assert (there.status, here.status) == (0, 0), here.err
        assert said(here.document) == said(there.document), head
    assert left(job) == []


def test_only_what_lies_between_is_fetched(shop, job, monkeypatch):
    for number in range(5):
        shop.commit(f"Old {number}", {"b/old": str(number)})
    assert record(job, "--clone", shop.url, "--key", "before").status == 0
    base = shop.head
    shop.commit("feat: now", {"a/1": "now"})
    kept: list[int] = []

    def look(clone: Any) -> None:
        kept.append(int(RepoBuilder(clone.folder).git("rev-list", "--count", "--all")))

    monkeypatch.setattr("releasewatch.wiring.clones.Clone.remove", look)
    monkeypatch.setattr("releasewatch.integrations.git_fetch._DEEPER", (("--deepen=1",), ("--unshallow",)))
    done = record(job, "--clone", shop.url, "--key", "now")
    assert (done.document["deployment"]["base"], done.document["deployment"]["history_complete"]) == (base, True)
    assert kept == [3]  # of eight: the two, and the one before them


def test_the_settings_are_the_clones_and_the_places_are_the_jobs(shop, job):
    done = record(job, "--clone", shop.url, "--component", "a")
    assert done.document["deployment"]["repo"] == "shop"
    assert (job / ".releasewatch" / "ledger.db").exists()
    planned = run_here(
        *(
            "deployment",
            "plan",
            "--environment",
            "production",
            "--clone",
            shop.url,
            "--format",
            "json",
            "--component",
            "a",
        ),
        cwd=job,
    )
    assert (planned.status, planned.document["deployment"]["range"]) == (0, "none"), planned.err
    assert left(job) == []


def test_a_job_of_another_repo_has_to_name_the_commit(shop, job):
    told = {"GITHUB_ACTIONS": "true", "GITHUB_SHA": "1" * 40, "GITHUB_RUN_ID": "9", "GITHUB_REPOSITORY": "acme/infra"}
    refused = record(job, "--clone", shop.url, **told)
    assert (refused.status, refused.error["hint"]) == (2, "Name it: --head REV")
    assert record(job, "--clone", shop.url, "--head", "v1", **told).status == 0
    own = told | {"GITHUB_REPOSITORY": "Git/shop", "GITHUB_SHA": shop.head}
    done = record(job, "--clone", shop.url, **own)
    assert (done.status, done.document["deployment"]["head"]) == (0, shop.head), done.err


def test_a_secret_in_the_address_opens_the_repo_and_is_nowhere(shop, job, tmp_path, monkeypatch):
    """Neither shown nor stored, nor on a command line; and no helper of the user's is told."""
    stolen = tmp_path / "stolen"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    (tmp_path / "gitconfig").write_text(f"[credential]\n\thelper = store --file={stolen}\n")
    lines: list[str] = []
    monkeypatch.setattr(sys.modules[Git.__module__], "safer_popen", _listening(lines))
    with git_server(tmp_path / "git", CANARY) as server:
        url = server.url.replace("://", f"://ada:{CANARY}@") + "/shop"
        done = record(job, "--key", "one", RELEASEWATCH_RECORD_CLONE=url)
        assert (done.status, done.document["deployment"]["head"]) == (0, shop.head), done.err
        shut = record(job, "--key", "two", RELEASEWATCH_RECORD_CLONE=url.replace(CANARY, f"{CANARY}-wrong"))
        typed = record(job, "--key", "three", "--clone", url)
        kept = record(job, *ERRORS, "--key", "four", "--head", shop.head, "--clone", url)
    assert (shut.status, shut.error["code"]) == (3, "clone_failed")
    assert (typed.status, kept.status, len(spooled(job))) == (2, 0, 1)
    everything = [one.out + one.err for one in (done, shut, typed, kept)] + lines
    everything += [one.read_bytes().decode("latin-1") for one in job.rglob("*") if one.is_file()]
    assert any("fetch" in line for line in lines)
    assert not [one for one in everything if CANARY in one]
    assert (stolen.exists(), left(job)) == (False, [])


def _listening(lines: list[str]) -> Any:
    from git.cmd import safer_popen

    def popen(command: Any, *args: Any, **how: Any) -> Any:
        lines.append(" ".join(command))
        return safer_popen(command, *args, **how)

    return popen


@pytest.mark.parametrize("strictly", [True, False])
@pytest.mark.parametrize("url", ["ext::touch hacked", "--upload-pack=touch hacked", "ftp://h/shop"])
def test_an_address_that_runs_a_program_is_refused(job, url, strictly):
    done = record(job, f"--clone={url}", "--head", "1" * 40, *(() if strictly else ERRORS))
    assert done.status == (2 if strictly else 0), done.err
    assert len(spooled(job)) == (0 if strictly else 1)
    assert not list(job.parent.rglob("hacked"))


def test_git_may_speak_no_other_protocol_wherever_it_is_led(shop, job, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    (tmp_path / "gitconfig").write_text(
        f'[protocol "ext"]\n\tallow = always\n[url "ext::touch {tmp_path}/hacked "]\n\tinsteadOf = {shop.url}\n'
    )
    done = record(job, "--clone", shop.url)
    assert (done.status, done.error["code"]) == (3, "clone_failed")
    assert not (tmp_path / "hacked").exists()


def test_a_clone_that_fails_leaves_a_record_that_says_it(shop, job):
    gone = shop.path.rename(shop.path.with_name("elsewhere"))
    done = record(job, *SPOOL, "--clone", shop.url, "--head", RepoBuilder(gone).head)
    assert done.status == 0, done.err
    assert (done.document["spooled"]["because"]["code"], done.document["spooled"]["repo"]) == (
        "clone_failed",
        shop.path.as_posix().strip("/"),
    )
    (file,) = spooled(job)
    late = run_here(*("spool", "flush", "--format", "json"), cwd=gone, env={"RELEASEWATCH_SPOOL_DIR": str(file.parent)})
    assert [one["head"] for one in late.document["recorded"]] == [RepoBuilder(gone).head]
    assert left(job) == []


@pytest.mark.parametrize("end", ["timeout", signal.SIGTERM], ids=str)
def test_told_to_end_it_takes_its_folder_away(shop, job, end):
    """The server says nothing; git and what it started end as well."""
    with running_server() as server:
        server.handler = lambda _: time.sleep(60)  # type: ignore[assignment, return-value]
        words = (*RECORD, *SPOOL, "--clone", f"{server.url}/shop", "--head", shop.head)
        more = ("--timeout", "2") if end == "timeout" else ()
        with started(*words, *more, cwd=job, env={"CI": "true", "RELEASEWATCH_CI_RUN": "1"}) as process:
            if end != "timeout":
                _wait_for(lambda: bool(server.asked))
                process.send_signal(end)
            _, talk = process.communicate(timeout=60)
        assert process.returncode == (0 if end == "timeout" else 128 + end), talk
    assert (len(spooled(job)), left(job)) == (1, [])
    _wait_for(lambda: not [one for one in _command_lines() if f"{server.url}/shop" in one])  # they were killed


def _wait_for(condition: Any) -> None:
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it never came so far")


def _command_lines() -> list[str]:
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(one.read_bytes().decode("utf-8", "replace").replace("\0", " "))
        except OSError:
            continue
    return [one for one in found if str(os.getpid()) not in one]
