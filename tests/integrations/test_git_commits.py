"""What one commit holds, as git gives it: fields, messages, dates and paths of every kind."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.messages import trailer_values
from tests.support.git_reading import net, reader

if TYPE_CHECKING:
    from tests.support.repos import RepoBuilder

MISSING = "1" * 40


def test_the_fields_of_a_commit(repo: RepoBuilder) -> None:
    base = repo.commit("base")
    east = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=9)))
    head = repo.commit(
        "feat(money)!: höher runden (#7)",
        {"a.txt": "1"},
        body="Erste Zeile\nzweite\n\nNoch ein Absatz",
        trailers=[("Customer", "acme"), ("Customer", "globex"), ("Release-note", "none")],
        author=("Zoë Ünal", "zoe@example.org"),
        at=east,
    )
    (commit,) = reader(repo).read_range(base, head).added
    assert (commit.sha, commit.parents) == (head, (base,))
    assert (commit.author_name, commit.author_email) == ("Zoë Ünal", "zoe@example.org")
    assert commit.authored_at == commit.committed_at == east
    assert commit.authored_at.tzinfo is UTC
    assert commit.subject == "feat(money)!: höher runden (#7)"
    assert commit.body.startswith("Erste Zeile\nzweite\n\nNoch ein Absatz\n\nCustomer: acme")
    assert commit.conventional is not None
    assert (commit.conventional.type, commit.conventional.scope, commit.breaking) == ("feat", "money", True)
    assert trailer_values(commit.trailers, "customer") == ("acme", "globex")
    assert commit.pull_request == 7


@pytest.mark.parametrize(
    ("message", "encoding", "subject", "body"),
    [
        (b"", None, "", ""),
        (b"\n\n  \n", None, "", ""),
        (b"caf\xe9\n", "ISO-8859-1", "café", ""),
        (b"caf\xe9 without a header\n\nb\xfcdy\n", None, "caf\ufffd without a header", "b\ufffddy"),
        (b"two\nlines\n\n\n\nbody\n\n", None, "two lines", "body"),
        (b"a\ttab \x1b[31mred\n\n:100644 100644 x y M\n", None, "a\ttab \x1b[31mred", ":100644 100644 x y M"),
        (b"s\n\n>1234\n<5678\n", None, "s", ">1234\n<5678"),
    ],
)
def test_messages_of_any_kind(repo: RepoBuilder, message: bytes, encoding: str | None, subject: str, body: str) -> None:
    base = repo.commit("base")
    repo.commit(message=message, encoding=encoding, files={"a.txt": "1"})
    head = repo.commit("after", {"a.txt": "2"})
    after, odd = reader(repo).read_range(base, head).added
    assert (odd.subject, odd.body, odd.paths) == (subject, body, ("a.txt",))
    assert after.subject == "after"


def test_dates_that_no_calendar_knows(repo: RepoBuilder) -> None:
    base = repo.commit("base")
    tree = repo.git("rev-parse", "HEAD^{tree}")
    person = "A <a@example.org>"
    raw = f"tree {tree}\nparent {base}\nauthor {person} {{}}\ncommitter {person} 1767607200 +0000\n\nodd\n"
    for date in ("99999999999999 +0000", "nonsense", ""):
        odd = repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw.format(date).encode())
        (commit,) = reader(repo).read_range(base, odd).added
        assert commit.committed_at == datetime.fromtimestamp(1767607200, UTC)
        assert commit.authored_at.tzinfo is UTC


ODD_PATHS: list[str | bytes] = [
    "with space.txt",
    'quo"te.txt',
    "apo'strophe.txt",
    "new\nline.txt",
    "\nat first.txt",
    ">" + "1" * 40,
    "tab\there.txt",
    "back\\slash.txt",
    "ünïcödé/日本.txt",
    b"not-utf8-\xff\xfe.bin",
    ":colon.txt",
    ":(glob)star*.txt",
    "-dash.txt",
    "star*.txt",
    " leading",
    "\x1b[31m.txt",
]


def test_paths_of_any_kind(repo: RepoBuilder) -> None:
    base = repo.commit("base")
    head = repo.commit("odd", dict.fromkeys(ODD_PATHS, "1"))
    names = {os.fsencode(path).decode("utf-8", "surrogateescape") for path in ODD_PATHS}
    history = reader(repo)
    found = history.read_range(base, head)
    assert {change.path for change in found.net} == names
    assert set(found.added[0].paths) == names
    last = repo.commit("and less", {"\nat first.txt": "2", "\nat second.txt": "2"})
    several = history.read_range(base, last).added
    assert [set(commit.paths) for commit in several] == [{"\nat first.txt", "\nat second.txt"}, names]
    blob = repo.git("hash-object", "--stdin", stdin=b"1")
    assert history.blobs_at(head, names) == dict.fromkeys(names, blob)
    assert all(history.file_at(head, name) == b"1" for name in names)


def test_a_rename_is_a_deletion_and_an_addition(repo: RepoBuilder) -> None:
    base = repo.commit("base", {"old.txt": "the same words\n" * 20})
    head = repo.commit("move", {"new.txt": "the same words\n" * 20}, delete=["old.txt"])
    found = reader(repo).read_range(base, head)
    assert net(found) == {"old.txt": "D", "new.txt": "A"}
    assert found.added[0].paths == ("new.txt", "old.txt")


def test_modes_types_and_submodules(repo: RepoBuilder) -> None:
    repo.commit("one", {"run.sh": "1", "link": "run.sh"})
    base = repo.gitlink("vendor/lib", "a" * 40)
    (repo.path / "run.sh").chmod(0o755)
    (repo.path / "link").unlink()
    (repo.path / "link").symlink_to("run.sh")
    repo.git("add", "run.sh", "link")
    head = repo.gitlink("vendor/lib", "b" * 40)
    history = reader(repo)
    found = history.read_range(base, head)
    assert net(found) == {"run.sh": "M", "link": "T", "vendor/lib": "M"}
    link = next(change for change in found.net if change.path == "vendor/lib")
    assert (link.old_blob, link.new_blob) == ("a" * 40, "b" * 40)
    assert history.blobs_at(head, ["vendor/lib"]) == {"vendor/lib": "b" * 40}
    assert history.file_at(head, "vendor/lib") is None
    assert history.file_at(head, "vendor") is None
