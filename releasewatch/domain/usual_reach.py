"""Whether a deployment reaches unusually many customers, by what reached them before from the same components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

LOOKED_AT = 10
"""So many earlier deployments of a component are compared with, the newest."""

FEWEST = 4
"""Fewer say nothing of what is usual."""

TIMES = 2
"""So many times the median is a lot."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for a component: of how many earlier deployments that changed it, the median and the most."""

    component: str
    deployments: int
    median: int
    most: int


def usual_reach(before: Mapping[str, Sequence[int]]) -> list[Usual]:
    """What is usual for each component of which enough is known; `before`: customers reached, by component."""
    return [
        Usual(component, len(counts), median_low(counts), max(counts))
        for component, counts in sorted(before.items())
        if len(counts) >= FEWEST
    ]


def is_unusual(customers: int, usual: Sequence[Usual]) -> bool:
    """Whether so many were never reached before, by any of the components: more than the most, and twice the median.

    What is usual for one of them is usual for all: a small component is often deployed with a large one.
    """
    return bool(usual) and all(customers > one.most and customers >= TIMES * one.median for one in usual)
