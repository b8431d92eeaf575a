"""Tests of `releasewatch.usecases`."""
