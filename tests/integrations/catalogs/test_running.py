"""What runs and who owns it: Docker Compose, Helm, CODEOWNERS, folders with churn, and sources that share a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.catalogs import by_key, commit_files, discover, discover_in, edges, owners_of

if TYPE_CHECKING:
    from pathlib import Path

COMPOSE = """
x-base: &base
  restart: always
services:
  web:
    <<: *base
    build: ./web
    depends_on: [api, db]
  api:
    build: {context: ., dockerfile: services/api/Dockerfile}
    depends_on:
      db: {condition: service_healthy}
      worker: {}
  worker:
    build: {context: services/worker}
    links: ["api:backend"]
  cron:
    build: services/worker
  db:
    image: postgres:17
  far:
    build: https://git.example.org/far.git
  out:
    build: ../elsewhere
"""

FILES = {
    "compose.yaml": COMPOSE,
    "web/Dockerfile": "",
    "services/api/Dockerfile": "",
    "services/worker/run.py": "",
}


def test_compose_services_with_a_build_context(tmp_path: Path) -> None:
    commit_files(tmp_path, FILES)
    proposal = discover(tmp_path)
    found = by_key(proposal)
    assert {key: one.folder for key, one in found.items()} == {
        "api": "services/api",
        "web": "web",
        "worker": "services/worker",
    }
    assert edges(found) == {"api": ["worker"], "web": ["api"], "worker": ["api"]}
    assert {one.type for one in found.values()} == {"service"}
    assert any("builds the service cron from services/worker" in line for line in found["worker"].because)
    assert "compose.yaml: not built from this repo: db" in proposal.left_out
    assert "compose.yaml: services.out.build: ../elsewhere leads out of this repo" in proposal.left_out


HELM = {
    "charts/shop/Chart.yaml": """
apiVersion: v2
name: shop
dependencies:
  - {name: common, repository: "file://../common"}
  - {name: redis, repository: "https://charts.example.org"}
  - {name: gone, repository: "file:///etc"}
""",
    "charts/shop/charts/web/Chart.yaml": "name: web\n",
    "charts/common/Chart.yaml": "name: common\ntype: library\n",
}


def test_helm_charts(tmp_path: Path) -> None:
    commit_files(tmp_path, HELM)
    found = discover(tmp_path)
    assert edges(by_key(found)) == {"shop": ["common", "web"]}
    assert by_key(found)["common"].type == "library"
    assert owners_of(tmp_path, found)["charts/shop/charts/web/Chart.yaml"] == {"web"}
    assert owners_of(tmp_path, found)["charts/shop/Chart.yaml"] == {"shop"}


def test_sources_that_share_a_folder_are_one_component(tmp_path: Path) -> None:
    files = {
        **FILES,
        "package.json": '{"workspaces": ["web", "ui"]}',
        "web/package.json": '{"name": "@shop/storefront", "private": true, "dependencies": {"ui": "*"}}',
        "ui/package.json": '{"name": "ui", "private": true}',
        "ui/Dockerfile.dev": "",
        "services/api/catalog-info.yaml": """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: backend, title: The backend}
spec: {type: library, lifecycle: production, owner: "group:default/team-api", dependsOn: ["component:ui"]}
""",
        ".github/CODEOWNERS": "* @org/all\n/web/ @org/web\n/services/api @org/never\n",
    }
    found = discover_in(tmp_path, files)
    assert edges(found) == {"backend": ["worker"], "storefront": ["backend", "ui"], "worker": ["backend"]}
    assert found["storefront"].sources == ("npm", "compose")
    assert (found["backend"].title, found["backend"].owner) == ("The backend", "team-api")
    assert found["backend"].type == "library"  # what people wrote outweighs what Compose starts
    assert "library: spec.type is library in services/api/catalog-info.yaml" in found["backend"].because
    assert found["ui"].type == "service"
    assert {key: one.owner for key, one in found.items()} == {
        "backend": "team-api",
        "storefront": "@org/web",
        "ui": "@org/all",
        "worker": "@org/all",
    }
    assert "owner: .github/CODEOWNERS line 2, for 2 of 2 files" in found["storefront"].because
    left = [line for line in found["backend"].because if line.startswith("left out")]
    assert left == [
        (
            "left out: spec.dependsOn in services/api/catalog-info.yaml: ui, which this repo does not describe "
            "(another repo: repo/key)"
        )
    ]


@pytest.mark.parametrize("place", ["CODEOWNERS", "docs/CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS"])
def test_codeowners_name_folders_where_nothing_else_does(tmp_path: Path, place: str) -> None:
    lines = (
        "* @org/all  # everybody\n/api/ @org/api ann@example.org\n/web/src/* @org/web\n"
        "lib/\\ odd/** @org/odd\n*.js @org/js\n/free/\n"
    )
    files = {
        place: lines,
        "api/a": "",
        "web/src/a": "",
        "web/src/deep/b": "",
        "lib/ odd/c": "",
        "free/d": "",
        "x.js": "",
    }
    commit_files(tmp_path, files)
    proposal = discover(tmp_path)
    found = by_key(proposal)
    assert {key: one.folder for key, one in found.items()} == {"api": "api", "src": "web/src", "odd": "lib/ odd"}
    assert {key: one.owner for key, one in found.items()} == {
        "api": "@org/api",  # no address of a person goes into a config
        "src": "@org/all",  # the line takes one of the two files, the first line the other: the smaller name
        "odd": "@org/odd",
    }
    assert proposal.counts == {"codeowners": 3}


def test_codeowners_of_gitlab_have_sections(tmp_path: Path) -> None:
    text = "[Backend][2] @be\n/api/\n/api/db/ @dba\n^[Docs] @docs\n/api/readme\n"
    files = {".gitlab/CODEOWNERS": text, "api/main": "", "api/other": "", "api/db/a": "", "api/db/b": ""}
    found = discover_in(tmp_path, files)
    assert {key: one.owner for key, one in found.items()} == {"api": "@be", "db": "@dba"}


def test_folders_with_churn_where_nobody_says_anything(tmp_path: Path) -> None:
    repo = commit_files(tmp_path, {"services/cart/a": "1", "libs/money/a": "1", "web/a": "1", "docs/a": "", ".x/a": ""})
    repo.commit("Change the cart", {"services/cart/a": "2"})
    found = by_key(discover(tmp_path))
    assert {key: (one.folder, one.type) for key, one in found.items()} == {
        "cart": ("services/cart", "service"),
        "money": ("libs/money", "library"),
        "web": ("web", "service"),
    }
    assert found["cart"].because[0] == "the folder services/cart: 2 of the newest 2 commits touched it"


def test_without_any_commit_there_is_no_churn(tmp_path: Path) -> None:
    repo = commit_files(tmp_path, {"a/b": ""})
    repo.git("update-ref", "-d", "HEAD")
    assert discover(tmp_path).components == ()
