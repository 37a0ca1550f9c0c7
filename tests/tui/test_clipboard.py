"""What was copied is in the clipboard of the desktop, or is not said to be."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.tui.clipboard import Clipboard, programs

TEXT = "grüße, 10 €"


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Puts programs of a desktop into PATH; they write what they are given."""
    monkeypatch.delenv("SSH_TTY")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_CLIENT"):
        monkeypatch.delenv(name, raising=False)
    taken = tmp_path / "taken"
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def make(name: str, code: int = 0) -> Path:
        program = tmp_path / name
        program.write_text(
            f'#!/bin/sh\ncat >{taken}; echo {name} "$@" >&2; exit {code}\n'
        )
        program.chmod(0o755)
        return taken

    return make


@pytest.mark.parametrize(
    ("platform", "variable", "name"),
    [
        ("darwin", "", "pbcopy"),
        ("linux", "WAYLAND_DISPLAY", "wl-copy"),
        ("linux", "DISPLAY", "xclip"),
    ],
)
def test_the_desktop_is_given_the_text(
    desktop: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    variable: str,
    name: str,
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    if variable:
        monkeypatch.setenv(variable, ":7")
    taken = desktop(name)
    clipboard = Clipboard()
    clipboard.put(TEXT)
    assert clipboard.has_it
    assert taken.read_text(encoding="utf-8") == TEXT


def test_the_next_program_is_tried_where_one_fails(
    desktop: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("WAYLAND_DISPLAY", "gone")
    monkeypatch.setenv("DISPLAY", ":7")
    desktop("wl-copy", 1)
    desktop("xclip", 1)
    clipboard = Clipboard()
    clipboard.put(TEXT)
    assert not clipboard.has_it
    desktop("xclip")
    clipboard.put(TEXT)
    assert clipboard.has_it


def test_over_ssh_the_desktop_is_somebody_elses(
    desktop: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop("xclip")
    told = {"DISPLAY": ":7", "SSH_CONNECTION": "192.0.2.1 2 192.0.2.2 22"}
    assert programs(told) == []
    here = [("pbcopy",)] if sys.platform == "darwin" else []
    assert programs({}) == [name for name in here if shutil.which(*name)]
