"""What the column maps of a configuration mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.columns import Heading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from releasewatch.config.schema import ColumnMap


def headings_of(columns: Mapping[str, str | ColumnMap]) -> dict[str, Heading]:
    """Our columns as a `[directory.NAME.columns.*]` table names them."""
    return {column: Heading(said) if isinstance(said, str) else _heading(said) for column, said in columns.items()}


def _heading(said: ColumnMap) -> Heading:
    return Heading(
        name=said.heading or "",
        more=said.more,
        values=said.values,
        constant=said.constant or "",
        separator=said.separator or "",
        prefix=said.prefix or "",
        list=said.list or "",
        format=said.format or "",
        decimal=said.decimal or "",
    )
