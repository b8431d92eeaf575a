"""`python -m releasewatch` is the command `releasewatch`."""

from releasewatch.process import start

start()
