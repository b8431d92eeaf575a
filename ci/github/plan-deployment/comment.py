"""Puts a plan into a comment of its pull request: one for each environment, written anew when it changes.

Needs nothing but Python. Where a comment may not be written (a fork, a token that only reads), it says so and ends with
0: the plan stands in the job's summary. The token goes to GITHUB_API_URL alone.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

LONGEST = 65_000
"""GitHub takes comments of at most 65,536 characters."""

PAGE = 100
MOST_PAGES = 30
SECONDS = 30


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def call(token: str, method: str, path: str, body: str | None = None) -> Any:
    """The answer of GitHub to one request. Raises urllib.error.URLError."""
    base = os.environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
    request = urllib.request.Request(  # noqa: S310 - the address of the runner's own GitHub
        f"{base}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}",
        data=None if body is None else json.dumps({"body": body}).encode(),
        method=method,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": "releasewatch",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with urllib.request.build_opener(_StayHere).open(request, timeout=SECONDS) as answer:
        return json.load(answer)


def find_comment(token: str, number: int, marker: str) -> Any:
    """The comment that holds the marker, or None."""
    for page in range(1, MOST_PAGES + 1):
        found = call(token, "GET", f"issues/{number}/comments?per_page={PAGE}&page={page}")
        for comment in found:
            if str(comment["body"]).startswith(marker):
                return comment
        if len(found) < PAGE:
            break
    return None


def write_comment(token: str, number: int, marker: str, text: str) -> str:
    """Write the comment, or write it anew; says what was done."""
    body = f"{marker}\n{text}"
    if len(body) > LONGEST:
        body = body[:LONGEST].rpartition("\n")[0] + "\n\n… The rest stands in the job's summary.\n"
    comment = find_comment(token, number, marker)
    if comment is None:
        call(token, "POST", f"issues/{number}/comments", body)
        return "written"
    if str(comment["body"]).strip() == body.strip():
        return "as it was"
    call(token, "PATCH", f"issues/comments/{comment['id']}", body)
    return "written anew"


def main() -> None:
    """Write the comment of the pull request that this run is about, if it is about one."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text("utf-8"))
    number = (event.get("pull_request") or {}).get("number")
    token = os.environ.get("COMMENT_TOKEN", "")
    text = Path(os.environ["COMMENT_FILE"]).read_text("utf-8")
    if os.environ.get("COMMENT", "true") != "true" or not number or not text.strip():
        return
    marker = f"<!-- releasewatch plan: {os.environ['COMMENT_ABOUT'].replace('--', '-')} -->"
    said = "there is no token"
    try:
        if token:
            sys.stdout.write(f"The comment is {write_comment(token, int(number), marker, text)}.\n")
            return
    except urllib.error.HTTPError as error:
        said = f"GitHub answered {error.code}"
    except (urllib.error.URLError, TimeoutError) as error:
        said = f"GitHub did not answer: {getattr(error, 'reason', error)}"
    sys.stdout.write(
        f"::notice title=releasewatch::The plan is in the job's summary and in no comment: {said}. "
        "A comment needs the permission pull-requests: write.\n"
    )


if __name__ == "__main__":
    main()
