"""What is inside the wheel and the sdist: everything that the checkout has and an installation needs."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.packaging.conftest import ROOT

if TYPE_CHECKING:
    from tests.packaging.conftest import Distributions


def files_below(folder: str) -> set[str]:
    """Every file of the checkout below a folder, as paths from the root; what Python compiles is left out."""
    found = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def names_in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def names_in_sdist(sdist: Path) -> set[str]:
    """The names without the folder that everything in an sdist stands in."""
    with tarfile.open(sdist) as archive:
        return {member.name.split("/", 1)[1] for member in archive if member.isfile()}


def test_the_wheel_holds_the_package_and_nothing_else(distributions: Distributions) -> None:
    names = names_in_wheel(distributions.wheel)
    assert files_below("releasewatch") <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"releasewatch"}
    assert "releasewatch/py.typed" in names


def test_the_wheel_holds_every_migration(distributions: Distributions) -> None:
    migrations = files_below("releasewatch/storage/migrations/versions")
    assert any("/0001_" in name for name in migrations)
    assert migrations <= names_in_wheel(distributions.wheel)


def test_the_wheel_holds_every_shipped_field_map(distributions: Distributions) -> None:
    maps = {name for name in files_below("releasewatch/integrations/directories/maps") if name.endswith(".toml")}
    assert {Path(name).stem for name in maps} == {"hubspot", "salesforce"}
    assert maps <= names_in_wheel(distributions.wheel)


def test_the_wheel_holds_every_template(distributions: Distributions) -> None:
    templates = files_below("templates")
    assert templates
    assert {f"releasewatch/{name}" for name in templates} <= names_in_wheel(distributions.wheel)


@pytest.mark.parametrize("folder", ["releasewatch", "templates", "ci", "tests"])
def test_the_sdist_holds_what_it_is_built_and_tested_with(distributions: Distributions, folder: str) -> None:
    expected = files_below(folder)
    assert expected
    assert expected <= names_in_sdist(distributions.sdist)


def test_the_sdist_holds_the_papers(distributions: Distributions) -> None:
    papers = {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"}
    assert papers <= names_in_sdist(distributions.sdist)


def test_the_sdist_builds_the_same_wheel(distributions: Distributions) -> None:
    assert names_in_wheel(distributions.wheel_of_sdist) == names_in_wheel(distributions.wheel)
