"""What is given out can neither steer a terminal, nor break off for want of a character, nor be half a file."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import stat
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasewatch.cli import output
from releasewatch.cli.output import (
    emit,
    emit_json,
    emit_jsonl,
    emit_line,
    emit_many_jsonl,
    emit_table,
    one_line,
    open_output,
    printable,
    say,
    without_credentials,
)
from releasewatch.errors import InvalidCallError, OutsideFailedError
from tests.support.command import run_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.repos import RepoBuilder

HOSTILE = "fix\x1b[2J\x1b]0;owned\x07 \x9b31m \u202etxt.exe \u2066x\u2069 a\rb\x00\x7f\u200b\udcff"
"""Clears the screen, renames the window, colours, turns text around, overwrites, hides, and is no Unicode."""

STEERING = [
    chr(number)
    for number in range(sys.maxunicode + 1)
    if unicodedata.category(chr(number)) in ("Cc", "Cs", "Zl", "Zp")
    or unicodedata.bidirectional(chr(number)) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def is_harmless(text: str) -> bool:
    return not any(unicodedata.category(one) in ("Cc", "Cs") and one != "\n" for one in text) and "\u202e" not in text


def test_whatever_steers_a_terminal_is_replaced() -> None:
    assert {one for one in STEERING if printable(one) != "?"} == {"\n", "\t"}
    assert {one for one in STEERING if one_line(one) not in ("?", " ")} == set()


@pytest.mark.parametrize(
    "name",
    ["Müller & Söhne", "日本電気", "علی‌رضا", "क्‍ष", "👩‍🚀", "O'Brien", "Ελλάς", "naïve\tcafé\n"],
)
def test_names_in_every_script_are_shown_as_they_are(name: str) -> None:
    assert printable(name) == name


def test_a_value_within_a_line_cannot_begin_another() -> None:
    assert one_line("a title\nError: something else") == "a title Error: something else"


def test_talk_is_printable(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    assert is_harmless(capsys.readouterr().err)


def test_a_line_for_people_is_printable_wherever_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    emit_line(HOSTILE)
    assert is_harmless(capsys.readouterr().out)


def test_a_terminal_gets_what_is_printable_and_a_pipe_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, expected in ((Terminal(), printable(HOSTILE)), (io.StringIO(), HOSTILE)):
        monkeypatch.setattr(sys, "stdout", stream)
        emit(HOSTILE)
        assert stream.getvalue() == expected


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()], ids=["terminal", "pipe"])
def test_a_table_is_harmless(stream: io.StringIO) -> None:
    emit_table(
        ("name", "what"), [(HOSTILE, "[bold]no markup[/bold]"), ("two\nlines", ":smile:")], title=HOSTILE, stream=stream
    )
    shown = stream.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\x1b[3m", "")
    assert is_harmless(shown)
    assert "[bold]no markup[/bold]" in shown
    assert ":smile:" in shown
    assert "two lines" in shown


def test_a_table_in_a_pipe_is_not_cut() -> None:
    stream = io.StringIO()
    emit_table(("long",), [("x" * 3000,)], stream=stream)
    assert "x" * 3000 in stream.getvalue()


# JSON


def test_a_narrow_terminal_breaks_no_word_of_a_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = ("customer", "name", "possible", "state", "distance", "via", "components", "account_manager", "because")
    row = ("acme", "Acme GmbH of Example", "no", "carrying", "1", "", "shop/invoicing, shop/checkout", "olga", "")
    for width in (20, 80, 200):
        monkeypatch.setenv("COLUMNS", str(width))
        terminal = Terminal()
        emit_table(columns, [row], stream=terminal)
        shown = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())
        heads = set(shown.split("━")[0].split("─")[0].split())
        empty = {"via", "because"}
        words = {word for name in columns for word in (name.split("_") if width < 200 else [name])}
        assert heads == (words - empty if width < 200 else words)
        if width == 80:
            assert max(map(len, shown.splitlines())) <= width


def test_a_narrow_terminal_breaks_no_number_and_no_word_of_a_title(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    terminal = Terminal()
    numbers = ("read", "added", "changed", "ended", "unchanged", "waiting", "rejected")
    rows = [("customers", "1000000", "990000", "10000", "0", "0", "0", "0")]
    rows.append(("entitlements", "10000000", "9990000", "10000", "120000", "0", "1200", "3"))
    emit_table(("file", *numbers), rows, right=numbers, stream=terminal)
    emit_table(("x",), [("1",)], title="A title that is wider than its table", stream=terminal)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).splitlines()
    assert [tuple(line.split()) for line in shown[2:4]] == rows
    assert [line.rstrip() for line in shown[4:]][:2] == ["A title that is wider than its table", "x"]
    assert max(map(len, shown)) <= 80


@given(st.text() | st.just(HOSTILE))
def test_json_says_what_was_given_and_is_harmless(text: str) -> None:
    stream = io.StringIO()
    emit_json({"text": text, text: [text]}, stream)
    assert json.loads(stream.getvalue()) == {"schema": 1, "text": text, text: [text]}
    assert is_harmless(stream.getvalue())
    stream.getvalue().encode()  # also where the text holds a path's bytes


def test_json_lines_are_one_line_each() -> None:
    stream = io.StringIO()
    emit_jsonl([{"text": HOSTILE}, {"text": "two\nlines\u2028"}], stream)
    first, second = stream.getvalue().splitlines()
    assert (json.loads(first), json.loads(second)) == ({"text": HOSTILE}, {"text": "two\nlines\u2028"})


@given(st.text(st.characters(codec=None)) | st.just(HOSTILE), st.integers(-(2**53), 2**53), st.none() | st.booleans())
def test_many_json_lines_are_those_of_the_usual_encoder(text: str, number: int, other: bool | None) -> None:
    items = [{"text": text, "n": number}, {text: [{"a": other, "b": []}, ["##[x]", "##vso[y]"]]}]
    many, usual = io.StringIO(), io.StringIO()
    emit_many_jsonl(items, many)
    emit_jsonl(items, usual)
    assert many.getvalue() == usual.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_json_survives_a_stream_that_cannot_say_everything(encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    emit_json({"name": "Žižka ü 日本"}, stream)
    stream.flush()
    assert json.loads(raw.getvalue().decode(encoding))["name"] == "Žižka ü 日本"
    assert raw.getvalue().isascii()


def test_json_in_utf8_is_readable() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    emit_json({"name": "Žižka"}, stream)
    stream.flush()
    assert "Žižka" in raw.getvalue().decode()


# Files


def test_a_file_is_its_owners_alone_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("before")
    path.chmod(0o644)
    with open_output(path) as file:
        file.write("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def break_off(path: Path, error: BaseException) -> None:
    with open_output(path) as file:
        file.write("half")
        raise error


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt()], ids=["error", "Ctrl-C"])
def test_what_breaks_off_leaves_no_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "list.csv"
    with pytest.raises(type(error)):
        break_off(path, error)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(InvalidCallError, match="cannot be written: No such file or directory"),
        open_output(tmp_path / "no" / "x"),
    ):
        pass


def test_a_folder_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidCallError, match="is not a regular file"), open_output(tmp_path):
        pass


@pytest.mark.parametrize("is_link", [False, True])
def test_a_pipe_is_written_through(tmp_path: Path, is_link: bool) -> None:
    pipe, path = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    path.symlink_to(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with open_output(path if is_link else pipe) as stream:
            stream.write("whole")
        assert os.read(reader, 100) == b"whole"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert path.is_symlink()


def test_a_link_to_a_file_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file, path = tmp_path / "there" / "file", tmp_path / "link"
    file.write_text("old", "utf-8")
    file.chmod(0o644)
    path.symlink_to(file)
    with open_output(path) as stream:
        stream.write("new")
    assert path.is_symlink()
    assert file.read_text("utf-8") == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(("target", "words"), [("gone", "leads to nothing"), ("link", "leads in a circle")])
def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path, target: str, words: str) -> None:
    path = tmp_path / "link"
    path.symlink_to(tmp_path / target)
    with pytest.raises(InvalidCallError, match=words), open_output(path):
        pass
    assert os.listdir(tmp_path) == ["link"]  # noqa: PTH208 - names alone


@pytest.mark.parametrize("to_file", [False, True])
def test_a_link_to_our_own_stdout_is_stdout(shop: RepoBuilder, tmp_path: Path, to_file: bool) -> None:
    stdout = tmp_path / "stdout"
    stdout.symlink_to("/proc/self/fd/1")
    words = ("exposure", "list", "--deployment", "two", "--format", "json", "-o", str(stdout))
    through = ("sh", "-c", '"$@" > out', "sh") if to_file else ()
    done = run_command(*words, cwd=shop.path, through=through)
    assert done.status == 0, done.err
    document = json.loads((shop.path / "out").read_text("utf-8") if to_file else done.out)
    assert {one["name"] for one in document["customers"]} == {None}, "a pipe is no file of ours"
    assert stdout.is_symlink()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", ">&- 2>&- <&-"])
def test_a_stream_that_was_closed_leads_to_nothing(shop: RepoBuilder, closed: str) -> None:
    record = ("deployment", "record", "--environment", "staging", "--from", "HEAD~1", "--key", "closed")
    done = run_command(*record, cwd=shop.path, through=("sh", "-c", f'"$@" {closed}', "sh"))
    assert done.status == 0, done.err
    shown = run_command("deployment", "show", "closed", "--format", "json", cwd=shop.path)
    assert shown.document["deployment"]["environment"] == "staging"
    refused = run_command("deployment", "show", "D-99", cwd=shop.path, through=("sh", "-c", f'"$@" {closed}', "sh"))
    assert refused.status == 2


def test_a_failing_disk_is_the_outside(tmp_path: Path) -> None:
    with pytest.raises(OutsideFailedError, match="could not be written: No space left on device"):
        break_off(tmp_path / "list.csv", OSError(28, "No space left on device"))
    assert list(tmp_path.iterdir()) == []


# URLs


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see postgresql://ada:canary@db/x now", "see postgresql://***@db/x now"),
        ("postgresql://ada:can@ry/canary@db/x", "postgresql://***@db/x"),
        ("https://canary@host/x", "https://***@host/x"),
        ("postgresql://db/x?user=a&password=canary&b=c", "postgresql://db/x?user=a&password=***&b=c"),
        ("https://host/a b@c", "https://host/a b@c"),
        ("Set it to postgresql://USER@HOST/DATABASE", "Set it to postgresql://USER@HOST/DATABASE"),
        ("ada@example.org", "ada@example.org"),
    ],
)
def test_credentials_are_taken_out_of_urls(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


# Everybody goes through here


def ways_out(module: Path) -> Iterator[str]:
    """Where a module writes to a stream by itself."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"click.echo", "click.secho", "print"}:
            yield f"{module.name}:{node.lineno} {ast.unparse(node.func)}"
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout.write", "sys.stderr.write"}:
            yield f"{module.name}:{node.lineno} {ast.unparse(node)}"


COMMANDS = sorted(
    path for path in Path(output.__file__).parent.glob("*.py") if path.name not in ("main.py", "output.py")
)


@pytest.mark.parametrize("module", COMMANDS, ids=lambda path: path.stem)
def test_every_command_gives_out_what_is_printable(module: Path) -> None:
    """By `emit_line` and its neighbours; `click.echo` would hand a commit's escape sequences to the terminal."""
    assert list(ways_out(module)) == []
