"""Talks to people and pipelines; decides nothing."""
