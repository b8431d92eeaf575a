"""A step that is told to end (a job is cancelled): its record is in the ledger, in the spool, or a line in its log."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from releasewatch.domain.spool import MARK as SPOOLED
from releasewatch.domain.step_facts import MARK
from tests.support.command import run_here
from tests.support.holding import lock_held
from tests.support.repos import RepoBuilder, started_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = Path(__file__).parents[1]
STEP = HERE / "ci" / "record-deployment.sh"
ACTION = HERE / "ci" / "github" / "record-deployment"
JOB = {"CI": "true", "RELEASEWATCH_CI_RUN": "4711", "RELEASEWATCH_RECORD_STATUS": "failed"}
OUTSIDE_CI = {"CI": "", "RELEASEWATCH_RECORD_STATUS": "failed"}
SIGNALS = pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    return started_shop(tmp_path)


@pytest.fixture
def bin_(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def program(folder: Path, text: str, name: str = "releasewatch") -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def real(before: str = "") -> str:
    """The program of this environment, as a shell starts it."""
    return f'{before} exec {sys.executable} -m releasewatch "$@"'


def started(
    shop: RepoBuilder, bin_: Path, path: str = "", words: Sequence[str | Path] = ("sh", STEP), **env: str
) -> subprocess.Popen[str]:
    """A step that runs in a group of its own, as a CI system starts it."""
    given = {"PATH": path or f"{bin_}:{os.environ['PATH']}", "TMPDIR": str(bin_.parent), **JOB, **env}
    return subprocess.Popen(
        [*words, "--environment", "production"],
        cwd=shop.path,
        env=os.environ | given,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def group(process: subprocess.Popen[str], number: int) -> None:
    """As most CI systems end a job."""
    os.killpg(process.pid, number)


def shell(process: subprocess.Popen[str], number: int) -> None:
    """As GitHub's runner does, which tells the process that it started."""
    os.kill(process.pid, number)


TOLD = pytest.mark.parametrize("tell", [group, shell], ids=lambda one: one.__name__)


def wait_for(done: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    for _ in range(3000):
        if done():
            return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    process.kill()
    pytest.fail(f"it never came so far: {process.communicate()}")


def end_of(process: subprocess.Popen[str], shop: RepoBuilder) -> str:
    """What it said, when the shell and all that it started has ended."""
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    (shop.path / "job.log").write_text(said)
    return said


def flushed(shop: RepoBuilder) -> Any:
    """The one deployment that is in the ledger after the flush, and whether it was there before."""
    done = run_here("spool", "flush", "--from-log", "job.log", "--format", "json", cwd=shop.path)
    assert done.status == 0, done.out
    listed = run_here("deployment", "list", "--format", "json", cwd=shop.path).document["deployments"]
    (one,) = listed
    assert (one["environment"], one["status"], one["head"]) == ("production", "failed", shop.head)
    return done.document["recorded"]


def left_over(bin_: Path) -> list[str]:
    return [one.name for one in bin_.parent.iterdir() if one.name.startswith("tmp.")]


@SIGNALS
@TOLD
def test_told_to_end_before_the_program_listens(shop, bin_, number, tell):
    mark = bin_ / "runs"
    program(bin_, f"echo $$ >{mark}.new && mv {mark}.new {mark}; exec sleep 60")
    process = started(shop, bin_, GITHUB_OUTPUT=str(bin_ / "output"))
    wait_for(mark.exists, process)
    tell(process, number)
    said = end_of(process, shop)
    assert (process.returncode, said.count(MARK)) == (128 + number, 1), said
    assert f"spool={MARK}" in (bin_ / "output").read_text()
    assert not Path(f"/proc/{mark.read_text().strip()}").exists()
    assert left_over(bin_) == []
    assert [one["already_recorded"] for one in flushed(shop)] == [False]


@pytest.mark.parametrize("words", [("bash",), ("bash", "--posix")], ids=" ".join)
@TOLD
def test_so_it_is_in_another_shell(shop, bin_, words, tell):
    program(bin_, f"echo $$ >{bin_}/new; mv {bin_}/new {bin_}/runs; exec sleep 60")
    process = started(shop, bin_, words=(*words, STEP))
    wait_for((bin_ / "runs").exists, process)
    tell(process, signal.SIGTERM)
    said = end_of(process, shop)
    assert (process.returncode, said.count(MARK)) == (143, 1), said


def test_the_action_of_github_hears_it_in_the_shell_that_the_runner_started(shop, bin_):
    steps = yaml.safe_load((ACTION / "action.yml").read_text())["runs"]["steps"]
    (script,) = (one["run"] for one in steps if one.get("id") == "record")
    (bin_ / "script").write_text(script)
    program(bin_, f"echo $$ >{bin_}/new; mv {bin_}/new {bin_}/runs; exec sleep 60")
    job = {"FOLDER": ".", "GITHUB_ACTION_PATH": str(ACTION), "RELEASEWATCH_RECORD_ENVIRONMENT": "production"}
    process = started(shop, bin_, words=("sh", "-e", bin_ / "script"), **job)
    wait_for((bin_ / "runs").exists, process)
    shell(process, signal.SIGINT)
    said = end_of(process, shop)
    assert (process.returncode, said.count(MARK)) == (130, 1), said
    flushed(shop)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda one: one.name)
def test_the_program_alone_is_killed(shop, bin_, number):
    """By the kernel, when memory runs out: the exit status stays the signal's."""
    program(bin_, f"kill -{int(number)} $$")
    process = started(shop, bin_)
    said = end_of(process, shop)
    assert (process.returncode, said.count(MARK)) == (128 + number, 1), said


@SIGNALS
@TOLD
def test_what_the_program_spooled_itself_is_left_once(shop, bin_, number, tell):
    assert run_here("db", "upgrade", cwd=shop.path).status == 0
    ledger = shop.path / ".releasewatch" / "ledger.db"
    program(bin_, real(f"echo $$ >{bin_}/runs;"))
    with lock_held(ledger):
        process = started(shop, bin_)
        wait_for(lambda: waits_for(bin_ / "runs", ledger), process)
        tell(process, number)
        said = end_of(process, shop)
    assert (process.returncode, said.count(SPOOLED), MARK in said) == (128 + number, 1, False), said
    assert [one["already_recorded"] for one in flushed(shop)] == [False]


def waits_for(runs: Path, file: Path) -> bool:
    """Whether the process has a file open."""
    try:
        opened = [one.readlink() for one in Path(f"/proc/{runs.read_text().strip()}/fd").iterdir()]
    except OSError:
        return False
    return file in opened


@pytest.mark.parametrize("job", [JOB, OUTSIDE_CI], ids=["CI", "no run is known"])
def test_told_to_end_at_any_instant_it_is_recorded_once(shop, bin_, job):
    """Whatever was made of it by then: nothing, a record, a spooled one, or several of them."""
    program(bin_, real())
    chance = random.Random(5)
    for number in range(6):
        process = started(shop, bin_, **job, RELEASEWATCH_RECORD_REGIONS=f"r{number}")
        time.sleep(chance.uniform(0.02, 0.9))
        chance.choice([group, shell])(process, signal.SIGTERM)
        said = end_of(process, shop)
        assert process.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM), said
        flush = run_here("spool", "flush", "--from-log", "job.log", cwd=shop.path)
        assert flush.status == 0, flush.out
        listed = run_here("deployment", "list", "--format", "json", cwd=shop.path).document["deployments"]
        regions = sorted(target["region"] for one in listed for target in one["targets"])
        assert regions == [f"r{one}" for one in range(number + 1)], said


@pytest.mark.parametrize("job", [JOB, OUTSIDE_CI], ids=["CI", "no run is known"])
def test_one_that_was_recorded_and_could_not_say_so_is_not_recorded_twice(shop, bin_, job):
    told = f'RELEASEWATCH_STEP_KEPT= {sys.executable} -m releasewatch "$@"'
    program(bin_, f"{told}; kill -9 $$")
    process = started(shop, bin_, **job)
    said = end_of(process, shop)
    assert (process.returncode, MARK in said) == (137, True)
    assert {one["already_recorded"] for one in flushed(shop)} == {True}


def test_one_that_was_recorded_before_it_was_killed_leaves_no_line(shop, bin_):
    program(bin_, f'{sys.executable} -m releasewatch "$@"; kill -9 $$')
    process = started(shop, bin_)
    said = end_of(process, shop)
    assert (process.returncode, MARK in said) == (137, False), said
    flushed(shop)


def test_what_fails_after_the_record_was_made_says_that_it_was_made(shop, bin_):
    program(bin_, f'{sys.executable} -m releasewatch "$@"; exit 70')
    process = started(shop, bin_)
    said = end_of(process, shop)
    assert (process.returncode, MARK in said, "was not recorded" in said) == (0, False, False), said
    assert "Something failed after the deployment was recorded or spooled (exit status 70)" in said


@SIGNALS
@TOLD
def test_told_to_end_while_it_is_installed(shop, bin_, number, tell):
    for name in ("sh", "mktemp", "rm", "date", "od", "tr", "cksum", "git", "sleep", "timeout", "true"):
        (bin_ / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    slow = program(bin_, f"echo $$ >{bin_}/runs; exec sleep 60", "slow")
    process = started(shop, bin_, str(bin_), PYTHON=str(slow))
    wait_for((bin_ / "runs").exists, process)
    tell(process, number)
    said = end_of(process, shop)
    assert (process.returncode, said.count(MARK)) == (128 + number, 1), said
    assert left_over(bin_) == []


@TOLD
def test_a_strict_step_ends_by_the_signal_and_leaves_nothing(shop, bin_, tell):
    program(bin_, f"echo $$ >{bin_}/runs; exec sleep 60")
    process = started(shop, bin_, RELEASEWATCH_RECORD_STRICT="true")
    wait_for((bin_ / "runs").exists, process)
    tell(process, signal.SIGTERM)
    said = end_of(process, shop)
    assert (process.returncode, MARK in said) == (143, False), said
