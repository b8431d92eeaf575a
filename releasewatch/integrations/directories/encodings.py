"""Finds out how a text file is written: encoding and separator, without holding it in memory."""

from __future__ import annotations

import codecs
import csv
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from charset_normalizer import from_bytes

from releasewatch.errors import InvalidCallError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_CHUNK = 1 << 20
_SAMPLE = 256 * 1024
_MARKS = (
    # Longest first: the mark of UTF-32 little-endian begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = [
    # What programs that export tables write. Among all encodings, the detector takes to exotic ones.
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "iso8859_2", "mac_roman", "cp850", "koi8_r", "shift_jis",
    "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip
_USUAL = "cp1252"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True, slots=True)
class Writing:
    """How a file is written. `digest`: SHA-256 of its bytes. `guessed`: the encoding is likely, not certain."""

    encoding: str
    digest: str
    guessed: bool = False


def find_encoding(path: Path) -> Writing:
    """Read a file once, for its digest and encoding.

    A byte order mark decides, then whether all of it is UTF-8, then what the lines that are not ASCII look like.
    Raises InvalidCallError for a file that cannot be read or is a workbook.
    """
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8 = True
    start, sample = b"", b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                start = start or chunk[: 1 << 12]
                digest.update(chunk)
                if is_utf8:
                    is_utf8 = _decodes(decoder, chunk, final=False)
                if len(sample) < _SAMPLE:
                    sample += b"\n".join(line for line in chunk.splitlines() if not line.isascii()) + b"\n"
    except OSError as error:
        raise InvalidCallError(f"{path} cannot be read: {error.strerror}.", "Name a CSV file.") from error
    if start.startswith(_WORKBOOKS) or path.suffix.lower() in (".xlsx", ".xls", ".ods"):
        raise InvalidCallError(
            f"{path} is a workbook of a kind that is not read (an old or an encrypted one).",
            "Save it as XLSX or as CSV (UTF-8), and name that file.",
        )
    is_utf8 = is_utf8 and _decodes(decoder, b"", final=True)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return Writing(encoding, digest.hexdigest())
    if len(start) >= 4 and start.count(0) * 3 > len(start):
        return Writing("utf-16-le" if start[1] == 0 else "utf-16-be", digest.hexdigest(), guessed=True)
    if is_utf8:
        return Writing("utf-8", digest.hexdigest())
    return Writing(_guess(sample[:_SAMPLE], path), digest.hexdigest(), guessed=True)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _guess(sample: bytes, path: Path) -> str:
    found = from_bytes(sample, cp_isolation=_CANDIDATES)
    best = found.best()
    if best is None:
        raise InvalidCallError(
            f"{path} is neither UTF-8 nor in an encoding that could be recognised.", "Save it as UTF-8."
        )
    # Western text reads as well in the code page of central Europe; of two that fit alike, the usual one is meant.
    alike = {name for match in found if match.chaos <= best.chaos for name in match.could_be_from_charset}
    return _USUAL if _USUAL in alike else best.encoding


def find_separator(line: str, known: Callable[[str], bool]) -> str:
    """The separator of a file by its first line: the one that gives the most known columns, then the most columns."""

    def score(separator: str) -> tuple[int, int]:
        names = split([line], separator)
        return sum(known(name.strip()) for name in names), len(names)

    return max(SEPARATORS, key=score)


def split(lines: Sequence[str], separator: str) -> Sequence[str]:
    """The cells of the row that some lines hold, read leniently."""
    return next(csv.reader(lines, delimiter=separator), [])
