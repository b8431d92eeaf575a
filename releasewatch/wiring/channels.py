"""How much of a customer may be shown where output goes: the channel, and what the settings allow on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.domain.privacy import WORDS, Channel, Reveal, decide_level, why_lowered
from releasewatch.integrations.devices import is_written_through

if TYPE_CHECKING:
    from releasewatch.config.schema import Privacy
    from releasewatch.integrations.ci.facts import CiFacts


def channel_of(ci: CiFacts | None, output: Path | None, *, is_terminal: bool) -> Channel:
    """Where output goes; a device or pipe named with -o is no file of ours, and no terminal that we know of."""
    return Channel(
        is_terminal=is_terminal and output is None,
        in_ci=ci is not None,
        public_repo=ci.public_repo if ci else False,
        file=output is not None and not is_written_through(output),
    )


@dataclass(slots=True)
class Showing:
    """What was asked to be shown, beside what may be. `tell`: is told once when it is less than was asked for."""

    tell: Callable[[str], None]
    was_told: bool = False

    def level(self, channel: Channel, reveal: str | None, privacy: Privacy) -> Reveal:
        """How much of a customer may be shown on a channel."""
        asked = WORDS[reveal] if reveal else None
        level = decide_level(channel, asked, WORDS[privacy.terminal], WORDS[privacy.ci])
        if reveal and asked is not None and level < asked and not self.was_told:
            self.was_told = True
            self.tell(why_lowered(channel, reveal, level))
        return level
