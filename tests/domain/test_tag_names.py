"""What tags' names say: versions of everything, or of one package."""

from __future__ import annotations

import pytest

from releasewatch.domain.tag_names import package_of


@pytest.mark.parametrize(
    ("tag", "package"),
    [
        ("api@1.0.0", "api"),
        ("@acme/api@1.0.0-beta.2", "@acme/api"),
        ("api@v2", "api"),
        ("api-v1.0.0", "api"),
        ("git-cliff-core-0.1.0", "git-cliff-core"),
        ("api_v1.0", "api"),
        ("api/v1.0.0", "api"),
        ("pkg/api/v1.0.0", "pkg/api"),
        ("releases/api/1.2.3", "api"),
        ("api-v1.0.0-rc.1", "api"),
    ],
)
def test_a_name_before_the_version_is_a_package(tag, package):
    assert package_of(tag, "acme/shop") == package


@pytest.mark.parametrize(
    "tag",
    [
        "v1.0.0", "1.0.0-rc.12", "v0.99.9j", "2020.12.4", "v1.0.0-1.2", "v1.0rc1", "release-1.0.0", "release/v1.0",
        "Release_2.1", "shop-v1.0.0", "Shop@1.0.0", "nightly-5", "api", "@", "@1.0", "v1.0.0+build-1.2",
        "prod/2026.1.2",
    ],
)  # fmt: skip
def test_everything_else_is_of_everything(tag):
    assert package_of(tag, "acme/shop") is None
