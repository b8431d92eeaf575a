"""Builds small real git repos for tests: dates, identity and configuration are fixed, nothing of the user's is read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

FIRST_INSTANT = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
"""The clock of every built repo; it is moved on by a minute before each commit."""

AUTHOR = ("Ada Example", "ada@example.org")

ISOLATION = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
"""Variables that keep git from reading the machine's and the user's configuration (for `monkeypatch.setenv`, too)."""

Name = str | bytes
"""A path inside a repo; bytes for one that is not UTF-8."""


def git_environment() -> dict[str, str]:
    """The environment for a git process that must not depend on the machine's or the user's git configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | ISOLATION | {"LC_ALL": "C"}


def run_git(cwd: Path, *args: Name, stdin: bytes = b"", extra_env: Mapping[str, str] | None = None) -> bytes:
    """Run one isolated git process in a folder and return its output as bytes; raises CalledProcessError."""
    env = git_environment() | dict(extra_env or {})
    return subprocess.run(["git", *args], cwd=cwd, env=env, input=stdin, check=True, capture_output=True).stdout


class RepoBuilder:
    """One git repo that a test writes to. A folder that holds none yet becomes one (with branch `main`)."""

    def __init__(self, path: Path, *, bare: bool = False) -> None:
        self.path = path
        self.now = FIRST_INSTANT
        if (path / ".git").exists() or (path / "HEAD").is_file():
            return
        path.mkdir(parents=True, exist_ok=True)
        run_git(path, "init", "-q", "--template=", "--initial-branch=main", *(["--bare"] if bare else []))
        # What a forge allows its clients: partial clones, and fetching one commit by its sha.
        self.git("config", "uploadpack.allowFilter", "true")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")

    @property
    def head(self) -> str:
        """The full sha of HEAD."""
        return self.sha("HEAD")

    @property
    def url(self) -> str:
        """A `file://` URL, which makes git speak its real protocol (a plain path would ignore depth and filter)."""
        return self.path.resolve().as_uri()

    def git(self, *args: Name, stdin: bytes = b"") -> str:
        """Run git in this repo; the output as text, without the last newline."""
        return self.git_bytes(*args, stdin=stdin).decode("utf-8", "surrogateescape").removesuffix("\n")

    def git_bytes(self, *args: Name, stdin: bytes = b"") -> bytes:
        """Run git in this repo; the output as it is."""
        return run_git(self.path, *args, stdin=stdin, extra_env=self._identity())

    def sha(self, rev: str) -> str:
        """The full sha of the commit that a revision names."""
        return self.git("rev-parse", "--verify", f"{rev}^{{commit}}")

    def commit(
        self,
        subject: str = "A change",
        files: Mapping[Name, str | bytes] | None = None,
        *,
        body: str = "",
        trailers: Sequence[tuple[str, str]] | Mapping[str, str] = (),
        delete: Iterable[Name] = (),
        message: bytes | None = None,
        encoding: str | None = None,
        author: tuple[str, str] | None = None,
        at: datetime | None = None,
    ) -> str:
        """Commit `files` (path -> content) and deletions on the current branch and return the sha.

        Without files the commit is empty. `message` replaces subject, body and trailers byte by byte; `encoding` is
        declared in the commit's header. `at` sets the clock; later commits go on from there.
        """
        self._stage(files or {}, delete)
        if message is None:
            message = _message(subject, body, trailers)
        options = ["-c", f"i18n.commitEncoding={encoding}"] if encoding else []
        who = [f"--author={author[0]} <{author[1]}>"] if author else []
        self._tick(at)
        self.git_bytes(
            *options, "commit", "-q", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "--no-verify",
            *who, "-F", "-", stdin=message,
        )  # fmt: skip
        header, _, written = self.git_bytes("cat-file", "commit", "HEAD").partition(b"\n\n")
        if written != message:  # git mends what is not UTF-8; a history may hold it all the same
            raw = header + b"\n\n" + message
            sha = self.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=raw)
            self.git("update-ref", "HEAD", sha)
        return self.head

    def branch(self, name: str, at: str = "HEAD") -> None:
        """Create a branch and switch to it."""
        self.git("switch", "-q", "-c", name, at)

    def switch(self, name: str) -> None:
        """Switch to a branch that exists; a sha detaches HEAD."""
        self.git("checkout", "-q", name, "--")

    def orphan(self, name: str) -> None:
        """Switch to a new branch without any history, with an empty work tree: the next commit is another root."""
        self.git("switch", "-q", "--orphan", name)

    def merge(
        self,
        *others: str,
        subject: str | None = None,
        body: str = "",
        trailers: Sequence[tuple[str, str]] | Mapping[str, str] = (),
        files: Mapping[Name, str | bytes] | None = None,
        delete: Iterable[Name] = (),
        strategy: str | None = None,
        at: datetime | None = None,
    ) -> str:
        """Merge branches or commits into the current branch (several: an octopus), never fast-forward; returns the sha.

        `files` and `delete` are edits that only the merge itself makes, as a conflict's resolution does.
        `strategy` is git's (`ours` keeps our tree).
        """
        chosen = [f"--strategy={strategy}"] if strategy else []
        self._tick(at)
        self.git("merge", "-q", "--no-ff", "--no-commit", "--allow-unrelated-histories", *chosen, *others)
        self._stage(files or {}, delete)
        text = _message(subject or "Merge " + ", ".join(others), body, trailers)
        self.git_bytes("commit", "-q", "--allow-empty", "--cleanup=verbatim", "--no-verify", "-F", "-", stdin=text)
        return self.head

    def revert(self, rev: str, *, subject: str | None = None, at: datetime | None = None) -> str:
        """Undo a commit with `git revert` (a merge: its first parent's side stays); returns the sha.

        The message is git's own unless a subject is given.
        """
        self._tick(at)
        mainline = ["--mainline=1"] if len(self.git("rev-list", "--parents", "-1", rev).split()) > 2 else []
        self.git("revert", "--no-edit", *mainline, rev)
        if subject is not None:
            self.git_bytes("commit", "-q", "--amend", "--allow-empty", "-F", "-", stdin=subject.encode())
        return self.head

    def tag(self, name: str, at: str = "HEAD", *, annotated: bool = False, message: str | None = None) -> None:
        """Tag a commit; an annotated tag is an object of its own."""
        if annotated:
            self.git("tag", "-a", "-m", message or name, "--", name, at)
        else:
            self.git("tag", "--", name, at)

    def gitlink(self, path: str, sha: str, *, subject: str = "Move a submodule") -> str:
        """Commit a submodule entry (mode 160000) that points at a commit of another repo; returns the sha."""
        self.git("update-index", "--add", "--cacheinfo", f"160000,{sha},{path}")
        self._tick(None)
        self.git("commit", "-q", "--no-verify", "-m", subject)
        return self.head

    def clone(
        self,
        dest: Path,
        *,
        depth: int | None = None,
        filter: str | None = None,
        branch: str | None = None,
        bare: bool = False,
    ) -> RepoBuilder:
        """Clone over git's real protocol into a new folder."""
        options = ["--bare"] if bare else []
        options += [f"--depth={depth}"] if depth else []
        options += [f"--filter={filter}"] if filter else []
        options += [f"--branch={branch}"] if branch else []
        dest.parent.mkdir(parents=True, exist_ok=True)
        run_git(dest.parent, "clone", "-q", "--template=", *options, self.url, str(dest.absolute()))
        copy = RepoBuilder(dest)
        copy.now = self.now
        return copy

    def _stage(self, files: Mapping[Name, str | bytes], delete: Iterable[Name]) -> None:
        root = os.fsencode(self.path)
        for name, content in files.items():
            target = Path(os.fsdecode(os.path.join(root, os.fsencode(name))))  # noqa: PTH118 - bytes, which pathlib has not
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        gone = list(delete)
        if gone:
            self.git_bytes("--literal-pathspecs", "rm", "-q", "-r", "--", *gone)
        if files:
            listed = b"\0".join(os.fsencode(name) for name in files)
            self.git_bytes(
                "--literal-pathspecs", "add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=listed
            )

    def _tick(self, at: datetime | None) -> None:
        self.now = at if at is not None else self.now + timedelta(minutes=1)

    def _identity(self) -> dict[str, str]:
        date = f"@{int(self.now.timestamp())} +0000"
        name, email = AUTHOR
        return {
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": email,
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": email,
            "GIT_COMMITTER_DATE": date,
        }


def _message(subject: str, body: str, trailers: Sequence[tuple[str, str]] | Mapping[str, str]) -> bytes:
    pairs = trailers.items() if isinstance(trailers, Mapping) else trailers
    footer = "\n".join(f"{key}: {value}" for key, value in pairs)
    return ("\n\n".join(part for part in (subject, body, footer) if part) + "\n").encode()


def started_shop(folder: Path) -> RepoBuilder:
    """A repo of one component, which every path belongs to, with one commit."""
    repo = RepoBuilder(folder / "shop")
    config = '[releasewatch]\nrepo = "shop"\n[components.shop]\npaths = ["**"]\n'
    repo.commit("Start", {"releasewatch.toml": config})
    return repo
