"""Helm charts: each folder with a Chart.yaml, and the charts of this repo that it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.discovery import RUNS, STATED, Found, Member, Need, TypeGuess
from releasewatch.integrations.catalogs.manifests import Table, load_yaml, text_at
from releasewatch.integrations.catalogs.repo_files import ManifestError, folder_of, inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from releasewatch.integrations.catalogs.repo_files import RepoFiles

SOURCE = "helm"
MANIFEST = "Chart.yaml"


def find(files: RepoFiles) -> Found:
    """Every chart, as a component of its own folder: that a chart starts what lies elsewhere is not guessed."""
    left_out = files.samples(MANIFEST)
    charts: dict[str, Table] = {}
    for path in files.named(MANIFEST):
        try:
            chart = load_yaml(files, path)
        except ManifestError as error:
            left_out.append(error.message)
            continue
        if text_at(chart, "name") is None:
            left_out.append(f"{path}: name is missing")
        else:
            charts[folder_of(path)] = chart
    members = tuple(_member(folder, chart, charts, left_out) for folder, chart in charts.items())
    return Found(members, tuple(left_out))


def _member(folder: str, chart: Table, charts: Mapping[str, Table], left_out: list[str]) -> Member:
    name = str(chart["name"])
    path = f"{folder}/{MANIFEST}" if folder else MANIFEST
    if chart.get("type") == "library":
        guess = TypeGuess("library", f"{path} says type: library", STATED)
    else:
        guess = TypeGuess("service", f"{path} is what starts it", RUNS)
    needs = (*_stated(folder, path, chart, charts, left_out), *_contained(folder, charts))
    return Member(SOURCE, folder, name, f"{path} is the chart {name}", needs, guess)


def _stated(folder: str, path: str, chart: Table, charts: Mapping[str, Table], left_out: list[str]) -> Iterator[Need]:
    stated = chart.get("dependencies")
    for number, one in enumerate(stated if isinstance(stated, list) else ()):
        repository = text_at(one, "repository") or ""
        if not repository.startswith("file://"):
            continue
        target = inside(folder, repository.removeprefix("file://"))
        if target in charts and target != folder:
            yield Need(str(target), f"dependencies in {path}")
        elif target is None:
            left_out.append(f"{path}: dependencies[{number}].repository leads out of this repo")


def _contained(folder: str, charts: Mapping[str, Table]) -> Iterator[Need]:
    prefix = f"{folder}/charts/" if folder else "charts/"
    for other in charts:
        if other.startswith(prefix) and "/" not in other.removeprefix(prefix):
            yield Need(other, f"it lies in {prefix.rstrip('/')}, where Helm looks for the charts that one is made of")
