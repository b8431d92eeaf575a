"""Tests of `releasewatch.storage`."""
