"""Lines of the doctor on `[notify.*]`: who can be told from here, what of it was given up, and whose template fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from releasewatch.errors import TemplateError
from releasewatch.rendering.notification_samples import samples_of
from releasewatch.rendering.notifications import render_notification
from releasewatch.storage import migrate, outbox
from releasewatch.usecases.doctor import Check
from releasewatch.usecases.schema import as_it_is

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.domain.notifications import When
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


def check_template(rule: str, template: Path, kinds: Sequence[When]) -> Check:
    """Whether a rule's template says something of all that the rule is for, tried with made-up values."""
    name = f"notify {rule} template"
    for kind in kinds:
        try:
            for said in samples_of(kind):
                render_notification(said, template)
        except TemplateError as error:
            return Check(name, "fail", f"{error.message.rstrip('.')} (tried with a made-up {kind})", error.hint)
    return Check(name, "ok", f"{template.name} does for {', '.join(kinds)}")
