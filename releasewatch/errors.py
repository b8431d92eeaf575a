"""The one tree of errors that releasewatch raises on purpose; everything else is a bug.

Each error says in `message` what was wanted and what happened, and in `hint` what to do about it. `code` is the word
that machines read (`{"error": {"code": ...}}`). The exit status of each branch is decided in
`releasewatch.cli.exit_codes`.
Vendors' exceptions are translated into these once, where they appear.
"""


class ReleasewatchError(Exception):
    """The root: never raised itself."""

    code = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidCallError(ReleasewatchError):
    """The call is wrong: an option, a file the user wrote, a name nobody knows. Exit status 2."""

    code = "invalid_call"


class CloneAddressError(InvalidCallError):
    """What is named to clone from is no address that may be cloned."""


class ConfigError(InvalidCallError):
    """A setting is wrong; the message holds file, key and value."""

    code = "invalid_config"


class UnknownNameError(InvalidCallError):
    """A component, customer, deployment or revision that does not exist."""

    code = "unknown_name"


class AmbiguousNameError(InvalidCallError):
    """A name that several things answer to; the hint lists the candidates."""

    code = "ambiguous_name"


class TemplateError(InvalidCallError):
    """A template of the user's is wrong; the message names template and line."""

    code = "invalid_template"


class NotALedgerError(InvalidCallError):
    """What is named as the ledger is none, and cannot become one: an address of another kind, somebody else's file."""

    code = "not_a_ledger"


class LedgerVersionError(InvalidCallError):
    """The ledger's schema is newer than the program, or waits for `db upgrade`."""

    code = "ledger_version"


class OutsideFailedError(ReleasewatchError):
    """Something outside failed: ledger, git, forge, directory, mail. Exit status 3."""

    code = "outside_failed"


class LedgerUnavailableError(OutsideFailedError):
    """The ledger cannot be reached, read or written."""

    code = "ledger_unavailable"


class NotTakenError(OutsideFailedError):
    """A receiver did not take what was sent. `lasting`: sent again as it is, it would not be taken either; `wait`: the
    seconds that the receiver asks for before that.
    """

    code = "not_taken"

    def __init__(self, message: str, hint: str = "", *, lasting: bool = False, wait: float | None = None) -> None:
        super().__init__(message, hint)
        self.lasting = lasting
        self.wait = wait


class TimedOutError(OutsideFailedError):
    """The command was not done within the time that `--timeout` gave it."""

    code = "timed_out"


class GitFailedError(OutsideFailedError):
    """git is missing, refused to read the repo, or broke off."""

    code = "git_failed"


class CloneFailedError(GitFailedError):
    """The repo could not be cloned."""

    code = "clone_failed"


class RefusedError(ReleasewatchError):
    """A guard asks for an explicit word, or somebody else holds it. Exit status 4."""

    code = "refused"


class LeakError(RefusedError):
    """An outer document would hold what must not leave; the message names the category, never the text."""

    code = "leak"
