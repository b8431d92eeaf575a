"""A call of `deployment record` that is wrong in itself: where it spools whatever is wrong, its words wait."""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from releasewatch.cli.asking import random_run
from releasewatch.cli.output import say, without_credentials
from releasewatch.errors import InvalidCallError, ReleasewatchError
from releasewatch.wiring import App, clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from releasewatch.cli.call_words import Words
    from releasewatch.domain.spool import SpooledRecord
    from releasewatch.integrations.ci.facts import CiFacts

_T = TypeVar("_T")
_WORDS = "releasewatch.words"
_MADE = "releasewatch.made"
_GRACE = 10.0
"""Seconds that looking up commit and catalog may take: rather kept without them than not at all."""

_EXTRA = re.compile(r"^(Got unexpected extra arguments?) \(.*", re.DOTALL)
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def is_made() -> None:
    """Whatever goes wrong from here on, the record is in the ledger or in the spool."""
    click.get_current_context().meta[_MADE] = True
    tell_step()


def tell_step() -> None:
    """Tell the shell of a shipped step that the record is kept: what ends this process now loses nothing."""
    named = os.environ.get("RELEASEWATCH_STEP_KEPT")
    if named:
        with suppress(OSError):  # the shell leaves a line of its own then, which is the same record
            Path(named).write_text("yes\n")


class SpoolingCommand(click.Command):
    """A command whose call is kept, with `--when-unreachable spool --spool-errors`, where nothing can be made of it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words; those that are wrong wait for somebody who says what was meant."""
        ctx.meta[_WORDS] = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if not _keep(ctx, error):
                raise
            ctx.exit()

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; of what nobody else has kept, the words are kept."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:  # a step is never in the way, and loses nothing
            if ctx.meta.get(_MADE) or not _keep(ctx, error):
                raise
        return None


def _keep(ctx: click.Context, error: Exception) -> bool:
    """Spool a call as it was given, if it says that this is to be done."""
    from releasewatch.cli.call_words import read_words
    from releasewatch.cli.spool import keep_for_later

    words = read_words(ctx.command, ctx.meta[_WORDS])
    if words.said.get("when_unreachable") != "spool" or not words.said.get("spool_errors") or words.said.get("dry_run"):
        return False
    trouble = _as_ours(error)
    if isinstance(error, click.UsageError):
        say(f"Error: {trouble.message}")
    app = _app_for(ctx, words)
    record = called(app, ctx.command, words, trouble)
    dotenv = words.said.get("dotenv")
    form = "json" if words.said.get("form") == "json" else "table"
    keep_for_later(app, record, trouble, form, Path(dotenv) if dotenv else None, folder=_has_folder(app))
    return True


def _as_ours(error: Exception) -> ReleasewatchError:
    if isinstance(error, ReleasewatchError):
        return error
    if isinstance(error, click.ClickException):
        return InvalidCallError(_EXTRA.sub(r"\1.", error.format_message()))
    from releasewatch.cli.bug_log import write_bug_log
    from releasewatch.cli.keeping import BugError

    return BugError(f"This is a bug in releasewatch ({type(error).__name__}).", write_bug_log(error))


def _app_for(ctx: click.Context, words: Words) -> App:
    before = ctx.find_root().obj or {}
    return App(
        cwd=_standing(),
        config_file=words.said.get("config") or before.get("config"),
        database=words.said.get("database") or before.get("database"),
        quiet=bool(words.said.get("quiet")),
        now=clock(),
    )


def _standing() -> Path:
    """Where we stand; where that was deleted, what is left above it of the clone, else the root of all files."""
    from releasewatch.config import find_git_root

    with suppress(OSError):
        return Path.cwd()
    was = os.environ.get("PWD") or ""
    if not was:  # a shell that was started there does not know where it is; Linux does
        with suppress(OSError):
            was = str(Path("/proc/self/cwd").readlink())
    above = next((one for one in Path(was or "/").parents if one.is_dir()), Path("/"))
    return above if find_git_root(above) is not None else Path("/")


def _has_folder(app: App) -> bool:
    """Whether it is known where records wait: beside a config, in a clone, or where a variable says so."""
    named = app.environ.get("RELEASEWATCH_SPOOL_DIR", "")
    return app.cwd != Path("/") or Path(named).is_absolute()


def called(app: App, command: click.Command, words: Words, trouble: ReleasewatchError) -> SpooledRecord:
    """The record of a call as it was given: its words, what CI says, and commit and catalog where they can be had.

    What is wrong stands in `said["fault"]`. Who deployed stands apart, for the log does not tell it.
    """
    from releasewatch.cli.call_words import with_instants

    facts = with_instants(command, words.facts)
    actor = facts.pop("actor", "") or _quietly(lambda: app.actor) or ""
    fault = " ".join(without_credentials(trouble.message).split())
    call = Call(command.name or "", facts, words.unknown, app.ci, random_run(), app.now, trouble.code, fault)
    return call.record(actor, *_in_git(app, words, facts))


@dataclass(frozen=True, slots=True)
class Call:
    """The words of a call, and what CI says; `code` and `fault` say why they wait."""

    verb: str
    facts: dict[str, Any]
    unknown: Mapping[str, str]
    ci: CiFacts | None
    run: str
    at: datetime
    code: str
    fault: str

    def record(self, actor: str, repo: str, head: str | None, catalog: dict[str, Any]) -> SpooledRecord:
        """The record that waits: as it was given, and where commit and catalog were found."""
        from releasewatch.domain.spool import SpooledRecord

        told = asdict(self.ci) if self.ci else {}
        told.pop("actor", None)
        job_started_at = told.pop("job_started_at", None)
        call = {
            "verb": self.verb,
            "given": self.facts,
            "unknown": dict(self.unknown),
            "ci": {name: value for name, value in told.items() if value is not None},
            "job_started_at": job_started_at.isoformat() if job_started_at else None,
            "run": self.run,
        }
        said = {
            "environment": str(self.facts.get("environment") or told.get("environment") or ""),
            "status": "running" if self.verb == "start" else str(self.facts.get("status") or "succeeded"),
            "actor": actor,
            "call": call,
            "fault": self.fault,
        }
        digest = hashlib.sha256(json.dumps([call, head], sort_keys=True).encode()).hexdigest()
        key = str(self.facts.get("key") or f"call:{digest}")
        opened_at = _opened(self.facts, job_started_at, self.at)
        return SpooledRecord(key, repo, head, opened_at, self.at, self.code, said, catalog)


def _opened(facts: dict[str, Any], job_started_at: datetime | None, now: datetime) -> datetime:
    from datetime import UTC, datetime

    with suppress(ValueError, KeyError):
        at = datetime.fromisoformat(facts["started-at"])
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    return job_started_at or now


def _in_git(app: App, words: Words, facts: dict[str, Any]) -> tuple[str, str | None, dict[str, Any]]:
    """Repo, head and catalog, as far as they can be had in a short time; nothing of a repo that we do not stand in."""
    from releasewatch.cli.time_limit import time_limit

    named = facts.get("head")
    if isinstance(named, list):
        named = named[-1]
    told = named or (app.ci.sha if app.ci else None)
    head: str | None = str(told) if told and _SHA.fullmatch(str(told)) else None
    repo, catalog = "", dict[str, Any]()
    if words.said.get("clone"):
        return repo, head, catalog
    with suppress(ReleasewatchError), time_limit(_GRACE):
        repo = app.repo_name()[0] or ""
        repos = {key.rpartition("/")[0] for key in facts.get("component", ()) if "/" in key}
        if facts.get("release") and repos and repo not in repos:
            return "", head if named else None, catalog  # read from the release of another repo
        if facts.get("kind") != "change":
            if app.history_or_none is None:
                return repo, head, catalog
            head = app.history.resolve(str(told or "HEAD"))
        catalog = _catalog_at(app, head)
    return repo, head, catalog


def _catalog_at(app: App, head: str | None) -> dict[str, Any]:
    import msgspec

    found = _quietly(lambda: app.catalog_at(head))
    if found is None or not found.components:
        return {}
    table: dict[str, Any] = msgspec.to_builtins(found, order="deterministic")
    return table


def _quietly(look: Callable[[], _T]) -> _T | None:
    """What can be looked up; None where that fails: it is looked up because something else failed."""
    with suppress(ReleasewatchError):
        return look()
    return None


def mending_of(record: SpooledRecord) -> str:
    """What to type so that a wrong call is recorded, or thrown away."""
    return (
        f"Say what was meant: releasewatch spool flush --set {record.id}:OPTION=VALUE; "
        f"or discard it: releasewatch spool drop {record.id} --why TEXT"
    )
