"""What a plan is held to: the rules of the settings and of the command line, and the organisation's freezes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from releasewatch.domain.freezes import Freeze
from releasewatch.domain.gate import parse_rules

if TYPE_CHECKING:
    from releasewatch.config.schema import Tables
    from releasewatch.usecases.gate import Gate


def gate_of(tables: Tables, rules: Sequence[str], fixes: Sequence[str]) -> Gate:
    """`[gate]` and `[freezes]` as use cases have them, with the rules of the command line after those of the settings.

    Raises InvalidCallError for what is no rule.
    """
    from releasewatch.usecases.gate import Gate

    return Gate(parse_rules((*tables.gate.fail_on, *rules)), freezes_of(tables), tuple(fixes))


def freezes_of(tables: Tables) -> tuple[Freeze, ...]:
    """The organisation's freezes; the settings were checked when they were read."""
    return tuple(
        Freeze(
            name,
            date.fromisoformat(one.from_),
            date.fromisoformat(one.to),
            one.reason or "",
            one.environments,
        )
        for name, one in tables.freezes.days.items()
    )
