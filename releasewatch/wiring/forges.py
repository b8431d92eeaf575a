"""From `[forge]`, the environment and CI to the forge that is asked: which, where, as whom, and how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from releasewatch.domain.forges import FORGE_TITLES
from releasewatch.errors import InvalidCallError
from releasewatch.secret import Secret

if TYPE_CHECKING:
    from releasewatch.ports import Forge
    from releasewatch.wiring import App

TOKENS = {"github": "RELEASEWATCH_GITHUB_TOKEN", "gitlab": "RELEASEWATCH_GITLAB_TOKEN"}

_API_IN_CI = {"github": "GITHUB_API_URL", "gitlab": "CI_API_V4_URL"}
_PROVIDERS = {"github": "github-actions", "gitlab": "gitlab-ci"}
_JOBS_TOKEN = {"github": "GITHUB_TOKEN"}
"""What a job is given by its own forge: sent nowhere else. GitLab's CI_JOB_TOKEN may not read merge requests."""

_ONE_QUESTION = 10.0
"""Seconds to wait for one answer while a record is made."""


@dataclass(frozen=True, slots=True)
class ForgeAddress:
    """Which forge, where its API is, the repo's path there, and which variable holds the token, if one is set."""

    kind: str
    api: str
    project: str
    token: Secret | None
    token_from: str | None

    @property
    def title(self) -> str:
        """`GitHub`."""
        return FORGE_TITLES[self.kind]


def has_forge(app: App) -> bool:
    """Whether a forge is configured: in `[forge]`, or by a token of ours in the environment."""
    return app.repo_config.tables.forge.kind is not None or any(app.environ.get(name) for name in TOKENS.values())


def find_forge(app: App, kind: str | None = None) -> ForgeAddress:
    """Where the forge is; of a kind that the command names, else the one that is configured.

    Raises InvalidCallError when none is, when it cannot be told which, or a variable that is named is not set.
    """
    from releasewatch.config.ledger_address import follow_reference, reference_name
    from releasewatch.integrations.forges.addresses import SITES, api_of

    table = app.repo_config.tables.forge
    chosen = kind or table.kind or _kind_told(app)
    if table.kind is not None and kind not in (None, table.kind):
        raise InvalidCallError(
            f"[forge] names {FORGE_TITLES[table.kind]}, not {FORGE_TITLES[chosen]}.", f"Use --source {table.kind}"
        )
    in_ci = app.ci is not None and app.ci.provider == _PROVIDERS[chosen]
    own_api = app.environ.get(_API_IN_CI[chosen]) if in_ci else None
    api = api_of(chosen, table.url) if table.url else own_api or api_of(chosen, SITES[chosen])
    variable: str | None = TOKENS[chosen]
    if table.token is not None:
        variable = reference_name(table.token) or ""
        token = follow_reference(variable, app.environ)
    else:
        token = app.environ.get(TOKENS[chosen], "")
        if not token and own_api and api.rstrip("/") == own_api.rstrip("/"):
            variable = _JOBS_TOKEN.get(chosen, "")
            token = app.environ.get(variable, "")
    token = token.strip()
    of_job = app.ci.repo if in_ci and app.ci and app.clone is None else None
    project = table.project or of_job or _remote(app)
    if not project:
        raise InvalidCallError(
            f"It is not known what this repo is called on {FORGE_TITLES[chosen]}.", "Set project in [forge]."
        )
    return ForgeAddress(chosen, api, project.strip("/"), Secret(token) if token else None, variable if token else None)


def open_forge(app: App, address: ForgeAddress, within: float | None = None) -> Forge:
    """The forge; asked `within` so many seconds in all, or with patience where that is None."""
    from releasewatch.integrations.forges import FORGES
    from releasewatch.integrations.http import Patience

    patience = Patience()
    if within is not None:
        patience = Patience(
            attempts=2, timeout=min(_ONE_QUESTION, within), whole=within, longest_wait=2, longest_retry_after=5
        )
    plain_http = app.repo_config.tables.forge.plain_http
    return FORGES[address.kind](
        address.api, address.project, address.token, patience=patience, within=within, plain_http=plain_http
    )


def _kind_told(app: App) -> str:
    """The kind for whom a token is set; of both, the one whose job this is."""
    found = [kind for kind, name in TOKENS.items() if app.environ.get(name)]
    here = [kind for kind in found if app.ci is not None and app.ci.provider == _PROVIDERS[kind]]
    if len(here) == 1 or len(found) == 1:
        return (here or found)[0]
    if found:
        raise InvalidCallError(
            f"Tokens for two forges are set ({' and '.join(TOKENS.values())}).", 'Say which: [forge] kind = "github".'
        )
    raise InvalidCallError(
        "No forge is configured.",
        'Add [forge] kind = "github" (or "gitlab") to releasewatch.toml, and set RELEASEWATCH_GITHUB_TOKEN '
        "(or RELEASEWATCH_GITLAB_TOKEN).",
    )


def _remote(app: App) -> str | None:
    return app.history_or_none.remote_path() if app.history_or_none else None
