"""The settings of this repo, which the demo and the workflow use, know all that a wheel or a pipeline is given."""

from __future__ import annotations

from pathlib import Path

from releasewatch.config import load_config
from releasewatch.integrations.patterns import GitignoreMapper

ROOT = Path(__file__).parents[2]


def test_every_file_that_reaches_somebody_belongs_to_a_component() -> None:
    mapper = GitignoreMapper(load_config(ROOT, None, {}).catalog("releasewatch"))
    files = [
        path.relative_to(ROOT).as_posix()
        for folder in ("releasewatch", "templates", "ci")
        for path in ROOT.joinpath(folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert len(files) > 600
    owners = {path: mapper.owners(path) for path in [*files, "pyproject.toml"]}
    assert [path for path, one in owners.items() if not one.components and not one.no_effect] == []
