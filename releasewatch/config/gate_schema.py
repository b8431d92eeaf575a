"""The shape of `[gate]` and `[freezes]`: what a plan is held to."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from releasewatch.config.shapes import Line, Table

Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", description='a day as "2026-12-31"')]


class GateTable(Table, frozen=True):
    """`[gate]`: what every `deployment plan` is held to."""

    fail_on: tuple[str, ...] = ()
    """Rules, each as `--fail-on` takes it."""
    when_unreachable: Literal["fail", "pass"] = "fail"
    """What a plan ends with while the ledger cannot be had; `--when-unreachable` goes before it."""


class FreezeTable(Table, frozen=True):
    """`[freezes.days.NAME]`: days, both inclusive and in UTC, on which nothing goes out."""

    from_: Day = field(name="from")
    to: Day
    reason: Line | None = None
    environments: tuple[Line, ...] = ()
    """Default: every environment of tier production."""


class FreezesTable(Table, frozen=True):
    """`[freezes]`"""

    file: Line | None = None
    """The customers' own, for `freeze import`; from the folder of this file."""
    days: dict[str, FreezeTable] = field(default_factory=dict)
    """The organisation's."""
