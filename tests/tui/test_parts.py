"""Commands, attachments, keys, sources and editors: the parts without a screen."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from ragcli.chat.presentation import editors
from ragcli.errors import DocumentNotFound, UsageError
from ragcli.tui import commands
from ragcli.tui.app import OWNERS, ChatApp
from ragcli.tui.attachments.mentions import attached, mention_start, paths_like
from ragcli.tui.chat.documents.passage_context import passage_context
from ragcli.tui.keyboard import key_bindings
from ragcli.tui.turns.source_entries import from_turn, quoted_span, quoted_spans
from tests.tui.backend import Backend

# Commands


def test_the_help_of_commands_has_one_style() -> None:
    assert not [c.name for c in commands.COMMANDS if c.help.endswith(".")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/help", True),
        ("/model ollama:x", True),
        ("/etc/passwd is what?", False),
        ("what is /help", False),
        ("", False),
        ("/new\nline", False),
    ],
)
def test_a_path_is_no_command(text: str, wanted: bool) -> None:
    assert commands.is_command(text) is wanted


def test_a_unique_beginning_is_enough() -> None:
    command, argument = commands.parse("/exp  out.md ")

    assert (command.name, argument) == ("export", "out.md")


@pytest.mark.parametrize("text", ["/nope", "/co", "/add", "/"])
def test_what_cannot_be_run_is_said(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        commands.parse(text)

    assert caught.value.hint


# Attachments


def test_mentions_become_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.md", "b c.md"):
        Path(name).touch()

    question, paths = attached('compare @a.md, @"b c.md" and mail@a.md @everyone')

    assert question == "compare a.md, b c.md and mail@a.md @everyone"
    assert paths == (str(tmp_path / "a.md"), str(tmp_path / "b c.md"))


@pytest.mark.parametrize("text", ["@gone.md", "@dir/gone", '@"gone"'])
def test_a_mention_that_leads_nowhere_is_refused(text: str) -> None:
    with pytest.raises(DocumentNotFound, match="no such file"):
        attached(f"what of {text}?")


def test_unfinished_mentions_and_paths(tmp_path: Path) -> None:
    (tmp_path / "notes.md").touch()
    (tmp_path / ".hidden").touch()
    (tmp_path / "sub").mkdir()

    assert mention_start("see @no") == 4
    assert mention_start("mail a@no") is None
    assert sorted(paths_like(f"{tmp_path}/")) == [
        f"{tmp_path}/notes.md",
        f"{tmp_path}/sub/",
    ]
    assert list(paths_like(f"{tmp_path}/.h")) == [f"{tmp_path}/.hidden"]
    assert list(paths_like("/nowhere/at/all")) == []


# Keys


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("ctrl+k", True),
        ("f5", True),
        ("a", True),
        ("pageup", True),
        ("alt+shift+x", True),
        ("+", True),
        ("ctrl+banana", False),
        ("super+f99", False),
        ("hyperspace", False),
        ("ctrl+", False),
    ],
)
def test_key_names(name: str, good: bool) -> None:
    assert key_bindings.is_key(name) is good


def test_ids_are_unique_and_keys_do_not_clash_where_they_live() -> None:
    known = key_bindings.declared(ChatApp, *OWNERS)
    count = sum(
        len(list(key_bindings.bindings_of(owner))) for owner in (ChatApp, *OWNERS)
    )

    assert len(known) == count
    usable, wrong = key_bindings.checked(
        {name: b.key for name, b in known.items()}, known
    )
    assert not wrong
    assert len(usable) == count


def test_two_bindings_on_one_key_are_named() -> None:
    known = key_bindings.declared(ChatApp, *OWNERS)

    _, wrong = key_bindings.checked({"turn.copy": "r"}, known)

    assert wrong == ["keys.turn.copy and keys.turn.again are both r"]


def test_keys_as_people_write_them() -> None:
    assert key_bindings.shown_keys("ctrl+j,alt+enter") == "Ctrl+J, Alt+Enter"
    assert key_bindings.shown_keys("right_square_bracket") == "]"
    assert key_bindings.shown_keys("c") == "c"


# Editors


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("vim", ["vim", "+7", "FILE"]),
        ("nano -w", ["nano", "-w", "+7", "FILE"]),
        ("/usr/bin/code --wait", ["/usr/bin/code", "--wait", "-g", "FILE:7"]),
        ("hx", ["hx", "FILE:7"]),
    ],
)
def test_editors_open_at_the_line(
    tmp_path: Path, chosen: str, expected: list[str]
) -> None:
    file = tmp_path / "a; rm -rf.md"
    file.touch()

    words = editors.command(str(file), 7, {"EDITOR": chosen})

    assert list(words) == [word.replace("FILE", str(file)) for word in expected]


def test_visual_comes_before_editor_and_a_lost_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.touch()

    assert editors.command(str(file), 1, {"VISUAL": "v", "EDITOR": "e"})[0] == "v"
    with pytest.raises(DocumentNotFound, match="no longer there"):
        editors.command(str(tmp_path / "gone.md"), 1, {"EDITOR": "e"})


# Sources


def test_sources_of_a_turn_cited_first(tmp_path: Path) -> None:
    backend = Backend(tmp_path)
    backend.first.seed(1)

    sources = from_turn(backend.first.history.turns[0], frozenset({2}))

    assert [s.marker for s in sources] == [1, 2, 3]
    assert [s.cited for s in sources] == [True, True, False]
    assert [s.stale for s in sources] == [False, True, False]
    assert [s.place for s in sources] == [
        "locks.md:12-20",
        "faq.pdf p. 3",
        "design.md:3",
    ]


def test_a_mounts_document_is_not_the_file_that_stands_at_its_path(
    tmp_path: Path,
) -> None:
    backend = Backend(tmp_path)
    backend.first.seed(1)
    own = from_turn(backend.first.history.turns[0])[0]
    file = tmp_path / "locks.md"
    file.write_text("mine, and nobody else's\n" * 30)
    mounted = replace(
        own, path=str(file), origin="/srv/team.bundle", digest=sha256(b"x").hexdigest()
    )

    assert mounted.place == "locks.md:12-20 in team.bundle"
    assert mounted.full_place.endswith("locks.md:12-20 in /srv/team.bundle")
    assert not mounted.is_file
    assert passage_context(mounted, backend.first.library.document) == ("", "")
    theirs = replace(mounted, digest=sha256(file.read_bytes()).hexdigest())
    assert theirs.is_file


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("waits at most", "waits  at\nmost"),
        ("(a.b) [c]", "(a.b) [c]"),
        ("not there", None),
        ("", None),
    ],
)
def test_quotes_are_found_whatever_the_line_breaks(
    quote: str, expected: str | None
) -> None:
    text = "It waits  at\nmost ten (a.b) [c] seconds"

    span = quoted_span(text, quote)

    assert (text[slice(*span)] if span else None) == expected


def test_surroundings_of_a_file_that_is_gone(tmp_path: Path) -> None:
    backend = Backend(tmp_path)
    backend.first.seed(1)
    source = from_turn(backend.first.history.turns[0])[0]

    with pytest.raises(DocumentNotFound, match="cannot be read"):
        passage_context(source, backend.first.library.document)


def test_all_that_an_answer_takes_from_a_passage_is_found() -> None:
    text = "code,name\n70,bug\n74,I/O error\n75,locked"

    spans = quoted_spans(text, ["75,locked", "70,bug", "80,nothing"])

    assert [text[first:last] for first, last in spans] == ["70,bug", "75,locked"]
