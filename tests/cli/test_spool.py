"""Never in the way, never lost: `--when-unreachable spool`, `--timeout` and `spool flush`, against real faults."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.support.command import bound_by_permissions, run_command, run_here, run_python
from tests.support.holding import lock_held
from tests.support.ledgers import new_ledger
from tests.support.racing import Racer, race
from tests.support.spooling import RECORD, RUN, SPOOL, files, ledger_file, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.repos import RepoBuilder

CANARY = "canary-7f3a"


@dataclass
class Fault:
    """A ledger that cannot be had: how to reach it, and what brings it back."""

    url: str
    stack: ExitStack
    options: tuple[str, ...] = ()
    through: Sequence[str] = ()
    code: str = "ledger_unavailable"
    then: Any = field(default=lambda: None)
    healthy: str = ""


def away(shop: RepoBuilder, _request: Any, stack: ExitStack) -> Fault:
    return Fault(f"postgresql://ada:{CANARY}@127.0.0.1:1/ledger", stack, healthy=f"sqlite:///{ledger_file(shop)}")


def silent(shop: RepoBuilder, _request: Any, stack: ExitStack) -> Fault:
    """A server that takes connections and says nothing."""
    server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    url = f"postgresql://ada:{CANARY}@127.0.0.1:{server.getsockname()[1]}/ledger"
    return Fault(url, stack, ("--timeout", "3"), code="timed_out", healthy=f"sqlite:///{ledger_file(shop)}")


def locked(shop: RepoBuilder, _request: Any, stack: ExitStack) -> Fault:
    stack.enter_context(lock_held(ledger_file(shop)))
    return Fault(f"sqlite:///{ledger_file(shop)}", stack, ("--timeout", "3"), code="timed_out")


def read_only(shop: RepoBuilder, _request: Any, stack: ExitStack) -> Fault:
    ledger_file(shop).chmod(0o400)
    url = f"sqlite:///{ledger_file(shop)}"
    return Fault(url, stack, through=bound_by_permissions(), then=lambda: ledger_file(shop).chmod(0o600))


def too_large(shop: RepoBuilder, _request: Any, stack: ExitStack) -> Fault:
    """No file may grow beyond the size that the ledger has: the write-ahead log of a record does."""
    limited = ["bash", "-c", 'ulimit -f 24; exec "$@"', "limited"]
    return Fault(f"sqlite:///{ledger_file(shop)}", stack, through=limited)


def damaged(shop: RepoBuilder, _request: Any, stack: ExitStack) -> Fault:
    whole = shop.path / "whole.db"
    with closing(sqlite3.connect(ledger_file(shop))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(ledger_file(shop), whole)
    os.truncate(ledger_file(shop), 8192)
    return Fault(f"sqlite:///{ledger_file(shop)}", stack, then=lambda: shutil.copy(whole, ledger_file(shop)))


def newer(shop: RepoBuilder, _request: Any, stack: ExitStack) -> Fault:
    def put(version: str) -> None:
        with closing(sqlite3.connect(ledger_file(shop))) as connection:
            connection.execute("UPDATE releasewatch_schema SET version_num = ?", [version])
            connection.commit()

    with closing(sqlite3.connect(ledger_file(shop))) as connection:
        (now,) = connection.execute("SELECT version_num FROM releasewatch_schema").fetchone()
    put("9999")
    return Fault(f"sqlite:///{ledger_file(shop)}", stack, code="ledger_version", then=lambda: put(now))


def older(_shop: RepoBuilder, request: Any, stack: ExitStack) -> Fault:
    url = request.getfixturevalue("postgres_url")
    return Fault(url, stack, code="ledger_version", then=lambda: new_ledger(url).close())


def wrong_password(shop: RepoBuilder, request: Any, stack: ExitStack) -> Fault:
    url: str = request.getfixturevalue("postgres_locked_url")
    user, _, host = url.partition("://")[2].rpartition("@")
    wrong = f"postgresql://{user.partition(':')[0]}:{CANARY}@{host}"
    return Fault(wrong, stack, healthy=f"sqlite:///{ledger_file(shop)}")


def held_on_the_server(_shop: RepoBuilder, request: Any, stack: ExitStack) -> Fault:
    """Somebody holds a table that a record needs, and does not let go."""
    url = request.getfixturevalue("postgres_url")
    new_ledger(url).close()
    holder = stack.enter_context(psycopg.connect(url.replace("+psycopg", "")))
    holder.execute("LOCK TABLE deployment IN ACCESS EXCLUSIVE MODE")
    return Fault(url, stack, ("--timeout", "3"), code="timed_out")


FAULTS = (away, silent, locked, read_only, too_large, damaged, newer, older, wrong_password, held_on_the_server)


def spooled(shop: RepoBuilder, *words: str, **env: str) -> Any:
    """Spool a record because the ledger is away; the document that says so."""
    done = run(shop, *RECORD, *SPOOL, *words, url="postgresql://127.0.0.1:1/ledger", **env)
    assert done.status == 0, done.err
    return done.document["spooled"]


def numbers(shop: RepoBuilder, url: str = "") -> list[str]:
    listed = run(shop, "deployment", "list", "--format", "json", url=url).document["deployments"]
    return [d["id"] for d in reversed(listed)]


@pytest.mark.parametrize("break_it", FAULTS, ids=lambda fault: fault.__name__)
def test_whatever_ails_the_ledger_the_step_passes_and_the_record_is_made_later(shop, request, break_it):
    shop.commit("fix: one", {"services/invoicing/c.py": "1"})
    with ExitStack() as stack:
        fault = break_it(shop, request, stack)
        done = run(shop, *RECORD, *SPOOL, *fault.options, url=fault.url, through=fault.through)
        assert done.status == 0, done.err
        assert done.document["spooled"]["because"]["code"] == fault.code
        assert done.document["schema"] == 1
    fault.then()
    (file,) = files(shop)
    assert str(file) == done.document["spooled"]["file"]
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert file.read_text() in done.err, "the same line stands in the log"
    assert "Warning: " in done.err
    for secret in (CANARY, "Acme", "020 7946"):
        assert secret not in done.out + done.err
    healthy = fault.healthy or fault.url
    before = numbers(shop, healthy)
    flushed = run(shop, "spool", "flush", "--format", "json", url=healthy)
    assert (flushed.status, flushed.document["kept"]) == (0, []), flushed.out
    (recorded,) = flushed.document["recorded"]
    assert recorded["id"] == done.document["spooled"]["id"]
    assert numbers(shop, healthy) == [*before, recorded["deployment"]]
    assert files(shop) == []
    again = run(shop, *RECORD, url=healthy).document["deployment"]
    assert (again["id"], again["already_recorded"], again["head"]) == (recorded["deployment"], True, shop.head)


@pytest.mark.parametrize("break_it", FAULTS, ids=lambda fault: fault.__name__)
def test_without_it_the_step_fails_and_nothing_is_kept(shop, request, break_it):
    with ExitStack() as stack:
        fault = break_it(shop, request, stack)
        done = run(shop, *RECORD, "-q", *fault.options, url=fault.url, through=fault.through)
    assert done.status == (2 if fault.code == "ledger_version" else 3)
    assert done.out == ""
    assert done.error["code"] == fault.code
    assert done.error["hint"]
    assert files(shop) == []
    fault.then()
    if not fault.healthy:
        assert len(numbers(shop, fault.url)) in (0, 2), "as many as before"


def test_a_full_disk_that_holds_ledger_and_spool_leaves_the_line_in_the_log(shop, tmp_path):
    """The last resort: nothing can be kept on this machine, and the log goes elsewhere."""
    disk = tmp_path / "disk"
    disk.mkdir()
    size = ledger_file(shop).stat().st_size // 1024 + 8
    command = (
        f"mount -t tmpfs -o size={size}k tmpfs {disk} && cp {ledger_file(shop)} {disk}/ && "
        f'(cat /dev/zero > {disk}/rest 2>/dev/null; true) && exec "$@"'
    )
    for rights in (["--mount"], ["--user", "--map-root-user", "--mount"]):
        through = ["unshare", *rights, "--", "bash", "-c", command, "small"]
        if run_python("-c", "", cwd=tmp_path, through=through).status == 0:
            break
    else:
        pytest.skip("no small disk may be mounted here")
    url, folder = f"sqlite:///{disk}/ledger.db", {"RELEASEWATCH_SPOOL_DIR": f"{disk}/spool"}
    done = run(shop, *RECORD, *SPOOL, url=url, through=through, **folder)
    assert done.status == 0, done.err
    assert done.document["spooled"]["file"] is None
    assert "Nothing but the line above holds the record." in done.err
    log = tmp_path / "job.log"
    log.write_text(f"before\n{done.err}after\n")
    flushed = run(shop, "spool", "flush", "--from-log", str(log), "--format", "json").document
    assert [one["id"] for one in flushed["recorded"]] == [done.document["spooled"]["id"]]


class TestWhatIsNotSpooled:
    @pytest.mark.parametrize(
        ("words", "status"),
        [
            (("--component", "nothing"), 2),
            (("--head", "nothing"), 2),
            (("--accept", "unmapped"), 2),
            (("--dry-run",), 3),
        ],
        ids=["component", "head", "guard", "dry run"],
    )
    def test_is_a_call_that_is_wrong_in_itself_or_writes_nothing(self, shop, words, status):
        done = run(shop, *RECORD, *SPOOL, "-q", *words, url="postgresql://127.0.0.1:1/ledger")
        assert (done.status, done.out) == (status, "")
        assert files(shop) == []

    def test_is_what_the_ledger_refuses_for_what_it_says(self, shop):
        done = run(shop, *RECORD, *SPOOL, "-q", "--key", "one", "--region", "eu")
        assert (done.status, done.error["code"]) == (2, "invalid_call")
        assert files(shop) == []

    def test_is_what_the_ledger_takes(self, shop):
        done = run(shop, *RECORD, *SPOOL, "--timeout", "60")
        assert (done.status, done.document["deployment"]["id"]) == (0, "D-3")
        assert files(shop) == []


class TestKeeping:
    def test_start_and_finish_wait_too_and_become_one(self, shop):
        shop.commit("fix: one", {"services/invoicing/c.py": "1"})
        words = ("--environment", "production", "--format", "json", *SPOOL)
        gone = "postgresql://127.0.0.1:1/ledger"
        begun = run(shop, "deployment", "start", *words, url=gone)
        ended = run(shop, "deployment", "finish", *words, "--status", "failed", url=gone)
        assert [one.document["spooled"]["status"] for one in (begun, ended)] == ["running", "failed"]
        flushed = run(shop, "spool", "flush", "--format", "json").document["recorded"]
        assert [one["deployment"] for one in flushed] == ["D-3", "D-3"]
        shown = run(shop, "deployment", "show", "D-3", "--format", "json").document["deployment"]
        assert (shown["status"], shown["started_at"]) == ("failed", begun.document["spooled"]["opened_at"])

    def test_outside_ci_the_random_key_is_kept(self, shop):
        gone = {"RELEASEWATCH_DATABASE_URL": "postgresql://127.0.0.1:1/ledger"}
        first, second = (
            run_command(*RECORD, *SPOOL, cwd=shop.path, env=gone).document["spooled"]["key"] for _ in range(2)
        )
        assert first != second
        for _ in range(2):
            log = shop.path / "spool.log"
            log.write_text("".join(file.read_text() for file in files(shop)) or log.read_text())
            assert run_command("spool", "flush", "--from-log", "spool.log", cwd=shop.path).status == 0
        listed = run_command("deployment", "list", "--format", "json", cwd=shop.path).document["deployments"]
        assert len(listed) == 4
        shown = [
            run_command("deployment", "show", one, "--format", "json", cwd=shop.path).document["deployment"]["key"]
            for one in (first, second)
        ]
        assert shown == [first, second]

    def test_a_step_of_github_actions_gives_it_on(self, shop, tmp_path):
        output = tmp_path / "output"
        output.write_text("before=1\n")
        spooled(shop, GITHUB_OUTPUT=str(output))
        (file,) = files(shop)
        before, *lines = output.read_text().splitlines()
        assert before == "before=1"
        given = {name.partition("<<")[0]: value for name, value, _ in zip(*[iter(lines)] * 3, strict=True)}
        assert given == {"recorded": "false", "spool": file.read_text().rstrip("\n")}

    def test_people_read_what_became_of_it(self, shop):
        done = run(shop, *RECORD[:-2], *SPOOL, "-q", url="postgresql://127.0.0.1:1/ledger")
        (file,) = files(shop)
        assert done.out.startswith("Spooled ")
        assert str(file) in done.out
        assert "releasewatch-spool:1:" in done.err, "-q silences talk, and this is no talk"

    def test_credentials_of_an_address_are_not_kept(self, shop):
        spooled(shop, "--url", f"https://ada:{CANARY}@ci.example.org/1")
        run(shop, "spool", "flush")
        shown = run(shop, "deployment", "show", "D-3", "--format", "json").document["deployment"]
        assert shown["url"] == "https://ci.example.org/1"


class TestList:
    def test_it_says_what_waits_in_order_and_what_cannot_be_read(self, shop):
        assert run(shop, "spool", "list", "--format", "json").document["spooled"] == []
        late = spooled(shop, "--started-at", "2026-03-01T12:00:00Z", "--finished-at", "2026-03-01T13:00:00Z")
        early = spooled(shop, "--region", "eu", "--finished-at", "2026-03-01T09:00:00Z")
        bad = Path(late["file"]).with_name("bad.spool")
        bad.write_text(Path(late["file"]).read_text()[:99])
        listed = run(shop, "spool", "list", "--format", "json").document
        assert [(one["id"], one["opened_at"], one["file"]) for one in listed["spooled"]] == [
            (early["id"], "2026-03-01T09:00:00Z", early["file"]),
            (late["id"], "2026-03-01T12:00:00Z", late["file"]),
        ]
        assert [one["file"] for one in listed["unreadable"]] == [str(bad)]
        told = run(shop, "spool", "list")
        assert [line.split()[0] for line in told.out.splitlines()[2:4]] == [early["id"], late["id"]]
        assert "cut off" in told.err

    def test_doctor_counts_it(self, shop):
        def lines() -> list[Any]:
            checks = run(shop, "doctor", "--format", "json").document["checks"]
            return [(one["state"], one["text"].split(" in ")[0]) for one in checks if one["name"] == "spool"]

        assert lines() == [("ok", "no record waits")]
        spooled(shop)
        assert lines() == [("warn", "1 record waits")]
        Path(shop.path / ".releasewatch/spool/bad.spool").write_text("")
        assert lines() == [("warn", "1 record waits"), ("warn", "1 file")]

    def test_the_folder_may_be_another_one(self, shop, tmp_path):
        config = (shop.path / "releasewatch.toml").read_text()
        (shop.path / "releasewatch.toml").write_text(config.replace('repo = "shop"', 'repo = "shop"\nspool = "kept"'))
        assert Path(spooled(shop)["file"]).parent == shop.path / "kept"
        by_variable = spooled(shop, RELEASEWATCH_SPOOL_DIR=str(tmp_path / "volume" / "spool"))
        assert Path(by_variable["file"]).parent == tmp_path / "volume" / "spool"


class TestFlush:
    def test_a_log_with_other_lines_around(self, shop, tmp_path):
        shop.commit("fix: one", {"services/invoicing/c.py": "1"})
        first = spooled(shop)
        second = spooled(shop, "--region", "eu")
        lines = [file.read_text().strip() for file in files(shop)]
        shutil.rmtree(shop.path / ".releasewatch" / "spool")
        log = tmp_path / "job.log"
        log.write_text(
            "##[group]Run deploy\n"
            f"2026-03-01T12:00:00.0000000Z {lines[1]}\r\n"
            f"\x1b[33m{lines[0]}\x1b[0m\n"
            f"{lines[0][:-3]}\n"
            f"{lines[0].replace(':1:', ':9:', 1)}\n"
            "done\n"
        )
        done = run(shop, "spool", "flush", "--from-log", str(log), "--format", "json")
        assert done.status == 3
        assert [one["id"] for one in done.document["recorded"]] == [first["id"], second["id"]]
        assert [one["place"] for one in done.document["unreadable"]] == [f"line {n} of {log}" for n in (4, 5)]
        assert "form 9" in done.document["unreadable"][1]["reason"]
        again = run(shop, "spool", "flush", "--from-log", str(log), "--format", "json").document
        assert [one["already_recorded"] for one in again["recorded"]] == [True, True]
        assert numbers(shop) == ["D-1", "D-2", "D-3", "D-4"]

    def test_who_deployed_stands_in_the_file_and_not_in_the_log(self, shop, tmp_path):
        from releasewatch.domain.spool import find_records

        away = {"RELEASEWATCH_DATABASE_URL": "postgresql://ada@127.0.0.1:1/ledger", **RUN}
        done = run_here(*RECORD, *SPOOL, cwd=shop.path, env={**away, "RELEASEWATCH_ACTOR": "kim@example.org"})
        log = tmp_path / "job.log"
        log.write_text(done.err)
        ((_, told),) = find_records(done.err.splitlines())
        assert told.said["actor"] == ""
        flushed = run_here("spool", "flush", "--from-log", str(log), cwd=shop.path)
        assert (flushed.status, files(shop)) == (0, [])
        with closing(sqlite3.connect(ledger_file(shop))) as ledger:
            rows = ledger.execute("SELECT actor FROM deployment_person WHERE deployment_id = 3").fetchall()
        assert rows == [("kim@example.org",)]

    def test_twice(self, shop):
        spooled(shop)
        first, second = (run(shop, "spool", "flush") for _ in range(2))
        assert (first.status, second.status) == (0, 0)
        assert first.out.endswith("is D-3.\n")
        assert (second.out, "No record waits" in second.err) == ("", True)

    def test_two_at_once_record_once(self, shop):
        for region in ("eu", "us", "ap"):
            spooled(shop, "--region", region)
        racer = Racer(("spool", "flush", "--format", "json"), RUN, shop.path)
        documents = race([racer, racer])
        assert numbers(shop) == ["D-1", "D-2", "D-3", "D-4", "D-5"]
        new = [one["deployment"] for d in documents for one in d["recorded"] if not one["already_recorded"]]
        assert sorted(new) == ["D-3", "D-4", "D-5"]
        assert files(shop) == []

    def test_what_cannot_be_taken_stays_and_the_others_go_on(self, shop, tmp_path):
        base = shop.head
        spooled(shop, "--region", "eu")
        lost = shop.commit("fix: lost", {"services/invoicing/c.py": "1"})
        stays = spooled(shop, "--region", "us")
        shop.git("reset", "-q", "--hard", base)
        clone = shop.clone(tmp_path / "clone" / "shop")
        shutil.copytree(shop.path / ".releasewatch", clone.path / ".releasewatch")
        assert clone.git("cat-file", "-e", base) == ""
        done = run(clone, "spool", "flush", "--format", "json")
        assert done.status == 3
        assert [one["deployment"] for one in done.document["recorded"]] == ["D-3"]
        (kept,) = done.document["kept"]
        assert (kept["id"], lost in kept["reason"]) == (stays["id"], True)
        assert [str(file) for file in files(clone)] == [kept["place"]]
        told = run(clone, "spool", "flush")
        assert "stays: No commit is called" in told.out

    def test_another_repo_is_told_where_to_go(self, shop):
        spooled(shop)
        done = run(shop, "spool", "flush", "--format", "json", RELEASEWATCH_REPO="web")
        (kept,) = done.document["kept"]
        assert (done.status, "deployment of shop" in kept["reason"]) == (3, True)
        assert len(files(shop)) == 1

    def test_a_ledger_that_is_still_away_leaves_all_as_it_is(self, shop):
        spooled(shop)
        before = [file.read_bytes() for file in files(shop)]
        done = run(shop, "spool", "flush", url="postgresql://127.0.0.1:1/ledger")
        assert (done.status, done.out) == (3, "")
        assert [file.read_bytes() for file in files(shop)] == before

    def test_a_damaged_file_is_named_and_left_alone(self, shop):
        whole = Path(spooled(shop)["file"])
        bad = whole.with_name("bad.spool")
        text = whole.read_text()
        bad.write_text(text[:100] + ("A" if text[100] != "A" else "B") + text[101:])
        before = bad.read_bytes()
        done = run(shop, "spool", "flush")
        assert done.status == 3
        assert f"{bad}: it is damaged" in done.out
        assert "is D-3." in done.out
        assert (bad.read_bytes(), files(shop)) == (before, [bad])
