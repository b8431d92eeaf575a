"""Reading a directory that a server gives: each way of paging, whatever keeps a list from being whole, and cells."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from releasewatch.domain.customers import Customer, Rejected, Stated
from releasewatch.errors import OutsideFailedError
from releasewatch.integrations.directories.http_json import Endpoint, fetch_rows, is_unchanged
from releasewatch.integrations.directories.json_items import ABSENT, Field, find, load_document, read_cell, read_path
from releasewatch.integrations.directories.pages import Paging, with_query
from releasewatch.integrations.directories.records import CUSTOMERS, SHAPES
from releasewatch.integrations.http import HttpClient, Patience
from releasewatch.secret import Secret
from tests.support.http_server import Reply, Request, WebServer, running_server

QUICK = Patience(attempts=2, timeout=5, first_wait=0.001, longest_wait=0.001)
ALL = [{"key": f"K{number}", "name": f"Name {number}"} for number in range(5)]


@pytest.fixture
def server() -> Iterator[WebServer]:
    with running_server() as running:
        yield running


def client(server: WebServer) -> HttpClient:
    return HttpClient("directory crm", server.url, {"Authorization": Secret("Bearer canary-77")}, patience=QUICK)


def read(server: WebServer, endpoint: Endpoint, kind: str = "customers") -> list[Stated[Any] | Rejected]:
    with client(server) as asking, fetch_rows(asking, endpoint, SHAPES[kind]) as rows:  # type: ignore[index]
        first = list(rows.rows())
        assert list(rows.rows()) == first
        return first


def keys(server: WebServer, endpoint: Endpoint) -> list[str]:
    return [one.row.key for one in read(server, endpoint) if isinstance(one, Stated)]


def failure(server: WebServer, endpoint: Endpoint) -> str:
    with pytest.raises(OutsideFailedError) as caught:
        read(server, endpoint)
    assert "canary" not in caught.value.message + caught.value.hint
    return caught.value.message


def counting(request: Request, start: str, size: str = "limit") -> tuple[list[Any], int]:
    """Two items from the place that a parameter names."""
    at = int(request.query.get(start, "0"))
    return ALL[at : at + int(request.query.get(size, "2"))], at


def by_link(request: Request) -> Reply:
    items, at = counting(request, "at")
    return Reply({"data": items, "paging": {"next": f"/list?at={at + 2}" if at + 2 < len(ALL) else None}})


def by_absolute_link(request: Request) -> Reply:
    reply = by_link(request)
    if reply.body["paging"]["next"]:
        reply.body["paging"]["next"] = f"http://{request.headers['host']}{reply.body['paging']['next']}"
    return reply


def by_header(request: Request) -> Reply:
    items, at = counting(request, "at")
    more = {"Link": f'</list?at=0>; rel="first", </list?at={at + 2}>; rel="next"'} if at + 2 < len(ALL) else {}
    return Reply({"data": items}, headers=more)


def by_cursor(request: Request) -> Reply:
    assert request.query["properties"] == "name,domain"
    items, at = counting(request, "after")
    paging = {"paging": {"next": {"after": str(at + 2), "link": "https://elsewhere.example"}}}
    return Reply({"data": items} | (paging if at + 2 < len(ALL) else {}))


def by_offset(request: Request) -> Reply:
    return Reply({"data": counting(request, "offset")[0]})


def by_number(request: Request) -> Reply:
    at = (int(request.query["page"]) - 1) * 2
    return Reply({"data": ALL[at : at + 2], "count": len(ALL)})


STYLES: dict[str, tuple[Callable[[Request], Reply], Paging]] = {
    "link": (by_link, Paging("link", ("paging", "next"))),
    "absolute link": (by_absolute_link, Paging("link", ("paging", "next"))),
    "header": (by_header, Paging("header")),
    "cursor": (by_cursor, Paging("cursor", ("paging", "next", "after"), "after")),
    "offset": (by_offset, Paging("offset", parameter="offset")),
    "offset with size": (by_offset, Paging("offset", parameter="offset", size=3, size_parameter="limit")),
    "number": (by_number, Paging("number", parameter="page")),
}


@pytest.mark.parametrize("style", STYLES)
def test_every_way_of_paging_gives_every_item_once(server: WebServer, style: str) -> None:
    server.handler, paging = STYLES[style]
    endpoint = Endpoint(f"{server.url}/list?properties=name,domain", ("data",), paging)
    assert keys(server, endpoint) == ["K0", "K1", "K2", "K3", "K4"]
    assert all(one.headers["authorization"] == "Bearer canary-77" for one in server.asked)


def test_a_single_document_may_be_the_list(server: WebServer) -> None:
    server.handler = lambda _: Reply(ALL)
    assert len(keys(server, Endpoint(server.url))) == 5
    assert len(server.asked) == 1


def test_a_server_that_gives_smaller_pages_than_asked_is_read_to_its_end(server: WebServer) -> None:
    server.handler = lambda request: Reply(ALL[(at := int(request.query["offset"])) : at + 1])
    paging = Paging("offset", parameter="offset", size=100, size_parameter="limit")
    assert len(keys(server, Endpoint(server.url, paging=paging))) == 5


def test_the_servers_count_saves_the_last_question(server: WebServer) -> None:
    server.handler = by_number
    endpoint = Endpoint(server.url, ("data",), Paging("number", parameter="page"), total=("count",))
    assert len(keys(server, endpoint)) == 5
    assert len(server.asked) == 3


def test_an_empty_list_is_an_answer(server: WebServer) -> None:
    server.handler = lambda _: Reply([])
    assert read(server, Endpoint(server.url)) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>log in</html>", "what is no JSON"),
        (b"", "what is no JSON"),
        (b"[" * 100_000, "what is no JSON"),
        (b'{"a": NaN}', "what is no JSON"),
        ({"rows": []}, "holds no list at data (page 1); it has rows"),
        ({"data": {}}, "holds no list at data"),
        ({"Acme GmbH": [], "errors": []}, "holds no list at data (page 1); it has errors."),
        ([], "holds no list at data"),
        ({"data": [], "paging": {"next": {"page": 7}}}, "holds no text at paging.next"),
    ],
)
def test_what_is_no_list_is_told(server: WebServer, body: Any, words: str) -> None:
    server.handler = lambda _: Reply(body, headers={"Content-Type": "text/html; charset=utf-8"})
    assert words in failure(server, Endpoint(server.url, ("data",), Paging("link", ("paging", "next"))))


def test_a_count_that_is_not_reached_is_told(server: WebServer) -> None:
    server.handler = lambda _: Reply({"data": ALL, "count": 7})
    assert "tells of 7 items in all and gave 5" in failure(server, Endpoint(server.url, ("data",), total=("count",)))
    assert "no number at size" in failure(server, Endpoint(server.url, ("data",), total=("size",)))


def test_a_circle_is_told(server: WebServer) -> None:
    server.handler = lambda request: Reply({"data": ALL[len(server.asked) % 3 :], "next": request.path})
    assert "leads in a circle" in failure(server, Endpoint(f"{server.url}/a", ("data",), Paging("link", ("next",))))
    assert len(server.asked) == 1


def test_a_server_that_ignores_the_page_is_told(server: WebServer) -> None:
    server.handler = lambda _: Reply(ALL)
    assert "on page 2 what an earlier page gave" in failure(
        server, Endpoint(server.url, paging=Paging("number", parameter="page"))
    )


def test_a_failure_on_a_later_page_is_the_answer(server: WebServer) -> None:
    server.handler = lambda request: Reply(b"", 403) if request.query.get("at") == "4" else by_link(request)
    endpoint = Endpoint(f"{server.url}/list", ("data",), Paging("link", ("paging", "next")))
    assert "does not let this token read that (403)" in failure(server, endpoint)
    assert len(server.asked) == 3


def test_a_next_page_on_another_server_is_refused_and_sees_nothing(server: WebServer) -> None:
    with running_server() as other:
        server.handler = lambda _: Reply({"data": ALL, "next": f"{other.url}/more"})
        message = failure(server, Endpoint(server.url, ("data",), Paging("link", ("next",))))
        assert other.asked == []
    assert "must not see the token" in message


FIELDS = {
    "key": Field((("id",),)),
    "name": Field((("properties", "first"), ("properties", "last"))),
    "aliases": Field((("domains", "name"),)),
    "customer_tier": Field((("properties", "tier"),), {"Enterprise": "platinum"}),
    "contract_value": Field((("value",),)),
    "do_not_call": Field((("quiet",),)),
}


def test_an_item_becomes_a_row(server: WebServer) -> None:
    item = {
        "id": 4711,
        "properties": {"first": " Ada ", "last": "Example", "tier": "Enterprise", "industry": "Mills", "x": None},
        "domains": [{"name": "a.example"}, {"other": 1}, {"name": "b.example"}],
        "value": 3.5e8,
        "quiet": True,
    }
    server.handler = lambda _: Reply([item])
    endpoint = Endpoint(
        server.url, fields=FIELDS, attributes=(("properties", "industry"), ("properties", "x"), ("gone",))
    )
    (one,) = read(server, endpoint)
    assert isinstance(one, Stated)
    assert isinstance(one.row, Customer)
    assert (one.row.key, one.row.name, one.row.aliases) == ("4711", "Ada Example", ("a.example", "b.example"))
    assert (one.row.customer_tier, one.row.contract_value, one.row.do_not_call) == ("platinum", 350_000_000, True)
    assert one.row.attributes == {"properties.industry": "Mills"}


def test_items_that_cannot_be_read_are_refused_with_their_place(server: WebServer) -> None:
    pages = {"0": ALL[:2], "2": [{"key": "X", "name": {"first": "Ada"}}, "word"], "4": []}
    server.handler = lambda request: Reply(pages[request.query["offset"]])
    endpoint = Endpoint(server.url, paging=Paging("offset", parameter="offset"))
    with client(server) as asking, fetch_rows(asking, endpoint, CUSTOMERS) as rows:
        refused = [one for one in rows.rows() if isinstance(one, Rejected)]
        assert [(one.line, one.identity["key"]) for one in refused] == [(3, "X"), (4, "")]
        assert refused[0].problems[0].reason.startswith("is an object")
        assert refused[1].problems[0].reason == "is no JSON object"
        assert [rows.place(line) for line in (1, 2, 3, 4)] == [
            {"page": 1, "item": 1},
            {"page": 1, "item": 2},
            {"page": 2, "item": 3},
            {"page": 2, "item": 4},
        ]


def test_half_a_character_is_refused(server: WebServer) -> None:
    server.handler = lambda _: Reply(b'[{"key": "A", "name": "x\\ud800y"}]')
    (one,) = read(server, Endpoint(server.url))
    assert isinstance(one, Rejected)
    assert one.problems[0].reason.startswith("holds half a character")


def test_items_that_do_not_count_are_passed_over_and_said(server: WebServer) -> None:
    items = [{"key": "A", "name": "A", "stage": "customer"}, {"key": "B", "name": "B", "stage": "lead"}]
    server.handler = lambda _: Reply([*items, {"key": "C", "name": "C"}])
    endpoint = Endpoint(server.url, only={("stage",): ("customer",)})
    assert keys(server, endpoint) == ["A"]
    assert keys(server, replace(endpoint, only={("stage",): ("*",)})) == ["A", "B"]
    with client(server) as asking, fetch_rows(asking, endpoint, CUSTOMERS) as rows:
        assert rows.notes == ("2 items passed over, as the settings say",)


def test_a_field_that_no_item_has_is_told(server: WebServer) -> None:
    server.handler = lambda _: Reply([{"id": "1", "name": None}])
    key = {"key": Field((("id",),))}
    with client(server) as asking:
        with fetch_rows(asking, Endpoint(server.url, fields=key | {"country": Field((("land",),))}), CUSTOMERS) as rows:
            assert rows.columns == {"key", "name"}
            assert rows.notes == ("no item has land (country)",)
        for wrong, words in (
            ({"key": Field((("ident",),))}, "has ident (key)"),
            (key | {"do_not_call": Field((("p", "quiet"),))}, "has p.quiet (do_not_call)"),
        ):
            with pytest.raises(OutsideFailedError) as caught:
                fetch_rows(asking, Endpoint(server.url, fields=wrong), CUSTOMERS)
            assert words in caught.value.message


def test_validators_of_all_pages_or_none(server: WebServer) -> None:
    def handler(request: Request) -> Reply:
        tag = f'"{request.query["offset"]}"'
        if request.headers.get("if-none-match") == tag:
            return Reply(b"", 304)
        return Reply(counting(request, "offset")[0], headers={"ETag": tag})

    server.handler = handler
    endpoint = Endpoint(server.url, paging=Paging("offset", parameter="offset"))
    with client(server) as asking:
        with fetch_rows(asking, endpoint, CUSTOMERS) as rows:
            known = list(rows.validators)
        assert [one.etag for one in known] == ['"0"', '"2"', '"4"', '"5"']
        assert is_unchanged(asking, known)
        server.handler = lambda request: handler(request) if request.query["offset"] != "4" else Reply([])
        assert not is_unchanged(asking, known)
        assert not is_unchanged(asking, [])
        with fetch_rows(asking, endpoint, CUSTOMERS) as rows:
            assert rows.validators == []


def test_a_link_header_is_nothing_that_a_validator_speaks_for(server: WebServer) -> None:
    server.handler = lambda _: Reply(ALL, headers={"ETag": '"1"'})
    with client(server) as asking:
        with fetch_rows(asking, Endpoint(server.url, paging=Paging("header")), CUSTOMERS) as rows:
            assert rows.validators == []
        with fetch_rows(asking, Endpoint(server.url), CUSTOMERS) as rows:
            assert len(rows.validators) == 1


@pytest.mark.parametrize(
    ("modified", "counts"), [("Sun, 01 Nov 2026 09:00:00 GMT", True), ("Sun, 01 Nov 2026 09:59:30 GMT", False)]
)
def test_last_modified_counts_when_it_is_well_past(server: WebServer, modified: str, *, counts: bool) -> None:
    headers = {"Last-Modified": modified, "Date": "Sun, 01 Nov 2026 10:00:00 GMT"}
    server.handler = lambda _: Reply(ALL, headers=headers)
    with client(server) as asking, fetch_rows(asking, Endpoint(server.url), CUSTOMERS) as rows:
        assert [one.conditions for one in rows.validators] == ([{"If-Modified-Since": modified}] if counts else [])


def test_memory_does_not_grow_with_the_list(server: WebServer) -> None:
    page = 500

    def handler(request: Request) -> Reply:
        at = int(request.query["offset"])
        rounds = 4 if "warm" in request.query else 24
        many = page if at < rounds * page else 0
        return Reply([{"key": f"K{at + n}", "name": "N" * 8000} for n in range(many)])

    server.handler = handler
    endpoint = Endpoint(server.url, paging=Paging("offset", parameter="offset"))
    with client(server) as asking:
        with fetch_rows(asking, replace(endpoint, url=f"{server.url}/?warm=1"), CUSTOMERS):
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with fetch_rows(asking, endpoint, CUSTOMERS) as rows:
            assert sum(1 for _ in rows.rows()) == 24 * page
    # 96 MB went by; the first round has set what a few pages take.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 48_000


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", 1),
        ("a.c", ABSENT),
        ("a.b.c", ABSENT),
        ("none.c", None),
        ("list.0.x", 5),
        ("list.9.x", ABSENT),
        ("list.x", [5, 6]),
        ("list.y", ABSENT),
        ("empty.x", []),
    ],
)
def test_paths(path: str, found: Any) -> None:
    document = {"a": {"b": 1}, "none": None, "list": [{"x": 5}, {"x": 6}], "empty": []}
    assert find(document, read_path(path)) == found


@pytest.mark.parametrize(
    ("column", "json", "text"),
    [
        ("key", "12345678901234567890", "12345678901234567890"),
        ("key", "12.0", "12"),
        ("phone", "4.9151E+11", "4.9151E+11"),
        ("contract_value", "3.5E8", "350000000"),
        ("contract_value", "120000.50", "120000.50"),
        ("contract_value", "1E999999999", "1E999999999"),
        ("sla_minutes", "60.0", "60"),
        ("escalated", "false", "false"),
        ("name", "null", ""),
        ("name", '" x "', "x"),
        ("aliases", '["a", null, 7]', "a;7"),
    ],
)
def test_cells(column: str, json: str, text: str) -> None:
    item = load_document(b'{"v": %s}' % json.encode())
    assert read_cell(column, item, Field((("v",),))) == (text, True)


@pytest.mark.parametrize(
    ("url", "asked", "result"),
    [
        ("https://a.example/x", {"p": "1"}, "https://a.example/x?p=1"),
        ("https://a.example/x?q=a+b,c&p=0", {"p": "1 2"}, "https://a.example/x?q=a+b,c&p=1+2"),
        ("https://a.example/x?p=0&p=1&e=", {"p": "2"}, "https://a.example/x?e=&p=2"),
    ],
)
def test_queries(url: str, asked: dict[str, str], result: str) -> None:
    assert with_query(url, asked) == result


def test_an_unknown_time_zone_loses_no_customer_and_is_said(server: WebServer) -> None:
    server.handler = lambda _: Reply([{"key": "A", "name": "Acme", "timezone": "Mars/Phobos"}])
    with client(server) as asking, fetch_rows(asking, Endpoint(server.url), SHAPES["customers"]) as rows:
        assert [(one.row.key, one.row.timezone) for one in rows.rows() if isinstance(one, Stated)] == [("A", "")]
        (note,) = rows.notes
    assert note.startswith("page 1, item 1, timezone is no time zone of the IANA database")
    assert note.endswith("taken as not known")
    assert "Mars" not in note
