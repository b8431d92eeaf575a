"""Which address a repo may be cloned from: what git would run as a program is none, and a secret is taken out of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from releasewatch.domain.hosts import is_loopback
from releasewatch.errors import CloneAddressError
from releasewatch.secret import Secret

PROTOCOLS = ("https", "http", "ssh", "git", "file")
"""What git may speak. Not `ext::` and its like: they run what the address says."""

_HELPER = re.compile(r"[\w.+-]*::")
_SCHEME = re.compile(r"([a-zA-Z][\w.+-]*)://")
_SCP_LIKE = re.compile(r"[^/:]+:")  # git's host:path form: no slash before the first colon
_LONGEST = 2000
_MOST_OF_A_NAME = 20
"""Letters of a user that is named without a password; a longer one is taken for a token."""

_FORMS = "As in https://HOST/OWNER/REPO.git or git@HOST:OWNER/REPO.git."


@dataclass(frozen=True, slots=True)
class CloneUrl:
    """Where a repo is cloned from: `url` holds no secret. `scope`: scheme, host and port that `password` is for."""

    url: str
    scope: str = ""
    user: str = ""
    password: Secret | None = None

    @property
    def path(self) -> str:
        """The repo's path on its host, as CI systems call it: `owner/name`."""
        scheme = _SCHEME.match(self.url)
        rest = self.url[scheme.end() :].partition("/")[2] if scheme else self.url.rpartition(":")[2]
        return rest.strip("/").removesuffix(".git").rstrip("/")


def read_clone_url(text: str, *, typed: bool) -> CloneUrl:
    """An address to clone from. `typed`: it stands on the command line, where everybody on the machine can read it.

    Raises CloneAddressError, whose message never holds the address.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST or not text.isprintable() or " " in text:
        raise CloneAddressError("The address to clone from cannot be read.", _FORMS)
    if text.startswith("-") or _HELPER.match(text):
        raise CloneAddressError("An address to clone from names a repo, not an option or a program of git.", _FORMS)
    scheme = _SCHEME.match(text)
    if scheme is None:
        return CloneUrl(text)
    protocol = scheme[1].lower()
    if protocol not in PROTOCOLS:
        raise CloneAddressError(f"A repo is not cloned by {protocol}://.", _FORMS)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise CloneAddressError("The address to clone from has no readable host and port.", _FORMS) from None
    if protocol == "file":
        return CloneUrl(text)
    if not host:
        raise CloneAddressError("The address to clone from names no host.", _FORMS)
    user, at, place = parts.netloc.rpartition("@")
    if not at:
        return CloneUrl(text)
    name, colon, password = user.partition(":")
    if protocol in ("http", "https"):
        _check_secret(protocol, host, name, password, typed=typed)
        plain = parts._replace(netloc=place).geturl()
        where = f"[{host}]" if ":" in host else host
        scope = f"{protocol}://{where}:{port}" if port is not None else f"{protocol}://{where}"
        return CloneUrl(plain, scope, unquote(name), Secret(unquote(password)))
    if colon:
        raise CloneAddressError(f"{protocol}:// takes no password in the address.", "Use a key, or https://.")
    return CloneUrl(text)


def _check_secret(protocol: str, host: str, name: str, password: str, *, typed: bool) -> None:
    if typed and (password or len(name) > _MOST_OF_A_NAME):
        raise CloneAddressError(
            "A password or token must not stand on the command line.",
            "Put the address into RELEASEWATCH_RECORD_CLONE, and leave --clone out.",
        )
    if protocol == "http" and not is_loopback(host):
        raise CloneAddressError("A password is not sent over http://, where everybody can read it.", "Use https://.")


def path_of_remote(url: str) -> str | None:
    """`owner/name` of `https://host/owner/name.git`, `git@host:owner/name`; of a local folder its name alone."""
    scheme, _, rest = url.rpartition("://")
    if scheme in ("", "file") and (scheme or not _SCP_LIKE.match(url)):
        path = url.rstrip("/").removesuffix("/.git").rpartition("/")[2].removesuffix(".bundle")
    elif scheme:
        path = rest.partition("/")[2]
    else:
        path = url.partition(":")[2]
    return path.strip("/").removesuffix(".git").rstrip("/") or None
