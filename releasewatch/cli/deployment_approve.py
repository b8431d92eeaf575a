"""`releasewatch deployment approve`: let a commit go out although it breaks a rule of the plan."""

from __future__ import annotations

from typing import Any

import click

from releasewatch.cli.options import BY, FILLED_NAME, REVISION, common, filled_by
from releasewatch.cli.output import emit_json, emit_line
from releasewatch.wiring import App


@click.command("approve")
@click.option("--head", required=True, type=REVISION, metavar="SHA", help="The commit that was planned.")
@click.option(
    "--environment",
    type=FILLED_NAME,
    metavar="ENV",
    help="Where it may go, e.g. production." + filled_by("environment"),
)
@click.option("--rule", required=True, metavar="RULE", help="The rule that it may break, as the plan names it.")
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with it.")
@click.option("--repo", metavar="REPO", help="The repo of the commit; default: the one you stand in.")
@BY
@common()
def approve(app: App, form: str, repo: str | None, by: str | None, **given: Any) -> None:
    """Let a commit go to an environment although it breaks a rule: the next `deployment plan` of it passes.

    It holds for this commit, environment and rule alone, and is shown with the deployment (deployment show). Said
    twice, the first word stays. Outside of a clone the commit is one that the ledger knows.
    """
    from releasewatch.cli.asking import environment_of
    from releasewatch.cli.gate_output import rule_as_shown, word_document, word_sentence
    from releasewatch.domain.gate import Word
    from releasewatch.domain.times import format_utc
    from releasewatch.storage.gate_approvals import Planned
    from releasewatch.usecases.deployment_lists import check_environment, check_repo
    from releasewatch.usecases.gate import approve as approve_plan
    from releasewatch.wiring.pull_requests import refuse_in_pull_request

    refuse_in_pull_request(app.ci, "approve what breaks a rule")
    environment = environment_of(app.ci, given["environment"])
    ledger = app.ledger
    check_environment(ledger, environment, app.config.tables.environments)
    elsewhere = repo is not None and (app.history_or_none is None or repo != app.repo)
    if elsewhere:
        check_repo(ledger, repo)
    who = by or app.actor
    made = approve_plan(
        ledger,
        None if elsewhere else app.history_or_none,
        Planned(repo or app.repo, environment, given["head"]),
        given["rule"],
        why=given["why"],
        recorded_by=who,
        now=app.now,
    )
    word = made.before or Word("approved", who, given["why"].strip(), format_utc(app.now))
    level = app.level(None, None)
    document = word_document(word, level)
    shown = rule_as_shown(made.rule, level, opaque=app.config.tables.privacy.keys == "opaque")
    planned = made.planned
    if form == "json":
        place = {"repo": planned.repo, "environment": planned.environment, "head": planned.head}
        emit_json({"approval": {**place, "rule": shown, **document}, "already": made.before is not None})
        return
    begin = "It was said before that " if made.before else ""
    emit_line(f"{begin}{planned.repo} {planned.head[:10]} may go to {planned.environment} although it breaks "
              f"{shown}: {word_sentence(document, app.zone)}.")  # fmt: skip
