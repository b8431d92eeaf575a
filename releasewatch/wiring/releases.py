"""The recorded release that stands in for a clone, in a deploy job without one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from releasewatch.errors import InvalidCallError, ReleasewatchError, UnknownNameError

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.releases import StoredRelease
    from releasewatch.wiring import App


def stored_release(app: App, ledger: Ledger, name: str, components: Sequence[str]) -> StoredRelease | None:
    """The recorded release to read where there is no clone, or the clone is not of the components' repo."""
    repos = {key.rpartition("/")[0] for key in components if "/" in key}
    if not name or (app.history_or_none is not None and (not repos or app.repo in repos)):
        return None
    try:
        return release_in_ledger(app, ledger, name, components)
    except UnknownNameError as error:
        if app.history_or_none is None:
            _raise_what_git_said(app)
        from releasewatch.usecases.releases import is_new

        if is_new(ledger):
            raise UnknownNameError(
                error.message,
                f"This ledger is new and empty: {app.ledger_address.printable}. "
                "Set RELEASEWATCH_DATABASE_URL to the one in which the build recorded the release.",
            ) from error
        raise


def release_in_ledger(app: App, ledger: Ledger, name: str, components: Sequence[str]) -> StoredRelease:
    """The recorded release of this name; raises UnknownNameError, AmbiguousNameError."""
    from releasewatch.usecases.releases import choose_release

    usual = None
    with suppress(ReleasewatchError):
        usual = app.repo
    return choose_release(ledger, name, components, usual)


def _raise_what_git_said(app: App) -> None:
    """Where git itself is missing or refuses, that is what is to be mended; that there is no repo is no failure."""
    with suppress(InvalidCallError):
        _ = app.history
