"""Who is told how far something long has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class Progress(Protocol):
    """Told of each step of something long, and of the rows that it reads."""

    def step(self, what: str) -> None:
        """Say what begins now, as "comparing contacts"."""

    def rows(self, name: str, rows: Iterator[T]) -> Iterator[T]:
        """The same rows, counted as they pass, under the name of where they come from."""


class _Untold:
    """Nobody looks."""

    def step(self, what: str) -> None:
        """Say nothing."""

    def rows(self, name: str, rows: Iterator[T]) -> Iterator[T]:
        """The rows, as they are."""
        return rows


UNTOLD: Progress = _Untold()
