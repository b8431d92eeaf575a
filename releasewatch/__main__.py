"""`python -m releasewatch` is the command `releasewatch`."""

from releasewatch.cli.main import start

start()
