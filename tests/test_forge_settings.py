"""Which forge is asked, where, and with whose token: from `[forge]`, the environment and CI."""

from __future__ import annotations

from pathlib import Path

import pytest

from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App
from releasewatch.wiring.forges import ForgeAddress, find_forge, has_forge

ACTIONS = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_RUN_ID": "7",
    "GITHUB_API_URL": "https://git.example.org/api/v3",
    "GITHUB_TOKEN": "of-the-job",
}


def app(folder: Path, config: str = "", environ: dict[str, str] | None = None) -> App:
    (folder / "releasewatch.toml").write_text(config)
    return App(environ=environ or {}, cwd=folder)


def token(address: ForgeAddress) -> str | None:
    return address.token and address.token.reveal()


def test_nothing_is_asked_until_a_forge_is_named_or_a_token_of_ours_is_set(tmp_path: Path) -> None:
    assert not has_forge(app(tmp_path, "", ACTIONS))
    assert has_forge(app(tmp_path, "", {"RELEASEWATCH_GITLAB_TOKEN": "x"}))
    assert has_forge(app(tmp_path, '[forge]\nkind = "github"\n'))
    with pytest.raises(InvalidCallError, match="No forge is configured"):
        find_forge(app(tmp_path))


def test_a_jobs_own_token_goes_to_its_own_forge_alone(tmp_path: Path) -> None:
    here = find_forge(app(tmp_path, '[forge]\nkind = "github"\n', ACTIONS))
    assert (here.api, here.project, token(here)) == ("https://git.example.org/api/v3", "acme/shop", "of-the-job")
    away = find_forge(app(tmp_path, '[forge]\nkind = "github"\nurl = "https://github.com"\n', ACTIONS))
    assert (away.api, token(away), away.token_from) == ("https://api.github.com", None, None)
    outside = {"GITHUB_TOKEN": "of-the-shell"}
    assert token(find_forge(app(tmp_path, '[forge]\nkind = "github"\nproject = "a/b"\n', outside))) is None


def test_our_own_variable_comes_first_and_a_named_one_before_it(tmp_path: Path) -> None:
    environ = {**ACTIONS, "RELEASEWATCH_GITHUB_TOKEN": "ours", "RELEASEWATCH_OTHER": "named"}
    assert token(find_forge(app(tmp_path, "", environ))) == "ours"
    config = '[forge]\nkind = "github"\ntoken = "env:RELEASEWATCH_OTHER"\n'
    assert token(find_forge(app(tmp_path, config, environ))) == "named"


def test_with_two_tokens_the_jobs_forge_is_meant_else_nobody_knows(tmp_path: Path) -> None:
    both = {"RELEASEWATCH_GITHUB_TOKEN": "x", "RELEASEWATCH_GITLAB_TOKEN": "y"}
    assert find_forge(app(tmp_path, "", ACTIONS | both)).kind == "github"
    with pytest.raises(InvalidCallError, match="Tokens for two forges"):
        find_forge(app(tmp_path, "", both))


def test_settings_that_are_wrong(tmp_path: Path) -> None:
    for config, words in (
        ("[forge]\ntimeout = 5\n", "the forge needs its kind"),
        ('[forge]\nkind = "github"\ntoken = "canary-9f"\n', "a secret must not stand here"),
        ('[forge]\nkind = "github"\nurl = "http://git.example.org"\n', "over http://"),
    ):
        with pytest.raises(InvalidCallError, match=words) as caught:
            find_forge(app(tmp_path, config))
        assert "canary" not in caught.value.message
