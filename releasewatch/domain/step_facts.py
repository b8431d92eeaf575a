"""What a shipped step leaves in its log where the program cannot be had: what its shell knows, in one line.

`ci/record-deployment.sh` writes it with what every POSIX system has: names and values, each followed by a NUL, in hex,
and what `cksum` makes of that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

MARK = "releasewatch-facts:"
VERSION = 1

_LINE = re.compile(re.escape(MARK) + r"(?P<version>\d+):(?P<hex>(?:[0-9a-f]{2})+):(?P<sum>\d{1,10})(?!\d)")
_POLYNOMIAL = 0x04C11DB7
_ALL = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What a step was told, and by what: `variables` of its environment, `words` of its call.

    `head`: the commit that git named there; None where there was no git, or no clone. `cloned`: the deployed repo was
    to be cloned, and is not the one that the step stands in. `checksum` is the same for the same line. `run` is what
    the program was told where CI says no run: what it recorded before it was killed is the same record.
    """

    at: datetime
    checksum: str
    variables: dict[str, str] = field(default_factory=dict)
    words: Sequence[str] = ()
    head: str | None = None
    cloned: bool = False
    run: str | None = None


def read_step_facts(line: str) -> StepFacts:
    """The facts that a line holds, whatever stands before and after it; raises ValueError with the reason."""
    found = _LINE.search(line)
    if found is None:
        raise ValueError("it is cut off, or was never what a step left")
    if found["version"] != str(VERSION):
        raise ValueError(f"it was left in form {found['version']}, and this releasewatch reads form {VERSION} alone")
    if cksum(found["hex"].encode()) != int(found["sum"]):
        raise ValueError("it is damaged: its checksum does not fit")
    told = bytes.fromhex(found["hex"]).decode(errors="replace").split("\0")
    pairs = list(zip(told[::2], told[1::2], strict=False))
    own = dict(pairs)
    try:
        at = datetime.fromisoformat(own.get("at", ""))
    except ValueError as error:
        raise ValueError("it holds something else than what a step leaves") from error
    if at.tzinfo is None:
        raise ValueError("it holds something else than what a step leaves")
    return StepFacts(
        at,
        found["sum"],
        {name: value for name, value in pairs if name.isupper()},
        [f"{name}={value}" for name, value in pairs if name.startswith("--")],
        own.get("git"),
        "clone" in own,
        own.get("run"),
    )


def cksum(data: bytes) -> int:
    """The sum that POSIX' `cksum` prints first."""
    length, tail = len(data), bytearray()
    while length:
        tail.append(length & 0xFF)
        length >>= 8
    crc = 0
    for byte in data + bytes(tail):
        crc ^= byte << 24
        for _ in range(8):
            crc = ((crc << 1) ^ _POLYNOMIAL if crc & 0x80000000 else crc << 1) & _ALL
    return crc ^ _ALL
