"""Where a passphrase comes from, in which order, and what happens if it cannot."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from ragcli.errors import PassphraseNeeded, UsageError
from ragcli.sessions.encryption.passphrase import COMMAND, VARIABLE, find


@contextmanager
def pipe(data: bytes) -> Iterator[int]:
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)


def ask(
    *,
    fd: int | None = None,
    environ: Mapping[str, str] | None = None,
    prompt: Callable[[str], str] | None = None,
    keyring: Callable[[], str | None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> str | None:
    return find(
        "work",
        fd=fd,
        environ=environ or {},
        prompt=prompt,
        keyring=keyring,
        warn=warn,
    )


def never(*_: object) -> str:
    raise AssertionError("a later source was asked")


def command(code: str) -> str:
    return f'{sys.executable} -c "{code}"'


def test_the_order_is_descriptor_command_variable_keyring_prompt() -> None:
    environ = {COMMAND: command("print('from command')"), VARIABLE: "from variable"}
    with pipe(b"from fd\n") as fd:
        found = ask(fd=fd, environ=environ, keyring=never, prompt=never)
        assert found == "from fd"
    found = ask(environ=environ, keyring=never, prompt=never)
    assert found == "from command"
    del environ[COMMAND]
    assert ask(environ=environ, keyring=never, prompt=never) == "from variable"
    assert ask(keyring=lambda: "kept", prompt=never) == "kept"
    assert ask(keyring=lambda: None, prompt=lambda name: f"typed for {name}") == (
        "typed for work"
    )
    assert ask() is None
    assert ask(prompt=lambda _: "") is None


def test_only_the_first_line_of_a_descriptor_is_taken() -> None:
    with pipe("geheim für mich\r\nWhat is a lock?\n".encode()) as fd:
        assert ask(fd=fd) == "geheim für mich"
        assert os.read(fd, 100) == b"What is a lock?\n"


def test_spaces_belong_to_the_passphrase() -> None:
    with pipe(b" two  words \n") as fd:
        assert ask(fd=fd) == " two  words "


def test_an_open_pipe_without_an_end_does_not_hang() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"secret\n")
    assert ask(fd=reading) == "secret"
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n"])
def test_an_empty_descriptor_is_an_error_and_not_a_prompt(data: bytes) -> None:
    with pipe(data) as fd, pytest.raises(PassphraseNeeded, match="gave no"):
        ask(fd=fd, prompt=never)


def test_a_closed_descriptor_is_named() -> None:
    with pytest.raises(UsageError, match="--passphrase-fd 999"):
        ask(fd=999)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pipe(b"\xff\xfe\n") as fd, pytest.raises(UsageError, match="UTF-8"):
        ask(fd=fd)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (command("raise SystemExit(3)"), "status 3"),
        (command("pass"), "gave no passphrase"),
        ("/nonexistent/program", "cannot start"),
        ("   ", "cannot start"),
    ],
)
def test_a_failing_command_is_an_error_and_not_a_prompt(
    line: str, message: str
) -> None:
    with pytest.raises(PassphraseNeeded, match=message):
        ask(environ={COMMAND: line}, prompt=never)


def test_a_command_with_an_open_quote_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=COMMAND):
        ask(environ={COMMAND: "pass 'show"})


def test_a_command_is_not_run_by_a_shell_and_never_sees_the_variable() -> None:
    code = f"import os, sys; print(sys.argv[1:], os.environ.get('{VARIABLE}'))"
    environ = {COMMAND: f'{sys.executable} -c "{code}" ; $HOME', VARIABLE: "secret"}
    assert ask(environ=environ) == "[';', '$HOME'] None"


def test_the_variable_is_warned_about() -> None:
    warnings: list[str] = []
    assert ask(environ={VARIABLE: "secret"}, warn=warnings.append) == "secret"
    assert len(warnings) == 1
    assert "secret" not in warnings[0]
