"""What the column maps of a configuration mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.columns import Heading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from releasewatch.config.schema import ColumnMap


def headings_of(columns: Mapping[str, str | ColumnMap], resolve: Callable[[str], Path]) -> dict[str, Heading]:
    """Our columns as a `[directory.NAME.columns.*]` table names them. `resolve`: where a file that it names lies."""
    return {
        column: Heading(said) if isinstance(said, str) else _heading(said, resolve) for column, said in columns.items()
    }


def _heading(said: ColumnMap, resolve: Callable[[str], Path]) -> Heading:
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
        file=str(resolve(said.file)) if said.file else "",
        match=said.match or "",
        newest=said.newest or "",
    )
