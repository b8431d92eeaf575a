"""Rows that another process reads: the same as read here, whatever becomes of that process, which is never left."""

from __future__ import annotations

import signal
from itertools import islice
from subprocess import Popen
from typing import TYPE_CHECKING, Any

import phonenumbers
import pytest

from releasewatch.domain.columns import ColumnMap, Heading
from releasewatch.domain.customers import Block, Kind, Together
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories import beside
from releasewatch.integrations.directories.beside import read_beside
from releasewatch.integrations.directories.directory_file import DirectoryFile
from releasewatch.integrations.directories.phones import look_at_phone
from releasewatch.usecases.customer_import import DirectoryFiles, open_directory
from tests.benchmarks.scale import write_scale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CUSTOMERS = 3_000
"""With so many, each file has several parcels, and more rows than a pipe holds."""
MESS = {
    "customers": 'bad,,"a;b"\nK1,One\n,Nobody' + "," * 15 + "\nK2,Two" + "," * 9 + "Mars/Phobos,,,,,\n",
    "contacts": "K0000001,,#REF!" + "," * 9 + "\nK0000001,,Ann,,12 34,,,,,maybe,,\n",
    "entitlements": "K0000001,a,b,,,,,,\nK0000001,,shop,one;two,,,not a version,2026-02-01,\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory in which not every row can be read."""
    write_scale(tmp_path, customers=CUSTOMERS, repo=False)
    for kind, rows in MESS.items():
        with (tmp_path / f"{kind}.csv").open("a", encoding="utf-8") as file:
            file.write(rows)
    return tmp_path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Popen[bytes]]:
    """The processes that read, which are started on any machine and for small files, too."""
    monkeypatch.setattr(beside, "spare_cores", lambda: 1)
    monkeypatch.setattr(beside, "WORTH_IT", 0)
    found: list[Popen[bytes]] = []

    def listening(*args: Any, **how: Any) -> Popen[bytes]:
        found.append(Popen(*args, **how))
        return found[-1]

    monkeypatch.setattr(beside, "Popen", listening)
    return found


def _opened(folder: Path) -> DirectoryFiles:
    kinds: tuple[Kind, ...] = ("customers", "contacts", "entitlements")
    return open_directory({kind: folder / f"{kind}.csv" for kind in kinds})


def _told(files: DirectoryFiles) -> list[Any]:
    """What was counted and noticed while files were read."""
    return [(file.tally, file.notes) for file in files]  # type: ignore[attr-defined]


def _rows(blocks: Iterator[Block[Any]]) -> list[tuple[bool, list[Any]]]:
    return [(isinstance(block, Together), list(block)) for block in blocks]


def _same_beside(
    here: DirectoryFiles, there: DirectoryFiles, monkeypatch: pytest.MonkeyPatch
) -> list[list[tuple[bool, list[Any]]]]:
    """The rows of files, which are the same when another process alone reads them."""
    expected = [_rows(file.blocks()) for file in here]
    counted = _told(here)
    monkeypatch.delattr(DirectoryFile, "blocks")
    with read_beside(there) as reading:
        assert [_rows(reading.blocks(file)) for file in there] == expected
    assert _told(there) == counted
    return expected


def test_rows_read_beside_are_those_read_here(
    folder: Path, started: list[Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = _opened(folder), _opened(folder)
    expected = _same_beside(here, there, monkeypatch)
    assert any(not together for file in expected for together, _ in file), "some are read one by one"
    (process,) = started
    assert process.poll() is not None


def test_rows_of_files_that_are_mapped_are_the_same(
    tmp_path: Path, started: list[Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file feeds two kinds, some columns are made of others, and one stands in another file."""
    rows = "".join(f"K{number},Name {number},{number % 3},Ann,A{number};B\n" for number in range(700))
    (tmp_path / "all.csv").write_text(f"Key,Title,Plan,Person,Parts\n{rows}bad,,9,,\n")
    (tmp_path / "orders.csv").write_text("Who,Rep\nK1,olga\nK2,piet\n")
    paths: dict[Kind, Path] = dict.fromkeys(("customers", "entitlements"), tmp_path / "all.csv")
    columns: dict[Kind, ColumnMap] = {
        "customers": {
            "key": Heading("Key"),
            "name": Heading("Title", more=("Person",)),
            "customer_tier": Heading("Plan", values={"1": "gold", "2": ""}),
            "account_manager": Heading("Rep", file=str(tmp_path / "orders.csv"), match="Who"),
        },
        "entitlements": {"customer": Heading("Key"), "component": Heading("Parts", separator=";")},
    }
    here, there = open_directory(paths, columns), open_directory(paths, columns)
    _same_beside(here, there, monkeypatch)
    assert len(started) == 1


def test_what_is_no_row_is_taken_for_none(
    folder: Path, started: list[Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where somebody's Python says hello whenever it starts."""
    for said in ("print('hello')", "sys.stdout.buffer.write(pickle.dumps('hello'))"):
        program = beside._PROGRAM.replace("import pickle, sys\n", f"import pickle, sys\n{said}\nsys.stdout.flush()\n")
        monkeypatch.setattr(beside, "_PROGRAM", program)
        here, there = _opened(folder), _opened(folder)
        expected = [_rows(file.blocks()) for file in here]
        with read_beside(there) as reading:
            assert [_rows(reading.blocks(file)) for file in there] == expected
    assert len(started) == 2


@pytest.mark.parametrize("given", [0, 1, 12])
def test_what_a_killed_process_did_not_read_is_read_here(folder: Path, started: list[Popen[bytes]], given: int) -> None:
    here, there = _opened(folder), _opened(folder)
    expected = [_rows(file.blocks()) for file in here]
    with read_beside(there) as reading:
        found = []
        for file in there:
            blocks = reading.blocks(file)
            rows = _rows(islice(blocks, given))
            started[0].kill()
            found.append(rows + _rows(blocks))
        assert found == expected
    assert _told(there) == _told(here)


def test_a_damaged_file_is_told_of_below_the_rows_above(folder: Path, started: list[Popen[bytes]]) -> None:
    with (folder / "contacts.csv").open("a", encoding="utf-8") as file:
        file.write('K0000001,,"Ann\n')
    here, there = _opened(folder), _opened(folder)
    assert here.contacts is not None
    expected: list[Any] = []
    with pytest.raises(InvalidCallError) as said:
        expected.extend(here.contacts.rows())
    with read_beside(there) as reading:
        found: list[Any] = []
        for file in (there.customers, there.contacts):
            assert file is not None
            if file is there.contacts:
                with pytest.raises(InvalidCallError) as again:
                    found.extend(row for block in reading.blocks(file) for row in block)
            else:
                list(reading.blocks(file))
    assert (found, str(again.value)) == (expected, str(said.value))
    assert len(started) == 1


def test_nothing_is_left_of_it_when_the_import_stops(folder: Path, started: list[Popen[bytes]]) -> None:
    there = _opened(folder)

    def stop() -> None:
        with read_beside(there) as reading:
            assert there.customers is not None
            next(reading.blocks(there.customers))
            assert started[0].poll() is None, "it waits: there is more than a pipe holds"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stop()
    assert started[0].returncode == -signal.SIGKILL


def test_it_ends_by_itself_when_nobody_reads_any_more_and_not_by_ctrl_c(
    folder: Path, started: list[Popen[bytes]]
) -> None:
    """As when the import is killed."""
    there = _opened(folder)
    with read_beside(there) as reading:
        assert there.customers is not None
        next(reading.blocks(there.customers))
        (process,) = started
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        list(reading.blocks(there.customers))
        assert process.poll() is None
        process.stdout.close()
        assert process.wait(timeout=60) not in (0, -signal.SIGINT)


@pytest.mark.parametrize("why", ["no process can be started", "no processor is spare", "too little to read"])
def test_without_a_process_of_their_own_files_are_read_here(
    folder: Path, started: list[Popen[bytes]], monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise BlockingIOError

    if why == "no process can be started":
        monkeypatch.setattr(beside, "Popen", refuse)
    elif why == "no processor is spare":
        monkeypatch.setattr(beside, "spare_cores", lambda: 0)
    else:
        monkeypatch.setattr(beside, "WORTH_IT", sum(path.stat().st_size for path in folder.glob("*.csv")) + 1)
    here, there = _opened(folder), _opened(folder)
    expected = [_rows(file.blocks()) for file in here]
    with read_beside(there) as reading:
        assert [_rows(reading.blocks(file)) for file in there] == expected
    assert _told(there) == _told(here)
    assert not started


def test_a_module_of_the_folder_is_no_part_of_it(
    folder: Path, started: list[Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever imports stands in somebody's repo, whose files are not ours to run."""
    for name in ("pickle", "releasewatch"):
        (folder / f"{name}.py").write_text(f"open('{name}.ran', 'w').close()\n")
    monkeypatch.chdir(folder)
    there = _opened(folder)
    with read_beside(there) as reading:
        for file in there:
            list(reading.blocks(file))
    assert started[0].returncode in (0, -signal.SIGKILL)
    assert not list(folder.glob("*.ran"))


def test_a_number_read_without_a_country_is_the_same_in_all() -> None:
    """What the process that reads may look at: it knows of no customer's country."""
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    formats = (phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164)
    seen = 0
    for region in regions:
        number = phonenumbers.example_number(region)
        for how in formats:
            said = phonenumbers.format_number(number, how)
            for given in (said, said[:-1], f"{said}0", f"({said}) x12", f"{said[:3]} (0) {said[3:]}", f"0{said}"):
                alone = look_at_phone(given, "")
                if alone.state == "unparsable":
                    continue
                seen += 1
                for country in {region, "DE", "US", "CA", "IT", "BR", "RU", "AX"}:
                    assert look_at_phone(given, country) == alone, (given, country)
    assert seen > 2 * len(regions)
