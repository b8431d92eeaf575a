"""What could keep releasewatch from doing its work here: one check after the other, each with its cure."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from releasewatch.domain.times import format_utc
from releasewatch.domain.words import counted
from releasewatch.errors import ReleasewatchError
from releasewatch.storage import health, migrate, pruning
from releasewatch.usecases.directory_fetch import kinds_of, read_server
from releasewatch.usecases.schema import as_it_is, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sized
    from datetime import datetime
    from pathlib import Path

    from releasewatch.config import Config, LedgerAddress
    from releasewatch.config.mail_schema import MailTable
    from releasewatch.domain.catalog import Catalog
    from releasewatch.integrations.ci.facts import CiFacts
    from releasewatch.integrations.git_depth import CloneDepth
    from releasewatch.ports import Forge
    from releasewatch.secret import Secret

State = Literal["ok", "warn", "fail"]

STALE_AFTER = timedelta(days=7)
"""A directory that was imported longer ago is pointed out."""

_SECONDS_TO_ANSWER = 10
_SHOWN = 5
_FULL_HISTORY = (
    "Clone with full history and without contents: fetch-depth: 0 and filter: blob:none (--filter=blob:none)."
)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the answer. `hint` says what to do; empty when there is nothing to do."""

    name: str
    state: State
    text: str
    hint: str = ""


def examine(checks: Iterable[tuple[str, Callable[[], list[Check]]]]) -> list[Check]:
    """Run every check. What one raises is its finding; the same trouble is told in full once."""
    found: list[Check] = []
    told: dict[str, str] = {}
    for name, look in checks:
        try:
            found += look()
        except ReleasewatchError as error:
            if error.message in told:
                found.append(Check(name, "fail", f"not looked at, because of what {told[error.message]} says"))
            else:
                told[error.message] = name
                found.append(Check(name, "fail", error.message, error.hint))
    return found


def check_config(config: Config, catalog: Callable[[], Catalog | None]) -> list[Check]:
    """The settings: is there a file, and does it, or `catalog-info.yaml` in its place, name components?"""
    many = len(config.tables.components)
    stand_in = None if many else catalog()
    described = len(stand_in.components) if stand_in is not None else 0
    if described:
        text = f"{config.where}; catalog-info.yaml describes {counted(described, 'component')}"
        return [Check("config", "ok", text)]
    if config.path is None:
        hint = "Run releasewatch init: it writes a releasewatch.toml from what the repo shows."
        return [Check("config", "warn", "there is no configuration here", hint)]
    if many == 0:
        hint = "Run releasewatch catalog import, or add a table [components.KEY] for each part of the software."
        return [Check("config", "warn", f"{config.where} names no components: no change can reach anybody", hint)]
    return [Check("config", "ok", f"{config.where}: {counted(many, 'component')}")]


def check_organisation(config: Config) -> list[Check]:
    """The organisation's settings: are some in force? Their trouble is raised where the settings are put together."""
    if config.settings_version is None:
        return []
    return [Check("organisation", "ok", f"{config.organisation}, in force for every repo")]


def check_ledger(address: LedgerAddress, *, is_lost: bool) -> list[Check]:
    """The ledger: can it be opened, which schema has it, and will it still be there tomorrow?"""
    with as_it_is(address.url) as ledger:
        found = migrate.current(ledger)
        state = state_of(ledger, found)
        is_file = ledger.path is not None
    checks = [_schema(address.printable, state, found, is_file=is_file)]
    if is_lost:
        text = f"{address.printable} is a file on a CI runner and is lost with it"
        hint = "Set RELEASEWATCH_DATABASE_URL=postgresql://USER@HOST/DATABASE from the CI's secrets."
        checks.append(Check("ledger_kept", "warn", text, hint))
    if address.file is not None:
        checks += _permissions(address.file)
    return checks


def _schema(place: str, state: str, found: str | None, *, is_file: bool) -> Check:
    if state == "newer":
        text = f"{place} is at schema {found}, newer than this program knows ({migrate.HEAD})"
        return Check("ledger", "fail", text, "Upgrade releasewatch here to the version that wrote it.")
    if state == "current":
        return Check("ledger", "ok", f"{place}, schema {found}")
    was = {"missing": "does not exist yet", "empty": "is empty", "behind": f"is at schema {found}"}[state]
    if is_file:
        return Check("ledger", "ok", f"{place} {was}; the next command that uses it brings it to {migrate.HEAD}")
    return Check("ledger", "fail", f"{place} {was}, this program needs {migrate.HEAD}", "Run: releasewatch db upgrade")


def _permissions(file: Path) -> list[Check]:
    there = next(one for one in (file, *file.parents) if one.exists())
    folder = there if there.is_dir() else there.parent
    writable = os.access(folder, os.W_OK | os.X_OK) and (there.is_dir() or os.access(there, os.W_OK))
    if not writable:
        hint = "Make the file and its folder writable for this user."
        return [Check("ledger_file", "fail", f"{there} may not be written by this user", hint)]
    if there == file and stat.S_IMODE(file.stat().st_mode) & 0o077:
        text = f"{file} may be read by other users of this machine, and holds personal data"
        return [Check("ledger_file", "warn", text, f"Run: chmod 600 {file}")]
    return []


def check_spool(waiting: Sized, unreadable: Sized, place: str) -> list[Check]:
    """Records that wait because the ledger could not be had when they were made."""
    found: list[Check] = []
    if len(waiting):
        text = f"{counted(len(waiting), 'record')} {'waits' if len(waiting) == 1 else 'wait'} in {place}"
        found.append(Check("spool", "warn", text, "Run: releasewatch spool flush"))
    if len(unreadable):
        text = f"{counted(len(unreadable), 'file')} in {place} cannot be read"
        found.append(Check("spool", "warn", text, "Run: releasewatch spool list"))
    return found or [Check("spool", "ok", "no record waits")]


def check_git(depth: CloneDepth) -> list[Check]:
    """git: is it there, and does this clone hold the history that changes are read from?"""
    text = f"git {depth.git_version}"
    if not depth.has_commits:
        return [Check("git", "warn", f"{text}; this repo has no commit yet", "Commit something first.")]
    if depth.is_shallow:
        text += (
            f"; this clone is shallow: it holds {counted(depth.commits or 0, 'commit')} of HEAD. A baseline further "
            "back is fetched where that is allowed; else nobody can be ruled out"
        )
        return [Check("git", "warn", text, _FULL_HISTORY)]
    if depth.left_out and depth.left_out != "blob:none":
        text += f"; this clone left out {depth.left_out}, which is needed to compare trees"
        return [Check("git", "warn", text, _FULL_HISTORY)]
    return [Check("git", "ok", f"{text}, full history" + (" without contents" if depth.left_out else ""))]


def check_ci(facts: CiFacts | None, variables: Mapping[str, str]) -> list[Check]:
    """The CI system: which one was recognised, and which variable gave which fact. Who runs it is not told."""
    if facts is None:
        return [Check("ci", "ok", "no CI system recognised: each record gets a key of its own (or give --key)")]
    given = ", ".join(f"{_told(fact, facts)} ({name})" for fact, name in variables.items())
    text = facts.provider + (f": {given}" if given else "")
    missing = [word for word, value in (("run", facts.run), ("sha", facts.sha)) if value is None]
    if not missing:
        return [Check("ci", "ok", text)]
    hints = {
        "run": "Set RELEASEWATCH_CI_RUN to the run's id, the same for all attempts: a rerun is then the same record.",
        "sha": "Set RELEASEWATCH_CI_SHA to the commit that is deployed; without it HEAD is taken.",
    }
    text += f"; it does not say {' and '.join(missing)}"
    return [Check("ci", "warn", text, " ".join(hints[word] for word in missing))]


def _told(fact: str, facts: CiFacts) -> str:
    """A fact with its value, unless that may be a person's name or is too long for a line."""
    return f"{fact} {getattr(facts, fact)}" if fact in ("run", "attempt", "sha", "repo", "environment") else fact


def check_forge(title: str, token_from: str | None, forge: Forge) -> list[Check]:
    """The forge: does it answer for this repo, and with whose token?"""
    left = forge.probe()
    text = f"{title} answers for {forge.project}{f', {left}' if left else ''}"
    if token_from is None:
        variable = f"RELEASEWATCH_{forge.kind.upper()}_TOKEN"
        text += "; it is asked without a token, which few questions are allowed"
        return [Check("forge", "warn", text, f"Set {variable} where the pipeline keeps its secrets.")]
    return [Check("forge", "ok", f"{text}; the token is from {token_from}")]


def check_templates(folder: Path) -> list[Check]:
    """The built-in templates: did they come along with the installation?"""
    kinds = [kind for kind in ("calls", "notes") if any((folder / kind).glob("*.md"))]
    if len(kinds) < 2:
        return [Check("templates", "fail", f"{folder} lacks the built-in templates", "Install releasewatch again.")]
    return [Check("templates", "ok", f"{folder}, for {' and '.join(kinds)}")]


def check_facts(url: Secret, config: Config, now: datetime) -> list[Check]:
    """What the ledger holds: how fresh directories are, which entitlements wait, which environments have no tier."""
    with as_it_is(url) as ledger:
        if migrate.current(ledger) != migrate.HEAD:
            return _directories(config, {}, now)
        with ledger.read() as connection:
            imports = health.last_imports(connection)
            waiting = health.waiting_subjects(connection, now)
            untiered = health.deployments_by_tier(connection, "other")
            pruned = pruning.last_pruning(connection)
    return [*_directories(config, imports, now), *_waiting(waiting), *_untiered(untiered), *_pruned(pruned, now)]


def _directories(config: Config, imports: Mapping[str, Mapping[str, datetime]], now: datetime) -> list[Check]:
    configured = {name: [str(kind) for kind in kinds_of(table)] for name, table in config.tables.directory.items()}
    names = sorted({*configured, *imports})
    if not names:
        text = "no directory of customers is configured or imported: nobody can be reached"
        return [Check("directories", "warn", text, "Add [directory.NAME] and run: releasewatch customer import")]
    return [_directory(name, configured.get(name, []), imports.get(name, {}), now) for name in names]


def _directory(name: str, kinds: list[str], last: Mapping[str, datetime], now: datetime) -> Check:
    check = f"directory {name}"
    hint = "Run: releasewatch customer import"
    told = [
        f"{kind} {_ago(now - last[kind])}" if kind in last else f"{kind} never"
        for kind in [*kinds, *(kind for kind in last if kind not in kinds)]
    ]
    text = f"imported: {', '.join(told)}" if told else "never imported"
    is_stale = any(kind not in last for kind in kinds) or any(now - at > STALE_AFTER for at in last.values())
    return Check(check, "warn", text, hint) if is_stale or not last else Check(check, "ok", text)


def check_mail(table: MailTable, connect: Callable[[], str]) -> list[Check]:
    """The mail server: does it take us in? `connect` says where it is, and raises; nothing is sent."""
    if table.host is None:
        return []
    return [Check("mail", "ok", f"{connect()} lets us in, with {table.security}")]


def check_servers(config: Config, environ: Mapping[str, str]) -> list[Check]:
    """The servers of directories: does each answer, and take our token? The list itself is not fetched."""
    found = []
    for name, table in config.tables.directory.items():
        check = f"directory {name} server"
        if table.kind != "http":
            continue
        try:
            server = read_server(name, table, environ)
            patience = replace(server.patience, timeout=min(server.patience.timeout, _SECONDS_TO_ANSWER))
            server = replace(server, patience=patience)
            for kind in server.endpoints:
                with server.client(kind) as client:
                    client.probe()
        except ReleasewatchError as error:
            found.append(Check(check, "fail", error.message, error.hint))
        else:
            found.append(Check(check, "ok", f"answers for {', '.join(server.endpoints)}"))
    return found


def _waiting(waiting: Mapping[str, int]) -> list[Check]:
    if not waiting:
        return [Check("entitlements", "ok", "none waits for a component that the ledger does not know")]
    many = sum(waiting.values())
    text = f"{counted(many, 'entitlement')} {'waits' if many == 1 else 'wait'} for {_some(waiting)}"
    hint = "Check the spelling; a component becomes known with the first deployment of its repo."
    return [Check("entitlements", "warn", f"{text}, not in the ledger", hint)]


def _untiered(untiered: Mapping[str, int]) -> list[Check]:
    if not untiered:
        return [Check("environments", "ok", "each one that was deployed to has a tier")]
    text = f"{_some(untiered)} of tier other: entitlements without an environment are not reached there"
    return [Check("environments", "warn", text, 'Say which it is: [environments.NAME] tier = "staging", for example')]


def _pruned(pruned: tuple[datetime, datetime] | None, now: datetime) -> list[Check]:
    if pruned is None:
        return []
    text = f"{_ago(now - pruned[1])}: what was known before {format_utc(pruned[0])} is not in it any more"
    return [Check("ledger_pruned", "ok", text)]


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _ago(span: timedelta) -> str:
    if span < timedelta(hours=1):
        return "within the last hour"
    if span < timedelta(days=1):
        return f"{counted(span // timedelta(hours=1), 'hour')} ago"
    return f"{counted(span.days, 'day')} ago"
