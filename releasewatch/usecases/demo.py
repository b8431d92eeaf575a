"""A whole small world for the demo: components guessed from folders, and what the sample customers use of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from releasewatch.domain.catalog import Catalog, Component

GROUPING_FOLDERS = ("packages", "services", "apps", "libs", "crates", "modules", "components", "cmd", "internal", "src")
"""Folders whose own folders are rather the parts of a software than they are themselves."""

MOST = 12
REGIONS = ("eu", "us")
RINGS = ("early", "stable")


def guess_catalog(repo: str, paths: Sequence[str]) -> Catalog:
    """A catalog from the paths of a work tree: one component a folder, the largest ones first. Nothing depends on
    anything: that cannot be seen from folders."""
    sizes: dict[str, int] = {}
    for path in paths:
        parts = path.split("/")
        if len(parts) < 2 or parts[0].startswith("."):
            continue
        deep = parts[0] in GROUPING_FOLDERS and len(parts) > 2
        folder = "/".join(parts[:2]) if deep else parts[0]
        sizes[folder] = sizes.get(folder, 0) + 1
    largest = sorted(sizes, key=lambda folder: (-sizes[folder], folder))[:MOST]
    components: dict[str, Component] = {}
    for folder in largest:
        name = folder.rpartition("/")[2]
        key = "".join(c if c.isalnum() or c in "._-" else "-" for c in name).strip(".-") or "part"
        if key in components or not key.isascii():
            key = f"part-{len(components) + 1}"
        pattern = "".join(f"\\{c}" if c in "\\*?[]!# " else c for c in folder)
        components[key] = Component(
            key=key, title=name.replace("-", " ").replace("_", " ").capitalize(), paths=(f"/{pattern}/**",)
        )
    return Catalog(repo, tuple(components[key] for key in sorted(components)))


def sample_entitlements(catalog: Catalog, customers: Sequence[str]) -> Iterator[tuple[str, str, str, str, str]]:
    """`(customer, component, environment, region, ring)` for the sample customers, spread evenly and always alike.

    Most use two or three components in one region; a few say nothing of their region, and one has no entitlement.
    """
    keys = catalog.full_keys
    if not keys:
        return
    for number, customer in enumerate(customers):
        if number % 13 == 12:
            continue
        for step in range(1 + number % 3):
            region = "?" if number % 9 == 4 else REGIONS[(number + step) % 2]
            ring = RINGS[0] if number % 7 == 3 else RINGS[1]
            yield customer, keys[(number * 5 + step * 3) % len(keys)], "production", region, ring


def write_entitlements(path: Path, rows: Iterator[tuple[str, str, str, str, str]]) -> int:
    """Write the entitlements as a directory's file; returns how many."""
    many = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("customer", "component", "environment", "region", "ring"))
        for row in rows:
            writer.writerow(row)
            many += 1
    return many
