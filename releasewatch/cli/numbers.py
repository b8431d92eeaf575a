"""Numbers as options take them: what is none, or too small or too large, is told with what was wanted."""

from __future__ import annotations

import math
from typing import Any

import click


class WholeNumber(click.IntRange):
    """A whole number, as `click.IntRange`; a refusal says which was wanted."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            most = "on" if self.max is None else f"to {self.max}"
            self.fail(f"{str(value)!r}: wanted a whole number from {self.min} {most}.", param, ctx)


class SecondsType(click.FloatRange):
    """A number of seconds, more than none; nan is not more."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            found = float(super().convert(value, param, ctx))
        except click.BadParameter:
            found = math.nan
        if math.isnan(found):
            self.fail(f"{str(value)!r}: wanted a number of seconds above 0.", param, ctx)
        return found


SECONDS = SecondsType()
