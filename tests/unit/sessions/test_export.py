from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from ragcli.sessions.history.export import pages_to_html, to_html, to_json, to_markdown
from ragcli.sessions.records.records import Citation, Conversation
from tests.stores import a_turn

TALK = Conversation(
    "c1", "About *locks*", "2026-01-02T03:04:05.678Z", "2026-01-03T03:04:05.678Z", 2
)
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><script>",
    "]]><svg onload=alert(1)>",
    "javascript:alert(1)",
    "\x1b]52;c;aGk=\x07",
    "[x](javascript:alert(1))",
    "\u202egnirts",
    "a\r\nb",
    "&lt;&amp;",
]


class Page(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def hostile_turn(text: str):
    citation = Citation(1, text, None, (1, 2), text, 0.5, text, True)
    return a_turn("c1", text, answer=text, model=text, citations=(citation,))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_page_acts(text: str) -> None:
    talk = Conversation(text, text, TALK.created, TALK.updated, 1, text)
    expected = Page(to_html(TALK, [a_turn("c1", "plain")]))

    page = to_html(talk, [hostile_turn(text)])

    seen = Page(page)
    assert seen.tags <= expected.tags | {"blockquote"}
    assert seen.attributes <= expected.attributes
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_a_page_needs_nothing_else_and_may_do_nothing() -> None:
    page = to_html(TALK, [a_turn("c1", "why?")])

    assert page.startswith("<!doctype html>")
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "why?" in "".join(Page(page).text)
    assert "docs/a.md:1-3 (Intro)" in "".join(Page(page).text)


def test_code_in_an_answer_stays_code() -> None:
    answer = "Before\n\n```python\nif a < b:\n\n    pass\n```\n\nafter"

    page = to_html(TALK, [a_turn("c1", "q", answer=answer)])

    assert "<p>Before</p>\n<pre>if a &lt; b:\n\n    pass\n</pre>\n<p>after</p>" in page


def test_several_conversations_are_one_page() -> None:
    page = pages_to_html([(TALK, [a_turn("c1", "one")]), (TALK, [a_turn("c1", "two")])])

    assert page.count("<!doctype") == page.count("</html>") == 1
    assert page.count("<article") == 2


def test_markdown_has_questions_answers_and_sources() -> None:
    text = to_markdown(TALK, [a_turn("c1", "why?"), a_turn("c1", "how?", answer="")])

    assert text.startswith("# About \\*locks\\*\n\n*2026-01-02 03:04 to ")
    assert "## why?\n\nanswer to why? [1]\n\n1. docs/a.md:1-3 (Intro)" in text
    assert "\n   > a quote" in text
    assert text.index("## why?") < text.index("## how?")


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_holds_no_raw_html(text: str) -> None:
    talk = Conversation("c1", text, TALK.created, TALK.updated, 1)

    written = to_markdown(talk, [hostile_turn(text)])

    assert "<script" not in written
    assert "<img" not in written
    assert "\x1b" not in written
    assert written.count("\n## ") == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("answered", ""),
        ("nothing_found", "Nothing relevant"),
        ("interrupted", "interrupted"),
        ("failed", "failed"),
    ],
)
def test_what_became_of_a_question_is_said(status: str, words: str) -> None:
    turn = a_turn("c1", "q", status=status)

    for text in (to_markdown(TALK, [turn]), to_html(TALK, [turn])):
        assert words in text
        assert ('class="note"' in text) <= bool(words)


def test_json_holds_everything_with_ids() -> None:
    turn = a_turn("c1", "why?", seq=7, ts="2026-01-02T03:04:05.678Z")

    told = json.loads(json.dumps(to_json("work", [(TALK, [turn])])))

    assert told["schema"] == 1
    assert told["profile"] == "work"
    (talk,) = told["conversations"]
    assert (talk["id"], talk["title"]) == ("c1", "About *locks*")
    (only,) = talk["turns"]
    assert (only["id"], only["seq"]) == (turn.id, 7)
    assert only["citations"][0]["quote"] == "a quote"
    assert only["retrieved"][0]["path"] == "docs/a.md"
