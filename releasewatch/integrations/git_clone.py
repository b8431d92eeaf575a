"""A repo cloned for one command: the commit it is about, without contents of files; what else is needed, later."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from releasewatch.domain.clone_urls import PROTOCOLS
from releasewatch.errors import CloneFailedError, GitFailedError, UnknownNameError
from releasewatch.integrations.git_commands import GitCommands
from releasewatch.integrations.git_fetch import GitFetcher
from releasewatch.integrations.git_history import FETCH_FOR, GitHistory

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime
    from pathlib import Path

    from releasewatch.domain.clone_urls import CloneUrl
    from releasewatch.domain.past import Tag
    from releasewatch.integrations.git_churn import Churn

_HEAD = "refs/releasewatch/head"
_DEFAULT = "refs/releasewatch/default"
_EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_NO_CONTENTS = "--filter=blob:none"

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][\w./+-]{0,250}")
"""What a server knows of a commit: a branch or a tag. All else (HEAD~1, a part of a sha) git looks up here."""

_OTHERWISE = (
    # What servers say that give no single commit by its sha, no shallow history or no partial clone; in git's English.
    "not our ref", "unadvertised object", "shallow", "filter", "couldn't find remote ref", "does not support",
)  # fmt: skip

_USER, _PASSWORD = "RELEASEWATCH_CLONE_USER", "RELEASEWATCH_CLONE_PASSWORD"
_HELPER = f"""!f() {{ test "$1" = get && printf 'username=%s\\npassword=%s\\n' "${_USER}" "${_PASSWORD}"; }}; f"""
"""Hands git what stands in two variables: neither a file nor a command line ever holds it."""


def clone(url: CloneUrl, rev: str, folder: Path, *, fetch_for: float = FETCH_FOR) -> ClonedHistory:
    """Clone into an empty folder what a revision needs: the commit and its trees, where the server allows no more.

    `fetch_for`: seconds that one fetch may take. Raises CloneFailedError, or UnknownNameError where the server has no
    such commit.
    """
    commands = GitCommands(folder, _variables(url, folder))
    commands.read("init", "--quiet", "--bare", "--template=")
    commands.read("config", "remote.origin.url", url.url)
    fetcher = GitFetcher(commands, fetch_for)
    history = None
    try:
        if rev == "HEAD" or _SHA.fullmatch(rev) or _PLAIN_NAME.fullmatch(rev):
            history = _clone_one(commands, fetcher, rev, fetch_for)
        if history is None:
            _fetch_everything(fetcher)
            head = ClonedHistory(commands, fetch_for, called=None).resolve(rev)
            commands.read("update-ref", "--no-deref", "HEAD", head)
            history = ClonedHistory(commands, fetch_for, called=None)  # HEAD is read at the beginning
    except GitFailedError as error:
        raise CloneFailedError(
            f"The repo could not be cloned from {url.url}: {error.message.rstrip('.')}.",
            "May this job read that repo? Its address, with a token in it, goes into RELEASEWATCH_RECORD_CLONE.",
        ) from error
    return history


def _clone_one(commands: GitCommands, fetcher: GitFetcher, rev: str, fetch_for: float) -> ClonedHistory | None:
    """A clone of one commit; None where the server does not give that."""
    try:
        fetcher.fetch("--depth=1", _NO_CONTENTS, what=(f"+{rev}:{_HEAD}",))
    except GitFailedError as error:
        if not any(words in error.message for words in _OTHERWISE):
            raise
        return None
    head = commands.read("rev-parse", "--verify", f"{_HEAD}^{{commit}}").decode("ascii").strip()
    commands.read("update-ref", "--no-deref", "HEAD", head)
    return ClonedHistory(commands, fetch_for, called={rev: head})


def _fetch_everything(fetcher: GitFetcher, *options: str, more: Collection[str] = ()) -> None:
    try:
        fetcher.fetch(*options, _NO_CONTENTS, what=(*_EVERYTHING, *more))
    except GitFailedError as error:
        if not any(words in error.message for words in _OTHERWISE):
            raise
        fetcher.fetch(*options, what=_EVERYTHING)


def _variables(url: CloneUrl, folder: Path) -> Mapping[str, str]:
    """What every git of this clone gets: where it is, what it may speak, and how it says who it is."""
    known = {"GIT_DIR": str(folder), "GIT_ALLOW_PROTOCOL": ":".join(PROTOCOLS)}
    if url.password is None:
        return known  # git's own configuration says it
    told = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(told) if told.isdecimal() else 0
    # The empty one takes those of the user away: one that stores what worked would store this.
    for number, helper in enumerate(("", _HELPER), start=first):
        known[f"GIT_CONFIG_KEY_{number}"] = f"credential.{url.scope}.helper"
        known[f"GIT_CONFIG_VALUE_{number}"] = helper
    return known | {
        "GIT_CONFIG_COUNT": str(first + 2),
        _USER: url.user,
        _PASSWORD: url.password.reveal(),
    }


class ClonedHistory(GitHistory):
    """The history of a clone that began with one commit: what it lacks is fetched, and never taken for absent.

    Every method that asks the server raises GitFailedError when it cannot give what is needed.
    """

    def __init__(self, commands: GitCommands, fetch_for: float, *, called: Mapping[str, str] | None) -> None:
        """`called`: what the one commit that is here was asked for as; None where everything is here."""
        super().__init__(commands, fetch_missing=True, fetch_for=fetch_for)
        self._lacking = GitFetcher(commands, fetch_for)
        self._called = dict(called or {})
        self._is_whole = called is None
        self._asked: set[str] = set()

    def resolve(self, rev: str) -> str:
        """As any history; of what is not here the server is asked."""
        if rev in self._called:
            return self._called[rev]
        try:
            return super().resolve(rev)
        except UnknownNameError:
            if _SHA.fullmatch(rev):
                if not self.contains(rev):
                    raise
            elif self._is_whole:
                raise
            else:
                self._make_whole()
            return super().resolve(rev)

    def contains(self, sha: str) -> bool:
        """Whether there is such a commit, here or on the server."""
        if super().contains(sha):
            return True
        if sha in self._asked or not _SHA.fullmatch(sha):
            return False
        self._asked.add(sha)
        try:
            self._lacking.fetch_commit(sha, shallow=self.is_shallow())
        except GitFailedError:
            if not self._is_whole:
                self._make_whole()  # a server may give no commit by its sha, and have it
        return super().contains(sha)

    def is_ancestor(self, ancestor: str, descendant: str) -> bool | None:
        """As any history; a boundary that hides the answer is moved away."""
        found = super().is_ancestor(ancestor, descendant)
        if found is None and not self._is_whole:
            self._make_whole()
            return super().is_ancestor(ancestor, descendant)
        return found

    def nearest_tag(self, head: str, among: Collection[str] | None = None) -> tuple[str, str] | None:
        """As any history: for tags all of it is needed."""
        self._make_whole()
        return super().nearest_tag(head, among)

    def package_tags(self) -> frozenset[str]:
        """As any history: for tags all of it is needed."""
        self._make_whole()
        return super().package_tags()

    def tags(self) -> list[Tag]:
        """As any history: for tags all of it is needed."""
        self._make_whole()
        return super().tags()

    def churn(self, rev: str, since: datetime) -> Churn:
        """As any history, all of it."""
        self._make_whole()
        return super().churn(rev, since)

    def _make_whole(self) -> None:
        """All branches and tags with their whole history, and that of what was fetched beside them."""
        if self._is_whole:
            return
        boundary = self._boundary()
        _fetch_everything(self._lacking, *(("--unshallow",) if boundary else ()), more=boundary)
        self._is_whole = True

    def default_head(self) -> str:
        """The head of the branch that the server calls its default one."""
        self._lacking.fetch("--depth=1", _NO_CONTENTS, what=(f"+HEAD:{_DEFAULT}",))
        return super().resolve(_DEFAULT)
