"""Whether those whom `[notify.*]` names can be told from here, and what of it was given up: lines of the doctor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from releasewatch.storage import migrate, outbox
from releasewatch.usecases.doctor import Check
from releasewatch.usecases.schema import as_it_is

if TYPE_CHECKING:
    from releasewatch.secret import Secret


def check_notify(url: Secret, rules: Sequence[str], missing: Mapping[str, str]) -> list[Check]:
    """A line for each rule; none where there are no rules. `missing`: why one cannot be told from here."""
    if not rules:
        return []
    counts: Mapping[str, Mapping[str, int]] = {}
    with as_it_is(url) as ledger:
        if migrate.current(ledger) == migrate.HEAD:
            with ledger.read() as connection:
                counts = outbox.count_open(connection)
    return [_check(rule, missing.get(rule, ""), Counter(counts.get(rule, {}))) for rule in rules]


def _check(rule: str, missing: str, counts: Counter[str]) -> Check:
    name = f"notify {rule}"
    many = f"{counts['waiting'] + counts['sending']} waiting, {counts['given_up']} given up"
    if missing:
        return Check(name, "warn", f"{missing}; {many}", "Set it in the job that runs: releasewatch notify send")
    if counts["given_up"]:
        return Check(name, "warn", many, "See why: releasewatch outbox list")
    return Check(name, "ok", many)
