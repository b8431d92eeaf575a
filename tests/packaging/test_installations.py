"""Each way to install gives a program that finds its templates and migrations, from any folder."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from releasewatch import __version__
from tests.packaging.conftest import ROOT

if TYPE_CHECKING:
    from tests.packaging.conftest import Installation
    from tests.support.repos import RepoBuilder


def test_the_installed_package_is_the_one_that_runs(installation: Installation, empty_folder: Path) -> None:
    done = installation.python("import releasewatch; print(releasewatch.__file__)", cwd=empty_folder)
    home = ROOT if installation.kind == "editable" else installation.folder
    assert Path(done.stdout.strip()).is_relative_to(home), done.stderr


def test_the_command_says_its_version(installation: Installation, empty_folder: Path) -> None:
    done = installation.run("--version", cwd=empty_folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert __version__ in done.stdout


def test_a_ledger_is_made_from_the_migrations(installation: Installation, empty_folder: Path) -> None:
    ledger = empty_folder / "ledger.db"
    done = installation.run("db", "upgrade", "--database", f"sqlite:///{ledger}", cwd=empty_folder)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(ledger)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert "deployment" in tables


@pytest.mark.parametrize("form", ["md", "html"])
def test_notes_are_rendered_from_the_templates(installation: Installation, small_repo: RepoBuilder, form: str) -> None:
    options = ["--from", "v1", "--to", "v2", "--audience", "engineering", "--format", form]
    done = installation.run("notes", "render", *options, cwd=small_repo.path)
    assert done.returncode == 0, done.stderr
    assert "Round totals half up" in done.stdout
    assert ("<html" in done.stdout) == (form == "html")


def test_the_demo_runs_in_any_repo(installation: Installation, small_repo: RepoBuilder) -> None:
    done = installation.run("demo", cwd=small_repo.path)
    assert done.returncode == 0, done.stderr
    said = re.findall(r"[^\s'\"]+", done.stdout)
    assert any(Path(word).is_absolute() and Path(word).exists() for word in said), done.stdout
    assert small_repo.git("status", "--porcelain") == ""
