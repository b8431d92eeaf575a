"""What names of artifacts say of release and commit."""

from __future__ import annotations

import pytest

from releasewatch.domain.artifacts import Artifact, read_artifact, write_artifact

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "releases", "commits"),
    [
        ("1.4.0", ("1.4.0",), ()),
        ("registry.example/shop/invoicing:1.4.0", ("1.4.0", "registry.example/shop/invoicing:1.4.0"), ()),
        (SHA.upper(), (SHA.upper(),), (SHA,)),
        ("pkg:oci/shop@sha256%3Aab12?tag=v1", ("sha256:ab12", "v1", "pkg:oci/shop@sha256%3Aab12?tag=v1"), ()),
        (f"pkg:github/o/shop@{SHA}#sub/path", (SHA, f"pkg:github/o/shop@{SHA}#sub/path"), (SHA,)),
        (
            f"pkg:pypi/shop@2.0?vcs_url=git%2Bhttps://git.example/o/shop@{SHA}",
            ("2.0", f"pkg:pypi/shop@2.0?vcs_url=git%2Bhttps://git.example/o/shop@{SHA}"),
            (SHA,),
        ),
        ("pkg:npm/%40scope/shop", ("pkg:npm/%40scope/shop",), ()),
    ],
)
def test_what_an_artifact_says(text, releases, commits):
    assert read_artifact(text) == Artifact(releases, commits)


@pytest.mark.parametrize("release", ["v1.4.0", "", "a b/ü?c=1@2"])
def test_what_we_write_is_read_again(release):
    found = read_artifact(write_artifact("my org/shop/invoicing", release, SHA))
    assert SHA in found.commits
    assert not release or found.releases[0] == release
