"""Pages come from public servers alone, whole, of a known type and within limits."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from ragcli.errors import PageGone, PageUnavailable, UsageError
from ragcli.index.ingest.web import connecting, fetching
from ragcli.index.ingest.web.fetching import FetchedPage, fetch
from ragcli.index.ingest.web.page_addresses import normalised
from ragcli.index.ingest.web.page_requests import PageRequest
from tests.fakes.web import Page, Site, serving

PUBLIC = "93.184.216.34"
CUT = {"Content-Type": "text/plain", "Content-Length": "500"}
PACKED = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def site(server: Site) -> Site:
    server.pages.clear()
    server.asked.clear()
    return server


def asked(address: str, **options: Any) -> FetchedPage | None:
    return fetch(PageRequest(address, 10_000, allow_private=True, **options))


def got(address: str) -> FetchedPage:
    page = asked(address)
    assert page is not None
    return page


def test_a_page_comes_with_its_state_and_in_utf_8(site: Site) -> None:
    page = Page(
        "Grüße".encode("latin-1"),
        headers={
            "Content-Type": "text/html; charset=iso-8859-1",
            "ETag": '"a"',
            "Last-Modified": "Mon, 02 Mar 2026 10:00:00 GMT",
        },
    )
    site.pages["/a?b=1"] = page
    answer = got(f"{site.address}/a?b=1")
    assert answer.data.decode() == "Grüße"
    assert (answer.format, answer.etag) == ("web", '"a"')
    assert answer.modified.startswith("Mon, 02 Mar")
    assert asked(f"{site.address}/a?b=1", etag='"a"') is None


def test_what_is_packed_unasked_is_unpacked_within_the_limit(site: Site) -> None:
    site.pages["/small"] = Page(gzip.compress(b"packed"), headers=PACKED)
    site.pages["/bomb"] = Page(gzip.compress(bytes(5_000_000)), headers=PACKED)
    assert got(f"{site.address}/small").data == b"packed"
    with pytest.raises(PageUnavailable, match="larger than"):
        got(f"{site.address}/bomb")


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (Page(b"x" * 20_000, headers={"Content-Type": "text/html"}), "larger than"),
        (Page(b"\x89PNG", headers={"Content-Type": "image/png"}), "it is image/png"),
        (Page(b"anything"), "of no type"),
        (Page(b"cut", headers=CUT), "broke off"),
        (Page(gzip.compress(b"packed" * 100)[:-12], headers=PACKED), "broke off"),
        (Page(b"", 503), "the server says 503"),
        (Page(b"", 302, {"Location": "file:///etc/passwd"}), "only http and https"),
        (Page(b"", 302, {"Location": "/p"}), "more than 5 times"),
        (Page(b"", 302), "more than 5 times"),
    ],
)
def test_what_is_no_page_is_said_in_one_line(site: Site, page: Page, why: str) -> None:
    site.pages["/p"] = page
    with pytest.raises(PageUnavailable, match=why) as caught:
        got(f"{site.address}/p")
    assert "\n" not in caught.value.message


def test_a_server_that_drips_is_cut_off(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "DEADLINE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(PageUnavailable, match="longer than"):
            got(address)


def test_a_page_that_is_not_there_is_gone_and_a_closed_port_is_not(
    site: Site, refused_port: int
) -> None:
    with pytest.raises(PageGone, match="404"):
        got(f"{site.address}/missing")
    with pytest.raises(PageUnavailable, match="does not answer") as caught:
        got(f"http://127.0.0.1:{refused_port}/")
    assert not isinstance(caught.value, PageGone)


@pytest.fixture
def public_name(site: Site, monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that leads to a public address at first, then to this machine."""
    answers = [PUBLIC, "127.0.0.1"]

    def looked_up(
        host: str, port: int, *_: object, **__: object
    ) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        address = answers.pop(0) if host == "site.test" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    dial = socket.create_connection

    def dialled(place: tuple[str, int], timeout: float) -> socket.socket:
        assert place[0] == PUBLIC, "it connects where it did not look"
        return dial(("127.0.0.1", place[1]), timeout)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket, "create_connection", dialled)
    return site.address.replace("127.0.0.1", "site.test")


def test_a_name_is_looked_up_once_and_that_address_is_asked(
    site: Site, public_name: str
) -> None:
    site.html("/a", "<p>Open to all.</p>")
    answer = fetch(PageRequest(f"{public_name}/a", 10_000))
    assert answer is not None
    assert answer.data == b"<p>Open to all.</p>"
    assert site.asked[0][1]["Host"].startswith("site.test:")


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:1/", "http://[::ffff:10.0.0.1]/", "http://site.test/"]
)
def test_a_redirect_into_a_private_network_is_refused(
    site: Site, public_name: str, target: str
) -> None:
    site.pages["/a"] = Page(b"", 302, {"Location": target})
    with pytest.raises(PageUnavailable, match="not a public address"):
        fetch(PageRequest(f"{public_name}/a", 10_000))
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::",
        "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:0:0:0:0:0:80ff:fffe",
    ],
)  # fmt: skip
def test_no_address_of_a_private_network_is_public(address: str) -> None:
    assert not connecting.is_public(address)


def test_addresses_of_the_internet_are_public() -> None:
    assert connecting.is_public(PUBLIC)
    assert connecting.is_public("2606:4700::6810:84e5")
    assert connecting.is_public(f"::ffff:{PUBLIC}")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("HTTPS://Example.ORG:443/A/b?q=1#part", "https://example.org/A/b?q=1"),
        ("http://example.org", "http://example.org/"),
        (
            "http://example.org.:8080/ä b".replace(" ", ""),
            "http://example.org:8080/%C3%A4b",
        ),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
    ],
)
def test_an_address_is_stored_in_one_way(typed: str, stored: str) -> None:
    assert normalised(typed) == stored
    assert normalised(stored) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "https://me:secret@example.org/", "https://", "http://exa mple.org/",
        "http://example.org/\nHost: other", "http://example.org:99999/",
        "ftp://example.org/", "http://[::1/", "https://example.org/" + "a" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_its_secrets(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        normalised(typed)
    assert "secret" not in caught.value.message
    assert "\n" not in caught.value.message
