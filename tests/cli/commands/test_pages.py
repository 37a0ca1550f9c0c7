"""Pages on the web are documents: added, searched, cited, asked for again, removed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ragcli.index.ingest.web import pages
from tests.conftest import Ran
from tests.fakes.web import Page, Site, serving

HARBOUR = """<html><head><title>The harbour</title><script>steal()</script></head><body>
<nav><ul><li><a href="/">Start page</a></li><li><a href="/shop">Shop</a></li></ul></nav>
<main><h1>The harbour</h1>
<p>The harbour master opens the swing bridge at {time} every morning, when the tide
allows it and no train is waiting on the other side of the water.</p>
<table><tr><th>Light</th><th>Colour</th></tr><tr><td>North pier</td><td>green</td></tr>
<tr><td>South pier</td><td>red</td></tr></table></main></body></html>"""


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def page(site: Site, run_cli: Callable[..., Ran]) -> str:
    """The address of a page that is a document."""
    address = site.html("/harbour", HARBOUR.format(time="six"), ETag='"one"')
    assert run_cli("docs", "add", address, "--allow-private").code == 0
    return address


def test_a_page_is_cited_by_its_address_and_when_it_was_read(
    page: str, run_cli: Callable[..., Ran]
) -> None:
    [told] = run_cli("docs", "list", "--json").json["documents"]
    assert (told["path"], told["title"], told["format"]) == (page, "The harbour", "web")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["facts"]["read"])

    asked = ("ask", "When does the harbour master open the swing bridge?")
    answer = run_cli(*asked, "--json").json
    [cited] = answer["citations"]
    assert (cited["path"], cited["shown"]) == (page, page)
    assert (cited["stale"], cited["verified"]) == (False, True)
    assert cited["read"] == told["facts"]["read"]
    shown = run_cli(*asked, "--sources").out
    assert f"[1] {page} (read {told['facts']['read'][:10]})" in shown

    text = run_cli("get", page, "--no-numbers").out
    assert "swing bridge at six" in text
    assert "Shop" not in text
    assert "steal" not in text
    units = run_cli("docs", "show", page).out
    assert "Light: North pier, Colour: green" in units.replace("; ", ", ")


def test_sync_reads_a_page_again_only_when_it_changed(
    page: str, site: Site, tmp_path: Path, run_cli: Callable[..., Ran]
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.md").write_text("A note about bees.\n")
    os.utime(notes / "a.md", (1_700_000_000, 1_700_000_000))
    os.utime(notes, (1_700_000_000, 1_700_000_000))
    run_cli("docs", "add", str(notes))
    sync = ("docs", "sync", "--allow-private", "--json")
    for _ in range(2):  # the second time, a note says that no file has changed
        told = run_cli(*sync).json
        assert (told["unchanged"], told["changed"], told["failed"]) == (2, 0, [])
        assert site.asked[-1][1]["If-None-Match"] == '"one"'

    site.html("/harbour", HARBOUR.format(time="seven"), ETag='"two"')
    assert run_cli(*sync).json["changed"] == 1
    assert "swing bridge at seven" in run_cli("get", page).out
    site.html("/harbour", HARBOUR.format(time="seven"))
    told = run_cli(*sync).json
    assert (told["unchanged"], told["changed"]) == (2, 0)


def test_a_page_that_cannot_be_asked_for_stays_and_is_named(
    page: str, site: Site, run_cli: Callable[..., Ran]
) -> None:
    refused = run_cli("docs", "sync")
    assert refused.code == 6
    assert refused.err.count("\n") == 1
    assert "127.0.0.1 is not a public address; --allow-private" in refused.err

    site.pages["/harbour"] = Page(b"", 503)
    away = run_cli("docs", "sync", "--allow-private")
    assert away.code == 6
    assert re.search(r"the server says 503.*; it stays as it was read on \d", away.err)

    del site.pages["/harbour"]
    gone = run_cli("docs", "sync", "--allow-private")
    assert gone.code == 6
    assert "docs sync --force" in gone.err
    assert "swing bridge" in run_cli("get", page).out

    forced = run_cli("docs", "sync", "--allow-private", "--force", "--json")
    assert (forced.code, forced.json["removed"]) == (0, 1)
    assert run_cli("docs", "list", "--json").json["documents"] == []


def test_a_page_is_removed_by_its_address_and_a_site_by_its_own(
    page: str, site: Site, run_cli: Callable[..., Ran]
) -> None:
    other = site.html("/harbour/lights", "<p>Two lights mark the entrance.</p>")
    run_cli("docs", "add", other, "--allow-private")
    assert run_cli("docs", "remove", page, "--json").json["removed"] == 1
    assert run_cli("docs", "remove", f"{site.address}/", "--json").json["removed"] == 1


def test_pages_of_private_servers_are_refused_and_the_rest_is_added(
    site: Site, tmp_path: Path, run_cli: Callable[..., Ran]
) -> None:
    (tmp_path / "a.txt").write_text("A note about bees.\n")
    page = site.html("/a", "<p>Within.</p>")
    ran = run_cli("docs", "add", page, str(tmp_path / "a.txt"), "--json")
    assert ran.code == 6
    assert ran.json["added"] == 1
    [failed] = ran.json["failed"]
    assert failed["path"] == page
    assert "not a public address" in failed["reason"]
    assert site.asked == []


def test_without_the_extra_one_line_says_what_to_install(
    site: Site, run_cli: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "find_spec", lambda _: None)
    ran = run_cli("docs", "add", site.html("/a", "<p>A</p>"), "--allow-private")
    assert ran.code == 6
    assert ran.err.count("\n") == 1
    assert "install " in ran.err
    assert "'trafilatura>=2,<3'" in ran.err


def test_hostile_pages_cost_themselves_alone(
    site: Site, run_cli: Callable[..., Ran]
) -> None:
    deep = "<div>" * 40_000 + "<p>The deepest text of all.</p>"
    broken = "<table><tr><td><p>One <b>two <!-- three <script>four\x1b[31m &#0;"
    addresses = [
        site.html("/deep", deep),
        site.html("/broken", broken),
        site.html("/entities", "<p>" + "&amp;" * 50_000 + "</p>"),
        site.html("/empty", "<script>only()</script>"),
    ]
    ran = run_cli("docs", "add", *addresses, "--allow-private", "--json")
    assert ran.code == 6
    assert {item["path"] for item in ran.json["failed"]} >= {addresses[3]}
    assert ran.json["added"] + len(ran.json["failed"]) == 4
    assert "The deepest text" in run_cli("get", addresses[0]).out
    assert "\x1b" not in run_cli("docs", "list").out


def test_only_adding_reads_pages(run_cli: Callable[..., Ran]) -> None:
    for command in (("ask", "What?", "--docs"), ("search", "what", "--docs")):
        ran = run_cli(*command, "https://example.org/secret")
        assert ran.code == 2
        assert "only `docs add` reads pages" in ran.err
        assert "secret" not in ran.err
