"""Shows on a terminal how far something long has come; nothing where nobody looks, and nothing once it is over."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from releasewatch.domain.progress import UNTOLD, Progress
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sized

    from rich.progress import Progress as Bars

    from releasewatch.wiring import App

T = TypeVar("T", bound="Sized")
_EACH = 1000
"""Rows between two looks at the clock: one for each would cost more than the row."""


class _Shown:
    """One line: what is done now, rows so far, and for how long."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._line = bars.add_task("", total=None, rows="")

    def step(self, what: str) -> None:
        self._bars.reset(self._line, description=what, rows="")

    def blocks(self, name: str, blocks: Iterator[T]) -> Iterator[T]:
        self.step(f"reading {name}")
        rows = shown = 0
        for block in blocks:
            rows += len(block)
            if rows - shown >= _EACH:
                self._bars.update(self._line, rows=counted(rows, "row"))
                shown = rows
            yield block


@contextmanager
def progress_of(app: App) -> Iterator[Progress]:
    """Who is to be told: a line on stderr that is gone at the end; nobody where stderr is no terminal, or --quiet."""
    if app.quiet or not sys.stderr.isatty():
        yield UNTOLD
        return
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TextColumn("{task.fields[rows]}")
    with Bars(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bars:
        yield _Shown(bars)
