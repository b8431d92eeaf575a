"""Builds the distributions once, without a network, and installs each into a fresh environment."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.repos import RepoBuilder

ROOT = Path(__file__).parents[2]

BUILD_EDITABLE = "import sys, hatchling.build; print(hatchling.build.build_editable(sys.argv[1]))"

CONFIG = """
[components.billing]
title = "Invoices"
paths = ["billing/**"]
"""


@dataclass(frozen=True)
class Distributions:
    """Files built from this checkout."""

    sdist: Path
    wheel: Path
    wheel_of_sdist: Path
    editable: Path
    """The wheel that an editable install installs: it points at the checkout."""


@dataclass(frozen=True)
class Installation:
    """A fresh environment with one distribution installed."""

    kind: str
    folder: Path

    def run(self, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run the installed command `releasewatch`; the exit code is the caller's to judge."""
        return self._run("releasewatch", *args, cwd=cwd)

    def python(self, code: str, *, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a line of Python in the environment."""
        return self._run("python", "-c", code, cwd=cwd)

    def _run(self, program: str, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        command = [str(self.folder / "bin" / program), *args]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def run_python(*args: str | Path, cwd: Path) -> str:
    """Run this environment's Python and return what it prints; a failure shows everything it said."""
    done = subprocess.run([sys.executable, *args], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    folder = tmp_path_factory.mktemp("dist")
    run_python("-m", "build", "--no-isolation", "--sdist", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (sdist,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    subprocess.run(["tar", "-xf", sdist], cwd=folder, check=True)
    unpacked = folder / sdist.name.removesuffix(".tar.gz")
    again = folder / "again"
    run_python("-m", "build", "--no-isolation", "--wheel", "--outdir", again, unpacked, cwd=folder)
    (wheel_of_sdist,) = again.glob("*.whl")
    editable = folder / "editable"
    name = run_python("-c", BUILD_EDITABLE, editable, cwd=ROOT).split()[-1]
    return Distributions(sdist, wheel, wheel_of_sdist, editable / name)


@pytest.fixture(scope="session", params=["wheel", "sdist", "editable"])
def installation(
    request: pytest.FixtureRequest, distributions: Distributions, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """Each way to install in turn; the libraries that are needed come from the running environment."""
    wheels = {
        "wheel": distributions.wheel,
        "sdist": distributions.wheel_of_sdist,
        "editable": distributions.editable,
    }
    folder = tmp_path_factory.mktemp(f"installed-{request.param}")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    run_python(
        *(
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            wheels[request.param],
        ),
        cwd=folder,
    )
    (site_packages,) = folder.glob("lib/python*/site-packages")
    # Only now, so that pip did not see the releasewatch out there, which the program does not see either:
    # an editable install is a path file, and those are followed in the environment's own folder alone.
    libraries = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    (site_packages / "libraries-of-the-test-run.pth").write_text("\n".join(libraries))
    return Installation(request.param, folder)


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    """A folder with nothing in it, far from the checkout."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.fixture
def small_repo(tmp_path: Path) -> RepoBuilder:
    """A git repo with two releases, `v1` and `v2`, and a component."""
    repo = RepoBuilder(tmp_path / "small")
    repo.commit("feat: Begin", {"releasewatch.toml": CONFIG, "billing/total.py": "1"})
    repo.tag("v1")
    repo.commit("fix(billing): Round totals half up", {"billing/total.py": "2"})
    repo.tag("v2")
    return repo
