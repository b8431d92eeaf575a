"""Finds what is wrong in `[gate]` and `[freezes]`: rules that are none, days that are none or end before they begin."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from releasewatch.config.problems import Problem
from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from releasewatch.config.problems import Key
    from releasewatch.config.schema import Tables


def find_gate_problems(tables: Tables) -> Iterator[Problem]:
    """What is wrong, in the order in which it is written."""
    for number, rule in enumerate(tables.gate.fail_on):
        from releasewatch.domain.gate import parse_rule  # most settings have no rule, and are read by every command

        try:
            parse_rule(rule)
        except InvalidCallError as error:
            yield Problem(("gate", "fail_on", number), rule, error.message, error.hint)
    for name, freeze in tables.freezes.days.items():
        days: list[date] = []
        for end, text in (("from", freeze.from_), ("to", freeze.to)):
            where: Key = ("freezes", "days", name, end)
            try:
                days.append(date.fromisoformat(text))
            except ValueError:
                yield Problem(where, text, "there is no such day")
        if len(days) == 2 and days[1] < days[0]:
            yield Problem(("freezes", "days", name, "to"), freeze.to, f"wanted a day not before from, {freeze.from_}")
