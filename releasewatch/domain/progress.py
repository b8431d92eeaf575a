"""Who is told how far something long has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sized

T = TypeVar("T", bound="Sized")


class Progress(Protocol):
    """Told of each step of something long, and of the rows that it reads."""

    def step(self, what: str) -> None:
        """Say what begins now, as "comparing contacts"."""

    def blocks(self, name: str, blocks: Iterator[T]) -> Iterator[T]:
        """The same blocks of rows, counted as they pass, under the name of where they come from."""


class _Untold:
    """Nobody looks."""

    def step(self, what: str) -> None:
        """Say nothing."""

    def blocks(self, name: str, blocks: Iterator[T]) -> Iterator[T]:
        """The blocks, as they are."""
        return blocks


UNTOLD: Progress = _Untold()
