"""What every kind of table file gives: its headings, and its rows as they stand there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Exact(str):
    """A cell that the file stores as a number, date or truth, written our way: no local custom applies to it."""

    __slots__ = ()


class Broken(str):
    """A cell that holds no value, though something stands there; the text says why."""

    __slots__ = ()


class Line(NamedTuple):
    """A row of a table; `number` is the line where it begins. `damage`: why it is no row as it should be, or empty."""

    number: int
    cells: Sequence[str]
    damage: str = ""


class Sheet(Protocol):
    """A table that was looked into. `digest`: SHA-256 of the bytes. `notes` say what was recognised, for people."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def label(self) -> str:
        """How people name it: the file, and the sheet of a workbook."""

    @property
    def encoding(self) -> str:
        """How it is written: the encoding by its usual name, or `xlsx`."""

    @property
    def word(self) -> str:
        """One by which people see whether a guessed encoding is right, else empty; it may be somebody's name."""

    @property
    def separator(self) -> str:
        """What stands between cells; empty in a workbook."""

    @property
    def digest(self) -> str:
        """SHA-256 of what is read, in hexadecimal."""

    @property
    def headings(self) -> Sequence[str]:
        """The names of the columns."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised."""

    def lines(self) -> Iterator[Line]:
        """Every row below the headings that is not blank; raises InvalidCallError when the file itself is damaged."""
