"""What may be shown, decided by where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

WITHHELD = "withheld here: it names a customer, or one of our people"
"""What stands for a text on a channel that may not show names."""


class Reveal(IntEnum):
    """How much of a customer is shown; each level holds the ones before it."""

    COUNTS = 0
    KEYS = 1
    NAMES = 2
    CONTACTS = 3


WORDS = {"counts": Reveal.COUNTS, "keys": Reveal.KEYS, "names": Reveal.NAMES, "contacts": Reveal.CONTACTS}
WORD_OF = {level: word for word, level in WORDS.items()}


@dataclass(frozen=True, slots=True)
class Channel:
    """Where output goes. `file`: a protected file of ours (`-o`), else standard output."""

    is_terminal: bool
    in_ci: bool
    public_repo: bool
    file: bool = False

    @property
    def name(self) -> str:
        """The word that messages use for it."""
        if self.public_repo and self.in_ci:
            return "the log of a public repository"
        if self.in_ci:
            return "CI"
        if self.file:
            return "a file"
        return "a terminal" if self.is_terminal else "a pipe"


def usual_level(channel: Channel) -> Reveal:
    """What a channel shows when nobody asks for more."""
    if channel.in_ci:
        return Reveal.COUNTS if channel.public_repo else Reveal.KEYS
    if channel.file:
        return Reveal.CONTACTS
    return Reveal.NAMES if channel.is_terminal else Reveal.KEYS


def decide_level(channel: Channel, asked: Reveal | None, terminal_limit: Reveal, ci_limit: Reveal) -> Reveal:
    """The level shown: what is usual, widened by `--reveal` as far as the organisation's settings allow.

    On a public repository nothing widens: its logs are read by everybody.
    """
    usual = usual_level(channel)
    if channel.in_ci and channel.public_repo:
        return Reveal.COUNTS
    limit = max(ci_limit, Reveal.KEYS) if channel.in_ci else terminal_limit
    return min(max(usual, asked if asked is not None else usual), limit)


def why_lowered(channel: Channel, reveal: str, shown: Reveal) -> str:
    """The sentence for whoever asked for more with `--reveal` than is shown: what is, and why."""
    told = f"--reveal {reveal} was lowered to {WORD_OF[shown]}"
    if channel.in_ci and channel.public_repo:
        return f"{told}: this is a public repository, whose logs and files everybody reads."
    setting = "ci" if channel.in_ci else "terminal"
    where = "in CI" if channel.in_ci else "here"
    return f'{told}: the settings allow no more {where}; [privacy] {setting} = "{reveal}" would.'


def opaque_key(key: str) -> str:
    """A stable stand-in for a customer's key (`[privacy] keys = "opaque"`): the same in every list, and no name."""
    import hashlib  # takes a while to load, and most commands show no such name

    return "customer-" + hashlib.sha256(f"releasewatch:{key}".encode()).hexdigest()[:10]
