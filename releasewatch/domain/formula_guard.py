"""What keeps text from running as a formula in a spreadsheet, put before a cell and taken away again."""

from __future__ import annotations

import re

_TRIGGERS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
"""What a spreadsheet takes for the beginning of a formula, full width forms included (OWASP, CSV Injection)."""

_FORMULA = re.compile(rf"[\s\ufeff\u200b\u2060'\"]*[{_TRIGGERS}]")
_AFTER_SEPARATOR = re.compile(rf"(;\s*)(?=[{_TRIGGERS}])")
"""Where `;` separates columns, a spreadsheet may begin a cell behind one that stands inside ours."""
_GUARDED_AFTER = re.compile(rf"(;\s*)'(?=[{_TRIGGERS}])")


def put_guard(text: str) -> str:
    """The text with an apostrophe before whatever could run."""
    if ";" in text:
        text = _AFTER_SEPARATOR.sub(r"\1'", text)
    return f"'{text}" if _FORMULA.match(text) else text


def strip_guard(text: str) -> str:
    """What stood there before `put_guard`; text that was never guarded stays as it is."""
    if text.startswith("'") and _FORMULA.match(text[1:]):
        text = text[1:]
    return _GUARDED_AFTER.sub(r"\1", text) if ";" in text else text
