"""What an import needs from where rows come from, be it a file or a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from releasewatch.domain.customers import Block, Rejected, Stated
    from releasewatch.integrations.directories.records import Shape


class Source(Protocol):
    """Rows of one kind, looked at already: they can be read from the beginning as often as one likes."""

    @property
    def name(self) -> str:
        """What it is called in messages."""

    @property
    def shape(self) -> Shape[Any]:
        """What a row holds."""

    @property
    def columns(self) -> frozenset[str]:
        """Which of our columns it has; `attributes` when it has others that are kept."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised or looks odd, for people."""

    @property
    def reading(self) -> Any:
        """Plain data that is the same when the same content was read the same way."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """How it is written, for machines."""

    def rows(self) -> Iterator[Stated[Any] | Rejected]:
        """Every row in order; raises InvalidCallError when the source is damaged."""

    def blocks(self) -> Iterator[Block[Any]]:
        """The same rows, as many at a time as were read at once."""

    def heading(self, column: str) -> str:
        """What it calls one of our columns."""

    def place(self, line: int) -> Mapping[str, int]:
        """Where a row stands: `line` of a file; `page` and `item` of a server's answer."""
