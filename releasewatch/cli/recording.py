"""Recording with patience: how long it may take, and what becomes of a record that the ledger does not take."""

from __future__ import annotations

import difflib
import importlib
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.keeping import BugError, Keeping
from releasewatch.cli.output import say
from releasewatch.cli.pipeline import warn
from releasewatch.cli.time_limit import EndedError, ended_in_order, time_limit
from releasewatch.errors import ConfigError, OutsideFailedError, ReleasewatchError, TimedOutError, UnknownNameError
from releasewatch.wiring import App
from releasewatch.wiring.notifying import rules_of
from releasewatch.wiring.releases import release_in_ledger, stored_release

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from releasewatch.domain.catalog import Catalog
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.record_facts import RecordRequest
    from releasewatch.usecases.surroundings import Surroundings

_NEAR = 0.4
"""How like a known region or ring a name must be: they are short, and one is often the beginning of a longer one."""

_ALIKE = 0.85
_LETTERS_MORE = 2
"""How like a listed environment a new name is, and by how many letters longer or shorter, when it is taken for a slip
of the pen: `prodution` is one for `production`, and `production-eu` is not."""

_LEAST = 0.01
"""Seconds that are left of any time: the alarm takes no less."""

_GRACE = 10.0
"""Seconds more to settle what is spooled, when time ran out before that: rather late than lost."""


@dataclass(frozen=True, slots=True)
class Patience:
    """What `--timeout` and `--when-unreachable` say: the seconds it may take, and whether it is spooled after that.

    `errors`: a broken config, a clone that cannot be read or a bug is spooled as well. `dotenv` is the report in which
    later jobs find that it was.
    """

    seconds: float | None
    spools: bool
    dotenv: Path | None = None
    errors: bool = False


def record_patiently(
    app: App, ask: Callable[[], RecordRequest], form: str, patience: Patience
) -> dict[str, Any] | None:
    """The document of the deployment that was recorded; None when its record waits in the spool, which was said.

    `ask` puts together what is to be recorded, for which settings and git are read: that takes its time as well.
    """
    seconds = _load_first(patience.seconds)
    if not patience.spools or app.rehearse:
        with time_limit(seconds):
            return _record_now(app, ask())
    keeping = Keeping(app, ask, patience.errors)
    try:
        with ended_in_order(), time_limit(seconds):
            done = _record_now(app, keeping.settle())
            if app.ledger_is_lost:
                _leave_line(app, keeping)
            return done
    except (ReleasewatchError, EndedError) as error:
        if not keeping.takes(error):
            raise
        trouble: ReleasewatchError = error if isinstance(error, ReleasewatchError) else error.as_ours()
        status = exit_codes.DONE if isinstance(error, ReleasewatchError) else error.status
    except click.ClickException:
        raise
    except Exception as error:  # a step is never in the way: what a bug keeps from the ledger is spooled
        if not patience.errors:
            raise
        from releasewatch.cli.bug_log import write_bug_log

        trouble = BugError(f"This is a bug in releasewatch ({type(error).__name__}).", write_bug_log(error))
        status = exit_codes.DONE
    from releasewatch.cli.spool import keep_for_later

    try:
        with time_limit(_GRACE):
            waiting = keeping.record(trouble)
    except TimedOutError:
        waiting = keeping.raw(trouble)
    keep_for_later(app, waiting, trouble, form, patience.dotenv)
    if status != exit_codes.DONE:
        click.get_current_context().exit(status)
    return None


def _leave_line(app: App, keeping: Keeping) -> None:
    from releasewatch.cli.spool import leave_line

    trouble = LedgerIsLostError()
    with suppress(ReleasewatchError):  # it is recorded
        leave_line(app, replace(keeping.record(trouble), because=trouble.code))


class LedgerIsLostError(OutsideFailedError):
    """What it is called that a record is in a ledger which goes with the runner."""

    code = "ledger_is_lost"

    def __init__(self) -> None:
        super().__init__("The ledger is a file on a CI runner and is lost with it.")


def _load_first(seconds: float | None) -> float | None:
    """Import what recording and spooling need, and say how many of the seconds are left.

    An alarm that rings in the middle of an import leaves modules half made, and what is kept then cannot load them.
    """
    began = time.monotonic()
    for name in ("usecases.spool", "usecases.deployments", "storage.migrate", "integrations.git_history", "cli.spool"):
        importlib.import_module(f"releasewatch.{name}")
    return None if seconds is None else max(seconds - (time.monotonic() - began), _LEAST)


def _record_now(app: App, facts: RecordRequest) -> dict[str, Any]:
    check_listed(app, facts.environment)
    say_unknown_places(app, facts)
    return _recorded(app, replace(facts, **settings_in_force(app, facts.environment)))


def settings_in_force(app: App, environment: str) -> dict[str, Any]:
    """What the organisation's settings add to a request: tier, regions and rings of the environment, and products."""
    from releasewatch.domain.deployments import Axes

    tables = app.config.tables
    settings = tables.environments.get(environment)
    if settings is None and tables.environments and not app.quiet:
        known = ", ".join(tables.environments)
        say(f"{environment} is not among the environments of the settings ({known}); its tier is taken from its name.")
    return {
        "tier": app.config.tier(environment),
        "tier_is_guess": not (settings and settings.tier),
        "axes": Axes(frozenset(settings.regions if settings else ()), frozenset(settings.rings if settings else ())),
        "products": app.products_to_store,
        "rules": rules_of(app),
    }


def check_listed(app: App, environment: str) -> None:
    """Refuse a new environment that is nearly a listed one: a slip of the pen would be a place of its own.

    Raises UnknownNameError.
    """
    listed = app.config.tables.environments
    alike = difflib.get_close_matches(environment, listed, n=1, cutoff=_ALIKE)
    near = [one for one in alike if abs(len(one) - len(environment)) <= _LETTERS_MORE]
    if environment in listed or not near:
        return
    from releasewatch.storage.catalogs import environment_of

    with app.ledger.read() as connection:
        if environment_of(connection, environment) is not None:
            return
    raise UnknownNameError(
        f"{environment!r} is not among the environments of the settings ({', '.join(listed)}), and new to the ledger.",
        f"Did you mean {near[0]}? If it is new, add [environments.{environment}] to the settings.",
    )


def say_unknown_places(app: App, request: RecordRequest) -> None:
    """Say which regions and rings are not among those that the settings name: a slip of the pen reaches nobody."""
    settings = app.config.tables.environments.get(request.environment)
    if settings is None or app.quiet:
        return
    from releasewatch.domain.deployments import Axes

    given = Axes.of(request.targets)
    for words, named, known in (("regions", given.regions, settings.regions), ("rings", given.rings, settings.rings)):
        for one in sorted(named - set(known)) if known else ():
            near = difflib.get_close_matches(one, known, n=1, cutoff=_NEAR)
            hint = f"; did you mean {near[0]}?" if near else "."
            say(f"{one} is not among the {words} of {request.environment} ({', '.join(known)}){hint}")


def read_from(app: App, ledger: Ledger, request: RecordRequest) -> tuple[Surroundings, RecordRequest]:
    """What is read for a deployment: the clone one stands in; else the release that a build recorded."""
    if request.stated_kind == "change":
        return app.surroundings(git=False), request
    found = stored_release(app, ledger, request.release, request.components)
    if found is None:
        return app.surroundings(), request
    from releasewatch.usecases.releases import stored_surroundings
    from releasewatch.wiring import mapper_of

    if not app.quiet:
        say(f"Read from the release {found.name} of {found.repo} ({found.head[:10]}), as a build recorded it.")
    head = request.head if request.head_is_given else found.name
    return stored_surroundings(ledger, found, mapper_of), replace(request, head=head)


def read_raw(app: App, ledger: Ledger, request: RecordRequest) -> tuple[Surroundings, RecordRequest]:
    """The same for what waited raw: where the config is broken at its very commit, the one here speaks for it."""
    from releasewatch.usecases.releases import stored_surroundings
    from releasewatch.wiring import mapper_of

    found = None
    if request.release and request.head == "HEAD" and app.history_or_none is not None:
        # The release says which commit it was, and not what this clone stands at: the one that a build recorded, as in
        # the job without a clone, else the tag of its name.
        with suppress(UnknownNameError):
            found = release_in_ledger(app, ledger, request.release, request.components)
        request = replace(request, head=found.name if found else request.release, head_is_given=True)
    if found is not None:
        around = stored_surroundings(ledger, found, mapper_of)
    else:
        around, request = read_from(app, ledger, request)

    def catalog_at(sha: str | None) -> Catalog:
        try:
            return around.catalog_at(sha)
        except ConfigError as error:
            say(f"{error.message} The components are read as they stand here.")
            return app.catalog_here

    return replace(around, catalog_at=catalog_at), request


def _recorded(app: App, request: RecordRequest) -> dict[str, Any]:
    from releasewatch.usecases.deployments import Describing, describe
    from releasewatch.usecases.recording import record

    if app.ledger_is_lost and not app.quiet:
        warn(
            f"The ledger {app.ledger_address.printable} is a file on a CI runner and is lost with it. "
            "Set RELEASEWATCH_DATABASE_URL=postgresql://USER@HOST/DATABASE from the CI's secrets."
        )
    ledger = app.ledger
    try:
        around, request = read_from(app, ledger, request)
        done = record(ledger, around, request)
        without = {key: d.without_entitlement for key, d in app.config.tables.directory.items()}
        how = Describing(app.now, without, done.already_recorded, app.level(None, None))
        document = describe(ledger, done.deployment_id, how)
    finally:
        ledger.close()
    if not app.quiet:
        for remark in done.remarks:
            say(remark)
        say_of_the_start(document)
    return document


def say_of_the_start(document: dict[str, Any]) -> None:
    """What to type where nothing is known of what ran before."""
    if not document["deployment"]["already_recorded"] and any(b["source"] == "none" for b in document["baselines"]):
        say("Did something run there before? Name it: deployment record --from REV; or bring its past first:")
        say("  releasewatch deployment import --source tags --environment NAME")
