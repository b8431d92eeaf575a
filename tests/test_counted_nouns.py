"""A number that may be one stands beside a noun that agrees with it: `1 cell`, `2 cells`."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import releasewatch

if TYPE_CHECKING:
    from collections.abc import Iterator

NOUNS = (
    "aliases|attempts|bytes|calls|cells|changes|characters|columns|commits|components|contacts|corrections|customers|days|"
    "deployments|digits|entitlements|entries|environments|events|facts|files|folders|freezes|headings|hops|hours|incidents|"
    "items|jobs|keys|letters|lines|links|mails|marks|messages|minutes|months|names|notes|notifications|packages|pages|"
    "paths|patterns|people|places|points|products|promises|records|regions|releases|reports|repos|requests|rings|rows|"
    "rules|seconds|sheets|statements|tables|tags|targets|templates|times|values|versions|weeks|words"
)

NEVER_ONE = (
    "longest",  # bounds, of several characters and days
    "csv.field_size_limit()",
    "BEFORE_ITS_CALL.days",
    "len(text)",  # what is longer than such a bound
    "len(given.text)",
    "rows",  # as many as are looked at of a long table, and the columns of a wide one
    "len(sheet.headings)",
    "len(fitting)",  # after the one that fits
)
"""What stands for numbers that are larger."""

NO_NUMBER = ("config.where", "deployment_id", "found.id", "line.number", "name", "_quoted(row)")
"""What stands before a verb: `pyproject.toml names no components`."""

BESIDE = re.compile(rf"^ (?:[a-z]+ )?(?:{NOUNS})\b")

MODULES = sorted(Path(releasewatch.__file__).parent.rglob("*.py"))


def tells_one_apart(node: ast.AST) -> bool:
    """An `if` by whether a number is 1, or more than that."""
    return isinstance(node, ast.IfExp | ast.If) and any(
        isinstance(one, ast.Constant) and one.value == 1 for one in ast.walk(node.test)
    )


def may_be_one(value: ast.expr) -> bool:
    """Anything but a constant."""
    text = ast.unparse(value).removeprefix("self.")
    return not text.rpartition(".")[2].isupper() and text not in (*NEVER_ONE, *NO_NUMBER)


def disagreeing(tree: ast.AST, *, apart: bool = False) -> Iterator[tuple[int, str]]:
    """Lines and texts of what says `{number} nouns` for every number."""
    apart = apart or tells_one_apart(tree)
    if isinstance(tree, ast.JoinedStr) and not apart:
        for value, text in zip(tree.values, tree.values[1:], strict=False):
            if (
                isinstance(value, ast.FormattedValue)
                and value.conversion == -1
                and may_be_one(value.value)
                and isinstance(text, ast.Constant)
                and BESIDE.match(text.value)
            ):
                yield tree.lineno, f"{{{ast.unparse(value.value)}}}{text.value}"
    for child in ast.iter_child_nodes(tree):
        yield from disagreeing(child, apart=apart)


def test_no_text_says_one_of_several() -> None:
    found = [
        f"{module.relative_to(MODULES[0].parent)}:{line}: {text}"
        for module in MODULES
        for line, text in disagreeing(ast.parse(module.read_text(encoding="utf-8")))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    ["f'{many} rows'", "f'has {len(cells)} cells'", "f'and {many - 1} more rows'", "x if y else f'{many:,} rows'"],
)
def test_the_test_finds_them(text: str) -> None:
    assert list(disagreeing(ast.parse(text)))


@pytest.mark.parametrize("text", ["'1 row' if many == 1 else f'{many} rows'", "f'{MOST} rows'", "f'{name!r} names'"])
def test_the_test_lets_pass(text: str) -> None:
    assert not list(disagreeing(ast.parse(text)))
