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
from pathlib import Path

import pytest

from releasewatch.cli.main import run
from tests.support.repos import RepoBuilder

STORIES = sorted(path.parent for path in Path(__file__).parent.glob("*/story.toml"))
INPUTS = ("*.csv", "releasewatch.toml")
WRITES = os.environ.get("RELEASEWATCH_TEST_WRITE_EXPECTED") == "1"


def perform(step: dict, repo: RepoBuilder, capsys: pytest.CaptureFixture[str]) -> str:
    """Do what a step says; returns what its command gave out."""
    if "commit" in step:
        files = {}
        for name in step["files"]:
            given = repo.path / name
            files[name] = given.read_bytes() if name == "releasewatch.toml" else f"{step['commit']}\n"
        repo.commit(step["commit"], files, trailers=step.get("trailers", ()), at=step["at"])
        return ""
    if "tag" in step:
        repo.tag(step["tag"])
        return ""
    arguments = shlex.split(step["run"])
    with pytest.raises(SystemExit) as ended:
        run(arguments)
    printed = capsys.readouterr()
    assert ended.value.code == step.get("exit", 0), printed.err
    if "-o" not in arguments:
        return printed.out
    written = repo.path / arguments[arguments.index("-o") + 1]
    assert not printed.out
    return written.read_bytes().decode("utf-8")


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_story(story, tmp_path, monkeypatch, capsys):
    told = tomllib.loads((story / "story.toml").read_text("utf-8"))
    repo = RepoBuilder(tmp_path / "repo")
    for pattern in INPUTS:
        for given in story.glob(pattern):
            shutil.copy(given, repo.path)
    monkeypatch.chdir(repo.path)
    for step in told["step"]:
        monkeypatch.setattr("releasewatch.wiring.clock", lambda at=step["at"]: at)
        given_out = perform(step, repo, capsys)
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
    assert all(re.fullmatch(r"[a-z_]+", story.name) for story in STORIES)
