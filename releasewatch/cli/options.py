"""The options that many commands share, and the types their values are read with."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import click

from releasewatch.cli.unfilled import check_filled_in
from releasewatch.domain.times import parse_instant
from releasewatch.errors import InvalidCallError, ReleasewatchError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger

F = TypeVar("F", bound=Callable[..., Any])


class InstantType(click.ParamType[datetime]):
    """An instant as people type it, in the zone of `TZ`; given on in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        from releasewatch.wiring import clock, local_zone

        try:
            return parse_instant(str(value), clock(), local_zone())
        except ValueError as error:
            self.fail(f"{value!r}: {error}.", param, ctx)


class DayType(click.DateTime):
    """A day, as `2026-12-31`."""

    name = "day"

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            found: datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r}: that is not a day; wanted one as 2026-12-31.", param, ctx)
        return found


DAY = DayType()


class NameType(click.ParamType[str]):
    """A name that identifies something: what a table's key can hold, and, unless others chose it, a line of output."""

    name = "name"
    longest = 200

    def __init__(self, *, chosen_by_others: bool = False) -> None:
        self.chosen_by_others = chosen_by_others

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        fit = self.chosen_by_others or text.isprintable()
        if not text or text == "?" or not fit or len(text) > self.longest:
            self.fail(f"That is no name. Wanted: at most {self.longest} printable characters, and not ?.", param, ctx)
        return text


class FilledNameType(NameType):
    """A name that pipelines fill in, with which nothing may begin to exist that is called like a variable."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = super().convert(value, param, ctx)
        check_filled_in(self, text, param, ctx)
        return text


class ComponentType(click.ParamType[str]):
    """What a component is called; that there is one is seen later."""

    name = "component"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        check_filled_in(self, str(value), param, ctx)
        return str(value)


class ReleaseType(NameType):
    """The name of a release: a tag may hold anything, and it is made printable where it is shown."""

    def __init__(self) -> None:
        super().__init__(chosen_by_others=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = super().convert(value, param, ctx)
        check_filled_in(self, text, param, ctx, whole=True)
        return text


class PlaceType(FilledNameType):
    """The name of a region or ring, which is one: what stands for several is refused, for nobody would be there."""

    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = super().convert(value, param, ctx)
        if set(text) & set("*?[]"):
            self.fail(f"{text!r} is a pattern. Name one, and give the option several times for several.", param, ctx)
        return text


class RevisionType(click.ParamType[str]):
    """What git calls a commit by; that there is such a commit is seen later."""

    name = "revision"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not str(value).strip():
            self.fail("It is empty. Is the variable set that it was taken from?", param, ctx)
        return str(value)


class StatusType(click.ParamType[str]):
    """How a deployment ended, in our word or in the one that a CI system has for the end of a job."""

    name = "status"
    words: ClassVar = {
        "succeeded": "succeeded",
        "failed": "failed",
        "cancelled": "cancelled",
        "success": "succeeded",  # GitHub, GitLab, Jenkins
        "failure": "failed",  # GitHub, Jenkins
        "error": "failed",  # GitHub's deployment statuses
        "canceled": "cancelled",  # GitLab, Azure
        "succeededwithissues": "succeeded",  # Azure
        "unstable": "failed",  # Jenkins: what was deployed did not pass
        "aborted": "cancelled",  # Jenkins
    }

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "[succeeded|failed|cancelled]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = self.words.get(str(value).strip().lower())
        if found is None:
            self.fail(f"{value!r} is not one of succeeded, failed, cancelled.", param, ctx)
        return found


NAME = NameType()
FILLED_NAME = FilledNameType()
COMPONENT = ComponentType()
PLACE = PlaceType()
REVISION = RevisionType()
RELEASE = ReleaseType()
INSTANT = InstantType()
STATUS = StatusType()
OUTPUT = click.Path(dir_okay=False, path_type=Path)


def _only_one(ctx: click.Context, param: click.Parameter, values: Sequence[Path]) -> Path | None:
    if len(values) > 1:
        named = ", ".join(map(str, values))
        raise click.BadParameter(f"One file at a time, and there are {len(values)}: {named}.", ctx, param)
    return values[0] if values else None


def one_file(name: str, words: str) -> Callable[[F], F]:
    """An option that takes a file, and refuses a second one instead of reading that alone."""
    return click.option(name, type=OUTPUT, metavar="FILE", multiple=True, callback=_only_one, help=words)


def _as_one_word(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A name without blanks around it, and one between its words: who is written in two ways would be two people."""
    return None if value is None else " ".join(value.split())


BY = click.option(
    "--by",
    metavar="WHO",
    callback=_as_one_word,
    help="Who says so; default: RELEASEWATCH_ACTOR, CI's actor, or git's e-mail.",
)
"""Who of our people says something; without it, or when it is blank, `App.actor` is asked."""


def common(
    formats: Sequence[str] = ("table", "json"),
    *,
    output: bool = False,
    reveal: bool = False,
    reads: bool = False,
    replica: bool = False,
) -> Callable[[F], F]:
    """Add the options every command takes and hand it an `App` as its first argument.

    `reads`: it only asks the ledger, and makes none where there is none. `replica`: it only asks, and may ask a replica
    instead, as all that `reads` may.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def call(
            *args: Any, config: str | None, database: str | None, quiet: bool, verbose: bool, **kwargs: Any
        ) -> Any:
            context = click.get_current_context()
            before = context.find_root().obj or {}
            app = App(
                config_file=config or before.get("config"),
                database=database or before.get("database"),
                quiet=quiet,
                verbose=verbose,
            )
            app.reads_only = reads
            app.may_ask_replica = reads or replica
            app.read_url = kwargs.pop("read_url", None)
            if not quiet:
                app.on_replica = _say_how_far_behind
                app.on_lowered = _say_lowered
            kwargs |= _form_for(context, kwargs, formats)
            if kwargs.get("templates") is not None and app.ci is not None and app.ci.pull_request is not None:
                kwargs["templates"] = None
                _say_no_templates(app)
            if verbose and not quiet:
                _say_where_from(app)
            if reads and not quiet and not app.has_ledger:
                _say_no_ledger(app)
            _refuse_what_was_pruned(app, kwargs.get("known_at"))
            return function(app, *args, **kwargs)

        wrapped: Any = call
        options = [
            click.option("--config", metavar="FILE", help="Settings to use (RELEASEWATCH_CONFIG)."),
            click.option("--database", metavar="URL", help="Ledger to use (RELEASEWATCH_DATABASE_URL)."),
            click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors."),
            click.option("-v", "--verbose", is_flag=True, help="Say on stderr which settings, ledger and CI are used."),
        ]
        if reads or replica:
            options.insert(
                2,
                click.option(
                    "--read-url",
                    metavar="URL",
                    help="PostgreSQL replica to ask instead of the ledger (RELEASEWATCH_READ_URL, which commands that "
                    "write ignore).",
                ),
            )
        if len(formats) > 1:
            options.insert(
                0,
                click.option(
                    "--format",
                    "form",
                    type=click.Choice(list(formats)),
                    default=formats[0],
                    show_default=True,
                    help="How the result is given out.",
                ),
            )
        if output:
            options.insert(
                0,
                click.option(
                    "-o", "--output", type=OUTPUT, metavar="FILE", help="Write to a file (0600) instead of stdout."
                ),
            )
        if reveal:
            options.insert(
                0,
                click.option(
                    "--reveal",
                    type=click.Choice(["names", "contacts"]),
                    help="Show more of a customer, as far as the settings in [privacy] allow.",
                ),
            )
        for option in reversed(options):
            wrapped = option(wrapped)
        return cast("F", wrapped)

    return decorate


_SUFFIXES = ("csv", "html", "json", "jsonl", "md", "xlsx")
"""Names of files that say what is in them."""


def _form_for(context: click.Context, given: Mapping[str, Any], formats: Sequence[str]) -> dict[str, str]:
    """The format that a file's name asks for, where none is given; raises InvalidCallError for one that is not made.

    A file that is read as well is the command's own to refuse.
    """
    form, output = given.get("form"), given.get("output")
    if form is None or output is None or any(given[name] == output for name in given.keys() - {"output"}):
        return {}
    wanted = output.suffix.lower().removeprefix(".")
    is_said = context.get_parameter_source("form") is not click.core.ParameterSource.DEFAULT
    if is_said or wanted == form or wanted not in _SUFFIXES:
        return {}
    if wanted in formats:
        return {"form": wanted}
    raise InvalidCallError(
        f"{output.name} would hold no {wanted.upper()}: there is {', '.join(formats)}.",
        f"Give the file another name, or say --format {form} to have it so called.",
    )


def _say_no_templates(app: App) -> None:
    """What a pull request proposes does not choose what is said of customers."""
    from releasewatch.cli.output import say

    if not app.quiet:
        say("For a pull request the built-in templates are used; --templates counts once it is merged.")


def _say_no_ledger(app: App) -> None:
    from releasewatch.cli.output import say

    say(f"There is no ledger {app.ledger_address.printable} yet: nothing is recorded.")


def _refuse_what_was_pruned(app: App, known_at: datetime | None) -> None:
    if known_at is None or not app.has_ledger:
        return
    from releasewatch.usecases.pruning import check_known_at

    check_known_at(app.ledger, known_at)


def _say_lowered(why: str) -> None:
    from releasewatch.cli.output import say

    say(why)


def _say_how_far_behind(replica: Ledger) -> None:
    from releasewatch.cli.output import say
    from releasewatch.usecases.replicas import describe_lag

    words = describe_lag(replica)
    if words is not None:
        say(words)


def _say_where_from(app: App) -> None:
    from releasewatch.cli.output import say

    try:
        say(f"Settings: {app.repo_config.where}")
        say(f"Ledger: {app.ledger_address.printable} (from {app.ledger_address.source})")
    except ReleasewatchError as error:
        say(error.message)  # what it means for the command is the command's to say
    say(f"CI: {app.ci.provider if app.ci else 'none recognised'}")


def filled_by(fact: str) -> str:
    """The words for a help text: which variables of CI systems fill an option."""
    from releasewatch.integrations.ci import variables_for

    names = variables_for(fact)
    return f" In CI: {', '.join(names)}." if names else ""
