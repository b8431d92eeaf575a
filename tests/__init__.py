"""The tests, in folders named as in the package."""
