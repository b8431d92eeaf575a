"""What every part of the configuration file's shape is made of."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Seconds = Annotated[int, Meta(ge=1, le=600, description="a number of seconds from 1 to 600")]
Line = Annotated[
    str,
    Meta(
        pattern=r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*\Z", description="one line of text"
    ),
]


class Table(Struct, frozen=True):
    """A table of the file, whose keys are exactly the fields declared."""
