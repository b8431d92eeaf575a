"""Notes for engineering and account staff, as far as the channel that they go to may name people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.cli.output import say
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from releasewatch.domain.notes import Notes
    from releasewatch.wiring import App


def fit_to_channel(app: App, made: Notes, reveal: str | None, output: Path | None, *, ask: bool) -> Notes:
    """The same notes; where no names may be shown without authors, who deployed, and texts that name somebody.

    Notes for customers have a guard of their own, which refuses. Without `ask` no ledger says who could be named:
    then subjects stay as git has them.
    """
    from releasewatch.domain.note_privacy import without_names

    if made.audience == "customer":
        return made
    level = app.level(reveal, output) if ask else app.level_without_ledger(reveal, output)
    if level >= Reveal.NAMES:
        return made
    shown, many = without_names(made, _hiding(app, made, level) if ask and app.has_ledger else lambda _: False)
    if many and not app.quiet:
        say(
            f"{counted(many, 'text is', 'texts are')} withheld: each names a customer, somebody there or one of our "
            "people. --reveal names shows them where [privacy] allows it."
        )
    return shown


def _hiding(app: App, made: Notes, level: Reveal) -> Callable[[str], bool]:
    from releasewatch.domain.note_privacy import texts_in
    from releasewatch.usecases.named_people import hiding_below_names

    with app.ledger.read() as connection:
        hides = hiding_below_names(connection, texts_in(made), level, app.now)
    return hides or (lambda _: False)
