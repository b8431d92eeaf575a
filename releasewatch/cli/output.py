"""Results to stdout, talk to stderr; files beside and then renamed; nothing that could steer a terminal."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import stat
import sys
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, TextIO

from releasewatch.errors import InvalidCallError, OutsideFailedError
from releasewatch.integrations.devices import is_written_through, own_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and newline; \x9b begins a sequence as escape does
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # what turns the direction of text around
    "\u00ad\u180e\u200b\u2060-\u2065\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # what hides
    "\u2028\u2029\ud800-\udfff]"  # what some take for a newline, and what is no Unicode (bytes of a path)
)

_COMMAND = re.compile(r"##(?=(?:vso)?\[)|^(?=\s*::[A-Za-z])", re.MULTILINE)
"""How CI systems tell their commands from other lines of a log: `##vso[` anywhere, `::` at the beginning of a line."""

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

_CREDENTIALS = re.compile(r"(?<=://)(?!USER@HOST/)\S*@|(?<=[?&]password=)[^&\s]*", re.IGNORECASE)


def printable(text: str) -> str:
    """Text that cannot steer a terminal or a pipeline: control and format characters (escape, bidi overrides, …) and
    what begins a CI system's command become `?`.
    """
    if not (text.isascii() and text.isprintable()):
        text = _STEERING.sub("?", text)
    return _COMMAND.sub("?", text) if "##" in text or "::" in text else text


def one_line(text: str) -> str:
    """The same for a value that stands within a line and must not begin another one."""
    return printable(text.replace("\n", " ").replace("\t", " "))


def without_credentials(text: str) -> str:
    """Text in which no URL tells a user or password: what a person typed may come back in an error message.

    `USER@HOST/` is no user: hints say so where they say how to write one.
    """
    return _CREDENTIALS.sub(lambda found: "***@" if found[0].endswith("@") else "***", text)


def prepare_streams() -> None:
    """Let a log or terminal that cannot show a character show its number instead; the default is to break off.

    A stream that the caller closed (`>&-`) leads to nothing: its number must not go to the next file that is opened.
    """
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            _lead_to_nothing(number)
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - a number
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _lead_to_nothing(number: int) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    if nothing != number:
        os.dup2(nothing, number)
        os.close(nothing)


_held: list[tuple[str, bool]] | None = None


@contextmanager
def talk_held(*, wanted: bool) -> Iterator[None]:
    """Where `wanted`, talk waits until the end and is dropped when that is an error: then that alone is on stderr."""
    global _held
    _held = [] if wanted else None
    try:
        yield
        held, _held = _held or [], None
        for text, is_command in held:
            say(text, is_command=is_command)
    finally:
        _held = None


def say(text: str, *, is_command: bool = False) -> None:
    """Talk to the person: stderr, so that results can be piped. A command for a CI system is ours, and one line."""
    if _held is not None:
        _held.append((text, is_command))
        return
    shown = _STEERING.sub("?", text).replace("\n", " ") if is_command else printable(text)
    print(shown, file=sys.stderr)  # noqa: T201 - this is where the program talks


def emit(text: str) -> None:
    """Give out a result: stdout. To a terminal goes nothing that could steer it; a pipe gets every character."""
    sys.stdout.write(printable(text) if sys.stdout.isatty() else text)


def emit_line(text: str, stream: IO[str] | None = None) -> None:
    """Give out a line for people, printable wherever it goes: a CI's log is shown by something like a terminal."""
    (stream or sys.stdout).write(f"{printable(text)}\n")


def emit_command(line: str) -> None:
    """Give a CI system's agent a command, which it looks for on stdout."""
    sys.stdout.write(_STEERING.sub("?", line).replace("\n", " ") + "\n")


def emit_json(document: dict[str, Any], stream: IO[str] | None = None) -> None:
    """Give out one JSON document, with the schema number first."""
    stream = stream or sys.stdout
    stream.write(_safe_json(json.dumps({"schema": 1, **document}, ensure_ascii=False, indent=2), stream))
    stream.write("\n")


def emit_jsonl(items: Iterable[dict[str, Any]], stream: IO[str] | None = None) -> None:
    """Give out one JSON object a line, as they come."""
    stream = stream or sys.stdout
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for item in items:
        stream.write(_safe_json(encode(item), stream) + "\n")


def emit_many_jsonl(items: Iterable[dict[str, Any]], stream: IO[str] | None = None) -> None:
    """The same, some hundred at a time and so quicker, of very many items that hold text, whole numbers, yes, no and
    nothing: no fractions, which other encoders write in another way.
    """
    from msgspec.json import Encoder

    stream = stream or sys.stdout
    encode = Encoder().encode_lines
    rest = iter(items)
    while some := list(islice(rest, _TOGETHER)):
        try:
            text = encode(some).decode()
        except UnicodeEncodeError:  # what is no Unicode: `_safe_json` gives its number
            emit_jsonl(some, stream)
            continue
        stream.write(_safe_json(text, stream))


_TOGETHER = 200
"""So many lines are encoded at once."""


def _safe_json(text: str, stream: IO[str]) -> str:
    """The same JSON, with escapes for what steers a terminal or a pipeline, is no Unicode, or cannot be said here."""
    if "##" in text:
        text = re.sub(r"##(?=(?:vso)?\[)", r"\\u0023#", text)
    if text.isascii():
        return text
    try:
        says_all = codecs.lookup(getattr(stream, "encoding", None) or "utf-8").name == "utf-8"
    except LookupError:
        says_all = False
    return (_STEERING if says_all else _NOT_ASCII).sub(lambda found: json.dumps(found[0])[1:-1], text)


def emit_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    right: Iterable[str] = (),
    stream: IO[str] | None = None,
) -> None:
    """Give out a table; `right` names columns of numbers. Off a terminal nothing is cut and no colour is used."""
    target = stream or sys.stdout
    cells = [[one_line(cell) for cell in row] for row in rows]
    draw = _draw_on_terminal if target.isatty() else _write_plain
    draw(columns, cells, one_line(title), set(right), target)


def _draw_on_terminal(
    columns: Sequence[str], rows: list[list[str]], title: str, right: set[str], stream: IO[str]
) -> None:
    """As wide as the terminal: long cells are folded, numbers and words of headings are not.

    Where they do not fit side by side, columns that are empty throughout are left out, and the others move together.
    """
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    class HonestConsole(Console):
        """rich ends the program with status 1 when the reader has gone; what that means is decided in `main`."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    console = HonestConsole(file=stream, highlight=False)
    natural = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    places = list(range(len(columns)))
    gap = _GAP
    if sum(natural) + gap * (len(places) - 1) > console.width:
        places = [place for place in places if any(row[place] for row in rows)] or places
        gap -= sum(natural[place] for place in places) + gap * (len(places) - 1) > console.width
    heads = [max(map(cell_len, name.replace("_", " ").split())) for name in columns]
    least = [natural[place] if columns[place] in right else heads[place] for place in places]
    widths = _fitted([natural[place] for place in places], least, console.width - gap * (len(places) - 1))
    padding = (0, 1, 0, 1 if gap == _GAP else 0)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=padding)
    for place, width in zip(places, widths, strict=True):
        words = columns[place] if cell_len(columns[place]) <= width else columns[place].replace("_", " ")
        justify: Any = "right" if columns[place] in right else "left"
        table.add_column(words, justify=justify, overflow="fold", width=width)
    for row in rows:
        table.add_row(*(Text(row[place]) for place in places))
    if title:
        console.print(Text(title, style="table.title"))
    console.width = max(console.width, sum(widths) + gap * (len(places) - 1))
    console.print(table)


_GAP = 3
"""Between two columns on a terminal: a blank on both sides of the (blank) line that parts them, or on one."""


def _fitted(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths of columns that share some room: the widest give way first, none below its least."""
    widths = list(natural)
    while sum(widths) > room:
        giving = [(width, place) for place, width in enumerate(widths) if width > least[place]]
        if not giving:
            break
        widths[max(giving)[1]] -= 1
    return widths


def _write_plain(columns: Sequence[str], rows: list[list[str]], title: str, right: set[str], stream: IO[str]) -> None:
    """For logs and other programs: every row one line, and without the time it takes to load a library."""
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    places = [str.rjust if column in right else str.ljust for column in columns]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(map(lambda put, cell, width: put(cell, width), places, cells, widths)).rstrip() + "\n"

    if title:
        stream.write(f"{title}\n")
    stream.write(line(columns))
    stream.write(line(["-" * width for width in widths]))
    stream.writelines(map(line, rows))
    stream.write("\n")


def stream_to(output: Path | None) -> AbstractContextManager[TextIO]:
    """Where a command's result goes: the file that -o names, as `open_output` writes it, else standard output."""
    return nullcontext(sys.stdout) if output is None else open_output(output)


@contextmanager
def open_output(path: Path, *, mode: int = 0o600) -> Iterator[TextIO]:
    """Write a regular file, for its owner alone, beside its place and then renamed: whole, or not there.

    With another `mode` (for what holds nothing private) a file that is there keeps its own rights. A link is never
    replaced: what it leads to is. A device, a pipe or a link to them (/dev/stdout) is written through.
    """
    import tempfile

    if is_written_through(path):
        with _through(path) as stream:
            yield stream
        return
    private = mode == 0o600
    path = _target(path, may_be_new=not private)
    if not private:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else mode & ~_umask()
    if path.exists() and not path.is_file():
        raise InvalidCallError(f"{path} is not a regular file.", "Name a file to be written with -o.")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise InvalidCallError(
            f"{path} cannot be written: {error.strerror}.", "Name a folder that exists and is writable."
        ) from error
    beside = path.with_name(os.path.basename(name))  # noqa: PTH119 - a name, made by tempfile
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not private:
                os.fchmod(file.fileno(), mode)
        beside.replace(path)
    except OSError as error:
        raise OutsideFailedError(
            f"{path} could not be written: {error.strerror}.", "Make room or name another place."
        ) from error
    finally:
        beside.unlink(missing_ok=True)  # it is there only when it was not renamed


def _target(path: Path, *, may_be_new: bool) -> Path:
    """The file that is meant: the one that a link leads to, which is there unless it may be made."""
    if not path.is_symlink():
        return path
    try:
        found = path.resolve()
        if may_be_new or found.exists():
            return found
        why = "leads to nothing"
    except (OSError, RuntimeError):  # RuntimeError: what Python 3.11 says of links in a circle
        why = "leads in a circle"
    raise InvalidCallError(f"{path} is a link that {why}.", "Remove the link, or name a file to be written with -o.")


@contextmanager
def _through(path: Path) -> Iterator[TextIO]:
    """A stream into a device or pipe; where that is our own stdout or stderr, by its number: a socket opens no more."""
    try:
        own = own_stream(path)
        handle = os.open(path, os.O_WRONLY | os.O_NOCTTY) if own is None else os.dup(own)
        sys.stdout.flush()
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutsideFailedError(f"{path} could not be written: {error.strerror}.", "Name another place.") from error


def _umask() -> int:
    """What this process takes away from the rights of new files; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
