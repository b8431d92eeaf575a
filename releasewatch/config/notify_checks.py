"""Finds what is wrong in the rules of who is told: addresses and keys that are missing, written down, or not needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from releasewatch.config.ledger_address import reference_name
from releasewatch.config.mail_checks import ADDRESS
from releasewatch.config.problems import Key, Problem
from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from releasewatch.config.notify_schema import NotifyTable

_NEEDS: dict[str, tuple[str, ...]] = {
    "slack": ("url",),
    "teams": ("url",),
    "webhook": ("url", "key"),
    "pagerduty": ("key",),
}
_MAY_HAVE = {"pagerduty": ("url",)}
_USE_VARIABLE = 'Put it into a variable, and write "env:RELEASEWATCH_…" here.'
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


def find_notify_problems(rules: Mapping[str, NotifyTable], *, has_mail: bool) -> Iterator[Problem]:
    """Everything that is wrong, rule by rule. What should have been a secret is not repeated."""
    for name, rule in rules.items():
        key: Key = ("notify", name)
        if not _NAME.fullmatch(name):
            yield Problem(key, name, "wanted 1 to 100 letters, digits and . _ -")
        yield from _secrets(rule, key)
        yield from _counts(rule, key)
        yield from _addresses(rule, key, has_mail=has_mail)


def _secrets(rule: NotifyTable, key: Key) -> Iterator[Problem]:
    needed = _NEEDS.get(rule.to, ())
    for setting in ("url", "key"):
        value: str | None = getattr(rule, setting)
        where = (*key, setting)
        if value is None:
            if setting in needed:
                yield Problem(where, None, f'{rule.to} needs it: {setting} = "env:RELEASEWATCH_…"')
        elif setting not in (*needed, *_MAY_HAVE.get(rule.to, ())):
            yield Problem(where, "…", f"{rule.to} has none", "Leave it out.")
        else:
            try:
                if reference_name(value) is None:
                    yield Problem(where, "…", "a secret must not stand here", _USE_VARIABLE)
            except InvalidCallError as error:
                yield Problem(where, "…", error.message, error.hint)


def _addresses(rule: NotifyTable, key: Key, *, has_mail: bool) -> Iterator[Problem]:
    where = (*key, "addresses")
    if rule.to != "smtp":
        if rule.addresses:
            yield Problem(where, list(rule.addresses), f"{rule.to} has none", "Leave it out.")
        return
    if not rule.addresses:
        yield Problem(where, None, 'smtp needs it: addresses = ["oncall@example.org"]')
    for number, address in enumerate(rule.addresses):
        if not ADDRESS.fullmatch(address):
            yield Problem((*where, number), address, 'wanted an address, as in "oncall@example.org"')
    if not has_mail:
        yield Problem(("mail", "host"), None, "mail is sent through the server in [mail], with host and from")


def _counts(rule: NotifyTable, key: Key) -> Iterator[Problem]:
    where = (*key, "exposure_over")
    if "exposure_over" not in rule.when:
        if rule.exposure_over is not None:
            yield Problem(where, rule.exposure_over, 'it is for when = ["exposure_over"]')
    elif rule.exposure_over is None:
        yield Problem(where, None, "over how many customers? Wanted a number")
    elif "deployment_recorded" in rule.when:
        yield Problem((*key, "when"), list(rule.when), "with deployment_recorded every deployment is told already")
    if not rule.when:
        yield Problem((*key, "when"), [], "when is somebody told? Wanted at least one")
    if len(set(rule.when)) < len(rule.when):
        yield Problem((*key, "when"), list(rule.when), "something stands in this list twice")
