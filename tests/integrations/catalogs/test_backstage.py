"""Backstage files: what they describe, what Backstage would refuse, and what is still a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from releasewatch.integrations.catalogs.repo_files import ManifestError
from tests.support.catalogs import by_key, commit_files, discover, discover_in, edges, owners_of

if TYPE_CHECKING:
    from pathlib import Path


def entity(name: str, spec: str = "", *, meta: str = "", kind: str = "Component", base: str | None = None) -> str:
    base = "type: service, lifecycle: production, owner: team-a" if base is None else base
    both = ", ".join(part for part in (base, spec) if part)
    return (
        f"---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\n"
        f"metadata: {{name: {name}{', ' + meta if meta else ''}}}\nspec: {{{both}}}\n"
    )


FILES = {
    "catalog-info.yaml": "---\napiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: all}\nspec:\n"
    "  targets: [./services/*/component.yaml, ./gone.yaml, 'https://example.org/catalog-info.yaml', ../up.yaml]\n"
    + entity("guests", kind="Group", base="type: team, children: []"),
    "services/cart/component.yaml": entity(
        "cart", "dependsOn: ['component:money', 'resource:db', 'Component:Default/Web', 'component:far', 'odd']"
    ),
    "services/money/component.yaml": entity(
        "money", "subcomponentOf: web", base="type: Library, lifecycle: x, owner: b"
    ),
    "web/catalog-info.yml": entity(
        "Web",
        "consumesApis: [prices]",
        meta="title: The shop, annotations: {releasewatch.dev/paths: 'web/*, !web/docs/'}",
    )
    + entity(
        "pricing", "providesApis: ['api:default/prices']", meta="annotations: {releasewatch.dev/paths: '/pricing/**'}"
    ),
    "web/a": "",
    "web/docs/b": "",
    "pricing/c": "",
}


def test_components_with_their_places_and_dependencies(tmp_path: Path) -> None:
    commit_files(tmp_path, FILES)
    proposal = discover(tmp_path)
    found = by_key(proposal)
    assert edges(found) == {"Web": ["money", "pricing"], "cart": ["Web", "money"]}
    assert {key: (one.type, one.owner, one.title) for key, one in found.items()} == {
        "Web": ("service", "team-a", "The shop"),
        "cart": ("service", "team-a", None),
        "money": ("library", "b", None),
        "pricing": ("service", "team-a", None),
    }
    assert {path: keys for path, keys in owners_of(tmp_path, proposal).items() if keys} == {
        "services/cart/component.yaml": {"cart"},
        "services/money/component.yaml": {"money"},
        "web/catalog-info.yml": {"Web"},
        "web/a": {"Web"},
        "pricing/c": {"pricing"},
    }
    assert any("far, which this repo does not describe" in line for line in found["cart"].because)
    assert any("odd in services/cart/component.yaml is no reference" in line for line in found["cart"].because)
    assert len([line for line in proposal.left_out if "is no file of this repo" in line]) == 3


def test_a_catalog_file_further_in_takes_its_folder(tmp_path: Path) -> None:
    commit_files(tmp_path, {"catalog-info.yaml": entity("all"), "a/catalog-info.yaml": entity("a"), "a/x": "", "y": ""})
    owners = owners_of(tmp_path, discover(tmp_path))
    assert (owners["a/x"], owners["y"]) == ({"a"}, {"all"})


def test_a_component_that_names_its_paths_takes_no_other(tmp_path: Path) -> None:
    """The folder of its file stays with whoever has what lies around it; a folder that it names does not."""
    stated = entity("ops", meta="annotations: {releasewatch.dev/paths: '/jobs/**, run.sh'}")
    files = {"catalog-info.yaml": entity("all"), "infra/catalog-info.yaml": stated, "infra/x": "", "jobs/y": ""}
    commit_files(tmp_path, {**files, "run.sh": ""})
    owners = owners_of(tmp_path, discover(tmp_path))
    assert (owners["infra/x"], owners["jobs/y"], owners["run.sh"]) == ({"all"}, {"ops"}, {"all", "ops"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (entity("x", base="type: service, owner: a"), "spec.lifecycle is missing"),
        (entity("x", base="type: service, lifecycle: x, owner: 5"), "spec.owner is a number: wanted a text"),
        (entity("x", "dependsOn: component:a"), r"spec.dependsOn is a text: wanted a list of texts"),
        (entity("x", "dependsOn: [component:a, {}]"), r"spec.dependsOn\[1\] is a table: wanted a text"),
        (entity("''"), "metadata.name is empty: wanted a text"),
        (entity("'a b'"), "metadata.name: wanted at most 63 letters"),
        (entity("x") + entity("y", kind="API"), r"document 2: spec.definition is missing"),
        (entity("x", meta="annotations: {a: 1}"), "metadata.annotations.a is a number"),
        (
            entity("x", meta="annotations: {releasewatch.dev/paths: '../x/**'}"),
            "metadata.annotations.releasewatch.dev/paths",
        ),
        (entity("x").replace("kind: Component", "kind: 3"), "kind is a number"),
        ("- a\n- b\n", "wanted an entity with apiVersion, kind and metadata"),
        ("a: [\n", ":2: this is not YAML"),
        (entity("x") + entity("x"), "the component x is described in catalog-info.yaml already"),
    ],
)
def test_what_backstage_refuses_is_an_error_with_file_and_field(tmp_path: Path, text: str, said: str) -> None:
    commit_files(tmp_path, {"catalog-info.yaml": text})
    with pytest.raises(ManifestError, match=rf"^catalog-info\.yaml.*{said}"):
        discover(tmp_path)


def test_words_are_words(tmp_path: Path) -> None:
    """YAML 1.1 takes these names for a boolean, a date and a number in base sixty."""
    text = entity("yes", base="type: on, lifecycle: 2026-01-02, owner: 1:30") + entity("off")
    assert sorted(discover_in(tmp_path, {"catalog-info.yaml": text})) == ["off", "yes"]


@pytest.mark.parametrize(
    "text",
    [
        entity("${{ values.name | dump }}"),
        entity("x", base="type: service, lifecycle: x, owner: '{{ owner }}'"),
        "kind: Component\nmetadata:\n  name: {{cookiecutter.name}}\n",
        "metadata:\n  {%- if a %}\n  name: x\n  {%- endif %}\n",
    ],
)
def test_templates_are_named_and_left_out(tmp_path: Path, text: str) -> None:
    commit_files(tmp_path, {"catalog-info.yaml": text, "a/catalog-info.yaml": entity("a")})
    found = discover(tmp_path)
    assert [one.key for one in found.components] == ["a"]
    assert found.left_out == ("catalog-info.yaml: it is a template that is not filled in yet",)


@pytest.mark.parametrize("placeholder", ["{$text: ./api.yaml}", "{$json: ./api.json}", "{$openapi: ./api.yaml}"])
def test_placeholders_of_backstage_in_what_is_not_read_here(tmp_path: Path, placeholder: str) -> None:
    api = entity("prices", f"definition: {placeholder}", kind="API")
    text = api + entity("cart", meta=f"annotations: {{example.org/notes: {placeholder}}}")
    commit_files(tmp_path, {"catalog-info.yaml": text, "a": ""})
    found = discover(tmp_path)
    assert (list(by_key(found)), found.left_out) == (["cart"], ())


@pytest.mark.parametrize(
    "text",
    [
        entity("cart", "dependsOn: {$yaml: ./needs.yaml}"),
        entity("cart", base="type: {$text: ./type}, lifecycle: production, owner: a"),
        entity("cart", meta="title: {$text: ./title}"),
        entity("cart", meta="annotations: {releasewatch.dev/paths: {$text: ./paths}}"),
        entity("cart", base="$yaml: ./spec.yaml"),
    ],
)
def test_placeholders_of_backstage_in_what_counts_are_said(tmp_path: Path, text: str) -> None:
    commit_files(tmp_path, {"catalog-info.yaml": text, "a": ""})
    found = discover(tmp_path, "backstage")
    assert (found.components, len(found.left_out)) == ((), 1)
    assert "a placeholder such as $text" in found.left_out[0]


@pytest.mark.parametrize(
    ("owner", "wrong"),
    [("{$text: ./a, more: b}", "is a table: wanted a text"), ("{text: ./a}", "is a table: wanted a text")],
)
def test_what_only_resembles_a_placeholder_is_wrong(tmp_path: Path, owner: str, wrong: str) -> None:
    text = entity("cart", base=f"type: service, lifecycle: x, owner: {owner}")
    commit_files(tmp_path, {"catalog-info.yaml": text})
    with pytest.raises(ManifestError, match=wrong):
        discover(tmp_path, "backstage")


def test_faults_are_told_up_to_five(tmp_path: Path) -> None:
    bad = {f"{number}/catalog-info.yaml": entity("cart", base="type: x, lifecycle: y") for number in range(7)}
    commit_files(tmp_path, bad)
    with pytest.raises(ManifestError) as error:
        discover(tmp_path, "backstage")
    assert error.value.message.count("spec.owner is missing") == 5
    assert error.value.message.endswith(" (and 2 more)")
