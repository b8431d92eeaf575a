"""The first hour on a repo nobody prepared and customers nobody cleaned: every command as the README says."""

from __future__ import annotations

import csv
import subprocess
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import run_here
from tests.support.data import real_data

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    target = tmp_path / "lint"
    bundle = real_data("histories", "commitlint.bundle")
    subprocess.run(["git", "clone", "-q", str(bundle), str(target)], check=True, capture_output=True)
    return target


def run(repo: Path, *words: str) -> Any:
    done = run_here(*words, cwd=repo)
    assert done.status == 0, done.err
    return done


def guessed_map(repo: Path, file: Path) -> str:
    guessed = run(repo, "customer", "import", "--guess", str(file), "--format", "json").document["guess"]
    return str(guessed["toml"])


def append(config: Path, text: str) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")


def test_from_nothing_to_an_explained_list(repo: Path) -> None:
    run(repo, "init")
    config = repo / "releasewatch.toml"
    components = list(tomllib.loads(config.read_text("utf-8"))["components"])
    assert components

    customers, lines = (real_data("crm", f"northwind_{name}.csv") for name in ("customers", "order_lines"))
    with lines.open(encoding="utf-8", newline="") as file:
        products = sorted({row["ProductID"] for row in csv.DictReader(file)}, key=int)
    # Typed by hand: which second file feeds entitlements, the environment, and what each product is made of.
    first = guessed_map(repo, customers).replace('kind = "csv"', f'kind = "csv"\nentitlements = "{lines}"')
    append(config, first)
    append(config, guessed_map(repo, lines))
    made_of = {product: components[number % len(components)] for number, product in enumerate(products)}
    append(config, "[environments.production]")
    append(config, "".join(f'[products.{key}]\ncomponents = ["{part}"]\n' for key, part in made_of.items()))

    imported = run(repo, "customer", "import", "--format", "json").document["import"]
    assert {one["kind"]: (one["read"], one["rejected"]) for one in imported["files"]} == {
        "customers": (93, 0), "contacts": (93, 0), "entitlements": (2155, 0),
    }  # fmt: skip

    words = ("deployment", "import", "--source", "tags", "--tags", "v20*", "--environment", "production")
    past = run(repo, *words, "--format", "json").document
    assert past["import"]["recorded"] > 10
    assert run(repo, *words, "--format", "json").document["import"]["recorded"] == 0

    planned = run(repo, "deployment", "plan", "--environment", "production", "--format", "json").document
    recorded = run(repo, "deployment", "record", "--environment", "production", "--key", "first", "--format", "json")
    document = recorded.document
    assert document["deployment"]["kind"] == "deploy"
    assert document["exposure"] == planned["exposure"]
    assert document["exposure"]["customers"] > 0

    listed = run(repo, "exposure", "list", "--deployment", "last", "--format", "jsonl").out.splitlines()
    assert len(listed) == document["exposure"]["customers"]
    first = run(repo, "exposure", "list", "--deployment", "last", "--limit", "1", "--format", "json").document
    key = first["customers"][0]["key"]
    told = run(repo, "exposure", "explain", "--deployment", "last", "--customer", key).out
    assert f"They are {key}." in told
    assert "They use the product" in told
    run(repo, "call", "plan", "--deployment", "last")
    calls = run(repo, "call", "list", "--deployment", "last", "--format", "json").document
    assert sum(calls["verdicts"].values()) == document["exposure"]["customers"]
