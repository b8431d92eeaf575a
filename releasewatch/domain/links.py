"""Addresses that are kept and shown: a user, a password or a token in them is not."""

from __future__ import annotations

import re

_USER = re.compile(r"(?<=://)[^/?#]*@")
_SECRET = re.compile(r"(?<=[?&])([^=&#]*(?:token|secret|passw|pwd|signature|api[_-]?key)[^=&#]*)=[^&#]*", re.IGNORECASE)


def without_secrets(url: str) -> str:
    """An address without user and password, and with what its options hold in secret as `***`."""
    return _SECRET.sub(r"\1=***", _USER.sub("", url, count=1))
