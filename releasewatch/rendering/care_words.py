"""What is in a call, and what is coming, in words."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from releasewatch.domain.call_purposes import purpose_in_words
from releasewatch.rendering.views import instant_in_words

if TYPE_CHECKING:
    from releasewatch.domain.call_care import ComingHead
    from releasewatch.domain.call_purposes import CallReason


def item_in_words(reason: CallReason) -> str:
    """`first notice (INC-1)`; `what changed (D-3)`; `check in`, which is about nothing."""
    about = reason.incident or reason.deployment or (f"{reason.coming}, not live yet" if reason.coming else "")
    purpose = purpose_in_words(reason.purpose, reason.deployment)
    return f"{purpose} ({about})" if about else purpose


def coming_in_words(coming: ComingHead | None) -> str:
    """When it comes, and the commit; empty where nothing is coming."""
    if coming is None:
        return ""
    when = instant_in_words(coming.due_at.astimezone(UTC)) if coming.due_at is not None else "nobody has said when"
    return f"{when} ({coming.head[:10]})"
