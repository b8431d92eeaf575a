"""How benchmarks begin and end, for whoever runs them by hand: what they measure is looked at by people."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.repos import started_shop

ROOT = Path(__file__).parents[1]

WRITES_ON = """
import sys, tempfile
from pathlib import Path
from tests.benchmarks.measuring import Way, measure
from tests.benchmarks.starting import run

WRITING = '''
import sys, time
from pathlib import Path
for number in range(3000):
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    (folder / str(number)).touch()
    time.sleep(0.01)
'''

def main():
    with tempfile.TemporaryDirectory() as folder:
        measure(Way("writing", [sys.executable, "-c", WRITING, folder]), Path(folder), {})

run(main)
"""


def _run(name: str, *words: str, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A benchmark, run as by hand."""
    return subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{name}", *words],
        cwd=cwd,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_benchmark_that_is_ended_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    words = [sys.executable, "-c", WRITES_ON]
    own = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(words, cwd=ROOT, env=own, stderr=subprocess.PIPE, text=True) as process:
        try:
            while process.poll() is None and not list(tmp_path.glob("*/0")):
                time.sleep(0.01)
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, said) == (130, "Ended before the last table was whole; nothing is left of it.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["reading_git", "nowhere"], "nowhere is no clone with a commit: git clone --no-checkout makes one"),
        (["suspects", "nowhere"], "nowhere is no clone with a commit: git clone --no-checkout makes one"),
        (["mapping", "shallow"], "shallow is a shallow clone: git fetch --unshallow makes it a full one"),
        (["reading_git", "shop", "--commits", "50", "many"], "argument --commits: 'many' is no number from 1 on"),
        (["mapping", "shop", "--runs", "0"], "argument --runs: '0' is no number from 1 on"),
        (["monorepo", "shop", "--include", "away/"], "touches away/"),
        (["scale", "directory", "--customers", "-5"], "argument --customers: '-5' is no number from 1 on"),
        (["exposure", "--database", "Oracle"], "argument --database: invalid choice: 'Oracle'"),
        (["directory_import", "--database", "Oracle"], "argument --database: invalid choice: 'Oracle'"),
        (["growth", "--draw-only"], "name that file, and --svg FILE"),
        (["customers", "--draw-only", "--svg", "a.svg", "--figures", "none.json"], "name that file, and --svg FILE"),
    ],
)
def test_words_that_cannot_be_meant_are_refused_before_anything_is_measured(
    tmp_path: Path, words: list[str], says: str
) -> None:
    shop = started_shop(tmp_path)
    shop.commit("More", {"more.txt": "more"})
    shallow = ["git", "clone", "-q", "--depth", "1", shop.path.as_uri(), str(tmp_path / "shallow")]
    subprocess.run(shallow, check=True)
    before = sorted(tmp_path.iterdir())
    done = _run(*words, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr.splitlines()[-1]
    assert sorted(tmp_path.iterdir()) == before


def test_who_is_exposed_is_told_as_a_table_with_ratios(tmp_path: Path) -> None:
    small = "--customers 20 --entitlements 40 --components 20 --runs 1 --database SQLite"
    done = _run("exposure", *small.split(), cwd=ROOT, env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    head, rule, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines())
    assert len(head) == len(rule)
    assert [len(row) for row in rows] == 10 * [len(head)]
    assert {row[0] for row in rows} == {"SQLite"}
    assert all(float(row[head.index("ratio")]) > 0 for row in rows)


@pytest.mark.parametrize(
    ("words", "row"),
    [
        ("growth --a-day 1 --runs 1", "report dora --by month"),
        ("documents --rows 300 --runs 1", "exposure csv"),
        ("directory_import --customers 200", "200 customers, again"),
        ("customers --customers 300", "call plan, an incident, most"),
    ],
)
def test_what_a_benchmark_makes_up_fits_the_ledger(tmp_path: Path, words: str, row: str) -> None:
    done = _run(*words.split(), "--database", "SQLite", cwd=ROOT, env={"TMPDIR": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")
    assert any(row in line for line in done.stdout.splitlines() if line.startswith("|"))
    assert list(tmp_path.iterdir()) == []
