"""Where a forge's API is, by its site; without loading what speaks to it."""

from __future__ import annotations

from urllib.parse import urlsplit

SITES = {"github": "https://github.com", "gitlab": "https://gitlab.com"}
_PATHS = {"github": "/api/v3", "gitlab": "/api/v4"}


def api_of(kind: str, site: str) -> str:
    """The address of the REST API of a site: of github.com its own host, else a path below the site's own."""
    if kind == "github" and (urlsplit(site).hostname or "") in ("github.com", "www.github.com", "api.github.com"):
        return "https://api.github.com"
    site = site.rstrip("/")
    return site if site.endswith(_PATHS[kind]) else site + _PATHS[kind]
