"""What is kept of a record that the ledger does not take: all that the clone can settle, else what was said."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from releasewatch.cli.output import without_credentials
from releasewatch.errors import (
    CloneAddressError,
    CloneFailedError,
    ConfigError,
    InvalidCallError,
    LedgerUnavailableError,
    LedgerVersionError,
    NotALedgerError,
    OutsideFailedError,
    ReleasewatchError,
    TimedOutError,
    UnknownNameError,
)
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Callable

    from releasewatch.domain.spool import SpooledRecord
    from releasewatch.integrations.git_history import GitHistory
    from releasewatch.usecases.record_facts import RecordRequest


class BugError(OutsideFailedError):
    """What a bug is called in the spool."""

    code = "bug"


_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_LIKE_A_SHA = re.compile(r"[0-9a-f]{7,64}")
"""The name of a commit that no slip of the pen makes: another clone has it."""


class Keeping:
    """A record that is about to be made. `errors`: it is kept whatever goes wrong, unless the call itself is wrong."""

    def __init__(self, app: App, ask: Callable[[], RecordRequest], errors: bool) -> None:
        self._app = app
        self._ask = ask
        self._errors = errors
        self._facts: RecordRequest | None = None
        self._settled: SpooledRecord | None = None

    def settle(self) -> RecordRequest:
        """What is to be recorded, settled first of all where that is possible, so that time does not run out on it."""
        self._facts = self._ask()
        if self._can_settle(self._facts):
            self._settled = self._settle(self._facts)
        return self._facts

    def takes(self, error: BaseException) -> bool:
        """Whether the record is kept for later because of this error."""
        if isinstance(error, LedgerUnavailableError | LedgerVersionError | TimedOutError | CloneFailedError):
            return True
        if not isinstance(error, ReleasewatchError):
            return True  # it was told to end
        if not self._errors:
            return False
        if isinstance(error, OutsideFailedError | ConfigError | NotALedgerError | CloneAddressError):
            return True
        return isinstance(error, InvalidCallError) and (self._has_no_clone() or self._lacks_head(error))

    def record(self, trouble: ReleasewatchError) -> SpooledRecord:
        """What is kept. Raises `trouble` where not even the commit is known, and not everything is kept."""
        if self._settled is not None:
            return self._settled
        facts = self._facts or self._ask()
        if self._can_settle(facts) and trouble.code != BugError.code:
            try:
                return self._settle(facts)
            except ReleasewatchError as error:
                if not self.takes(error):
                    raise
        return self.raw(trouble)

    def _has_no_clone(self) -> bool:
        """Nothing can be looked up here, and so nothing that was said can be called wrong here."""
        about_git = self._facts is not None and self._facts.stated_kind != "change"
        return about_git and self._app.history_or_none is None

    def _lacks_head(self, error: InvalidCallError) -> bool:
        """A sha that this clone does not know: it is too shallow, or of another repo."""
        history = self._app.history_or_none
        if history is None or self._facts is None or not isinstance(error, UnknownNameError):
            return False
        return _LIKE_A_SHA.fullmatch(self._facts.head) is not None and _resolved(history, self._facts.head) is None

    def _can_settle(self, facts: RecordRequest) -> bool:
        """Whether it can be put together without the ledger; where there is no clone, only that knows the release."""
        return facts.stated_kind == "change" or not facts.release or self._app.history_or_none is not None

    def _settle(self, facts: RecordRequest) -> SpooledRecord:
        from releasewatch.usecases.spool import settle

        return settle(self._app.surroundings(git=facts.stated_kind != "change"), _without_secrets(facts))

    def raw(self, trouble: ReleasewatchError) -> SpooledRecord:
        """What was said, and nothing else. Raises `trouble` as `record` does."""
        facts = self._facts or self._ask()
        from releasewatch.usecases.spool import keep_raw

        repo = self._app.repo_name()[0] or ""
        if facts.stated_kind == "change" or (facts.release and not self._knows_head(facts)):
            return keep_raw(_without_secrets(facts), repo, None)
        head = self._head(facts)
        if head is None and not self._errors and not isinstance(trouble, CloneFailedError):
            raise trouble
        return keep_raw(_without_secrets(facts), repo, head, "" if head else facts.head)

    def _knows_head(self, facts: RecordRequest) -> bool:
        """Whether what is called the head is of the deployed repo: a job without a clone may be of another one."""
        known = self._app.history_or_none is not None or self._app.clone is not None or facts.head_is_given
        return known and self._head(facts) is not None

    def _head(self, facts: RecordRequest) -> str | None:
        history = self._app.history_or_none
        found = None if history is None else _resolved(history, facts.head)
        return found or (facts.head if _SHA.fullmatch(facts.head) else None)


def _resolved(history: GitHistory, rev: str) -> str | None:
    try:
        return history.resolve(rev)
    except ReleasewatchError:
        return None


def _without_secrets(facts: RecordRequest) -> RecordRequest:
    return replace(facts, url=without_credentials(facts.url))  # the log will hold it
