"""Any other CI system that sets `CI`, and what people set by hand."""

from __future__ import annotations

from collections.abc import Mapping

SIGN = "CI"
VARIABLES: dict[str, tuple[str, ...]] = {
    "run": ("RELEASEWATCH_CI_RUN",),
    "attempt": ("RELEASEWATCH_CI_ATTEMPT",),
    "sha": ("RELEASEWATCH_CI_SHA",),
    "url": ("RELEASEWATCH_CI_URL",),
}


def is_public(_environ: Mapping[str, str]) -> bool:
    """Nothing says so."""
    return False
