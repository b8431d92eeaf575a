"""`python -m releasewatch` is the command `releasewatch`."""

from releasewatch.cli.main import run

run()
