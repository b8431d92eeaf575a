"""Tests of `releasewatch.cli`."""
