"""Reads a git repo: what a range of commits changed, which tag came before, what a tree holds.

What reads git's answers, and what they are made into, is loaded where it is used: git is set to work before that.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.errors import GitFailedError, ReleasewatchError, UnknownNameError
from releasewatch.integrations.git_begun import Begun
from releasewatch.integrations.git_commands import MANY_PATHS, GitCommands
from releasewatch.integrations.git_fetch import GitFetcher

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from releasewatch.domain.past import Tag
    from releasewatch.domain.releases import Range
    from releasewatch.integrations.git_churn import Churn
    from releasewatch.integrations.git_walk import Walk
    from releasewatch.ports import RangeWatch

FETCH_FOR = 300.0
"""Seconds that one fetch of a missing baseline may take."""

_SHAS_AT_ONCE = 20_000
"""Full shas that fit into one command line, with room to spare."""

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_KNOWN_AS = re.compile(r"tag '(.+)' is externally known as ")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")

_FULL_HISTORY = "clone with full history and --filter=blob:none (in GitHub Actions: fetch-depth: 0, filter: blob:none)"


def open_history(path: Path | str, *, fetch_missing: bool = True, fetch_for: float = FETCH_FOR) -> GitHistory:
    """The repo that a folder belongs to (from any subfolder, work tree or bare repo).

    `fetch_missing` allows to fetch a baseline that the clone lacks, for `fetch_for` seconds a fetch. Raises
    InvalidCallError when there is no repo, GitFailedError when git is missing or refuses to read it.
    """
    return GitHistory(GitCommands(Path(path)), fetch_missing=fetch_missing, fetch_for=fetch_for)


class GitHistory:
    """The `History` of one repo. No method starts a process for each commit, path or tag.

    A name means one commit to the end, and a commit that was here stays: git is asked for each once, HEAD at the
    beginning. Where a branch moves meanwhile, what is read is still of one piece.
    """

    def __init__(self, commands: GitCommands, *, fetch_missing: bool, fetch_for: float = FETCH_FOR) -> None:
        self._commands = commands
        self._fetcher = GitFetcher(commands, fetch_for) if fetch_missing else None
        # One process for two questions; of a repo without a commit the second has no answer.
        told = os.fsdecode(commands.read("rev-parse", "--git-path", "shallow", "--revs-only", "HEAD^{commit}"))
        where, _, head = told.removesuffix("\n").partition("\n")
        self._shallow_file = commands.folder / where
        self._named = {"HEAD": head} if _SHA.fullmatch(head) else {}
        self._known = set(self._named.values())
        self._begun: dict[tuple[str, str], Begun] = {}

    def resolve(self, rev: str) -> str:
        """The full sha of a commit-ish (annotated tags are peeled); raises UnknownNameError.

        Names come from people and from CI variables: what could be an option, or breaks a line, never reaches git.
        """
        if not rev or rev.startswith("-") or len(rev) > 4096 or _UNPRINTABLE.search(rev) or not _encodable(rev):
            raise UnknownNameError(
                f"{rev[:100]!a} cannot be the name of a commit.", "Give a sha, a tag or a branch; or HEAD."
            )
        if _SHA.fullmatch(rev):
            # Not by rev-parse: for a commit that is missing, that would make a partial clone ask its server.
            for sha in self._present(rev):
                return sha
        elif rev in self._named:
            return self._named[rev]
        else:
            status, output, _ = self._commands.ask(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}"
            )
            sha = output.decode("utf-8", "replace").strip()
            if status == 0 and _SHA.fullmatch(sha):
                self._named[rev] = sha
                self._known.add(sha)
                return sha
            if status > 1:
                # git refuses some names as it reports failures (@{upstream} without one): is it the repo, or the name?
                self._commands.read("rev-parse", "--git-dir")
        raise self._unknown(rev)

    def contains(self, sha: str) -> bool:
        """Whether this clone holds the commit with this full sha; never fetches."""
        return _SHA.fullmatch(sha) is not None and bool(self._present(sha))

    def is_shallow(self) -> bool:
        """Whether this clone ends at a shallow boundary."""
        return bool(self._boundary())

    def is_ancestor(self, ancestor: str, descendant: str) -> bool | None:
        """Whether one commit is in the other's history; None when a shallow boundary hides the answer."""
        present = self._present(_full(ancestor), _full(descendant))
        if descendant not in present:
            raise self._unknown(descendant)
        boundary = self._boundary()
        if ancestor not in present:
            return None if boundary else False
        status, _, words = self._commands.ask("merge-base", "--is-ancestor", ancestor, descendant)
        if status > 1:
            raise self._commands.failure("merge-base", status, words)
        if status == 0 or not boundary:
            return status == 0
        from releasewatch.integrations.git_walk import boundary_reached

        # It can only be hidden behind a boundary commit that is not older than itself.
        committed = self._committed(ancestor)
        ends = boundary_reached(self._commands, boundary, descendant)
        return None if any(end >= committed for end in ends.values()) else False

    def nearest_tag(self, head: str, among: Collection[str] | None = None) -> tuple[str, str] | None:
        """`(tag, sha)` of the nearest tag on an earlier commit than head, or None; nearest as `git describe` counts.

        `among`: of these alone. Else, where several packages have tags of their own, those say nothing of everything
        else, and do not count.
        """
        _full(head)
        tags = self._tags()
        of_packages = self._package_tags(tags) if among is None else tags.keys() - set(among)
        aside = [name for name, sha in tags.items() if sha == head or name in of_packages]
        if len(aside) == len(tags):
            return None
        # No tag name can hold a pattern's letters (git check-ref-format), so each excludes, or names, itself only.
        if among is None:
            chosen = [f"--exclude={name}" for name in aside]
        else:
            chosen = [f"--match={name}" for name in tags.keys() - set(aside)]
        status, output, words = self._commands.ask("describe", "--tags", "--abbrev=0", *chosen, head)
        if status != 0 and ("No tags can describe" in words or "No names found" in words):
            return None
        # An annotated tag may hold another name inside than its ref has: git tells the inner one, and warns.
        renamed = _KNOWN_AS.search(words)
        name = renamed[1] if renamed else output.decode("utf-8", "surrogateescape").removesuffix("\n")
        if status != 0 and not self._present(head):
            raise self._unknown(head)
        if status != 0 or name not in tags:
            raise self._commands.failure("describe", status, words)
        return name, tags[name]

    def package_tags(self) -> frozenset[str]:
        """The tags that name one package of several."""
        return self._package_tags(self._tags())

    def _package_tags(self, tags: Iterable[str]) -> frozenset[str]:
        """The tags of single packages, where there is more than one such package."""
        from releasewatch.domain.tag_names import package_of

        of_tag = {name: package for name in tags if (package := package_of(name)) is not None}
        if len(set(of_tag.values())) < 2:
            return frozenset()
        repo = self.remote_path() or ""
        return frozenset(name for name in of_tag if package_of(name, repo) is not None)

    def tags(self) -> list[Tag]:
        """Every tag with its commit and its instant, by name; three processes, however many there are."""
        from releasewatch.domain.past import Tag

        listed = self._commands.read("for-each-ref", "--format=%(refname:strip=2)%00%(taggerdate:unix)", "refs/tags")
        made = dict(line.split("\0") for line in listed.decode("utf-8", "surrogateescape").split("\n") if line)
        shas = self._tags()
        committed: dict[str, str] = {}
        wanted = sorted(set(shas.values()))
        for start in range(0, len(wanted), _SHAS_AT_ONCE):
            lines = self._commands.read(
                "rev-list", "--no-walk=unsorted", "--ignore-missing", "--missing=allow-any", "--timestamp",
                *wanted[start : start + _SHAS_AT_ONCE], "--",
            ).decode("ascii")  # fmt: skip
            committed |= {sha: seconds for seconds, sha in (line.split(" ") for line in lines.split("\n") if line)}
        return [
            Tag(name, sha if sha in committed else None, _instant(made.get(name) or committed.get(sha, "")))
            for name, sha in sorted(shas.items())
        ]

    def blobs_at(self, rev: str, paths: Collection[str]) -> Mapping[str, str]:
        """The blob id of each path that is a file in the tree of a commit; of a submodule, the commit it points at."""
        return {path: sha for path, (_, sha) in self._entries(rev, paths).items()}

    def paths_at(self, rev: str) -> list[str]:
        """Every file in the tree of a commit-ish, in git's order."""
        listed = self._commands.read("ls-tree", "-r", "-z", "--name-only", "--full-tree", self.resolve(rev))
        return [os.fsdecode(path) for path in listed.split(b"\0") if path]

    def churn(self, rev: str, since: datetime) -> Churn:
        """How many commits in the history of a commit-ish touched each path from an instant on; one process."""
        from releasewatch.integrations.git_churn import read_churn

        return read_churn(self._commands, self.resolve(rev), since, self._boundary())

    def file_at(self, rev: str, path: str) -> bytes | None:
        """The content of one file at a commit, or None when it is not there.

        The one thing that a partial clone may have to ask its server for; only when fetching is allowed.
        """
        kind, blob = self._entries(rev, [path]).get(path, ("", ""))
        if kind != "blob":
            return None
        status, content, words = self._commands.ask("cat-file", "blob", blob)
        if status == 0:
            return content
        if self._fetcher is None:
            raise self._commands.failure("cat-file", status, words)
        return self._fetcher.fetch_blob(blob)

    def remote_path(self) -> str | None:
        """The path of the remote `origin` without host and `.git` (`owner/name`), or None; of a folder, its name."""
        from releasewatch.domain.clone_urls import path_of_remote

        url = self._commands.read("ls-remote", "--get-url", "origin").decode("utf-8", "replace").strip()
        return None if url == "origin" else path_of_remote(url)

    def actor_email(self) -> str | None:
        """`user.email` of git's configuration, or None."""
        status, output, words = self._commands.ask("config", "--get", "user.email")
        if status > 1:
            raise self._commands.failure("config", status, words)
        return output.decode("utf-8", "replace").strip() or None

    @contextmanager
    def ahead(self, base: str, head: str) -> Iterator[None]:
        """Have git at work on a range of two commit-ishes while the caller loads what it needs to `read_range` it.

        What is wrong with the range is said when it is read, and a shallow clone may have to be deepened first.
        """
        with suppress(ReleasewatchError):
            ends = self.resolve(base), self.resolve(head)
            if ends[0] != ends[1] and not self._boundary():
                self._begun[ends] = Begun(self._commands, *ends)
        try:
            yield
        finally:
            while self._begun:
                self._begun.popitem()[1].give_up()

    def read_range(self, base: str | None, head: str, watch: RangeWatch | None = None) -> Range:
        """The difference of two full shas; with base None a range of kind `unknown` without changes or paths.

        What the clone lacks is fetched where that is allowed: base for the difference, then history. When it cannot be
        had, the range says so; `added` then holds only commits newer than base, which surely are no part of it, and
        nothing when base itself is missing.
        """
        from releasewatch.domain.releases import Range
        from releasewatch.integrations.git_ranges import complete_range, cut_range

        present = self._present(*{_full(head), _full(head if base is None else base)})
        if head not in present:
            raise self._unknown(head)
        if base is None:
            return Range("unknown", None, head, removed=None)
        if base == head:
            return Range("none", base, head)
        if base not in present and (why_not := self._fetch(base)):
            return Range("unknown", base, head, removed=None, history_complete=False, why_incomplete=why_not)
        found, why_not = self._walk(base, head, watch)
        if found.cut_off_at is None:
            return complete_range(self._commands, base, head, found)
        return cut_range(base, head, found, self._committed(base), why_not)

    def _entries(self, rev: str, paths: Collection[str]) -> dict[str, tuple[str, str]]:
        """`(blob or commit, sha)` of each path that is a file or a submodule in the tree of a commit; one process."""
        wanted = {path.encode("utf-8", "surrogateescape"): path for path in paths if path and "\0" not in path}
        sha = rev if _SHA.fullmatch(rev) else self.resolve(rev)
        which = [f":(literal){path}" for path in wanted.values()]
        everything = sum(map(len, which)) > MANY_PATHS
        found: dict[str, tuple[str, str]] = {}
        try:
            with self._commands.stream(
                "ls-tree", "-z", "--full-tree", *(["-r", sha] if everything else [sha, "--", *which])
            ) as entries:
                for entry in entries:
                    what, _, name = entry.partition(b"\t")
                    _, kind, blob = what.decode("ascii").split(" ")
                    if name in wanted and kind != "tree":
                        found[wanted[name]] = (kind, blob)
        except GitFailedError:
            if not self._present(sha):
                raise self._unknown(rev) from None
            raise
        return found

    def _fetch(self, base: str) -> str:
        """Fetch a missing base; returns why it could not be had, or nothing."""
        boundary = self._boundary()
        why = f"commit {base}, the baseline, is not in this {'shallow ' if boundary else ''}clone"
        mend = _FULL_HISTORY if boundary else "if a remote still has it, run: git fetch REMOTE " + base
        if self._fetcher is not None:
            try:
                self._fetcher.fetch_commit(base, shallow=bool(boundary))
            except GitFailedError as error:
                why += f" and could not be fetched ({error.message.rstrip('.')})"
            else:
                if self._present(base):
                    return ""
        return f"{why}; {mend}"

    def _walk(self, base: str, head: str, watch: RangeWatch | None) -> tuple[Walk, str]:
        """The walk, after deepening where needed and allowed; and why it is cut off, if it is."""
        from releasewatch.integrations.git_walk import boundary_reached, walk

        found = walk(self._commands, base, head, self._boundary(), self._begun.pop((base, head), None), watch)
        failed = ""
        if found.cut_off_at is not None and self._fetcher is not None:
            try:
                for _ in self._fetcher.deepen(lambda: boundary_reached(self._commands, self._boundary(), base, head)):
                    found = walk(self._commands, base, head, self._boundary(), watch=watch)
                    if found.cut_off_at is None:
                        break
            except GitFailedError as error:
                failed = f" and more could not be fetched ({error.message.rstrip('.')})"
        why = f"the history of {head} is cut off at {found.cut_off_at} in this shallow clone{failed}; {_FULL_HISTORY}"
        return found, why

    def _present(self, *shas: str) -> list[str]:
        """Those of some full shas that are commits here. `--missing` keeps a partial clone from asking its server."""
        asked = [sha for sha in shas if sha not in self._known]
        found: list[str] = []
        if asked:
            found = self._commands.read(
                "rev-list", "--no-walk=unsorted", "--ignore-missing", "--missing=allow-any", *asked, "--"
            ).decode("ascii").split()  # fmt: skip
        present = [sha for sha in shas if sha in self._known]
        self._known.update(found)
        return present + found

    def _committed(self, sha: str) -> int:
        return int(self._commands.read("rev-list", "--no-walk", "--timestamp", sha, "--").split()[0])

    def _boundary(self) -> frozenset[str]:
        """The commits whose parents this clone lacks; empty in a full clone. Read anew: a fetch may have moved it."""
        if not self._shallow_file.is_file():
            return frozenset()
        return frozenset(self._shallow_file.read_text("ascii").split())

    def _tags(self) -> dict[str, str]:
        """Every tag with the sha of what it names in the end."""
        status, output, words = self._commands.ask("show-ref", "--tags", "--dereference")
        if status > 1:
            raise self._commands.failure("show-ref", status, words)
        tags: dict[str, str] = {}
        for line in output.decode("utf-8", "surrogateescape").split("\n"):
            sha, _, ref = line.partition(" ")
            if ref:
                tags[ref.removeprefix("refs/tags/").removesuffix("^{}")] = sha  # the peeled line comes second
        return tags

    def _unknown(self, rev: str) -> UnknownNameError:
        hint = (
            f"It may be missing from this shallow clone: {_FULL_HISTORY}."
            if self.is_shallow()
            else ("Tags and other branches may have to be fetched first: git fetch --tags.")
        )
        return UnknownNameError(f"No commit is called {rev!a} in {self._commands.folder}.", hint)


def _instant(seconds: str) -> datetime | None:
    """An instant in UTC from git's seconds; histories hold dates that are missing, or beyond every calendar."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _full(sha: str) -> str:
    if not _SHA.fullmatch(sha):
        raise UnknownNameError(f"{sha[:100]!a} is not a full commit sha.", "Give the whole sha (git rev-parse NAME).")
    return sha


def _encodable(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True
