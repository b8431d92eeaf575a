"""`catalog check` on real histories: what it counts is what git's own tools say, and it costs about one log."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.catalog import Catalog, Component
from releasewatch.integrations.patterns import GitignoreMapper
from releasewatch.usecases.catalog_check import Files, Telling, check_catalog
from tests.support.data import real_data
from tests.support.git_reading import reader
from tests.support.repos import RepoBuilder, run_git

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("commitlint", "git-2005", "git-cliff", "mybinder-deploy")


@pytest.fixture(scope="module", params=NAMES)
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RepoBuilder:
    bundle = real_data("histories", f"{request.param}.bundle")
    folder: Path = tmp_path_factory.mktemp("histories")
    run_git(folder, "clone", "-q", "--bare", str(bundle), request.param)
    return RepoBuilder(folder / request.param)


def test_churn_is_what_git_lists(real: RepoBuilder) -> None:
    newest = datetime.fromtimestamp(int(real.git("log", "-1", "--format=%ct")), UTC)
    for days in (90, 9999):
        since = newest - timedelta(days=days)
        listed = real.git_bytes("log", "-z", "--name-only", "--no-renames", "--format=", f"--since={since:%s}", "HEAD")
        wanted = Counter(path.decode("utf-8", "surrogateescape").strip("\n") for path in listed.split(b"\0") if path)
        wanted.pop("", None)
        found = reader(real).churn("HEAD", since)
        assert found.commits == wanted
        assert found.complete


def test_a_catalog_of_the_largest_folders_leaves_what_git_ignore_leaves(real: RepoBuilder) -> None:
    history = reader(real)
    paths = history.paths_at("HEAD")
    folders = [name for name, _ in Counter(path.split("/")[0] for path in paths if "/" in path).most_common(3)]
    parts = [Component(name, name, (f"/{name}/**", "/nowhere/**")) for name in sorted(folders)]
    head = history.resolve("HEAD")
    files = Files(
        head, paths, datetime(2000, 1, 1, tzinfo=UTC), history.churn(head, datetime(2000, 1, 1, tzinfo=UTC)).commits
    )
    shown = check_catalog(Catalog("real", tuple(parts)), files, GitignoreMapper, None, Telling(10_000))
    outside = [path for path in paths if path.split("/")[0] not in folders or "/" not in path]
    assert shown["unmapped"]["files"] == len(outside)
    commits = [one["commits"] for one in shown["unmapped"]["items"]]
    assert commits == sorted(commits, reverse=True)
    assert [one["pattern"] for one in shown["dead_patterns"]] == ["/nowhere/**"] * len(parts)
