"""Where the configuration is looked for, and what it says about a repo."""

from __future__ import annotations

from pathlib import Path

import pytest

from releasewatch.config import Config, config_at, load_config, parse_config
from releasewatch.config.schema import Tables
from releasewatch.domain.catalog import Catalog, Component
from releasewatch.errors import ConfigError
from tests.support.repos import RepoBuilder

OWN = '[releasewatch]\nrepo = "own"\n'
OTHER = '[tool.releasewatch]\nrepo = "other"\n'


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A git repo with a folder two levels down."""
    root = RepoBuilder(tmp_path / "outer" / "repo").path
    (root / "a" / "b").mkdir(parents=True)
    return root


def test_the_nearest_file_upward_counts(repo: Path) -> None:
    (repo / "releasewatch.toml").write_text(OWN)
    config = load_config(repo / "a" / "b", None, {})

    assert config.tables.releasewatch.repo == "own"
    assert (config.path, config.root) == (repo / "releasewatch.toml", repo)
    assert config.where == "../../releasewatch.toml"

    (repo / "a" / "pyproject.toml").write_text(OTHER)
    nearer = load_config(repo / "a" / "b", None, {})
    assert (nearer.tables.releasewatch.repo, nearer.root) == ("other", repo / "a")
    assert load_config(repo, None, {}).tables.releasewatch.repo == "own"


def test_nothing_above_the_git_root_counts(repo: Path) -> None:
    (repo.parent / "releasewatch.toml").write_text(OWN)
    assert load_config(repo / "a", None, {}) == Config(root=repo)


def test_a_git_file_as_in_worktrees_marks_a_root(tmp_path: Path) -> None:
    (tmp_path / "releasewatch.toml").write_text(OWN)
    worktree = tmp_path / "worktree"
    worktree.mkdir()
    (worktree / ".git").write_text("gitdir: /elsewhere\n")
    assert load_config(worktree, None, {}).path is None


def test_outside_of_git_only_the_folder_itself_counts(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "releasewatch.toml").write_text(OWN)
    assert load_config(inner, None, {}) == Config(root=inner)
    assert load_config(tmp_path, None, {}).tables.releasewatch.repo == "own"


def test_both_files_in_one_folder_are_refused(repo: Path) -> None:
    (repo / "releasewatch.toml").write_text(OWN)
    (repo / "pyproject.toml").write_text(OTHER)
    with pytest.raises(ConfigError, match=r"both releasewatch\.toml and \[tool\.releasewatch\] in pyproject\.toml"):
        load_config(repo, None, {})


@pytest.mark.parametrize("text", ["[project]\nname = 'x'\n", "[this is not toml", "# releasewatch\n[tool.x]\n"])
def test_a_pyproject_that_is_not_about_us_is_left_alone(repo: Path, text: str) -> None:
    (repo / "pyproject.toml").write_text(text)
    (repo / "releasewatch.toml").write_text(OWN)
    assert load_config(repo, None, {}).tables.releasewatch.repo == "own"


def test_a_broken_pyproject_that_is_about_us_is_reported(repo: Path) -> None:
    (repo / "pyproject.toml").write_text("[tool.releasewatch\n")
    with pytest.raises(ConfigError, match=r"pyproject\.toml is not valid TOML: .*line 1"):
        load_config(repo, None, {})


def test_a_named_file_beats_the_variable_which_beats_the_search(repo: Path) -> None:
    for name in ("releasewatch.toml", "variable.toml", "flag.toml"):
        (repo / name).write_text(f'[releasewatch]\nrepo = "{name}"\n')
    environ = {"RELEASEWATCH_CONFIG": "../variable.toml"}

    def read_from(explicit: Path | None, environ: dict[str, str]) -> str | None:
        return load_config(repo / "a", explicit, environ).tables.releasewatch.repo

    assert read_from(Path("../flag.toml"), environ) == "flag.toml"
    assert read_from(None, environ) == "variable.toml"
    assert read_from(None, {"RELEASEWATCH_CONFIG": ""}) == "releasewatch.toml"


def test_a_named_pyproject_is_read_as_one(repo: Path) -> None:
    (repo / "pyproject.toml").write_text(OTHER)
    assert load_config(repo, Path("pyproject.toml"), {}).tables.releasewatch.repo == "other"
    (repo / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(ConfigError, match="has no table"):
        load_config(repo, Path("pyproject.toml"), {})


def test_a_named_file_that_is_not_there_or_cannot_be_read_is_an_error(repo: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml does not exist"):
        load_config(repo, Path("nowhere.toml"), {})
    with pytest.raises(ConfigError, match="cannot read"):
        load_config(repo, Path("a"), {})


def test_without_a_file_everything_is_default_and_the_git_root_is_known(repo: Path) -> None:
    config = load_config(repo / "a" / "b", None, {})
    assert (config.root, config.path, config.tables, config.written) == (repo, None, Tables(), frozenset())
    assert config.resolve("customers.csv") == repo / "customers.csv"


def test_the_configuration_at_a_commit_is_read_by_the_same_rules() -> None:
    files = {"releasewatch.toml": OWN.encode()}
    config = config_at(lambda path: files.get(path), "0123456789abcdef")
    assert config is not None
    assert (config.tables.releasewatch.repo, config.where) == ("own", "releasewatch.toml at 0123456789ab")

    assert config_at(lambda _: None, "0123456789abcdef") is None
    files["pyproject.toml"] = OTHER.encode()
    with pytest.raises(ConfigError, match=r"releasewatch\.toml at 0123456789ab and"):
        config_at(lambda path: files.get(path), "0123456789abcdef")


def test_the_catalog_is_ordered_by_key_and_knows_its_repo() -> None:
    text = """
    [catalog]
    no_effect = ["docs/**"]
    unmapped = "fail"
    [components.b]
    title = "The B"
    paths = ["b/**"]
    depends_on = ["a"]
    visibility = "internal"
    owner = "team"
    [components.a]
    type = "library"
    """
    assert parse_config(text.encode(), "x").catalog("shop") == Catalog(
        repo="shop",
        components=(
            Component(key="a", title="a", type="library"),
            Component("b", "The B", ("b/**",), ("a",), owner="team", visibility="internal"),
        ),
        no_effect=("docs/**",),
        unmapped="fail",
    )


def test_a_dependency_by_full_key_is_checked_once_the_repo_has_a_name() -> None:
    config = parse_config(b'[components.a]\ndepends_on = ["shop/mony"]\n[components.money]', "releasewatch.toml")

    assert config.catalog("other").full_keys == ("other/a", "other/money")
    with pytest.raises(ConfigError, match=r'components\.a\.depends_on\[0\] = "shop/mony".*did you mean "money"'):
        config.catalog("shop")


@pytest.mark.parametrize(
    ("environment", "tier"),
    [
        ("production", "production"),
        ("PROD", "production"),
        ("eu-prod", "production"),
        ("shop/live", "production"),
        ("staging", "other"),
        ("reproduction", "other"),
        ("stated", "testing"),
        ("silent", "other"),
    ],
)
def test_the_tier_of_an_environment_is_stated_or_told_by_its_name(environment: str, tier: str) -> None:
    text = '[environments.stated]\ntier = "testing"\n[environments.silent]\nregions = ["eu"]'
    assert parse_config(text.encode(), "x").tier(environment) == tier
