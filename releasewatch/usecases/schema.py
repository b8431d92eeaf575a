"""The schema of a ledger: brought up to date, told, and compared with what it should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from releasewatch.domain.times import format_utc
from releasewatch.storage import migrate
from releasewatch.storage.ledger import Ledger

if TYPE_CHECKING:
    from releasewatch.secret import Secret


@contextmanager
def as_it_is(url: Secret) -> Iterator[Ledger]:
    """A ledger that is neither made nor upgraded."""
    ledger = Ledger(url)
    try:
        yield ledger
    finally:
        ledger.close()


def upgrade_ledger(url: Secret) -> dict[str, Any]:
    """The document of `db upgrade --format json`."""
    with as_it_is(url) as ledger:
        before, after = migrate.upgrade(ledger)
        return {"ledger": ledger.place, "before": before, "after": after}


def describe_schema(url: Secret) -> dict[str, Any]:
    """The document of `db current --format json`. `state`: missing, empty, behind, current or newer."""
    with as_it_is(url) as ledger:
        found = migrate.current(ledger)
        return {"ledger": ledger.place, "current": found, "program": migrate.HEAD, "state": state_of(ledger, found)}


def state_of(ledger: Ledger, found: str | None) -> str:
    """How a ledger's schema stands to the program's."""
    if found is None:
        return "missing" if ledger.path is not None and not ledger.path.exists() else "empty"
    if found == migrate.HEAD:
        return "current"
    return "newer" if found > migrate.HEAD else "behind"


_NOT_CURRENT = {
    "missing": "there is no file yet; the first command that records makes it",
    "empty": "it has no schema yet; run: releasewatch db upgrade",
    "behind": "it is at schema {found}, this program needs {head}; run: releasewatch db upgrade",
    "newer": "it is at schema {found}, newer than this program knows ({head}); upgrade releasewatch here",
}


def check_ledger(url: Secret) -> dict[str, Any]:
    """The document of `db check --format json`; a ledger of another schema is one finding and is not looked into."""
    from releasewatch.storage import pruning  # every command comes by here, and needs it not

    with as_it_is(url) as ledger:
        found = migrate.current(ledger)
        state = state_of(ledger, found)
        pruned = None
        if state in _NOT_CURRENT:
            words = _NOT_CURRENT[state].format(found=found, head=migrate.HEAD)
            findings = [migrate.Finding("schema", words)]
        else:
            findings = migrate.check(ledger)
            with ledger.read() as connection:
                pruned = pruning.pruned_before(connection)
                if pruned is not None and pruning.is_anything_left(connection, pruned):
                    words = f"not all of it is done; run: releasewatch db prune --before {format_utc(pruned)} --yes"
                    findings.append(migrate.Finding("prune", words))
        listed = [{"check": one.check, "text": one.text} for one in findings]
        return {
            "ledger": ledger.place,
            "state": state,
            "pruned_before": None if pruned is None else format_utc(pruned),
            "findings": listed,
            "next_cursor": None,
        }
