"""In which order `call list` gives a list out, and where its next page goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.numbers import WholeNumber
from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from releasewatch.domain.calls import PlannedCall


def order_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--order`, `--limit` and `--after`."""
    order = click.option(
        "--order",
        type=click.Choice(["turn", "score", "callable"]),
        help="turn (the default for people): what is nobody's first, then by score; score (the default of JSON); "
        "callable: who is callable now first, then by the next window.",
    )
    limit = click.option("--limit", type=WholeNumber(1, 100_000), default=100, show_default=True, help="How many.")
    after = click.option("--after", type=WholeNumber(0), metavar="RANK", help="Go on after this rank: next_cursor.")
    return order(limit(after(function)))


def in_order(
    rows: Sequence[PlannedCall], form: str, order: str | None, after: int | None
) -> tuple[list[PlannedCall], bool]:
    """The rows of a list as they are given out, after the one of a rank; and whether pages can go on after a rank."""
    from releasewatch.domain.call_hands import by_turn, turn_of
    from releasewatch.domain.call_rules import by_callability

    order = order or ("turn" if form == "table" else "score")
    if order == "callable" and after is not None:
        raise InvalidCallError(
            "--after goes on after a rank, and --order callable is not in the order of these.", "Raise --limit."
        )
    if order == "callable":
        return by_callability(rows), False
    if order == "score":
        return [row for row in rows if row.rank > (after or 0)], True
    if not after:
        return by_turn(rows), True
    last = next((turn_of(row) for row in rows if row.rank == after), (True, after))
    return [row for row in by_turn(rows) if turn_of(row) > last], True
