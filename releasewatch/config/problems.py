"""What is wrong in a configuration file, said so that the line can be found and mended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from releasewatch.errors import ConfigError

Key = tuple[str | int, ...]
"""Where a value stands: names of tables and settings, and places in lists, outermost first."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SECRET_KEY = re.compile(r"pass|secret|token|credential", re.IGNORECASE)
_CREDENTIALS = re.compile(r"://[^\s\"]*@")
_NO_PORT = re.compile(r"(://[^\s\":/]*:)(?!\d+(?:[^\d\w]|$))[^\s\"/]+")
_SECRET_OPTION = re.compile(r"([?&][^=&\s\"]*pass(?:word|wd)[^=&]*=)[^&\s\"]*", re.IGNORECASE)
_SHOWN = 80
_PLAIN_OF_NOTIFY = ("when", "to", "addresses", "environments", "severity", "exposure_over", "template")


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong setting: where it stands, what was written there, what is wrong with it and what to do."""

    key: Key
    value: object
    wanted: str
    hint: str = ""


def config_error(where: str, problems: Sequence[Problem], *, prefix: Key = ()) -> ConfigError:
    """The error for the first of some problems; it says how many more there are."""
    first, *more = problems
    key = dotted((*prefix, *first.key))
    # TOML knows no null: None is a setting that is not there.
    setting = f"{key} is missing" if first.value is None else f"{key} = {shown(first.value, first.key)}"
    others = f" (and {len(more)} more)" if more else ""
    return ConfigError(f"{where}: {setting}: {first.wanted}{others}", first.hint)


def dotted(key: Key) -> str:
    """A key as TOML writes it: `components."my app".paths[0]`."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = part if _BARE_KEY.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            text += f".{plain}" if text else plain
    return text


def _may_be_an_address(value: object, key: Key) -> bool:
    """Whether a text under `[notify.NAME]` may be a secret, whatever its setting was called by a slip of the pen."""
    return key[:1] == ("notify",) and len(key) == 3 and key[2] not in _PLAIN_OF_NOTIFY and isinstance(value, str)


def shown(value: object, key: Key = ()) -> str:
    """A value as TOML writes it, shortened; what may be a password is left out."""
    if any(isinstance(part, str) and _SECRET_KEY.search(part) for part in key) or _may_be_an_address(value, key):
        return "(hidden)"
    text = _CREDENTIALS.sub("://***@", _toml(value))
    text = _SECRET_OPTION.sub(r"\1***", _NO_PORT.sub(r"\1***", text))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "…"?` when a known word is close, else nothing."""
    import difflib  # only where something is wrong

    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def listed(words: Iterable[str], *, most: int = 12) -> str:
    """Words for a sentence, cut short when there are many."""
    words = list(words)
    rest = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + rest


def _toml(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ … }"  # its key tells enough, and it may hold somebody's secrets
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value)
