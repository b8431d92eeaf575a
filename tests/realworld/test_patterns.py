"""Real patterns on real paths: those of CODEOWNERS and workspace files, on every path of the four histories."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.catalog import Catalog, Component
from releasewatch.integrations.patterns import GitignoreMapper
from tests.benchmarks.mapping import make_catalog, map_slowly
from tests.support.check_ignore import GitIgnore
from tests.support.data import real_data
from tests.support.repos import run_git

if TYPE_CHECKING:
    from collections.abc import Iterator

PatternSets = dict[str, tuple[str, ...]]


def from_codeowners(file: Path) -> PatternSets:
    """One set for each line, and all lines together."""
    lines = [line.split("#")[0].split() for line in file.read_text().splitlines()]
    patterns = [line[0] for line in lines if line]
    return {f"{file.name}-{n}": (p,) for n, p in enumerate(patterns)} | {file.name: tuple(patterns)}


def from_workspace(file: Path) -> PatternSets:
    """The globs of a workspace, each package's folder as one writes it in a catalog, and both with exclusions."""
    manifest = json.loads(file.read_text())
    globs = list(_globs(manifest))
    folders = [str(Path(name).parent) for name in (*manifest.get("manifests", ()), *manifest["files"])]
    packages = sorted({folder for folder in folders if folder != "."})
    sets: PatternSets = {f"{file.stem}-glob-{n}": (glob,) for n, glob in enumerate(globs)}
    for number, folder in enumerate(packages):
        sets[f"{file.stem}-package-{number}"] = (f"{folder}/**",)
        sets[f"{file.stem}-folder-{number}"] = (f"/{folder}/", "!*.md", f"!{folder}/test/")
        sets[f"{file.stem}-code-{number}"] = (
            f"{folder}/*",
            f"!{folder}/package.json",
            "!**/src/",
            "*.ts",
            "!*.test.ts",
        )
    sets[f"{file.stem}-without"] = (*globs, "!**/test*/**", "!CHANGELOG.md", "!package.json")
    return {name: patterns for name, patterns in sets.items() if not patterns[0].startswith("!")}


def _globs(manifest: dict[str, dict[str, object]]) -> Iterator[str]:
    for package in manifest.get("manifests", {}).values():
        workspaces = package.get("workspaces", []) if isinstance(package, dict) else []
        yield from workspaces["packages"] if isinstance(workspaces, dict) else workspaces
    for name, text in manifest["files"].items():
        if name.endswith("pnpm-workspace.yaml"):
            packages = re.search(r"^packages:\n((?:  - .*\n)+)", str(text), re.MULTILINE)
            yield from re.findall(r'- "(.*)"', packages[1]) if packages else ()
        if name.endswith("Cargo.toml"):
            workspace = tomllib.loads(str(text)).get("workspace", {})
            folder = Path(name).parent
            yield from (str(folder / member) for member in workspace.get("members", ()))


@pytest.fixture(scope="module")
def every_path(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every path that any commit of the four histories ever touched."""
    bundles = sorted(real_data("histories").glob("*.bundle"))
    assert len(bundles) == 4
    paths: set[bytes] = set()
    for bundle in bundles:
        clone = tmp_path_factory.mktemp(bundle.stem) / "clone.git"
        run_git(clone.parent, "clone", "-q", "--bare", str(bundle), str(clone))
        log = run_git(clone, "log", "--all", "-m", "--format=", "--name-only", "-z", "--no-renames")
        paths.update(log.split(b"\0"))
    return sorted(path.decode("utf-8", "surrogateescape") for path in paths if path)


@pytest.fixture(scope="module")
def pattern_sets() -> PatternSets:
    sets: PatternSets = {}
    for file in sorted(real_data("catalogs", "codeowners").iterdir()):
        sets |= from_codeowners(file)
    for file in sorted(real_data("catalogs", "workspaces").iterdir()):
        sets |= from_workspace(file)
    return sets


def test_components_are_those_that_pathspec_finds_the_slow_way(every_path: list[str]) -> None:
    """Patterns as the benchmark makes them, of the histories' own folders: in every place where one is looked up."""
    plain = [path for path in every_path if path.isascii()]
    catalog = make_catalog(plain, components=60, each=10)
    mapper = GitignoreMapper(catalog)
    _, expected = map_slowly(catalog, plain)
    assert {path: set(mapper.owners(path).components) for path in plain} == expected
    assert sum(1 for taken in expected.values() if len(taken) > 1) > 100


def test_components_are_those_that_git_check_ignore_finds(
    every_path: list[str], pattern_sets: PatternSets, tmp_path: Path
) -> None:
    git = GitIgnore(tmp_path)
    components = tuple(Component(name, name, patterns) for name, patterns in sorted(pattern_sets.items()))
    mapper = GitignoreMapper(Catalog("all", components))
    found: dict[str, set[str]] = {name: set() for name in pattern_sets}
    for path in every_path:
        for name in mapper.owners(path).components:
            found[name].add(path)

    wrong = [name for name, patterns in pattern_sets.items() if found[name] != git.taken(patterns, every_path)]

    assert wrong == []
    assert len(every_path) > 3000
    assert sum(1 for paths in found.values() if paths) > 100
