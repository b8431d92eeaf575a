"""The configuration of a repo: its shape, how it is found, read and checked, and where each setting comes from."""

from releasewatch.config.ledger_address import DEFAULT_FILE, LedgerAddress
from releasewatch.config.loading import Config, config_at, find_git_root, load_config, parse_config
from releasewatch.config.settings import (
    CONFIG_FILE,
    DATABASE,
    REPO,
    SPOOL,
    VARIABLES,
    Setting,
    Sources,
    list_settings,
    resolve_ledger,
    resolve_repo,
    resolve_spool,
)

__all__ = [
    "CONFIG_FILE",
    "DATABASE",
    "DEFAULT_FILE",
    "REPO",
    "SPOOL",
    "VARIABLES",
    "Config",
    "LedgerAddress",
    "Setting",
    "Sources",
    "config_at",
    "find_git_root",
    "list_settings",
    "load_config",
    "parse_config",
    "resolve_ledger",
    "resolve_repo",
    "resolve_spool",
]
