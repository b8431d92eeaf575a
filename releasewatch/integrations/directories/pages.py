"""Finds the next page of a list that a server gives page by page, in each of the ways in which servers do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from requests.utils import parse_header_links

from releasewatch.errors import OutsideFailedError
from releasewatch.integrations.directories.json_items import ABSENT, Path, find

if TYPE_CHECKING:
    from releasewatch.integrations.http import Answer

Style = Literal["one", "link", "header", "cursor", "offset", "number"]


@dataclass(frozen=True, slots=True)
class Paging:
    """How to come to the next page.

    one: there is none. link: `at` holds its address, relative or absolute (Salesforce's nextRecordsUrl). header: the
    header `Link: …; rel="next"` does (RFC 8288). cursor: `at` holds what goes into the query as `parameter` (HubSpot's
    paging.next.after). offset, number: `parameter` counts items from 0, or pages from `first`, until a page is empty;
    `size` goes into the query as `size_parameter`.
    """

    style: Style = "one"
    at: Path = ()
    parameter: str = ""
    first: int = 1
    size: int = 0
    size_parameter: str = ""

    def start(self, url: str) -> str:
        """The address of the first page."""
        asked = {self.size_parameter: str(self.size)} if self.size and self.size_parameter else {}
        if self.style == "offset":
            asked[self.parameter] = "0"
        if self.style == "number":
            asked[self.parameter] = str(self.first)
        return with_query(url, asked) if asked else url

    def follow(self, start: str, answer: Answer, document: Any, counts: Counts) -> str | None:
        """The address of the page after this one, or None; raises OutsideFailedError when what tells it makes no sense.

        `start` is the first page's; a cursor replaces what stands there.
        """
        if self.style == "header":
            links = parse_header_links(answer.headers.get("Link", ""))
            targets = [one["url"] for one in links if "next" in one.get("rel", "").casefold().split()]
            return urljoin(answer.url, targets[0]) if targets else None
        if self.style in ("link", "cursor"):
            told = find(document, self.at, into_lists=False)
            if told is ABSENT or told is None or told is False or told == "":
                return None
            if not isinstance(told, str):
                where = ".".join(self.at)
                raise OutsideFailedError(
                    f"page {counts.pages} holds no text at {where}, where the next page should be told.",
                    "Correct pages.at, or ask the server's people.",
                )
            return urljoin(answer.url, told) if self.style == "link" else with_query(start, {self.parameter: told})
        if self.style == "one" or counts.on_page == 0:
            return None
        reached = counts.items if self.style == "offset" else self.first + counts.pages
        return with_query(start, {self.parameter: str(reached)})


@dataclass(frozen=True, slots=True)
class Counts:
    """How far one is: pages and items read, with the last one and the items on it."""

    pages: int
    items: int
    on_page: int


def with_query(url: str, asked: dict[str, str]) -> str:
    """The URL with these parameters of its query set, each once; what else stands there stays as it is written."""
    parts = urlsplit(url)
    kept = [
        pair
        for pair in parts.query.split("&")
        if pair and not any(name in asked for name, _ in parse_qsl(pair, keep_blank_values=True))
    ]
    return urlunsplit(parts._replace(query="&".join([*kept, urlencode(asked)]), fragment=""))
