"""A step that cannot have the program leaves what it knows as one line in the log, and the flush records it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from releasewatch.domain.step_facts import MARK, cksum, read_step_facts
from releasewatch.integrations.ci import SYSTEMS
from releasewatch.integrations.ci.tables import variables_in
from tests.support.command import run_here
from tests.support.repos import RepoBuilder, started_shop

if TYPE_CHECKING:
    from collections.abc import Sequence

STEP = Path(__file__).parents[1] / "ci" / "record-deployment.sh"
TOOLS = ("sh", "mktemp", "rm", "date", "od", "tr", "cksum", "git")
JOB = {"CI": "true", "RELEASEWATCH_CI_RUN": "4711", "RELEASEWATCH_RECORD_ENVIRONMENT": "production"}
READ = (
    "run",
    "attempt",
    "retries",
    "sha",
    "ref",
    "repo",
    "url",
    "environment",
    "job_started_at",
    "pull_request",
    "head",
)
NOT_LEFT = {
    "GITHUB_EVENT_PATH",  # a file, which goes with the runner
    "RELEASEWATCH_CI_URL",  # written by hand: it may hold a token
}


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    return started_shop(tmp_path)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A machine without the program, and without a Python that could install it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    return folder


def step(shop: RepoBuilder, bare: Path, *words: str, cwd: Path | None = None, **env: str) -> Any:
    given = {"PATH": str(bare), "HOME": str(shop.path), "PYTHON": "/bin/false", **JOB, **env}
    done = subprocess.run(
        ["sh", STEP, *words], cwd=cwd or shop.path, env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "could not be installed" in done.stderr
    (shop.path / "job.log").write_text(done.stderr)
    return done


def flush(shop: RepoBuilder, *words: str) -> Any:
    return run_here("spool", "flush", "--from-log", "job.log", "--format", "json", *words, cwd=shop.path)


def shown(shop: RepoBuilder, done: Any) -> Any:
    assert (done.status, done.document["kept"]) == (0, []), done.out
    (one,) = done.document["recorded"]
    return run_here("deployment", "show", one["deployment"], "--format", "json", cwd=shop.path).document["deployment"]


def test_what_it_knew_is_recorded_once_as_the_program_would_have(shop, bare, tmp_path):
    place = {"RELEASEWATCH_RECORD_REGIONS": "eu us", "RELEASEWATCH_RECORD_STATUS": "ABORTED"}
    words = ("--release", "1; $(touch hacked) \n \u00e4", "--ring=early")
    sha = shop.head
    done = step(shop, bare, *words, **place, GITHUB_OUTPUT=str(tmp_path / "output"))
    (line,) = re.findall(rf"{MARK}\S+", done.stderr)
    assert (tmp_path / "output").read_text() == f"recorded=false\nspool={line}\n"
    shop.commit("Later", {"b": "1"})
    made = shown(shop, flush(shop))
    assert (made["head"], made["status"], made["release"]) == (sha, "cancelled", words[1])
    assert [(one["region"], one["ring"]) for one in made["targets"]] == [("eu", "early"), ("us", "early")]
    assert not (shop.path / "hacked").exists()
    shop.git("checkout", "-q", sha)
    again = run_here("deployment", "record", *words, "--format", "json", cwd=shop.path, env=JOB | place).document
    assert (again["deployment"]["id"], again["deployment"]["already_recorded"]) == (made["id"], True)
    assert flush(shop).document["recorded"][0]["already_recorded"] is True


@pytest.mark.parametrize(
    ("words", "env"),
    [
        ((), {"RELEASEWATCH_CI_SHA": "{sha}"}),
        (("--head", "v1"), {}),
        ((), {"RELEASEWATCH_RECORD_HEAD": "HEAD~1"}),
    ],
    ids=["CI", "a tag", "a variable"],
)
def test_the_commit_is_the_one_that_the_program_would_have_taken(shop, bare, words, env):
    sha = shop.head
    shop.git("tag", "v1")
    shop.commit("Later", {"b": "1"})
    step(shop, bare, *words, **{name: value.format(sha=sha) for name, value in env.items()})
    assert shown(shop, flush(shop))["head"] == sha


def test_a_wrong_word_is_said_anew(shop, bare):
    step(shop, bare, RELEASEWATCH_RECORD_STATUS="soon")
    (stays,) = flush(shop).document["kept"]
    assert "'soon' is not one of" in stays["reason"]
    assert shown(shop, flush(shop, "--set", f"{stays['id']}:status=failed"))["status"] == "failed"


def test_without_a_clone_somebody_says_which_commit_it_was(shop, bare, tmp_path):
    step(shop, bare, cwd=tmp_path)
    (stays,) = flush(shop).document["kept"]
    assert "Nobody knows which commit it was" in stays["reason"]
    assert shown(shop, flush(shop, "--set", f"{stays['id']}:head={shop.head}"))["head"] == shop.head


def test_times_are_those_of_the_step(shop, bare):
    step(shop, bare, "--started-at", "2026-01-02T03:04:05Z", "--finished-at", "2026-01-02T03:14:05Z")
    made = shown(shop, flush(shop))
    assert (made["started_at"], made["finished_at"]) == ("2026-01-02T03:04:05Z", "2026-01-02T03:14:05Z")


def test_no_secret_is_in_the_line(shop, bare):
    secret = "canary-7f3a"
    address = f"https://ada:{secret}@git.example.org/acme/shop"
    words = ("--database", f"postgresql://ada:{secret}@h/l", f"--token={secret}", "--url", address, "--actor", secret)
    env = {"RELEASEWATCH_DATABASE_URL": address, "RELEASEWATCH_RECORD_CLONE": address, "GITHUB_TOKEN": secret}
    done = step(shop, bare, *words, **env, RELEASEWATCH_CI_URL=address)
    facts = read_step_facts(done.stderr.replace("\n", " "))
    assert secret not in done.stderr + repr(facts)
    assert (facts.words, facts.cloned, facts.head) == ([], True, None)


def test_strict_leaves_none(shop, bare):
    given = {"PATH": str(bare), "PYTHON": "/bin/false", **JOB, "RELEASEWATCH_RECORD_STRICT": "true"}
    done = subprocess.run(["sh", STEP], cwd=shop.path, env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, MARK in done.stderr) == (3, False)


@pytest.mark.parametrize("missing", ["od", "tr", "cksum", "git"])
def test_on_a_machine_that_lacks_more_the_job_goes_on(shop, bare, missing):
    (bare / missing).unlink()
    assert (MARK in step(shop, bare).stderr) is (missing == "git")


def test_a_program_that_fails_leaves_it_too(shop, bare):
    program = bare / "releasewatch"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    given = {"PATH": str(bare), **JOB}
    done = subprocess.run(["sh", STEP], cwd=shop.path, env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, MARK in done.stderr) == (0, True)


def test_damage_is_seen(shop, bare):
    line = next(one for one in step(shop, bare).stderr.splitlines() if MARK in one)
    head, _, tail = line.rpartition("70")  # a letter of a name
    wrong: Sequence[tuple[str, str]] = (
        (f"{head}71{tail}", "its checksum does not fit"),
        (line[:-30], "cut off"),
        (line.replace(":1:", ":2:"), "form 2"),
        (f"{MARK}1:00:{cksum(b'00')}", "something else"),
    )
    for one, why in wrong:
        (shop.path / "job.log").write_text(one)
        done = flush(shop)
        assert (done.status, why in done.document["unreadable"][0]["reason"]) == (3, True), done.out


@pytest.mark.parametrize(("data", "sum_"), [(b"", 4294967295), (b"a", 1220704766), (b"123456789", 930766865)])
def test_the_sum_is_that_of_posix(data, sum_):
    assert cksum(data) == sum_


def test_the_script_leaves_every_variable_that_says_something_of_a_deployment():
    (named,) = re.findall(r"\nvariables='([^']*)'", STEP.read_text())
    read = {
        name
        for one in SYSTEMS.values()
        for fact in READ
        for source in one.table.get(fact, ())
        for name in variables_in(source)
    }
    signs = {one.sign for one in SYSTEMS.values()}
    assert {one for one in named.split() if not one.startswith("RELEASEWATCH_RECORD_")} == (read | signs) - NOT_LEFT
    known = " ".join(run_here("deployment", "record", "--help", cwd=Path.cwd()).out.split())
    options = set(re.findall(r"env var: (RELEASEWATCH_RECORD_[A-Z]+)", known)) - {"RELEASEWATCH_RECORD_CLONE"}
    assert {one for one in named.split() if one.startswith("RELEASEWATCH_RECORD_")} == options
