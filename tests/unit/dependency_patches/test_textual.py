"""Textual's parser is changed where the chat's terminals need it."""

from __future__ import annotations

import codecs
from typing import Any, cast

import pytest
from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver, linux_inline_driver

from ragcli.dependency_patches import textual as patch

NO_CHARACTER = "\x1b[99999999999u"


def keys(parser: XTermParser, typed: str) -> list[str]:
    found = [*parser.feed(typed), *parser.feed("")]
    return [event.key for event in found if isinstance(event, events.Key)]


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The patches for one test; what they change is put back afterwards."""
    for driver in (linux_driver, linux_inline_driver):
        module = cast("Any", driver)
        # Setting them fails when Textual's drivers use them no more.
        monkeypatch.setattr(module, "XTermParser", module.XTermParser)
        decoder = module.getincrementaldecoder
        monkeypatch.setattr(module, "getincrementaldecoder", decoder)
    table = cast("dict[str, Any]", ANSI_SEQUENCES_KEYS)
    for sequence in patch.NEWLINES:
        monkeypatch.setitem(table, sequence, ())
    patch.teach_newlines()
    patch.forgive_input()


def test_a_key_that_is_no_character_ends_textual_but_not_the_chat(
    patched: None,
) -> None:
    with pytest.raises((ValueError, OverflowError)):
        keys(XTermParser(), NO_CHARACTER)

    parser = cast("Any", linux_driver).XTermParser()

    assert keys(parser, f"{NO_CHARACTER}a")[-1] == "a"


def test_alt_enter_is_a_new_line(patched: None) -> None:
    parser = cast("Any", linux_driver).XTermParser()

    assert keys(parser, "\x1b\r") == ["ctrl+j"]


def test_a_byte_that_is_no_utf8_is_a_character(patched: None) -> None:
    with pytest.raises(UnicodeDecodeError):
        codecs.getincrementaldecoder("utf-8")().decode(b"\xff")

    for driver in (linux_driver, linux_inline_driver):
        decoder = cast("Any", driver).getincrementaldecoder("utf-8")()
        assert decoder.decode(b"a\xffb") == "a\xffb"
