"""A repo that is cloned for one command (`--clone`): once, however often it is asked for, in a folder that goes."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.domain.clone_urls import CloneUrl, read_clone_url
from releasewatch.errors import CloneFailedError, InvalidCallError, ReleasewatchError, UnknownNameError

if TYPE_CHECKING:
    from releasewatch.config import Config
    from releasewatch.integrations.ci.facts import CiFacts
    from releasewatch.integrations.git_clone import ClonedHistory


class Clone:
    """A clone to be. `typed`: its address stands on the command line; `cwd`: what a path is relative to."""

    def __init__(self, address: str, cwd: Path, *, typed: bool) -> None:
        self._address = address
        self._cwd = cwd
        self._typed = typed
        self._made: ClonedHistory | None = None
        self._error: ReleasewatchError | None = None
        self.rev = "HEAD"
        self.folder: Path | None = None

    @property
    def path(self) -> str | None:
        """The repo's path on its host, `owner/name`; None where the address is none."""
        try:
            return self._url().path or None
        except InvalidCallError:
            return None

    def is_of(self, repo: str) -> bool:
        """Whether it is the repo that a CI system calls so: by its path, or the end of it."""
        return f"/{self.path or ''}".casefold().endswith(f"/{repo.strip('/')}".casefold())

    def history(self) -> ClonedHistory:
        """The clone, made when it is first asked for.

        Raises CloneAddressError, CloneFailedError or UnknownNameError; the same again when it is asked for again.
        """
        if self._error is not None:
            raise self._error
        if self._made is None:
            self._error = CloneFailedError("The repo was not cloned: that was broken off.", "Run the same again.")
            try:
                self._made = self._make()
            except ReleasewatchError as error:
                self._error = error
                raise
            self._error = None
        return self._made

    def remove(self) -> None:
        """Take the folder away, whatever is in it."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _make(self) -> ClonedHistory:
        from releasewatch.integrations.git_clone import clone

        url = self._url()
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="releasewatch-clone-"))
        except OSError as error:
            raise CloneFailedError(
                f"There is no room to clone the repo: {error.strerror}.", "Name a folder with TMPDIR."
            ) from error
        return clone(url, self.rev, self.folder)

    def _url(self) -> CloneUrl:
        url = read_clone_url(self._address, typed=self._typed)
        here = self._cwd / url.url
        return replace(url, url=str(here)) if "://" not in url.url and here.exists() else url


def head_of(clone: Clone | None, ci: CiFacts | None, given: str | None) -> str:
    """The commit that a deployment is of: as given, as CI says where it speaks of this repo, else HEAD.

    Raises InvalidCallError in the job of another repo than the one that is cloned: its commit says nothing.
    """
    if given is not None:
        return given
    told = ci.sha if ci is not None else None
    if clone is not None and ci is not None and ci.repo and not clone.is_of(ci.repo):
        raise InvalidCallError(
            f"This is a job of {ci.repo}, not of the repo to clone: it does not tell which commit was deployed.",
            "Name it: --head REV",
        )
    return told or "HEAD"


def config_of_clone(clone: Clone, ci: CiFacts | None, cwd: Path, *, settings: bool) -> Config:
    """The configuration at the commit that was cloned; where it names files, they are relative to `cwd`.

    `settings`: all but the catalog is asked for, which for a pull request is read at the commit that it goes into.
    """
    from releasewatch.config import Config, config_at

    history = clone.history()
    sha, more = history.resolve("HEAD"), ""
    if settings and ci is not None and ci.pull_request is not None:
        sha, more = _trusted(clone, history, ci), ", which the pull request goes into"
    found = config_at(lambda path: history.file_at(sha, path), sha)
    return Config(root=cwd) if found is None else replace(found, root=cwd, where=f"{found.where}{more}")


def _trusted(clone: Clone, history: ClonedHistory, ci: CiFacts) -> str:
    """A commit that no pull request chooses: the one that it goes into; of another repo, the newest accepted one."""
    if not ci.repo or clone.is_of(ci.repo):
        branch = (ci.base_branch or "").removeprefix("refs/heads/")
        for name in (ci.base, branch):
            if name:
                try:
                    return history.resolve(name)
                except UnknownNameError:
                    continue
    return history.default_head()
