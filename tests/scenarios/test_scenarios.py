"""Runs the stories in this folder: a history, customers, commands, and what each of them must print, word by word.

To write the expected documents anew after a change that is meant, run with RELEASEWATCH_TEST_WRITE_EXPECTED=1 and read
the difference.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from releasewatch import wiring
from tests.support.command import Finished, run_here, run_python
from tests.support.repos import RepoBuilder
from tests.support.sheets import fill_in, show_workbook

STORIES = sorted(path.parent for path in Path(__file__).parent.glob("*/story.toml"))
INPUTS = ("*.csv", "releasewatch.toml")
GIVEN = frozenset({"releasewatch.toml"})
"""What is committed as it stands; any other file holds its commit's subject, unless the story brings it in repo/."""
WRITES = os.environ.get("RELEASEWATCH_TEST_WRITE_EXPECTED") == "1"


AT_AN_INSTANT = """
import sys
from datetime import datetime
from releasewatch import wiring
instant = datetime.fromisoformat(sys.argv[1])
wiring.clock = lambda: instant
from releasewatch.cli.main import run
run(sys.argv[2:])
"""
"""Runs one command in a process of its own, as people do, at the instant of the story."""


def perform(step: dict, repo: RepoBuilder, story: Path, *, here: bool = False) -> str:
    """Do what a step says; returns what its command gave out. `here`: without a process for each command."""
    if "commit" in step:
        files = {}
        for name in step["files"]:
            given = next((path for path in (story / "repo" / name, repo.path / name) if path.is_file()), None)
            is_text = name in GIVEN or (story / "repo" / name).is_file()
            files[name] = given.read_bytes() if given is not None and is_text else f"{step['commit']}\n"
        repo.commit(step["commit"], files, trailers=step.get("trailers", ()), at=step["at"])
        return ""
    if "tag" in step:
        repo.tag(step["tag"])
        return ""
    if "write" in step:
        _write_by_hand(repo.path / step["write"], step)
        return ""
    if "fill" in step:
        fill_in(repo.path / step["fill"], step["rows"])
        return ""
    if "run" not in step:
        return show_workbook(repo.path / step["sheet"], "Calls")
    arguments = shlex.split(step["run"])
    done = run_at(step["at"], *arguments, cwd=repo.path, here=here)
    assert done.status == step.get("exit", 0), done.err
    if "sheet" in step:
        return show_workbook(repo.path / step["sheet"], "Calls")
    if "file" in step:
        return (repo.path / step["file"]).read_bytes().decode("utf-8")
    if "-o" not in arguments:
        return done.out
    written = repo.path / arguments[arguments.index("-o") + 1]
    assert not done.out
    return written.read_bytes().decode("utf-8")


def run_at(instant: datetime, *arguments: str, cwd: Path, here: bool) -> Finished:
    """Run a command at an instant of the story: in a process of its own, or here, which takes a tenth of the time."""
    if not here:
        return run_python("-c", AT_AN_INSTANT, instant.isoformat(), *arguments, cwd=cwd)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wiring, "clock", lambda: instant)
        return run_here(*arguments, cwd=cwd)


def _write_by_hand(target: Path, step: dict) -> None:
    """What somebody puts at the end of a file: another file, and what they type."""
    text = target.read_text("utf-8")
    text += (target.parent / step["with"]).read_text("utf-8") if "with" in step else ""
    target.write_text(text + step["text"], "utf-8")


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_story(story, tmp_path):
    told = tomllib.loads((story / "story.toml").read_text("utf-8"))
    repo = RepoBuilder(tmp_path / told.get("folder", "repo"))
    for pattern in INPUTS:
        for given in story.glob(pattern):
            shutil.copy(given, repo.path)
    for step in told["step"]:
        given_out = perform(step, repo, story, here=told.get("here", True))
        if "expect" not in step:
            continue
        expected = story / "expected" / step["expect"]
        if WRITES:
            expected.write_bytes(given_out.encode("utf-8"))
        assert given_out == expected.read_bytes().decode("utf-8"), step["expect"]
    wanted = {step["expect"] for step in told["step"] if "expect" in step}
    assert {path.name for path in (story / "expected").iterdir()} == wanted


def test_every_story_is_run():
    assert STORIES
    assert all(re.fullmatch(r"[a-z_-]+", story.name) for story in STORIES)
