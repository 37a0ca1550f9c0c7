"""Names that mean something to a file system, a shell or a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ragcli.errors import RagcliError, UsageError
from ragcli.paths import Home
from ragcli.sessions.bundles.bundle import export_bundle, import_bundle
from ragcli.sessions.local.store import LocalStore
from tests.sealed import PASSPHRASE, filled, tree

HOSTILE = [
    "",
    " ",
    ".",
    "..",
    "...",
    "../x",
    "../../etc/passwd",
    "a/b",
    "a/../b",
    "/etc/passwd",
    "//x",
    "a\\b",
    "..\\x",
    "C:\\x",
    "a\0b",
    "\0",
    "a\nb",
    "a\rb",
    "a\tb",
    "a b",
    " a",
    "a ",
    "-rf",
    "--help",
    "~",
    "~root",
    "$HOME",
    "`id`",
    "$(id)",
    "a;id",
    "a|id",
    "a&b",
    "a*",
    "a?",
    "[a]",
    "{a,b}",
    "a'b",
    'a"b',
    "a" * 65,
    "a" * 300,
    "A",
    "Work",
    "é",
    "\uff41",
    "\u0430",
    "a\u202eb",
    "a\u200bb",
    "\x1b[2J",
    "a\x1b]0;x\x07",
    ".new-0123456789abcdef",
    ".deleted-0123456789abcdef",
    "work@0",
    "%2e%2e",
    "a:b",
    "a@1000",
]

Use = Callable[[LocalStore, str, Path], object]

USES: list[Use] = [
    lambda store, name, _: store.create(name, {}),
    lambda store, name, _: store.create(name, {}, passphrase=PASSPHRASE),
    lambda store, name, _: store.open(name),
    lambda store, name, _: store.rename("work", name),
    lambda store, name, _: store.rename(name, "other"),
    lambda store, name, _: store.clone("work", name, history=True),
    lambda store, name, _: store.clone(name, "other", history=True),
    lambda store, name, _: store.delete(name),
    lambda store, name, _: store.encrypt(name, PASSPHRASE),
    lambda store, name, _: store.decrypt(name),
    lambda store, name, _: store.lock(name, 0).__enter__(),
    lambda store, name, bundle: import_bundle(store, bundle, name=name),
]


def test_there_are_fifty() -> None:
    assert len(set(HOSTILE)) >= 50


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_everywhere_and_touches_nothing(
    store: LocalStore, home: Home, tmp_path: Path, name: str
) -> None:
    bundle = tmp_path / "b"
    session = filled(store)
    export_bundle(session, bundle)
    before = tree(tmp_path)
    for use in USES:
        if name == "" and use is USES[-1]:
            continue  # no name: the bundle's own
        with pytest.raises(UsageError) as caught:
            use(store, name, bundle)
        assert isinstance(caught.value, RagcliError)
        assert "\x1b" not in caught.value.message
        assert "\n" not in caught.value.message
        assert tree(tmp_path) == before
