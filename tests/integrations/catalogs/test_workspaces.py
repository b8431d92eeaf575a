"""Workspaces of npm, Cargo, uv, Go and Maven: their members, the files of each, and what each needs of the others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from releasewatch.integrations.catalogs.repo_files import ManifestError
from tests.support.catalogs import by_key, commit_files, discover, discover_in, edges, owners_of

if TYPE_CHECKING:
    from pathlib import Path


def package(name: str, **more: object) -> str:
    return json.dumps({"name": name, **more})


NPM = {
    "package.json": package("shop", private=True, workspaces=["packages/*", "apps/**", "!packages/old"]),
    "packages/money/package.json": package("@shop/money", main="index.js"),
    "packages/money/index.js": "",
    "packages/old/package.json": package("@shop/old"),
    "packages/kit/package.json": package("@shop/kit", private=True, devDependencies={"@shop/money": "*"}),
    "apps/web/package.json": package(
        "web",
        private=True,
        dependencies={"@shop/money": "workspace:^", "react": "19", "@shop/kit": "file:../../packages/kit"},
    ),
    "apps/web/src/a.js": "",
    "lambdas/mail/package.json": package(
        "mailer", dependencies={"@shop/money": "^1", "kit": "file:../../packages/kit"}
    ),
    "lambdas/mail/inner/package.json": package("inner"),
    "lambdas/resize/package.json": '{"dependencies": {"sharp": "1"}}',
    "site-examples/basic/package.json": package("basic"),
    "e2e/package.json": package("e2e"),
    ".github/actions/x/package.json": package("x"),
    "tools/package.json": '{"type": "commonjs"}',
    "apps/admin/tool/package.json": package(
        "@shop/tool",
        bin="x.js",
        peerDependencies={"@shop/money": "1"},
        optionalDependencies={"web": "npm:other-web@1"},
    ),
}


@pytest.mark.parametrize(
    ("manifest", "workspace", "member"),
    [
        ("package.json", package("shop", private=True, workspaces=["packages/*"]), package("kit")),
        ("Cargo.toml", '[workspace]\nmembers = ["packages/*"]\n', '[package]\nname = "kit"\n'),
        (
            "pyproject.toml",
            '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
            '[project]\nname = "kit"\n',
        ),
    ],
)
def test_what_a_workspace_names_is_not_said_to_be_left_out(
    tmp_path: Path, manifest: str, workspace: str, member: str
) -> None:
    commit_files(tmp_path, {manifest: workspace, f"packages/test/{manifest}": member, f"old/test/{manifest}": member})
    proposal = discover(tmp_path)
    assert [one.folder for one in proposal.components] == ["packages/test"]
    (said,) = [sentence for sentence in proposal.left_out if "where only what a workspace names counts" in sentence]
    assert said.endswith(f": old/test/{manifest}")


def test_npm_workspaces_and_packages_of_none(tmp_path: Path) -> None:
    commit_files(tmp_path, NPM)
    proposal = discover(tmp_path)
    found = by_key(proposal)
    assert {key: one.folder for key, one in found.items()} == {
        "kit": "packages/kit",
        "mailer": "lambdas/mail",
        "money": "packages/money",
        "resize": "lambdas/resize",
        "tool": "apps/admin/tool",
        "web": "apps/web",
    }
    # Neither dev dependencies nor other packages; and outside of a workspace a name means the registry's package.
    assert edges(found) == {"mailer": ["kit"], "tool": ["money"], "web": ["kit", "money"]}
    assert {key: one.type for key, one in found.items()} == {
        "kit": "library",
        "mailer": "service",
        "resize": "service",
        "money": "library",
        "tool": "service",
        "web": "service",
    }
    assert "needs money: peerDependencies in apps/admin/tool/package.json" in found["tool"].because
    alone = "lambdas/mail/package.json is mailer; no workspace names it: it is taken for a part of its own"
    assert found["mailer"].because[0] == alone
    assert proposal.counts == {"npm": 6}
    assert proposal.left_out[1:5] == (
        "package.json that its workspace excludes: packages/old",
        "package.json that names no package: tools",
        (
            "3 npm packages of no workspace, in folders of tests, examples or documentation "
            "(if it is deployed, write [components.KEY] for it): .github/actions/x, e2e, site-examples/basic"
        ),
        "1 npm package of no workspace, inside the folder of another part, which takes it: lambdas/mail/inner",
    )


def test_a_root_that_is_a_package_has_what_no_member_has(tmp_path: Path) -> None:
    files = {
        "package.json": package("shop", workspaces=["a/b"], dependencies={"b": "*"}),
        "index.js": "",
        "a/c.js": "",
        "a/b/package.json": package("b"),
        "a/b/x.js": "",
    }
    commit_files(tmp_path, files)
    found = discover(tmp_path)
    assert edges(by_key(found)) == {"shop": ["b"]}
    assert owners_of(tmp_path, found) == {
        "package.json": {"shop"},
        "index.js": {"shop"},
        "a/c.js": {"shop"},
        "a/b/package.json": {"b"},
        "a/b/x.js": {"b"},
    }


@pytest.mark.parametrize(
    ("file", "content", "tool"),
    [
        ("pnpm-workspace.yaml", "packages:\n  - 'p/*'\n", "pnpm"),
        ("lerna.json", '{"packages": ["p/*"]}', "lerna"),
        ("package.json", package("x", private=True, workspaces={"packages": ["p/*"]}), "npm"),
        ("package.json", "\ufeff" + package("x", private=True, workspaces=["./p/*/"]), "npm"),
    ],
)
def test_each_tool_names_its_packages_elsewhere(tmp_path: Path, file: str, content: str, tool: str) -> None:
    found = discover_in(tmp_path, {file: content, "p/a/package.json": package("a"), "q/package.json": "{}"})
    assert list(found) == ["a"]
    assert f"of the {tool} workspace" in found["a"].because[0]


def test_names_that_would_be_one_key(tmp_path: Path) -> None:
    files = {
        "package.json": package("r", private=True, workspaces=["*/*"]),
        "a/utils/package.json": package("@x/utils"),
        "b/utils/package.json": package("@y/utils"),
        "c/utils/package.json": package("utils"),
        "d/x/package.json": package("…"),
        "e/x/package.json": package("@y/utils"),
    }
    commit_files(tmp_path, files)
    first = discover(tmp_path)
    assert {one.key: one.folder for one in first.components} == {
        "x-utils": "a/utils",
        "y-utils": "b/utils",
        "c-utils": "c/utils",
        "d-x": "d/x",
        "e-x": "e/x",
    }
    assert "key: utils would also be the one of b/utils, c/utils, e/x" in by_key(first)["x-utils"].because
    assert any("is also the name of" in sentence for sentence in first.left_out)
    assert discover(tmp_path) == first


def test_a_broken_member_is_an_error_and_a_stray_file_is_told(tmp_path: Path) -> None:
    repo = commit_files(tmp_path, {**NPM, "tools/package.json": "{", "tests/fixtures/x/package.json": "{"})
    found = discover(tmp_path)
    assert len(found.components) == 6
    assert [one for one in found.left_out if "tools/package.json:1: this is not JSON" in one]
    assert [one for one in found.left_out if one.endswith("a workspace names counts: tests/fixtures/x/package.json")]
    repo.commit("Break it", {"packages/money/package.json": '{"name":\n'})
    with pytest.raises(ManifestError, match=r"^packages/money/package.json:2: this is not JSON"):
        discover(tmp_path)
    assert len(discover(tmp_path, exclude=("packages/money/",)).components) == 5


CARGO = {
    "Cargo.toml": """
[workspace]
members = ["crates/*", "tool"]
exclude = ["crates/scratch"]
[workspace.dependencies]
money = { path = "crates/money" }
serde = "1"
""",
    "crates/money/Cargo.toml": '[package]\nname = "money"\n[lib]\npath = "lib.rs"\n',
    "crates/scratch/Cargo.toml": '[package]\nname = "scratch"\n',
    "crates/cart/Cargo.toml": """
[package]
name = "cart"
[dependencies]
money.workspace = true
serde.workspace = true
[dev-dependencies]
tool = { path = "../../tool" }
[target.'cfg(unix)'.dependencies]
deep = { path = "../../deep/er" }
""",
    "crates/cart/src/main.rs": "fn main() {}",
    "tool/Cargo.toml": """
[package]
name = "tool"
[[bin]]
name = "t"
[build-dependencies]
mine = { package = "cart", path = "../crates/cart" }
""",
    "deep/er/Cargo.toml": '[package]\nname = "deep"\n',
    "deep/er/src/lib.rs": "",
    "agent/Cargo.toml": '[package]\nname = "agent"\n[dependencies]\nmoney = { path = "../crates/money" }\n',
    "agent/src/main.rs": "fn main() {}",
    "agent/fuzz/Cargo.toml": '[package]\nname = "agent-fuzz"\n',
}


def test_cargo_workspaces_and_packages_of_none(tmp_path: Path) -> None:
    commit_files(tmp_path, CARGO)
    proposal = discover(tmp_path)
    found = by_key(proposal)
    assert sorted(found) == ["agent", "cart", "deep", "money", "tool"]
    assert edges(found) == {"agent": ["money"], "cart": ["deep", "money"], "tool": ["cart"]}
    assert "crates/scratch/Cargo.toml: its workspace excludes it" in proposal.left_out
    assert any(sentence.endswith(": agent/fuzz") for sentence in proposal.left_out)
    assert {key for key, one in found.items() if one.type == "library"} == {"deep", "money"}


def test_a_cargo_package_that_is_the_root_of_its_workspace(tmp_path: Path) -> None:
    root = '[package]\nname = "app"\n[workspace]\nmembers = []\n[dependencies]\ncore = { path = "core" }\n'
    files = {"Cargo.toml": root, "src/main.rs": "", "core/Cargo.toml": '[package]\nname = "core"\n', "core/a.rs": ""}
    commit_files(tmp_path, files)
    found = discover(tmp_path)
    assert edges(by_key(found)) == {"app": ["core"]}
    assert owners_of(tmp_path, found)["core/a.rs"] == {"core"}
    assert owners_of(tmp_path, found)["src/main.rs"] == {"app"}


UV = {
    "pyproject.toml": """
[project]
name = "Shop.App"
dependencies = ["shop-money>=1 ; python_version > '3'", "requests", "elsewhere"]
[project.scripts]
shop = "shop:main"
[tool.uv.workspace]
members = ["libs/*"]
exclude = ["libs/old"]
[tool.uv.sources]
shop-money = { workspace = true }
elsewhere = { git = "https://git.example.org/elsewhere" }
""",
    "libs/money/pyproject.toml": '[project]\nname = "shop_money"\noptional-dependencies.fast = ["Rates[x]"]\n',
    "libs/rates/pyproject.toml": '[project]\nname = "rates"\n[tool.uv.sources]\nrates = {path = "."}\n',
    "libs/elsewhere/pyproject.toml": '[project]\nname = "elsewhere"\n',
    "libs/old/pyproject.toml": '[project]\nname = "old"\n',
    "jobs/report/pyproject.toml": """
[tool.poetry]
name = "report"
[tool.poetry.scripts]
report = "report:main"
[tool.poetry.dependencies]
python = "^3.11"
shop_money = { path = "../../libs/money", develop = true }
""",
    "scripts/pyproject.toml": "[tool.black]\nline-length = 120\n",
}


def test_uv_workspaces_and_projects_of_none(tmp_path: Path) -> None:
    found = discover_in(tmp_path, UV)
    assert sorted(found) == ["Shop.App", "elsewhere", "rates", "report", "shop_money"]
    assert edges(found) == {"Shop.App": ["shop_money"], "report": ["shop_money"], "shop_money": ["rates"]}
    assert found["report"].type == "service"
    assert (found["Shop.App"].type, found["rates"].type) == ("service", "library")


GO = {
    "go.work": 'go 1.22\n\nuse (\n\t./app // the program\n\t"./lib/money"\n)\nuse ./lib/rates\n',
    "app/go.mod": """module example.org/shop/app

require (
    example.org/shop/money/v2 v2.0.0
    github.com/x/y v1.0.0 // indirect
)
""",
    "app/main.go": "package main",
    "lib/money/go.mod": """module example.org/shop/money/v2
require example.org/old/rates v0.0.0
replace example.org/old/rates => ../rates
""",
    "lib/rates/go.mod": "module example.org/shop/rates\n",
    "tools/go.mod": "module example.org/tools\nreplace example.org/shop/rates => ../lib/rates\n"
    "require example.org/shop/rates v0.0.0\nrequire example.org/shop/money/v2 v2.0.0\n",
    "odd/go.mod": "module\n",
}


def test_go_workspaces(tmp_path: Path) -> None:
    commit_files(tmp_path, GO)
    proposal = discover(tmp_path)
    found = by_key(proposal)
    assert {key: one.folder for key, one in found.items()} == {
        "app": "app",
        "money": "lib/money",
        "rates": "lib/rates",
        "tools": "tools",
    }
    assert edges(found) == {"app": ["money"], "money": ["rates"], "tools": ["rates"]}
    assert [key for key, one in found.items() if one.type == "service"] == ["app"]
    assert proposal.left_out == (
        "odd/go.mod: it names no module",
        "files that no component takes, by folder: odd (1); see: catalog import --from folders",
    )


def pom(artifact: str, more: str = "", group: str = "") -> str:
    stated = f"<groupId>{group}</groupId>" if group else "<parent><groupId>org.shop</groupId></parent>"
    head = '<?xml version="1.0"?><project xmlns="http://maven.apache.org/POM/4.0.0">'
    return f"{head}{stated}<artifactId>{artifact}</artifactId>{more}</project>"


def dependency(artifact: str, group: str = "${project.groupId}", more: str = "") -> str:
    return f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>{more}</dependency>"


MAVEN = {
    "pom.xml": pom(
        "parent",
        "<packaging>pom</packaging><modules><module>core</module><module>web/pom.xml</module></modules>"
        "<profiles><profile><modules><module>more</module></modules></profile></profiles>",
        "org.shop",
    ),
    "core/pom.xml": pom("core", "<name>Core of the shop</name>"),
    "web/pom.xml": pom(
        "web",
        "<packaging>war</packaging><dependencies>"
        + dependency("core")
        + dependency("batch", more="<scope>test</scope>")
        + dependency("core", "com.other")
        + "</dependencies>",
    ),
    "more/pom.xml": pom("more", "<packaging>pom</packaging><modules><module>batch</module></modules>"),
    "more/batch/pom.xml": pom(
        "batch",
        "<dependencies>"
        + dependency("core", "org.shop")
        + "</dependencies><build><plugins>"
        + "<plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build>",
    ),
    "feed/pom.xml": pom(
        "feed", f"<packaging>war</packaging><dependencies>{dependency('core')}</dependencies>", "org.shop"
    ),
}


def test_maven_modules_and_projects_of_none(tmp_path: Path) -> None:
    found = discover_in(tmp_path, MAVEN)
    folders = {"batch": "more/batch", "core": "core", "feed": "feed", "web": "web"}
    assert {key: one.folder for key, one in found.items()} == folders
    assert edges(found) == {"batch": ["core"], "feed": ["core"], "web": ["core"]}
    assert {key for key, one in found.items() if one.type == "library"} == {"core"}
    assert "no workspace names it" in found["feed"].because[0]
    assert found["core"].title == "Core of the shop"


@pytest.mark.parametrize(
    ("files", "key"),
    [
        ({"package.json": package("@x/one")}, "one"),
        ({"Cargo.toml": '[package]\nname = "one"\n'}, "one"),
        ({"pyproject.toml": '[project]\nname = "one"\n'}, "one"),
        ({"go.mod": "module example.org/one\n"}, "one"),
        ({"pom.xml": pom("one", group="g")}, "one"),
    ],
    ids=["npm", "cargo", "uv", "go", "maven"],
)
def test_one_package_is_the_whole_repo(tmp_path: Path, files: dict[str, str], key: str) -> None:
    commit_files(tmp_path, {**files, "src/a": "", "README": ""})
    found = discover(tmp_path)
    assert [one.key for one in found.components] == [key]
    assert set(map(tuple, owners_of(tmp_path, found).values())) == {(key,)}
