"""Real catalogs, workspaces and histories: the members found are those of the manifests, read here a second time."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from releasewatch.integrations.catalogs.repo_files import ManifestError
from tests.support.catalogs import by_key, commit_files, discover, edges, owners_of
from tests.support.data import real_data
from tests.support.repos import run_git

if TYPE_CHECKING:
    from releasewatch.domain.discovery import Proposal

Manifests = dict[str, str]

MEMBERS = {
    # file: members in the manifests, and edges between them
    "commitlint-npm-workspaces": (38, 50),
    "medusa-npm-workspaces": (91, 214),
    "git-cliff-cargo": (2, 1),
    "sqlfluff-uv": (4, 1),  # two of its plugins stand in no workspace
}


def manifests_of(name: str) -> Manifests:
    """The files that one workspace's JSON holds."""
    document = json.loads(real_data("catalogs", "workspaces", f"{name}.json").read_text())
    packages = {path: json.dumps(package) for path, package in document.get("manifests", {}).items()}
    return packages | document["files"]


def npm_members(files: Manifests) -> dict[str, set[str]]:
    """Folder of each member -> folders it needs. The globs of the data are segments, `*` and `**`."""
    packages = {str(Path(p).parent): json.loads(t) for p, t in files.items() if p.endswith("package.json")}
    found: dict[str, set[str]] = {}
    for root, patterns in npm_roots(files, packages):
        prefix = "" if root == "." else f"{root}/"
        mine = {
            folder: package
            for folder, package in packages.items()
            if folder != root
            and any(glob_matches(folder.removeprefix(prefix), pattern) for pattern in patterns)
            and folder.startswith(prefix)
        }
        at = {package["name"]: folder for folder, package in mine.items()}
        for folder, package in mine.items():
            wanted = {
                name: version
                for table in ("dependencies", "optionalDependencies", "peerDependencies")
                for name, version in package.get(table, {}).items()
            }
            linked = {os.path.normpath(f"{folder}/{v[5:]}") for v in wanted.values() if v.startswith("link:")}
            found[folder] = ({at[name] for name in wanted if name in at} | linked) - {folder}
    return found


def npm_roots(files: Manifests, packages: dict[str, Any]) -> list[tuple[str, list[str]]]:
    roots = []
    for path, text in files.items():
        if path.endswith("pnpm-workspace.yaml") and "packages:" in text:
            roots.append((str(Path(path).parent), yaml.safe_load(text)["packages"]))
    for folder, package in packages.items():
        stated = package.get("workspaces")
        if stated:
            roots.append((folder, stated["packages"] if isinstance(stated, dict) else stated))
    return roots


def glob_matches(folder: str, pattern: str) -> bool:
    names, parts = folder.split("/"), pattern.split("/")
    if "**" in parts:
        at = parts.index("**")
        head, tail = parts[:at], parts[at + 1 :]
        if len(names) < len(head) + len(tail):
            return False
        names = names[: len(head)] + names[len(names) - len(tail) :]
        parts = head + tail
    return len(names) == len(parts) and all(map(fnmatchcase, names, parts))


def cargo_members(files: Manifests) -> dict[str, set[str]]:
    manifests = {str(Path(p).parent): tomllib.loads(t) for p, t in files.items() if p.endswith("Cargo.toml")}
    found: dict[str, set[str]] = {}
    for root, manifest in manifests.items():
        if "workspace" not in manifest:
            continue
        inside = {str(Path(root, member)) for member in manifest["workspace"]["members"]} & set(manifests)
        inside |= {root} if "package" in manifest else set()
        for folder in inside:
            wanted = manifests[folder].get("dependencies", {}).values()
            paths = {one["path"] for one in wanted if isinstance(one, dict) and "path" in one}
            found[folder] = {str(Path(folder, path).resolve().relative_to(Path.cwd())) for path in paths} & inside
    return found


def uv_members(files: Manifests) -> dict[str, set[str]]:
    root = tomllib.loads(files["pyproject.toml"])
    members = {".", *root["tool"]["uv"]["workspace"]["members"]}
    # Two more plugins stand in no workspace; a third one is an example.
    members |= {str(Path(p).parent) for p in files if p.endswith("pyproject.toml") and "example" not in p}
    return {folder: ({"sqlfluffrs"} if folder == "." else set()) for folder in members}


def expected_of(name: str, files: Manifests) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for read in (npm_members, cargo_members) if name != "sqlfluff-uv" else (npm_members, cargo_members, uv_members):
        for folder, needs in read(files).items():
            found.setdefault("" if folder == "." else folder, set()).update(needs)
    return found


def found_in(proposal: Proposal) -> dict[str, set[str]]:
    folder = {one.key: one.folder for one in proposal.components}
    return {one.folder: {folder[key] for key in one.depends_on} for one in proposal.components}


@pytest.mark.parametrize("name", MEMBERS)
def test_the_members_of_a_workspace_are_those_of_its_manifests(name: str, tmp_path: Path) -> None:
    files = manifests_of(name)
    expected = expected_of(name, files)
    commit_files(tmp_path, files)
    proposal = discover(tmp_path)
    assert found_in(proposal) == expected
    assert (len(expected), sum(map(len, expected.values()))) == MEMBERS[name]
    check_paths(tmp_path, proposal)


def check_paths(root: Path, proposal: Proposal) -> None:
    """Each file belongs to the member whose folder is nearest, and to none outside of all folders."""
    keys = {one.folder: one.key for one in proposal.components}
    for path, owners in owners_of(root, proposal).items():
        above = [str(folder) for folder in Path(path).parents]
        nearest = next((keys["" if one == "." else one] for one in above if ("" if one == "." else one) in keys), None)
        assert owners == ({nearest} if nearest else set()), path


@pytest.mark.parametrize(
    ("history", "name"), [("commitlint", "commitlint-npm-workspaces"), ("git-cliff", "git-cliff-cargo")]
)
def test_real_manifests_on_their_own_tree(history: str, name: str, tmp_path: Path) -> None:
    """The manifests are of the commit that the history ends with: every file of the real tree is mapped."""
    root = checked_out(history, tmp_path)
    files = manifests_of(name)
    for path, text in files.items():
        (root / path).write_text(text)
    proposal = discover(root)
    assert found_in(proposal) == expected_of(name, files)
    check_paths(root, proposal)
    mapped = [path for path, owners in owners_of(root, proposal).items() if owners]
    assert len(mapped) > 30


def checked_out(name: str, folder: Path) -> Path:
    run_git(folder, "clone", "-q", str(real_data("histories", f"{name}.bundle")), name)
    return folder / name


ASIDE = {"doc", "docs", "documentation", "man", "ci", "test", "tests", "examples", "vendor", "templates"}
CONTAINERS = {"packages", "plugins", "services", "apps", "modules", "components", "projects", "libs", "crates", "cmd"}


@pytest.mark.parametrize("name", ["commitlint", "mybinder-deploy", "git-cliff", "git-2005"])
def test_a_history_without_contents_shows_its_folders_with_churn(name: str, tmp_path: Path) -> None:
    root = checked_out(name, tmp_path)
    proposal = discover(root)
    log = run_git(root, "log", "--no-merges", "--no-renames", "-2000", "--name-only", "--format=commit %H", "-z")
    commits: Counter[str] = Counter()
    for commit in re.split(r"(?:\0|^)commit [0-9a-f]{40}", log.decode("utf-8", "surrogateescape"))[1:]:
        commits.update({f for path in re.split(r"[\0\n]+", commit) if path and (f := part(path))})
    there = {f for path in run_git(root, "ls-files", "-z").decode().split("\0") if (f := part(path))}
    assert {one.folder: said(one.because[0]) for one in proposal.components} == {
        folder: count for folder, count in commits.items() if folder in there
    }
    check_paths(root, proposal)


def part(path: str) -> str | None:
    first, *more = path.split("/")
    if not more or first[0] == "." or first.lower() in ASIDE:
        return None
    if first in CONTAINERS:
        return "/".join([first, more[0]]) if len(more) > 1 and more[0][0] != "." else None
    return first


def said(because: str) -> int:
    match = re.search(r": (\d+) of the newest", because)
    assert match, because
    return int(match[1])


CODEOWNERS = {"datadog-ci": 43, "warehouse": 7, "git-cliff": 0}


@pytest.mark.parametrize("name", CODEOWNERS)
def test_codeowners_name_their_folders(name: str, tmp_path: Path) -> None:
    """A file below all that a line names: each folder that one spells out is a member with that line's owners."""
    text = real_data("catalogs", "codeowners", f"{name}.CODEOWNERS").read_text()
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    folders: dict[str, list[str]] = {}
    files = {".github/CODEOWNERS": text, "src/a": ""}
    for pattern, *owners in filter(None, lines):
        bare = re.sub(r"/\*{0,2}$", "", pattern).lstrip("/")
        if "*" in bare or not bare:
            continue
        is_file = pattern == bare and bool(Path(bare).suffix)
        files[bare if is_file else f"{bare}/a"] = ""
        if not is_file:
            folders[bare] = owners
    assert len(folders) == CODEOWNERS[name]
    commit_files(tmp_path, files)
    proposal = discover(tmp_path, "codeowners")
    assert {one.folder: one.owner for one in proposal.components} == {f: " ".join(o) for f, o in folders.items()}
    check_paths(tmp_path, proposal)


INVALID = {"incident-io-example"}


@pytest.mark.parametrize(
    "name",
    [
        "backstage-demo",
        "backstage-demo-ai-resources",
        "create-app-entities",
        "create-app-org",
        "incident-io-example",
    ],
)
def test_our_verdict_on_a_backstage_file_is_backstages(name: str, tmp_path: Path) -> None:
    text = real_data("catalogs", "backstage", f"{name}.yaml").read_text()
    commit_files(tmp_path, {"catalog-info.yaml": text})
    if name in INVALID:
        with pytest.raises(ManifestError, match=r"^catalog-info\.yaml: document \d: metadata\.name is missing"):
            discover(tmp_path)
        return
    entities = [one for one in yaml.safe_load_all(text) if one]
    named = {one["metadata"]["name"] for one in entities if one["kind"] == "Component"}
    assert set(by_key(discover(tmp_path, "backstage"))) == named


def test_no_template_of_backstage_is_taken_for_a_component(tmp_path: Path) -> None:
    templates = sorted(real_data("catalogs", "backstage").glob("templated__*.yaml"))
    assert len(templates) == 8
    files = {f"{number}/catalog-info.yaml": one.read_text() for number, one in enumerate(templates)}
    commit_files(tmp_path, files)
    proposal = discover(tmp_path, "backstage")
    assert edges(by_key(proposal)) == {}
    assert list(proposal.left_out) == [f"{path}: it is a template that is not filled in yet" for path in sorted(files)]
    assert proposal.components == ()


def test_every_catalog_of_the_data_is_looked_at() -> None:
    there = {path.stem for path in real_data("catalogs", "workspaces").glob("*.json")}
    assert there == set(MEMBERS)
    assert {path.stem for path in real_data("catalogs", "codeowners").glob("*")} == set(CODEOWNERS)
