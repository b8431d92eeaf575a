"""What the name of an artifact says of the commit and the release that it was built from (package URLs)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

_SHA = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Artifact:
    """`releases`: names that a release of it may have, the likeliest first; `commits`: full shas that it names."""

    releases: tuple[str, ...]
    commits: tuple[str, ...]


def read_artifact(text: str) -> Artifact:
    """Read a package URL (`pkg:oci/shop@sha256:…?tag=1.4.0`), or any other name (`shop:1.4.0`, `1.4.0`, a sha).

    The commit: the version when it is a full sha, the qualifier `commit`, or what follows the last `@` in `vcs_url`.
    """
    names: list[str] = []
    commits: list[str] = []
    if text.startswith("pkg:"):
        path, _, rest = text.partition("#")[0].partition("?")
        qualifiers = dict(parse_qsl(rest, keep_blank_values=False))
        _, at, version = path.rpartition("@")
        version = unquote(version) if at else ""
        names += [version, qualifiers.get("tag", "")]
        commits += [version, qualifiers.get("commit", ""), qualifiers.get("vcs_url", "").rpartition("@")[2]]
    else:
        version = re.split("[@:]", text.rsplit("/", 1)[-1], maxsplit=1)[-1]
        names += [version]
        commits += [version]
    names.append(text)
    return Artifact(
        tuple(dict.fromkeys(filter(None, names))),
        tuple(dict.fromkeys(one.lower() for one in commits if _SHA.fullmatch(one.lower()))),
    )


def write_artifact(component: str, release: str, head: str) -> str:
    """A package URL for a component at a commit: its version is the release, where it has one, else the commit."""
    name = "/".join(quote(part, safe="") for part in component.split("/"))
    if not release:
        return f"pkg:generic/{name}@{head}"
    return f"pkg:generic/{name}@{quote(release, safe='')}?commit={head}"
