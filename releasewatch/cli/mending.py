"""Mending a call that was wrong: `--set ID:OPTION=VALUE` says what was meant, and the call is read anew."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.call_words import ARGUMENTS, FACTS, near_fact, read_facts, with_instants
from releasewatch.cli.wrong_calls import mending_of
from releasewatch.errors import InvalidCallError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from releasewatch.domain.spool import SpooledRecord

Mends = dict[str, dict[str, list[str]]]
"""By the id of a record, what is said anew by the name of an option; nothing where it is taken away."""

_LIKE_A_SHA = re.compile(r"[0-9a-f]{7,64}")


def read_mends(given: Sequence[str], waiting: Sequence[SpooledRecord]) -> Mends:
    """`ID:OPTION=VALUE`, several times for several; without a value the option is taken away.

    Raises InvalidCallError for what is none and for a record that is no wrong call, and UnknownNameError where none of
    that id waits.
    """
    wrong = {one.id: one for one in waiting if one.is_call}
    found: Mends = {}
    for one in given:
        id_, _, rest = one.partition(":")
        name, equals, value = rest.partition("=")
        name = name.lstrip("-")
        if not id_ or not name or not equals:
            raise InvalidCallError(
                f"--set {one!a} cannot be read: wanted ID:OPTION=VALUE.", "As in 3f2a9c1b0d4e:status=failed."
            )
        if any(record.id == id_ for record in waiting) and id_ not in wrong:
            raise InvalidCallError(
                f"{id_} waits, and its call was not wrong: --set says anew what was wrong alone.",
                f"Record it as it is: releasewatch spool flush; or discard: releasewatch spool drop {id_} --why TEXT",
            )
        if id_ not in wrong:
            known = f"Those are: {', '.join(sorted(wrong))}." if wrong else "See: releasewatch spool list"
            raise UnknownNameError(f"No wrong call {id_!a} waits.", known)
        unknown: Mapping[str, str] = wrong[id_].said["call"]["unknown"]
        if name not in FACTS and (name not in unknown or value):
            raise UnknownNameError(f"There is no option {name!a} to set.", f"Those are: {', '.join(FACTS)}.")
        values = found.setdefault(id_, {}).setdefault(name, [])
        if value:
            values.append(value)
    return found


def mended(record: SpooledRecord, mends: Mends) -> SpooledRecord:
    """The record that a call makes, as it was given or with what is said anew; any other record as it is.

    Raises InvalidCallError with what is wrong, and how to say what was meant.
    """
    if not record.is_call:
        return record
    try:
        return _read(record, mends.get(record.id, {}))
    except (click.UsageError, InvalidCallError) as error:
        message = error.format_message() if isinstance(error, click.ClickException) else error.message
        option = _option_of(error)
        hint = getattr(error, "hint", "") or mending_of(record)
        hint = hint.replace("OPTION", option) if option else hint
        raise InvalidCallError(" ".join(message.split()), hint) from error


def _option_of(error: Exception) -> str:
    parameter = getattr(error, "param", None)
    return next((name for name, key in FACTS.items() if parameter is not None and key == parameter.name), "")


def _read(record: SpooledRecord, anew: Mapping[str, list[str]]) -> SpooledRecord:
    from releasewatch.cli.asking import Told, request_of, said_by
    from releasewatch.cli.deployment import command as deployment
    from releasewatch.integrations.ci.facts import CiFacts
    from releasewatch.usecases.spool import keep_raw

    call: dict[str, Any] = record.said["call"]
    command = deployment.commands[call["verb"]]
    _check_unknown(call["unknown"], anew)
    facts: dict[str, Any] = {**call["given"], **{name: values for name, values in anew.items() if name in FACTS}}
    actor = facts.pop("actor", [])
    given = read_facts(command, with_instants(command, {name: value for name, value in facts.items() if value}))
    said_actor = "".join(actor[-1:]) if "actor" in anew else str(record.said.get("actor") or "")
    began = call["job_started_at"]
    ci = None
    if call["ci"]:
        ci = CiFacts(**call["ci"], actor=said_actor or None, job_started_at=_instant(began))
    request = replace(
        request_of(Told(ci, record.said_at, said_actor, call["run"]), given),
        **said_by(command.name or "record", given, record.said_at),
    )
    about_git = request.stated_kind != "change"
    head, called = (record.head, "") if about_git else (None, "")
    if anew.get("head"):
        head, called = None, anew["head"][-1]
    elif about_git and head is None and not (request.release and not given["head"]):
        called = request.head
    if called and not _LIKE_A_SHA.fullmatch(called):
        raise InvalidCallError(
            f"Nobody knows which commit it was: the pipeline called it {called!a}.",
            mending_of(record).replace("OPTION=VALUE", "head=SHA"),
        )
    request = replace(request, head=called or request.head)
    raw = keep_raw(request, record.repo, head, called)
    return replace(raw, key=request.key or raw.key, catalog={} if called else record.catalog)


def _check_unknown(unknown: Mapping[str, str], anew: Mapping[str, list[str]]) -> None:
    """An option that nobody knows is settled by what is said anew of it, or of the one that was meant."""
    for name, value in unknown.items():
        if name in anew or near_fact(name) in anew:
            continue
        if name == ARGUMENTS:
            raise InvalidCallError("It was given words that belong to no option.")
        if name in FACTS:
            raise InvalidCallError(f"It was given --{name} without a value.")
        words = f"--{name}" + (f" {value}" if value else "")
        meant = f" Was --{near_fact(name)} meant?" if near_fact(name) else ""
        raise InvalidCallError(f"It was given {words!a}, which is no option.{meant}")


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
