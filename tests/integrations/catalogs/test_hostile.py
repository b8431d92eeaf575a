"""Repos that mean harm or are broken: no source crashes, hangs, leaves the repo or writes what we cannot read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from releasewatch.errors import ReleasewatchError
from releasewatch.integrations.catalogs import SOURCES
from releasewatch.integrations.catalogs.repo_files import LARGEST
from tests.support.catalogs import by_key, commit_files, discover, discover_bytes

if TYPE_CHECKING:
    from pathlib import Path

PLACES = {
    "backstage": "catalog-info.yaml",
    "npm": "package.json",
    "pnpm": "pnpm-workspace.yaml",
    "lerna": "lerna.json",
    "cargo": "Cargo.toml",
    "uv": "pyproject.toml",
    "go": "go.mod",
    "go-work": "go.work",
    "maven": "pom.xml",
    "compose": "compose.yaml",
    "helm": "Chart.yaml",
    "codeowners": "CODEOWNERS",
}

LAUGHS = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{{', '.join(f'k{k}: *a{n - 1}' for k in range(9))}}}\n" for n in range(1, 40)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60))
BOMBS: dict[str, str | bytes] = {
    "empty": "",
    "binary": bytes(range(256)) * 20,
    "nul": "\0" * 100,
    "deep lists": "[" * 100_000,
    "deep tables": '{"a":' * 50_000,
    "deep yaml": "- " * 50_000,
    "deep xml": "<a>" * 50_000,
    "aliases": LAUGHS,
    "merges": MERGES,
    "itself": "a: &a [*a]\nservices: &s {x: *s}\n",
    "entities": '<!DOCTYPE p [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><project><artifactId>&b;</artifactId></project>',
    "outside entity": '<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><project>&a;</project>',
    "number": "1" * 10_000,
    "number in a table": '{"workspaces": ' + "1" * 10_000 + "}",
    "a word": "d670460b4b4a\n",
    "a tag": "!!python/object/apply:os.system ['true']",
    "bad int": "a: !!int x\n",
    "toml": "a = " + "[" * 5000,
    "too large": b"#" * (LARGEST + 1),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_no_content_of_a_manifest_does_harm(bomb: str) -> None:
    content = BOMBS[bomb]
    for place in PLACES.values():
        try:
            discover_bytes({place: content.encode() if isinstance(content, str) else content, "src/a": b""})
        except ReleasewatchError as error:
            assert place in error.message, error.message  # noqa: PT017 - either a sentence, or it goes on


WRONG = [None, 5, True, "", "x", [], [1, None, {}], {}, {"a": None}, {"a": [{}]}, [["x"]]]
KEYS = {
    "package.json": ("name", "workspaces", "dependencies", "private", "bin"),
    "pnpm-workspace.yaml": ("packages",),
    "lerna.json": ("packages",),
    "compose.yaml": ("services",),
    "Chart.yaml": ("name", "dependencies", "type"),
    "catalog-info.yaml": ("apiVersion", "kind", "metadata", "spec"),
}


@pytest.mark.parametrize("place", KEYS)
def test_values_of_another_type(place: str) -> None:
    """JSON is YAML, too."""
    for key in KEYS[place]:
        for wrong in WRONG:
            try:
                discover_bytes({place: json.dumps({"name": "x", key: wrong}).encode(), "src/a": b""})
            except ReleasewatchError as error:
                assert place in error.message  # noqa: PT017 - either a sentence, or it goes on


@pytest.mark.parametrize("wrong", ["5", "true", '"x"', "[1]", "[[]]", "{}", "{a = 1}", '["x", 5]'])
@pytest.mark.parametrize(
    ("place", "table"),
    [
        (
            "Cargo.toml",
            (
                "workspace = {members = ['m'], exclude = %s, dependencies = %s}\n"
                "package = %s\ndependencies = %s\ntarget = %s"
            ),
        ),
        ("Cargo.toml", "workspace.members = %s"),
        ("pyproject.toml", "project = %s\ntool.uv.workspace.members = %s\ntool.uv.sources = %s"),
        ("pyproject.toml", "project.name = 'x'\nproject.dependencies = %s\nproject.scripts = %s\ntool = %s"),
    ],
)
def test_toml_values_of_another_type(place: str, table: str, wrong: str) -> None:
    member = f"package = {wrong}\nlib = {wrong}"
    discover_bytes({place: table.replace("%s", wrong).encode(), "m/Cargo.toml": member.encode()})


OUT = [
    "../**",
    "/etc/*",
    "../../x",
    "~/x",
    "C:\\x",
    "{1..1000000}/*",
    "*/" * 60,
    "[",
    "**/*" * 30,
    "a" * 5000,
    "\0",
    "!",
    "",
]

POM = "<project><artifactId>a</artifactId><modules><module>{}</module></modules></project>"
LOCATION = {"apiVersion": "backstage.io/v1alpha1", "kind": "Location", "metadata": {"name": "l"}}


@pytest.mark.parametrize("pattern", OUT)
def test_patterns_that_lead_out_of_the_repo(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "package.json").write_text('{"name": "outside"}')
    files = {
        "package.json": json.dumps({"workspaces": [pattern, "in"]}),
        "in/package.json": '{"name": "in"}',
        "Cargo.toml": f"[workspace]\nmembers = [{json.dumps(pattern)}]\n",
        "go.work": f"use {json.dumps(pattern)}\n" if "\0" not in pattern else "use x\n",
        "compose.yaml": json.dumps({"services": {"a": {"build": pattern}}}),
        "pom.xml": POM.format(pattern if pattern.isprintable() else ""),
        "catalog-info.yaml": json.dumps({**LOCATION, "spec": {"targets": [pattern or "x"]}}),
    }
    commit_files(tmp_path / "repo", files)
    found = by_key(discover(tmp_path / "repo"))
    assert "outside" not in found
    assert found["in"].folder == "in"


SLOW = {
    "package.json": json.dumps({"workspaces": ["*a*a*a*a*a*a*a*b", "+(+(+(a)))b", "**/**/**/**/**/x", "?(*)+(*)c"]}),
    "CODEOWNERS": "a" * 300_000 + "\n[" + "x" * 300_000 + "] " + "a" * 300_000 + "\n",
    "pom.xml": POM.format("x") .replace("<modules>", "<dependencies><dependency><groupId>" + "${" * 200_000
    + "</groupId><artifactId>a</artifactId></dependency></dependencies><modules>"),
    "catalog-info.yaml": json.dumps({**LOCATION, "spec": {"targets": ["./" + "*a" * 100, "+(+(a))"]}}),
    "go.mod": "module " + '"' * 300_000,
    "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['" + "a" * 300_000 + "-']\n",
}  # fmt: skip


@pytest.mark.parametrize("place", SLOW)
def test_no_expression_is_made_to_search_forever(place: str) -> None:
    """Each of these takes hours where a search goes back and forth; a test that hangs has failed."""
    name = "a" * 120
    discover_bytes({place: SLOW[place].encode(), f"{name}/package.json": b"{}", f"{name}/{name}/package.json": b"{}"})


def test_links_that_leave_the_repo_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "package.json").write_text('{"name": "secret"}')
    (outside / "catalog-info.yaml").write_text("not: [yaml")
    repo = commit_files(
        tmp_path / "repo", {"package.json": '{"workspaces": ["*"]}', "moved/package.json": '{"name": "m"}'}
    )
    (repo.path / "linked").symlink_to(outside)
    (repo.path / "catalog-info.yaml").symlink_to(outside / "catalog-info.yaml")
    repo.git("add", "-A")
    (repo.path / "moved" / "package.json").unlink()
    (repo.path / "moved").rmdir()
    (repo.path / "moved").symlink_to(outside)  # tracked as a folder, and now a way out
    assert discover(repo.path, "npm", "backstage").components == ()


def test_names_that_no_file_of_ours_can_hold(tmp_path: Path) -> None:
    odd = {
        "plain": "a",
        "new\nline": "b",
        "quote\"s'": "c",
        "#hash": "d",
        "!bang [x]*": "e",
        "ünïcode": "f",
        "back\\slash": "g",
    }
    files = {f"{folder}/package.json": json.dumps({"name": f"{name}\u2028\u202e\x07"}) for folder, name in odd.items()}
    repo = commit_files(tmp_path, {"package.json": '{"workspaces": ["*"]}', **files})
    repo.commit("Bytes", {b"\xff/package.json": '{"name": "bytes"}'})
    found = discover(tmp_path)
    assert {one.key for one in found.components} == {"a", "c", "d", "e", "f"} | ({"g"} & set(by_key(found)))
    assert len([line for line in found.left_out if "no pattern can name this folder" in line]) == 2


def test_every_source_is_known_to_the_command_line() -> None:
    from releasewatch.cli.discovering import KINDS

    assert tuple(SOURCES) == KINDS
