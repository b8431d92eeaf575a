"""Tests on data that nobody on this project wrote; skipped when it is not there."""
