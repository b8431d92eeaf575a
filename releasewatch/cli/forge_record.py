"""What a record asks the forge once it is made: pull requests, deployments that the ledger lacks, and a mark there.

Nothing of it can fail the record: what is missing is said, and can be filled in later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from releasewatch.cli.output import one_line, say
from releasewatch.cli.pipeline import warn
from releasewatch.domain.forges import FORGE_TITLES
from releasewatch.domain.links import without_secrets
from releasewatch.domain.times import format_both, format_utc
from releasewatch.errors import ReleasewatchError

if TYPE_CHECKING:
    from releasewatch.ports import Forge
    from releasewatch.wiring import App

_LEAST = 0.5
"""With fewer seconds left of --timeout, a forge is not asked any more."""


def ask_the_forge(app: App, document: dict[str, Any], *, mark: bool, left: float | None) -> None:
    """Ask, where a forge is configured, and put into the document under `forge` what came of it.

    `left`: the seconds that remain of --timeout.
    """
    from releasewatch.wiring.forges import find_forge, has_forge, open_forge

    if not has_forge(app):
        if mark:
            warn("--mark: no forge is configured. Set [forge] kind, and RELEASEWATCH_GITHUB_TOKEN.")
        return
    deployment = document["deployment"]
    told: dict[str, Any] = {"kind": None, "project": None, "missing": None, "why_missing": None}
    document["forge"] = told
    within: float = app.repo_config.tables.forge.timeout
    if left is not None:
        within = min(within, left)
    try:
        if within < _LEAST:
            told["why_missing"] = "no time was left"
        else:
            address = find_forge(app)
            told |= {"kind": address.kind, "project": address.project}
            _ask(app, open_forge(app, address, within), document, mark=mark)
    except ReleasewatchError as error:
        told["why_missing"] = error.message
        if error.hint and not app.quiet:
            say(error.hint)
    finally:
        app.ledger.close()
    if told["why_missing"]:
        warn(
            one_line(f"The forge did not tell everything: {told['why_missing'].rstrip('.')}.")
            + " The deployment is recorded; for the titles of its changes run: "
            f"releasewatch deployment enrich --deployment {deployment['id']}"
        )


def _ask(app: App, forge: Forge, document: dict[str, Any], *, mark: bool) -> None:
    from releasewatch.usecases.forge_past import find_unrecorded
    from releasewatch.usecases.forges import enrich, enriched_document

    deployment, told = document["deployment"], document["forge"]
    number = int(deployment["id"].removeprefix("D-"))
    if deployment["repo"] != app.repo:
        told["why_missing"] = f"this is {app.repo}, and the deployment is of {deployment['repo']}"
        return
    told["unrecorded"] = told["marked"] = None
    if mark:
        _mark(app, forge, document)
    report = enrich(app.ledger, forge, app.repo, [number], app.now)
    told |= enriched_document(forge, report)
    if report.why:
        return
    lacking = find_unrecorded(app.ledger, forge, app.repo, deployment["environment"], app.now)
    told["unrecorded"] = [
        {"id": one.id, "head": one.sha, "finished_at": format_utc(one.finished_at or one.created_at)} for one in lacking
    ]
    if lacking and not app.quiet:
        named = ", ".join(
            f"{one.sha[:10]} ({format_both(one.finished_at or one.created_at, app.zone)})" for one in lacking
        )
        environment = deployment["environment"]
        warn(
            one_line(
                f"{FORGE_TITLES[forge.kind]} knows of deployments to {environment} that the ledger lacks: {named}."
            )
            + f" Bring them: releasewatch deployment import --source {forge.kind} --environment {environment}"
        )


def _mark(app: App, forge: Forge, document: dict[str, Any]) -> None:
    from releasewatch.domain.forges import ForgeMark

    deployment = document["deployment"]
    if deployment["head"] is None:
        warn("--mark: a change without git is nothing that a forge can be told.")
        return
    url = without_secrets(app.ci.url if app.ci and app.ci.url else "")
    ref = (app.ci.ref if app.ci else None) or ""
    environment = deployment["environment"]
    said = ForgeMark(
        environment,
        deployment["head"],
        deployment["status"],
        ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
        url,
        app.config.tier(environment) == "production",
    )
    try:
        document["forge"]["marked"] = True
        is_new = forge.mark(said)
    except ReleasewatchError as error:
        document["forge"]["marked"] = False
        warn(one_line(f"{FORGE_TITLES[forge.kind]} was not told of the deployment: {error.message} {error.hint}"))
        return
    if not app.quiet:
        title = FORGE_TITLES[forge.kind]
        say(f"{title} was told of it." if is_new else f"{title} knew of it.")
