"""Of GitPython only what starts git is loaded, and nobody else is kept from the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.command import run_python

if TYPE_CHECKING:
    from pathlib import Path

PART = """
import json
import sys

from releasewatch.integrations.gitpython import Git

first = {"git.repo", "gitdb.db"} & set(sys.modules)
import git
import gitdb

print(json.dumps([sorted(first), git.Git is Git, git.Repo.__name__, gitdb.GitDB is git.GitDB]))
"""


def test_the_rest_of_gitpython_is_loaded_by_who_asks_for_it(tmp_path: Path) -> None:
    done = run_python("-c", PART, cwd=tmp_path)
    assert done.status == 0, done.err
    assert json.loads(done.out) == [[], True, "Repo", True]


ENTANGLED = """
import sys

sys.path.insert(0, sys.argv[1])
from releasewatch.integrations.gitpython import Git

print(Git.made_with)
"""


def test_a_gitpython_whose_parts_need_all_of_it_is_loaded_whole(tmp_path: Path) -> None:
    package = tmp_path / "git"
    package.mkdir()
    (package / "__init__.py").write_text('beginning = "the whole package"\n', encoding="utf-8")
    (package / "exc.py").write_text("class GitCommandNotFound(Exception): ...\n", encoding="utf-8")
    lines = ["from git import beginning", "class Git:", '    git_exec_name = "git"', "    made_with = beginning"]
    (package / "cmd.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = run_python("-c", ENTANGLED, str(tmp_path), cwd=tmp_path)
    assert (done.status, done.out) == (0, "the whole package\n"), done.err


NAMED = """
import os
import sys

os.environ["GIT_PYTHON_GIT_EXECUTABLE"] = sys.argv[1]
from releasewatch.integrations.gitpython import EXECUTABLE

print(EXECUTABLE)
"""


@pytest.mark.parametrize(("there", "expected"), [(True, "my-git"), (False, "git")])
def test_another_git_is_taken_when_it_is_there(tmp_path: Path, there: bool, expected: str) -> None:
    mine = tmp_path / "my-git"
    if there:
        mine.write_text("#!/bin/sh\n", encoding="utf-8")
        mine.chmod(0o755)
    done = run_python("-c", NAMED, str(mine), cwd=tmp_path)
    assert done.status == 0, done.err
    assert done.out.strip().rpartition("/")[2] == expected
