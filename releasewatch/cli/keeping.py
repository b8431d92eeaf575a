"""What is kept of a record that the ledger does not take: all that the clone can settle, else what was said."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from releasewatch.cli.output import without_credentials
from releasewatch.errors import (
    ConfigError,
    LedgerUnavailableError,
    LedgerVersionError,
    OutsideFailedError,
    ReleasewatchError,
    TimedOutError,
)
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Callable

    from releasewatch.domain.spool import SpooledRecord
    from releasewatch.usecases.record_facts import RecordRequest


class BugError(OutsideFailedError):
    """What a bug is called in the spool."""

    code = "bug"


_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


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
        if isinstance(error, LedgerUnavailableError | LedgerVersionError | TimedOutError):
            return True
        if not isinstance(error, ReleasewatchError):
            return True  # it was told to end
        return self._errors and isinstance(error, OutsideFailedError | ConfigError)

    def record(self, trouble: ReleasewatchError) -> SpooledRecord:
        """What is kept. Raises `trouble` where not even the commit is known."""
        if self._settled is not None:
            return self._settled
        facts = self._facts or self._ask()
        if self._can_settle(facts) and trouble.code != BugError.code:
            try:
                return self._settle(facts)
            except (OutsideFailedError, ConfigError):
                if not self._errors:
                    raise
        return self._raw(facts, trouble)

    def _can_settle(self, facts: RecordRequest) -> bool:
        """Whether it can be put together without the ledger; where there is no clone, only that knows the release."""
        return facts.stated_kind == "change" or not facts.release or self._app.history_or_none is not None

    def _settle(self, facts: RecordRequest) -> SpooledRecord:
        from releasewatch.usecases.spool import settle

        return settle(self._app.surroundings(git=facts.stated_kind != "change"), _without_secrets(facts))

    def _raw(self, facts: RecordRequest, trouble: ReleasewatchError) -> SpooledRecord:
        from releasewatch.usecases.spool import keep_raw

        repo = self._app.repo_name()[0] or ""
        return keep_raw(_without_secrets(facts), repo, self._head(facts, trouble))

    def _head(self, facts: RecordRequest, trouble: ReleasewatchError) -> str | None:
        history = self._app.history_or_none
        if facts.stated_kind == "change" or (facts.release and history is None):
            return None
        if history is not None:
            return history.resolve(facts.head)
        if _SHA.fullmatch(facts.head):
            return facts.head
        raise trouble


def _without_secrets(facts: RecordRequest) -> RecordRequest:
    return replace(facts, url=without_credentials(facts.url))  # the log will hold it
