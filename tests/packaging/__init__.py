"""Tests of what is built from this repo: wheel, sdist and editable install."""
