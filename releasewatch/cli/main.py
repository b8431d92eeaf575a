"""The command `releasewatch`: nouns, loaded when they are used, and the one boundary where errors end."""

from __future__ import annotations

import errno
import importlib
import itertools
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click

from releasewatch import __version__
from releasewatch.cli import exit_codes
from releasewatch.cli.output import prepare_streams, printable, talk_held, without_credentials
from releasewatch.errors import ReleasewatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

NOUNS = {
    # noun: (module under releasewatch.cli, what it is for)
    "backtest": ("backtest", "Past incidents against today's map: who would have been on the list."),
    "call": ("call", "Customers to call: who, in what order, on which number, and why."),
    "catalog": ("catalog", "The components of a repo, their paths and dependencies."),
    "change": ("change", "What may be said of a change, decided by hand."),
    "config": ("settings", "The settings in force, and where each comes from."),
    "contact": ("contact", "A person's data: given, erased, marked."),
    "customer": ("customer", "The directory: customers, contacts and what they use."),
    "db": ("db", "The ledger's schema."),
    "demo": ("demo", "The main job on the git repo you stand in, with sample customers."),
    "deployment": ("deployment", "Record deployments; say which customers they reach."),
    "digest": ("digest", "An account manager's page for the day: promises, calls, and what reached their customers."),
    "doctor": ("doctor", "Check config, ledger, git, CI and templates, a line each."),
    "event": ("event", "CDEvents: taken from other tools, and told to them."),
    "exposure": ("exposure", "The customers a deployment reaches, and why each of them."),
    "freeze": ("freeze", "Days on which nothing should go out, ours and those of customers."),
    "incident": ("incident", "Incidents: which deployment is to blame, who was hurt, who is back to normal."),
    "init": ("init", "Write a first releasewatch.toml from what the repo shows."),
    "notes": ("notes", "Release notes for each audience."),
    "notify": ("notify", "Tell others what happened, by the rules of the settings."),
    "outbox": ("outbox", "What others are to be told, until they are."),
    "release": ("release", "Releases that builds recorded, for deploy jobs without git."),
    "report": ("report", "Figures: delivery, who called first, a customer's quarter."),
    "spool": ("spool", "Records that wait for the ledger."),
    "staff": ("staff", "Our people: account managers, absence, hand-over."),
    "status": ("status", "What runs where, and the last deployments."),
}


_BYTES = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes in an argument that are no UTF-8: a path may hold them, a text may not."""

_EXTRA = re.compile(r"^(Got unexpected extra arguments?) \(.*", re.DOTALL)
"""Where click repeats what was typed: a reason or a note without quotes may name people."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class LazyGroup(click.Group):
    """Imports a noun's module only when that noun is used, so that `--help` needs neither git nor a database."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS:
            return None
        module = importlib.import_module(f"releasewatch.cli.{NOUNS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(noun, words) for noun, (_, words) in NOUNS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in NOUNS:
            import difflib

            near = difflib.get_close_matches(args[0], NOUNS, n=1)
            hint = f" Did you mean {near[0]}?" if near else " See: releasewatch --help"
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit status: " + "; ".join(f"{code} {meaning}" for code, meaning in exit_codes.MEANINGS.items()) + ".",
)
@click.version_option(__version__, "--version", prog_name="releasewatch", message="%(prog)s %(version)s")
@click.option("--config", metavar="FILE", help="Settings to use (RELEASEWATCH_CONFIG).")
@click.option("--database", metavar="URL", help="Ledger to use (RELEASEWATCH_DATABASE_URL).")
@click.pass_context
def main(ctx: click.Context, config: str | None, database: str | None) -> None:
    """Which customers does a deployment reach, and whom do we call when one goes bad?"""
    ctx.obj = {"config": config, "database": database}


def run(arguments: Sequence[str] | None = None) -> None:
    """Run and exit. Every error ends here: ours with its own status, anything else as a bug with a log file."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    wants_json = _wants_json(given)
    prepare_streams()
    try:
        with talk_held(wanted=wants_json):
            status = _invoke(given)
            sys.stdout.flush()
    except ReleasewatchError as error:
        _say(error.code, error.message, error.hint, wants_json)
        status = exit_codes.of_error(error)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)  # noqa: T201 - the boundary prints
        status = exit_codes.CALL_IS_WRONG
    except click.UsageError as error:
        hint = f"See: {error.ctx.command_path} --help" if error.ctx else "See: releasewatch --help"
        _say("invalid_call", _EXTRA.sub(r"\1.", error.format_message()), hint, wants_json)
        status = exit_codes.CALL_IS_WRONG
    except click.ClickException as error:
        _say("invalid_call", error.format_message(), "", wants_json)
        status = exit_codes.CALL_IS_WRONG
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted", "Interrupted; nothing was half written.", "", wants_json)
        status = exit_codes.INTERRUPTED
    except BrokenPipeError:
        _drop_stdout()  # the reader (head, less) has gone
        status = exit_codes.DONE
    except Exception as error:  # noqa: BLE001 - the one boundary: whatever else arrives here is a bug
        status = _end_of(error, given, wants_json)
    sys.exit(status)


def _end_of(error: Exception, given: Sequence[str], wants_json: bool) -> int:
    """Where results go may run full, and an argument may be no text: no command looks. Everything else is a bug."""
    if isinstance(error, UnicodeEncodeError) and any(map(_BYTES.search, given)):
        hint = "Give it in UTF-8: what the terminal or the monitor sent is in another encoding."
        _say("invalid_call", "What was given to the command is no text in UTF-8.", hint, wants_json)
        return exit_codes.CALL_IS_WRONG
    odd = [name for name, value in os.environ.items() if name.startswith("RELEASEWATCH_") and _BYTES.search(value)]
    if isinstance(error, UnicodeEncodeError) and odd:
        hint = "Set it in UTF-8: what it was taken from is in another encoding."
        _say("invalid_call", f"What {odd[0]} holds is no text in UTF-8.", hint, wants_json)
        return exit_codes.CALL_IS_WRONG
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        _drop_stdout()
        hint = "Make room where it goes, and run the same command again."
        _say("outside_failed", f"The result could not be written: {error.strerror}.", hint, wants_json)
        return exit_codes.OUTSIDE_FAILED
    from releasewatch.cli.bug_log import write_bug_log

    _say("bug", f"This is a bug in releasewatch ({type(error).__name__}).", write_bug_log(error), wants_json)
    return exit_codes.BUG


def _drop_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush of what is left is quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _invoke(given: list[str]) -> int:
    """Run the command; not by click's own `main`, which gives a reader that has gone the status 1."""
    try:
        with main.make_context("releasewatch", given) as context:
            status = main.invoke(context)
    except click.exceptions.Exit as end:
        status = end.exit_code
    return status if isinstance(status, int) else exit_codes.DONE


def _wants_json(arguments: Sequence[str]) -> bool:
    return any(
        word in ("--format=json", "--format=jsonl") or (word == "--format" and after in ("json", "jsonl"))
        for word, after in itertools.pairwise([*arguments, ""])
    )


def _say(code: str, message: str, hint: str, as_json: bool) -> None:
    message, hint = without_credentials(message), without_credentials(hint)
    if as_json:
        document: dict[str, Any] = {
            "schema": 1,
            "error": {"code": code, "message": message, "hint": hint or None},
        }
        print(json.dumps(document), file=sys.stderr)  # noqa: T201 - the boundary prints
        return
    from releasewatch.cli.pipeline import annotate

    print(f"Error: {printable(message)}", file=sys.stderr)  # noqa: T201 - the boundary prints
    if hint:
        print(f"  {printable(hint)}", file=sys.stderr)  # noqa: T201 - the boundary prints
    if code != "interrupted":
        annotate("error", f"{message}\n{hint}" if hint else message)
