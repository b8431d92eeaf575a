"""Spooled records on the disk: whole or not there, for their owner alone, and what cannot be read is left alone."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.spool import SpooledRecord, to_line
from releasewatch.errors import InvalidCallError, OutsideFailedError
from releasewatch.integrations.spool_files import SpoolFolder, read_log

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECORD = SpooledRecord("k1", "shop", "a" * 40, NOON, NOON, "ledger_unavailable", {"status": "succeeded"}, {})


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def zipped(content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("1_job.txt", content)
    return packed.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> SpoolFolder:
    return SpoolFolder(tmp_path / "repo" / ".releasewatch" / "spool")


def test_a_record_is_kept_for_its_owner_and_out_of_git(folder, tmp_path):
    before = os.umask(0)
    try:
        file = folder.keep(RECORD)
    finally:
        os.umask(before)
    assert (mode(file), mode(file.parent), mode(file.parent.parent)) == (0o600, 0o700, 0o700)
    for made in (file.parent, file.parent.parent):
        assert (made / ".gitignore").read_text() == "*\n"
    assert not (tmp_path / "repo" / ".gitignore").exists()
    assert [one.name for one in sorted(file.parent.iterdir())] == [".gitignore", file.name]


def test_what_was_kept_is_read(folder):
    files = [folder.keep(record) for record in (RECORD, replace(RECORD, key="k2"), RECORD)]
    waiting, damaged = folder.read()
    assert {one.record.key: one.file for one in waiting} == {"k1": files[0], "k2": files[1]}
    assert damaged == []
    folder.remove(files[0])
    folder.remove(files[0])
    assert [one.record.key for one in folder.read()[0]] == ["k2"]


def test_where_there_is_no_folder_nothing_waits(folder, tmp_path):
    assert folder.read() == ([], [])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o750)
    SpoolFolder(shared).keep(RECORD)
    assert mode(shared) == 0o750
    assert not (shared / ".gitignore").exists()


def test_what_cannot_be_read_is_named_and_left_alone(folder):
    file = folder.keep(RECORD)
    cut, other, odd = (folder.path / name for name in ("1-cut.spool", "2-other.spool", "3-odd.spool"))
    cut.write_text(to_line(RECORD)[:80])
    other.write_text(to_line(RECORD).replace(":1:", ":7:", 1))
    odd.mkdir()
    (folder.path / ".half.spool.17").write_text("what a crash left of a file that was being written")
    before = {one: one.read_bytes() for one in (cut, other)}
    waiting, damaged = folder.read()
    assert [one.file for one in waiting] == [file]
    assert [(one.place, one.reason.split(",")[0]) for one in damaged] == [
        (str(cut), "it is cut off"),
        (str(other), "it was spooled in form 7"),
        (str(odd), "it is no regular file"),
    ]
    assert {one: one.read_bytes() for one in (cut, other)} == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideFailedError, match="could not be spooled in") as error:
        SpoolFolder(tmp_path / "file" / "spool").keep(RECORD)
    assert "RELEASEWATCH_SPOOL_DIR" in error.value.hint


def test_a_link_is_not_followed_while_writing(folder, tmp_path):
    file = folder.keep(RECORD)
    file.unlink()
    target = tmp_path / "theirs"
    target.write_text("theirs")
    file.symlink_to(target)
    folder.keep(RECORD)
    assert target.read_text() == "theirs"
    assert not file.is_symlink()


def test_a_log_is_read_whatever_bytes_it_holds(tmp_path):
    log = tmp_path / "job.log"
    log.write_bytes(b"\xff\xfe\x00 deploy\n" + to_line(RECORD).encode() + b"\r\n\x80\n")
    waiting, damaged = read_log(log, lambda _: RECORD)
    assert [(one.record, one.place, one.file) for one in waiting] == [(RECORD, f"line 2 of {log}", None)]
    assert damaged == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_a_log_is_read_in_the_encoding_that_a_shell_has_saved_it_in(tmp_path, encoding):
    log = tmp_path / "job.log"
    log.write_bytes(f"Größe\r\n{to_line(RECORD)}\r\ndone\r\n".encode(encoding))
    waiting, damaged = read_log(log, lambda _: RECORD)
    assert ([one.record for one in waiting], damaged) == ([RECORD], [])


@pytest.mark.parametrize("pack", [gzip.compress, zipped], ids=["gzip", "zip"])
def test_an_archive_of_logs_is_refused(tmp_path, pack):
    log = tmp_path / "logs"
    log.write_bytes(pack(to_line(RECORD).encode()))
    with pytest.raises(InvalidCallError, match="is an archive") as refused:
        read_log(log, lambda _: RECORD)
    assert refused.value.hint == "Unpack it, and name the log of the job."


@pytest.mark.parametrize("name", ["missing.log", "."])
def test_a_log_that_cannot_be_read_is_told(tmp_path, name):
    with pytest.raises(InvalidCallError, match="cannot be read"):
        read_log(tmp_path / name, lambda _: RECORD)
