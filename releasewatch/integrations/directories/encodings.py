"""Finds out how a text file is written: encoding and separator, without holding it in memory."""

from __future__ import annotations

import codecs
import csv
import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from charset_normalizer import from_bytes

from releasewatch.domain.words import counted
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
_EASTERN = frozenset({"shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"})
"""Of two bytes that are a character in these, one pair in seven is one in UTF-8 too; in others hardly any."""
_APOSTROPHES = frozenset("\u2019\u00b4")
_AFTER_LETTERS = _APOSTROPHES | frozenset("\u201d\u00bb\u203a\u2026\u2013\u2014®™°ºª²³€")
_BEFORE_LETTERS = frozenset("\u201c\u2018\u201e\u201a\u00ab\u2039¿¡£§©\u2013\u2014\u2022")
"""Marks that end, and such that begin, a word: quotation marks, dashes and signs."""
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True, slots=True)
class Writing:
    """How a file is written. `digest`: SHA-256 of its bytes. `guessed`: the encoding is likely, not certain.

    `word`: one by which people see whether a guess is right; it may be somebody's name.
    """

    encoding: str
    digest: str
    guessed: bool = False
    word: str = ""


def find_encoding(path: Path) -> Writing:
    """Read a file once, for its digest and encoding.

    A byte order mark decides, then whether all of it is UTF-8, then what the lines that are not ASCII look like.
    Raises InvalidCallError for a file that cannot be read or is a workbook, that is UTF-8 in some places and not in
    others, or that shows too little of what it is written in: a wrong guess would garble every name.
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
    return _guessed(sample[:_SAMPLE], path, digest.hexdigest())


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _guessed(sample: bytes, path: Path, digest: str) -> Writing:
    good, bad, line = _count_utf8(path)
    mixed = InvalidCallError(
        f"{path} is UTF-8 in {counted(good, 'place')} and is not in {bad}, first in line {line}: "
        "read as anything, names in it would be garbled.",
        "Correct that line in a text editor, or export the file again as UTF-8.",
    )
    if good >= bad:
        raise mixed
    encoding = _guess(sample, path)
    if good * 10 >= bad and encoding not in _EASTERN:
        raise mixed
    words = sample.decode(encoding, "ignore").split()
    word = next((one for one in words if not one.isascii()), "")
    return Writing(encoding, digest, guessed=True, word=word.strip("\"',;|")[:40])


def _count_utf8(path: Path) -> tuple[int, int, int]:
    """How many characters beyond ASCII are UTF-8, how many pieces of the file are not, and the first line with one."""
    good = bad = first = 0
    number = 1
    with path.open("rb") as file:
        while line := file.readline(_CHUNK):
            if not line.isascii():
                text = line.decode("utf-8", "replace")
                wrong = text.count("\ufffd")
                bad += wrong
                good += sum(not one.isascii() for one in text) - wrong
                first = first or (number if wrong else 0)
            number += line.endswith(b"\n")
    return good, bad, first


def _guess(sample: bytes, path: Path) -> str:
    """The encoding that a sample speaks for; where several fit and no language tells them apart, that is no guess."""
    found = from_bytes(sample, cp_isolation=_CANDIDATES)
    best = found.best()
    western = _reads_as_western(sample)
    if best is not None:
        # Western text reads as well in the code page of central Europe; of two that fit alike, the usual one is meant.
        alike = {name for match in found if match.chaos <= best.chaos for name in match.could_be_from_charset}
        if western and (_USUAL in alike or best.coherence == 0):
            return _USUAL
        if best.coherence > 0 or len(found) == 1:
            return best.encoding
    if western:
        return _USUAL
    raise InvalidCallError(
        f"{path} is not UTF-8, and too little in it shows which encoding it is in.",
        "Save it as UTF-8 (spreadsheets call it CSV UTF-8).",
    )


def _reads_as_western(sample: bytes) -> bool:
    """Whether nearly all words, read as the usual encoding of western Europe, look like words and not like damage."""
    try:
        words = [word for word in sample.decode(_USUAL).split() if not word.isascii()]
    except UnicodeDecodeError:
        return False
    return sum(map(_is_odd, words)) * 20 <= len(words)


def _is_odd(word: str) -> bool:
    """`MŸller`, `CafŽ`, `gro§`, `Òåñò`: no word that somebody wrote."""
    letters = [one for one in word if one.isalpha()]
    if len(letters) > 2 and not any(one.isascii() for one in letters):
        return True
    for (before, one), after in zip(pairwise(f" {word}"), f"{word} "[1:], strict=True):
        if one.isascii():
            continue
        if one.isalpha() and one not in _AFTER_LETTERS:
            if one.isupper() and (before.islower() or (before.isalpha() and after.islower())):
                return True
            continue
        fits = one in _AFTER_LETTERS or (one in _BEFORE_LETTERS and not before.isalpha())
        if not fits or (before.islower() and after.islower() and one not in _APOSTROPHES):
            return True
    return False


def find_separator(line: str, known: Callable[[str], bool]) -> str:
    """The separator of a file by its first line: the one that gives the most known columns, then the most columns."""

    def score(separator: str) -> tuple[int, int]:
        names = split([line], separator)
        return sum(known(name.strip()) for name in names), len(names)

    return max(SEPARATORS, key=score)


def split(lines: Sequence[str], separator: str) -> Sequence[str]:
    """The cells of the row that some lines hold, read leniently."""
    return next(csv.reader(lines, delimiter=separator), [])
