"""`releasewatch doctor`: what could keep releasewatch from doing its work here, and the cure."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.options import common
from releasewatch.cli.output import emit_json, emit_line, one_line
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.usecases.doctor import Check

_SECONDS_OF_FORGE = 10.0


@click.command()
@click.option("--strict", is_flag=True, help="Exit with 1 when a line warns or fails.")
@common()
def command(app: App, form: str, strict: bool) -> None:
    """Check config, ledger, git, CI, forge, templates and directories: a line each, with what to do.

    Changes nothing: no ledger is made or upgraded, nothing is fetched; the forge and a directory's server are only
    asked whether they answer. Templates of [notify.*] are tried with made-up values, of which nobody is told.
    """
    checks = _examine(app)
    if form == "json":
        emit_json({"checks": [asdict(one) | {"hint": one.hint or None} for one in checks]})
    else:
        for one in checks:
            emit_line(f"{one.state:<5} {one.name}: {one_line(one.text)}")
            if one.hint:
                emit_line(f"      {one_line(one.hint)}")
    if strict and any(one.state != "ok" for one in checks):
        click.get_current_context().exit(exit_codes.FAILED_AS_ASKED)


def _examine(app: App) -> list[Check]:
    from releasewatch.integrations.ci import variables_used
    from releasewatch.integrations.git_depth import read_clone_depth
    from releasewatch.rendering.templates import builtin_folder
    from releasewatch.usecases import doctor

    app.fetch_missing = False
    return doctor.examine(
        (
            (
                "config",
                lambda: doctor.check_config(app.repo_config, lambda: app.catalog_here if app.history_or_none else None),
            ),
            ("ledger", lambda: doctor.check_ledger(app.ledger_address, is_lost=app.ledger_is_lost)),
            ("organisation", lambda: doctor.check_organisation(app.config)),
            ("spool", lambda: doctor.check_spool(*app.spool.read(), str(app.spool.path))),
            ("git", lambda: doctor.check_git(read_clone_depth(app.cwd))),
            ("ci", lambda: doctor.check_ci(app.ci, variables_used(app.ci, app.environ) if app.ci else {})),
            ("forge", lambda: _forge(app)),
            ("templates", lambda: doctor.check_templates(builtin_folder())),
            ("mail", lambda: doctor.check_mail(app.config.tables.mail, lambda: _mail(app))),
            ("directories", lambda: _directories(app)),
            ("notify templates", lambda: _notify_templates(app)),
            ("notify", lambda: _notify(app)),
        )
    )


def _mail(app: App) -> str:
    from dataclasses import replace

    from releasewatch.integrations.notifiers.mail import check_server
    from releasewatch.wiring.mail import mail_server

    server = mail_server(app.config.tables.mail, app.config.root, app.environ)
    check_server(replace(server, timeout=min(server.timeout, 10)))
    return server.place


def _notify(app: App) -> list[Check]:
    from releasewatch.usecases.notify_check import check_notify
    from releasewatch.wiring.notifying import missing_of

    return check_notify(app.ledger_address.url, list(app.config.tables.notify), missing_of(app))


def _notify_templates(app: App) -> list[Check]:
    from releasewatch.usecases.notify_check import check_template
    from releasewatch.wiring.notifying import templates_of

    return [check_template(*one) for one in templates_of(app)]


def _forge(app: App) -> list[Check]:
    from releasewatch.usecases import doctor
    from releasewatch.wiring.forges import find_forge, has_forge, open_forge

    if not has_forge(app):
        return [doctor.Check("forge", "ok", "none is configured: titles of pull requests are not asked for")]
    address = find_forge(app)
    return doctor.check_forge(address.title, address.token_from, open_forge(app, address, _SECONDS_OF_FORGE))


def _directories(app: App) -> list[Check]:
    from releasewatch.usecases import doctor

    servers = doctor.check_servers(app.config, app.environ)
    return [*servers, *doctor.check_facts(app.ledger_address.url, app.config, app.now)]
