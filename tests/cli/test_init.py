"""`init` and `catalog import`: from an unprepared repo to a configuration, which keeps what people wrote."""

from __future__ import annotations

import json
import stat
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.support.catalogs import commit_files
from tests.support.command import run_command
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "package.json": '{"name": "shop", "private": true, "workspaces": ["packages/*"]}',
    "packages/money/package.json": '{"name": "@shop/money"}',
    "packages/money/a.js": "",
    "packages/web/package.json": '{"name": "web", "private": true, "dependencies": {"@shop/money": "*"}}',
    "README.md": "",
    "docs/a.html": "",
    ".github/CODEOWNERS": "packages/web @org/web\n",
}

STARTER = """\
# Made of what this repo shows. Every guess has its reason beside it; change what is wrong.
# Members found: npm (2).
# Left out: package.json: it holds the workspace together and is no package that is used

[releasewatch]
# repo: from the path of the remote origin
repo = "acme/shop"

[catalog]
# Paths that can reach no customer, as far as their names tell:
no_effect = [
    "*.md", # texts in Markdown; take this out where the program ships them
    "docs/**", # documentation
    ".github/**", # how GitHub builds it
    "releasewatch.toml", # this file
]

[components.money]
# packages/money/package.json is @shop/money, of the npm workspace (workspaces in package.json)
# library: it is needed by web
paths = ["packages/money/**"]
type = "library"

[components.web]
# packages/web/package.json is web, of the npm workspace (workspaces in package.json)
# service: nothing here depends on it, and nothing says that it is a library
# owner: .github/CODEOWNERS line 1, for 1 of 1 file
# needs money: dependencies in packages/web/package.json
paths = ["packages/web/**"]
depends_on = ["money"]
owner = "@org/web"

# No file here names an environment. Say where you deploy to, for example:
# [environments.production]
# tier = "production"
# regions = ["eu", "us"]
# rings = ["early", "stable"]
"""


@pytest.fixture
def repo(tmp_path: Path) -> RepoBuilder:
    made = commit_files(tmp_path / "work", FILES)
    made.git("remote", "add", "origin", "https://git.example.org/acme/shop.git")
    return made


def test_init_writes_a_file_that_explains_itself(repo: RepoBuilder) -> None:
    done = run_command("init", cwd=repo.path / "packages")
    assert (done.status, done.out) == (0, "")
    assert "releasewatch.toml written with 2 components" in done.err
    written = repo.path / "releasewatch.toml"
    assert written.read_text() == STARTER
    assert stat.S_IMODE(written.stat().st_mode) & 0o600 == 0o600
    assert not (repo.path / ".releasewatch").exists()
    shown = run_command("catalog", "show", "--format", "json", cwd=repo.path).document
    assert [one["key"] for one in shown["components"]] == ["acme/shop/money", "acme/shop/web"]


def test_a_dry_run_writes_nothing(repo: RepoBuilder) -> None:
    done = run_command("init", "--dry-run", "-q", cwd=repo.path)
    assert (done.status, done.out, done.err) == (0, STARTER, "")
    document = run_command("init", "--dry-run", "--format", "json", cwd=repo.path).document
    assert (document["written"], document["repo"], document["members"]) == (False, "acme/shop", {"npm": 2})
    assert repo.git("status", "--porcelain") == ""


def test_init_refuses_to_overwrite(repo: RepoBuilder) -> None:
    (repo.path / "releasewatch.toml").write_text("# mine\n")
    done = run_command("init", cwd=repo.path)
    assert done.status == 4
    assert (repo.path / "releasewatch.toml").read_text() == "# mine\n"
    assert run_command("init", "--force", cwd=repo.path).status == 0
    assert tomllib.loads((repo.path / "releasewatch.toml").read_text())["releasewatch"] == {"repo": "acme/shop"}


def test_init_refuses_a_second_configuration(repo: RepoBuilder) -> None:
    (repo.path / "pyproject.toml").write_text('[tool.releasewatch]\nrepo = "x"\n')
    done = run_command("init", "--force", "--format", "json", cwd=repo.path)
    assert (done.status, done.out, done.error["code"]) == (4, "", "refused")
    assert "catalog import -o pyproject.toml" in done.error["hint"]


def test_outside_of_git_there_is_nothing_to_read(tmp_path: Path) -> None:
    for words in (("init",), ("catalog", "import")):
        done = run_command(*words, "--format", "json", cwd=tmp_path)
        assert (done.status, done.out) == (2, "")
        assert "git" in done.error["message"]


def test_a_repo_without_files(tmp_path: Path) -> None:
    RepoBuilder(tmp_path / "bare", bare=True)
    done = run_command("init", "--format", "json", cwd=tmp_path / "bare")
    assert (done.status, done.error["message"]) == (2, f"{tmp_path}/bare is a git repo without a work tree.")


def test_a_repo_that_shows_nothing_gets_a_file_to_fill_in(tmp_path: Path) -> None:
    repo = commit_files(tmp_path / "bare", {"README.md": ""})
    assert run_command("init", cwd=repo.path).status == 0
    text = (repo.path / "releasewatch.toml").read_text()
    assert "No part of the software was found" in text
    assert "components" not in tomllib.loads(text)


ENVIRONMENTS = """
[environments.prod]
# the job ship in .gitlab-ci.yml deploys to prod
# production: a word of its name says so; add regions and rings if there are any
tier = "production"

[environments.staging]
# the job try in .gitlab-ci.yml deploys to staging
# no customers, as far as its name tells; else: tier = "production"

[environments.production-eu]
# overlays/production-eu/kustomization.yaml (Kustomize overlay)
# perhaps the same as prod: then keep one of them
# production: a word of its name says so; add regions and rings if there are any
tier = "production"
"""


def test_environments_are_proposed_with_where_they_were_seen(tmp_path: Path) -> None:
    files = {
        ".gitlab-ci.yml": "ship: {environment: prod}\ntry: {environment: {name: staging}}\n",
        "overlays/production-eu/kustomization.yaml": "",
        "api/main.py": "",
    }
    repo = commit_files(tmp_path / "shop", files)
    done = run_command("init", cwd=repo.path)
    assert "with 2 components and 3 environments: read it" in done.err
    assert (repo.path / "releasewatch.toml").read_text().endswith(ENVIRONMENTS)
    document = run_command("init", "--dry-run", "--format", "json", cwd=repo.path).document
    assert [one["key"] for one in document["environments"]] == ["prod", "staging", "production-eu"]


def test_what_the_organisation_keeps_is_not_written_into_a_repo(tmp_path: Path) -> None:
    repo = commit_files(tmp_path / "shop", {".gitlab-ci.yml": "ship: {environment: prod}\n", "api/main.py": ""})
    (tmp_path / "organisation.toml").write_text('[environments.prod]\ntier = "production"\n')
    (repo.path / ".releasewatch").mkdir()
    words = ("config", "push", str(tmp_path / "organisation.toml"), "--why", "first", "--by", "kim")
    pushed = run_command(*words, cwd=repo.path)
    assert pushed.status == 0, pushed.err
    assert run_command("init", cwd=repo.path).status == 0
    text = (repo.path / "releasewatch.toml").read_text()
    assert text.endswith("\n# Environments are the organisation's, in the ledger (version 1): config show\n")
    assert run_command("catalog", "check", cwd=repo.path).status == 0


OWN = """\
# mine, and it stays
[releasewatch]
repo = "acme/shop"   # with its remark

[components.cash]   # what we call money
paths = [ "packages/money/**" ]

[environments.production]
regions = ["eu"]
"""


def test_import_adds_what_is_not_known_and_keeps_every_line(repo: RepoBuilder) -> None:
    config = repo.path / "releasewatch.toml"
    config.write_text(OWN.rstrip("\n"))
    config.chmod(0o640)
    done = run_command("catalog", "import", "-o", "releasewatch.toml", cwd=repo.path)
    assert (done.status, done.out) == (0, "")
    assert "Already there: cash takes all files of money." in done.err
    text = config.read_text()
    assert text.startswith(OWN)
    assert tomllib.loads(text)["components"] == {
        "cash": {"paths": ["packages/money/**"]},
        "web": {"paths": ["packages/web/**"], "depends_on": ["cash"], "owner": "@org/web"},
    }
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    again = run_command("catalog", "import", "-o", "releasewatch.toml", cwd=repo.path)
    assert (again.status, config.read_text()) == (0, text)
    assert "Nothing new" in again.err


def test_import_prints_a_fragment(repo: RepoBuilder) -> None:
    (repo.path / "releasewatch.toml").write_text('[releasewatch]\nrepo = "r"\n[components.web]\n')
    done = run_command("catalog", "import", "--from", "npm", cwd=repo.path)
    assert list(tomllib.loads(done.out)["components"]) == ["money"]
    assert "Already there, left as they are: web." in done.err
    document = json.loads(run_command("catalog", "import", "--format", "json", cwd=repo.path).out)
    assert [one["key"] for one in document["components"]] == ["money"]
    assert document["known"] == [{"key": "web", "component": "web"}]


def test_import_into_a_pyproject(repo: RepoBuilder) -> None:
    file = repo.path / "pyproject.toml"
    file.write_bytes(b'[project]\r\nname = "x"\r\n\r\n[tool.releasewatch]\r\nrepo = "r"\r\n')
    assert run_command("catalog", "import", "--from", "npm", "-o", "pyproject.toml", cwd=repo.path).status == 0
    text = file.read_bytes()
    assert text.count(b"\n") == text.count(b"\r\n")
    assert sorted(tomllib.loads(text.decode())["tool"]["releasewatch"]["components"]) == ["money", "web"]


def test_import_into_a_file_of_its_own_twice(repo: RepoBuilder) -> None:
    words = ("catalog", "import", "--from", "npm", "-o", "found.toml")
    assert run_command(*words, cwd=repo.path).status == 0
    text = (repo.path / "found.toml").read_text()
    assert sorted(tomllib.loads(text)["components"]) == ["money", "web"]
    assert run_command(*words, cwd=repo.path).status == 0
    assert (repo.path / "found.toml").read_text() == text


def test_folders_fill_what_other_sources_leave(repo: RepoBuilder) -> None:
    repo.commit("Add what nobody describes", {"backend/a.py": "", "backend/b.py": ""})
    done = run_command("init", cwd=repo.path)
    assert "files that no component takes, by folder: backend (2)" in done.err
    done = run_command("catalog", "import", "--from", "folders", "-o", "releasewatch.toml", cwd=repo.path)
    found = tomllib.loads((repo.path / "releasewatch.toml").read_text())["components"]
    assert sorted(found) == ["backend", "money", "web"]


def test_what_init_has_just_written_is_no_dead_pattern(repo: RepoBuilder) -> None:
    assert run_command("init", cwd=repo.path).status == 0
    assert '"releasewatch.toml"' in (repo.path / "releasewatch.toml").read_text()
    checked = run_command("catalog", "check", "--format", "json", cwd=repo.path).document
    assert [one["pattern"] for one in checked["dead_patterns"]] == []


def test_init_over_a_broken_file(repo: RepoBuilder) -> None:
    (repo.path / "releasewatch.toml").write_text("[broken")
    assert run_command("init", "--force", cwd=repo.path).status == 0
    assert (repo.path / "releasewatch.toml").read_text() == STARTER


def test_import_into_what_cannot_take_it_changes_nothing(repo: RepoBuilder) -> None:
    text = '[releasewatch]\nrepo = "r"\n'
    inline = f"components = {{ cash = {{ paths = ['x'] }} }}\n{text}"
    (repo.path / "releasewatch.toml").write_text(inline)
    done = run_command("catalog", "import", "-o", "releasewatch.toml", "--format", "json", cwd=repo.path)
    assert (done.status, done.out, done.error["code"]) == (2, "", "invalid_config")
    assert (repo.path / "releasewatch.toml").read_text() == inline


@pytest.mark.parametrize(
    ("name", "text", "status"),
    [
        ("organisation.toml", "[staff]\n", 4),
        ("Cargo.toml", '[package]\nname = "x"\n', 2),
        ("export.csv", "key,name\na,A\n", 2),
        ("export.bin", "\xff\x00", 2),
    ],
)
def test_import_into_a_file_that_configures_no_repo_changes_nothing(
    repo: RepoBuilder, name: str, text: str, status: int
) -> None:
    (repo.path / name).write_bytes(text.encode("latin-1"))
    done = run_command("catalog", "import", "-o", name, "--from", "npm", cwd=repo.path)
    assert (done.status, done.out, (repo.path / name).read_bytes()) == (status, "", text.encode("latin-1"))
    assert name in done.err


def test_an_invalid_backstage_file_is_an_error_with_file_and_field(repo: RepoBuilder) -> None:
    text = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {}\nspec: {}\n"
    repo.commit("Describe", {"packages/web/catalog-info.yaml": text})
    done = run_command("init", "--format", "json", cwd=repo.path)
    assert (done.status, done.out, done.error["code"]) == (2, "", "invalid_manifest")
    fields = ("metadata.name", "spec.type", "spec.lifecycle", "spec.owner", "spec.definition")
    assert done.error["message"] == "; ".join(f"packages/web/catalog-info.yaml: {one} is missing" for one in fields)
    assert not (repo.path / "releasewatch.toml").exists()
    assert run_command("init", "--exclude", "catalog-info.yaml", cwd=repo.path).status == 0


def test_a_pattern_that_is_none(repo: RepoBuilder) -> None:
    done = run_command("init", "--exclude", "../x", "--format", "json", cwd=repo.path)
    assert done.status == 2
    assert "../x" in done.error["message"]
