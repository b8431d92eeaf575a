"""`releasewatch deployment plan`: whom a deployment would reach, and whether that breaks a rule."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.cloning import HELP, clone_for
from releasewatch.cli.options import COMPONENT, FILLED_NAME, PLACE, RELEASE, REVISION, common, filled_by
from releasewatch.cli.output import emit_json, emit_line, say, stream_to
from releasewatch.cli.pipeline import annotate, leave_summary, warn
from releasewatch.domain.gate import SYNTAX
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import LedgerUnavailableError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Callable

    from releasewatch.usecases.planning import Plan


class RuleType(click.ParamType[str]):
    """A rule as it is written; in a variable each stands in a line of its own, since a name may hold blanks."""

    name = "rule"

    def split_envvar_value(self, rv: str) -> list[str]:
        return [line.strip() for line in rv.splitlines() if line.strip()]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)


def _filled(name: str, given: str, **how: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option that a step may give as a variable: what a pipeline fills in never goes through a shell."""
    return click.option(name, given, envvar=f"RELEASEWATCH_PLAN_{given.upper()}", show_envvar=True, **how)


def _rules() -> str:
    return "; ".join(f"{form}: {means}" for form, means in SYNTAX.values())


@click.command("plan", epilog=f"Rules of --fail-on, in quotes for a shell. {_rules()}.")
@_filled(
    "--environment",
    "environment",
    type=FILLED_NAME,
    metavar="ENV",
    help="Where it would go, e.g. production." + filled_by("environment"),
)
@_filled("--head", "head", type=REVISION, metavar="REV", help="The commit; default HEAD." + filled_by("sha"))
@click.option("--clone", metavar="URL", envvar="RELEASEWATCH_PLAN_CLONE", show_envvar=True, help=HELP)
@_filled(
    "--component", "components", type=COMPONENT, multiple=True, metavar="KEY", help="What is deployed; default: all."
)
@_filled("--region", "regions", type=PLACE, multiple=True, metavar="R", help="Where; default: everywhere.")
@_filled("--ring", "rings", type=PLACE, multiple=True, metavar="R", help="To which group; default: everyone.")
@_filled("--release", "release", type=RELEASE, metavar="V", help="The release's name.")
@_filled(
    "--fail-on",
    "fail_on",
    type=RuleType(),
    multiple=True,
    metavar="RULE",
    help="Exit with 1 when the plan breaks it, beside those of [gate] fail_on; in the variable one a line.",
)
@_filled("--fixes", "fixes", multiple=True, metavar="INC", help="An open incident that it fixes: no rule stops it.")
@_filled(
    "--when-unreachable",
    "when_unreachable",
    type=click.Choice(["fail", "pass"]),
    help="While the ledger cannot be had: exit with 3, or with 0 and a warning. Default: [gate] when_unreachable.",
)
@click.option(
    "--note/--no-note",
    envvar="RELEASEWATCH_PLAN_NOTE",
    show_envvar=True,
    help="In a job of a GitLab merge request: write it there as a note as well (RELEASEWATCH_GITLAB_TOKEN, a project "
    "access token with the scope api; CI_JOB_TOKEN cannot write notes).",
)
@common(("table", "json", "md"), output=True, reveal=True)
def plan(app: App, form: str, output: Path | None, reveal: str | None, **given: Any) -> int:
    """Say what deploying a commit would reach, against what is live; writes nothing.

    With --fail-on it is a gate: the rules that are broken are named, with the customers, as far as the channel shows
    them, and the exit status is 1. Let one pass with `deployment approve`, and run the same again. Nothing is fetched:
    what this clone lacks is said. Markdown (for a pull request) holds counts and rules, and no customer.
    """
    clone_for(app, given)
    try:
        public = form == "md" or given["note"]
        made = _plan(app, given, _level(app, reveal, output, public=public), compares=public)
    except LedgerUnavailableError as error:
        if _when_unreachable(app, given["when_unreachable"]) == "fail":
            raise
        return _not_checked(error, form, output)
    status = _give_out(app, made, form, output, reveal)
    if given["note"]:
        _leave_note(app, made, given)
    return status


def _leave_note(app: App, made: Plan, given: dict[str, Any]) -> None:
    from releasewatch.cli.gate_output import gate_document
    from releasewatch.cli.plan_note import leave_note, marker_of
    from releasewatch.rendering.documents import render_plan

    opaque = app.config.tables.privacy.keys == "opaque"
    level = _level(app, None, None, public=True)
    text = render_plan({**made.document, **gate_document(made, level, opaque=opaque), "usual": made.usual})
    where = given["components"], given["regions"], given["rings"]
    leave_note(app, marker_of(made.document["deployment"]["environment"], *where), text)


def _level(app: App, reveal: str | None, output: Path | None, *, public: bool) -> Reveal:
    """Markdown and notes go into a pull request, from whatever file they are taken."""
    level = app.level(reveal, output)
    return min(level, Reveal.KEYS) if public else level


def _plan(app: App, given: dict[str, Any], level: Reveal, *, compares: bool) -> Plan:
    from releasewatch.cli.deployment import request_of_plan
    from releasewatch.cli.recording import read_from, say_unknown_places, settings_in_force
    from releasewatch.usecases.deployments import Describing
    from releasewatch.usecases.planning import plan as plan_deployment
    from releasewatch.wiring.gates import gate_of

    app.fetch_missing = False
    where = {name: given[name] for name in ("environment", "head", "components", "regions", "rings", "release")}
    request = request_of_plan(app, where, secrets.token_hex(16))
    asked = gate_of(app.config.tables, given["fail_on"], given["fixes"])
    if asked.rules and not app.has_ledger:
        raise LedgerUnavailableError(
            f"There is no ledger at {app.ledger_address.printable}: nothing to hold the plan to its rules.",
            "Set RELEASEWATCH_DATABASE_URL to the one that has the customers, or plan without rules.",
        )
    without = {key: d.without_entitlement for key, d in app.config.tables.directory.items()}
    ledger = app.rehearsal()
    try:
        request = replace(request, fixes=given["fixes"], **settings_in_force(app, request.environment))
        say_unknown_places(app, request)
        around, request = read_from(app, ledger, request)
        return plan_deployment(
            ledger, around, request, Describing(app.now, without, reveal=level), asked, compares=compares
        )
    finally:
        ledger.close()


def _when_unreachable(app: App, given: str | None) -> str:
    """What to do while the ledger is away: as given, else as the repo's own file says; what was pushed is away too."""
    return given or app.repo_config.tables.gate.when_unreachable


def _not_checked(error: LedgerUnavailableError, form: str, output: Path | None) -> int:
    """Pass, and say that nothing was looked at; violations are then not none but unknown."""
    warn(f"The plan was not checked, and passes as asked. {error.message}")
    text = "Not checked: the ledger cannot be had, and the gate passes then."
    with stream_to(output) as stream:
        if form == "json":
            emit_json({"deployment": None, "violations": None, "passed": None, "not_checked": error.message}, stream)
        else:
            emit_line(text, stream)
    return exit_codes.DONE


def _give_out(app: App, made: Plan, form: str, output: Path | None, reveal: str | None) -> int:
    from releasewatch.cli.deployment_words import show_document
    from releasewatch.cli.gate_output import gate_document, say_verdict, show_verdict
    from releasewatch.cli.recording import say_of_the_start

    level = app.level(reveal, output)
    opaque = app.config.tables.privacy.keys == "opaque"
    document = {**made.document, **gate_document(made, level, opaque=opaque)}
    if not app.quiet:
        for remark in made.remarks:
            say(remark)
        say_of_the_start(document)
    with stream_to(output) as stream:
        if form == "json":
            emit_json(document, stream)
        elif form == "md":
            from releasewatch.rendering.documents import render_plan

            stream.write(render_plan({**document, "usual": made.usual}))
        else:
            show_document(app, document, stream)
            show_verdict(document, stream, app.zone)
    leave_summary(app, document, form)
    say_verdict(app, document)
    for one in document["violations"] if made.verdict.violations else ():
        annotate("error", f"{one['rule']}: {one['text']}")
    return exit_codes.FAILED_AS_ASKED if made.verdict.violations else exit_codes.DONE
