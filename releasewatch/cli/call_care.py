"""What calls are about when it is neither an incident nor what is live: a commit that is coming, or a check-in."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.options import INSTANT, PLACE, RELEASE, REVISION
from releasewatch.cli.output import emit_json, emit_line, say
from releasewatch.domain.call_care import waiting_line
from releasewatch.domain.times import format_utc
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Rehearsal
    from releasewatch.usecases.call_candidates import Planning, RankedList
    from releasewatch.usecases.record_facts import RecordRequest
    from releasewatch.usecases.surroundings import Surroundings

_OPTIONS = (
    click.option("--release", type=RELEASE, metavar="V", help="With --head: the release's name."),
    click.option(
        "--ring",
        "rings",
        type=PLACE,
        multiple=True,
        metavar="R",
        help="With --head: to which group; default: everyone.",
    ),
    click.option(
        "--region", "regions", type=PLACE, multiple=True, metavar="R", help="With --head: where; default: everywhere."
    ),
    click.option("--component", "components", multiple=True, metavar="KEY", help="With --head: default: all."),
    click.option(
        "--purpose",
        type=click.Choice(["heads_up", "check_in"]),
        help="heads_up: a breaking change comes with --head to --environment; check_in: nobody spoke to them for long.",
    ),
    click.option(
        "--head",
        type=REVISION,
        metavar="REV",
        help="A commit that is not deployed yet; needs --purpose and --environment.",
    ),
)

_PLAN_OPTIONS = (
    click.option("--why", default="", metavar="TEXT", help="With --withdraw: why it does not come."),
    click.option("--withdraw", is_flag=True, help="With --head: it never comes; take back what was not told yet."),
    click.option("--from", "due_at", type=INSTANT, metavar="T", help="With --head: when it is to come."),
)

CARE = frozenset({"head", "purpose", "components", "regions", "rings", "release"})
"""The parameters of these options."""


def care_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--head REV --purpose heads_up`, with what would be deployed where; or `--purpose check_in`."""
    for option in _OPTIONS:
        function = option(function)
    return function


def coming_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What `call plan` says of what is coming: from when, or that it never does."""
    for option in _PLAN_OPTIONS:
        function = option(function)
    return function


def is_care(incident: str | None, about: dict[str, Any]) -> bool:
    """Whether a check-in or what is coming is meant. Raises InvalidCallError for what does not go together."""
    head, purpose = about.get("head"), about.get("purpose")
    if purpose is None and head is None:
        extra = [
            name
            for name in ("components", "regions", "rings", "release", "due_at", "withdraw", "why")
            if about.get(name)
        ]
        if extra:
            option = {"due_at": "from"}.get(extra[0], extra[0].removesuffix("s"))
            raise InvalidCallError(f"--{option} goes with --head.", "Give --head REV --purpose heads_up.")
        return False
    if incident is not None or about["ref"] is not None:
        raise InvalidCallError(
            "--purpose and --head are not for an incident or a deployment: what those calls are for follows from them.",
            "Leave them out.",
        )
    if purpose == "check_in":
        given = [name for name in (*sorted(CARE - {"purpose"}), "due_at", "withdraw", "environment") if about.get(name)]
        if given:
            raise InvalidCallError("A check-in is about no deployment.", "Give --purpose check_in alone.")
        return True
    if head is None or purpose is None:
        raise InvalidCallError(
            "A heads-up is about a commit that is coming." if head is None else "It is not said what --head is for.",
            "Give --head REV --purpose heads_up --environment ENV.",
        )
    if not about["environment"]:
        raise InvalidCallError("It is not said where the commit is to go.", "Give --environment ENV.")
    if about["repo"]:
        raise InvalidCallError("--repo is not for what is coming.", "Stand in the repo that it comes from.")
    return True


def list_care(app: App, about: dict[str, Any], how: Planning, account_manager: str | None) -> RankedList:
    """The list of check-ins, or of those to whom a breaking change is coming."""
    if about["purpose"] == "check_in":
        from releasewatch.usecases.check_ins import list_check_ins

        return list_check_ins(app.ledger, how, account_manager)
    from releasewatch.usecases.coming_calls import look_ahead

    with _ahead(app, about) as (ledger, around, request):
        return look_ahead(ledger, around, request, None, how, account_manager)[1]


def plan_care(app: App, about: dict[str, Any], how: Planning) -> RankedList:
    """Keep the calls of such a list."""
    if about["purpose"] == "check_in":
        from releasewatch.usecases.check_ins import plan_check_ins

        return plan_check_ins(app.ledger, how)
    from releasewatch.usecases.coming_calls import announce, look_ahead

    if about["why"]:
        raise InvalidCallError("--why goes with --withdraw.", "Leave it out, or say that it never comes: --withdraw.")
    if about["due_at"] is not None and about["due_at"] <= app.now:
        raise InvalidCallError("What is coming would have come already.", "Check --from.")
    with _ahead(app, about) as (ledger, around, request):
        told, _ = look_ahead(ledger, around, request, about["due_at"], how)
    # The rehearsal is over and everything in it is gone: only now is anything written.
    return announce(app.ledger, told, how)


def withdraw_coming(app: App, form: str, about: dict[str, Any], how: Planning) -> None:
    """Take back what was announced and never comes."""
    from releasewatch.usecases.coming_calls import take_back

    why = about["why"].strip()
    if not why:
        raise InvalidCallError("An announcement is taken back for a reason.", "Give it with --why TEXT.")
    if about["due_at"] is not None:
        raise InvalidCallError("It comes (--from) or it never does (--withdraw).", "Give one of them.")
    head = app.history.resolve(about["head"])
    done = take_back(app.ledger, app.repo, head, _request(app, about), how, why)
    items = sum(done.withdrawn.values())
    if form == "json":
        emit_json({"coming": {"id": done.id, "head": head, "withdrawn": items, "told": done.told, "why": why}})
        return
    emit_line(f"{done.id} ({head[:10]}) is taken back: {counted(items, 'heads-up', 'heads-ups')} withdrawn, {why}.")
    if done.told:
        emit_line(f"{counted(done.told, 'customer')} had heard of it and should know: releasewatch call show says who.")


def subject_document(made: RankedList) -> dict[str, Any]:
    """What a list is about, for `--format json`."""
    calls = made.calls
    coming = calls.coming
    return {
        "incident": calls.incident.id if calls.incident is not None else None,
        "deployment": calls.deployment or None,
        "coming": None
        if coming is None
        else {
            "id": coming.id or None,
            "repo": calls.repo,
            "environment": calls.environment,
            "head": coming.head,
            "from": None if coming.due_at is None else format_utc(coming.due_at),
        },
        "week": calls.week or None,
    }


def emit_waiting(made: RankedList) -> None:
    """For how many something is meant that is not theirs yet."""
    if line := waiting_line(made.calls.waiting):
        emit_line(line)


def say_next(app: App, made: RankedList, about: dict[str, Any]) -> None:
    """How to see what was planned."""
    calls = made.calls
    if calls.coming is not None:
        where = f"--head {calls.coming.head[:10]} --purpose heads_up --environment {calls.environment}"
    elif calls.week:
        where = "--purpose check_in"
    else:
        where = f"--{'incident' if calls.incident is not None else 'deployment'} {calls.subject}"
    for option in ("component", "region", "ring"):
        where += "".join(f" --{option} {one}" for one in about.get(f"{option}s", ()))
    say(f"See them: releasewatch call list {where}")


def _request(app: App, about: dict[str, Any]) -> RecordRequest:
    from releasewatch.cli.deployment import request_of_plan

    names = ("environment", "head", "components", "regions", "rings", "release")
    return request_of_plan(app, {name: about[name] for name in names}, secrets.token_hex(16))


@contextmanager
def _ahead(app: App, about: dict[str, Any]) -> Iterator[tuple[Rehearsal, Surroundings, RecordRequest]]:
    """A ledger that forgets, and what a deployment would be recorded with."""
    from releasewatch.cli.recording import read_from, say_unknown_places, settings_in_force

    app.fetch_missing = False
    request = _request(app, about)
    ledger = app.rehearsal()
    try:
        request = replace(request, **settings_in_force(app, request.environment))
        say_unknown_places(app, request)
        yield ledger, *read_from(app, ledger, request)
    finally:
        ledger.close()
