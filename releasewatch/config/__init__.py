"""The configuration of a repo: its shape, how it is found, read and checked, and where each setting comes from."""

from releasewatch.config.ledger_address import DEFAULT_FILE, LedgerAddress
from releasewatch.config.loading import Config, config_at, find_git_root, load_config, parse_config, read_file
from releasewatch.config.organisation import (
    ORGANISATION_FILE,
    OrganisationSettings,
    find_organisation_file,
    is_organisation_file,
    load_organisation,
    organisation_sections,
    parse_organisation,
    pushed_settings,
    tables_lacking,
    with_organisation,
)
from releasewatch.config.schema import OWN
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
    "ORGANISATION_FILE",
    "OWN",
    "REPO",
    "SPOOL",
    "VARIABLES",
    "Config",
    "LedgerAddress",
    "OrganisationSettings",
    "Setting",
    "Sources",
    "config_at",
    "find_git_root",
    "find_organisation_file",
    "is_organisation_file",
    "list_settings",
    "load_config",
    "load_organisation",
    "organisation_sections",
    "parse_config",
    "parse_organisation",
    "pushed_settings",
    "read_file",
    "resolve_ledger",
    "resolve_repo",
    "resolve_spool",
    "tables_lacking",
    "with_organisation",
]
