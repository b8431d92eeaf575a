"""The process that the command is, from before most of it is loaded."""

import atexit
import gc

GARBAGE = 300_000
"""New objects after which Python looks for cycles. Its 700 are for long lives: here nearly all that is made (modules,
tables, commits by the thousand) is kept to the end. To look at it took an eighth of a record, and a fourteenth even
when it was each 50,000; a record of 10,000 commits makes fewer than this many, and takes as much memory as then."""


def start() -> None:
    """Run what the command line says, as the one thing that this process is for."""
    gc.set_threshold(GARBAGE, 20, 20)
    atexit.register(gc.freeze)  # nor is there anything to look for in what ends with the process
    from releasewatch.cli.main import run  # a twentieth of its loading was to look for cycles

    run()
