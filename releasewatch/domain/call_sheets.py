"""The columns of a call list as a spreadsheet: what it tells, what people fill in, and by what names both are known."""

from __future__ import annotations

from releasewatch.domain.call_attempts import CHANNELS, DISPOSITIONS, OUTCOMES

CALL = "call"
LIST, VERSION, AS_OF = "list", "list_version", "as_of"

TOLD = (
    CALL,
    "verdict",
    "band",
    "customer",
    "contact",
    "phone",
    "callable_until",
    "why",
    "say",
    "do_not_say",
)
"""What stands there for whoever calls."""

FILLED = ("disposition", "outcome", "note", "promise", "due", "next_at")
"""What they fill in, as the options of `call log`; a row without any of it was not worked on."""

MORE_FILLED = ("at", "channel", "quote")
"""What they may add by hand, in columns of these names."""

WORDS = {"disposition": DISPOSITIONS, "outcome": OUTCOMES, "channel": CHANNELS}
"""The words that a column takes; no other."""


def column_name(heading: str) -> str:
    """The column that a heading means: upper and lower case, blanks, `-` and `_` make no difference."""
    return "_".join(heading.replace("\ufeff", "").replace("-", " ").replace("_", " ").casefold().split())


def heading_of(name: str) -> str:
    """A column's name as people read it."""
    return name.replace("_", " ")
