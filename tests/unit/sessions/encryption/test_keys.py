"""A passphrase or a recovery code opens a profile, and nothing else does."""

from __future__ import annotations

import json
import pickle
import resource
from pathlib import Path

import pytest

from ragcli.errors import (
    Damaged,
    NotPermitted,
    PassphraseNeeded,
    UsageError,
    WrongPassphrase,
)
from ragcli.sessions.encryption import desktop_keyring, kdf, recovery
from ragcli.sessions.encryption.data_key import DataKey
from ragcli.sessions.encryption.desktop_keyring import DesktopKeyring
from ragcli.sessions.encryption.kdf import Cost
from ragcli.sessions.encryption.key_ring import KeyRing, is_encrypted
from ragcli.storage.files import Directory
from tests.sealed import MemoryKeyring


def opens(directory: Directory, secret: str, data_key: DataKey) -> bool:
    try:
        return KeyRing.open(directory, secret).subkey("x") == data_key.subkey("x")
    except WrongPassphrase:
        return False


def tree(path: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and not file.name.endswith(".lock")
    }


def slot_file(directory: Directory) -> Path:
    return next((directory.path / "keys").glob("*.json"))


def edit_slot(directory: Directory, **kdf_changes: object) -> None:
    file = slot_file(directory)
    fields = json.loads(file.read_text())
    fields["kdf"].update(kdf_changes)
    file.write_text(json.dumps(fields))


def test_a_passphrase_opens_what_it_closed(directory: Directory, cheap: Cost) -> None:
    data_key = KeyRing.create(directory, "correct horse", cheap)
    assert is_encrypted(directory)
    assert opens(directory, "correct horse", data_key)
    assert not opens(directory, "correct horsf", data_key)


def test_a_wrong_passphrase_changes_nothing(directory: Directory, cheap: Cost) -> None:
    KeyRing.create(directory, "right", cheap)
    before = tree(directory.path)
    with pytest.raises(WrongPassphrase) as caught:
        KeyRing.open(directory, "wrong")
    assert caught.value.code == 77
    with pytest.raises(WrongPassphrase):
        KeyRing(directory, cheap).change_passphrase("wrong", "new")
    assert tree(directory.path) == before


@pytest.mark.parametrize("secret", [None, ""])
def test_no_passphrase_is_asked_for(
    directory: Directory, cheap: Cost, secret: str | None
) -> None:
    KeyRing.create(directory, "right", cheap)
    with pytest.raises(PassphraseNeeded):
        KeyRing.open(directory, secret)


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_an_empty_passphrase_is_refused(
    directory: Directory, cheap: Cost, empty: str
) -> None:
    with pytest.raises(UsageError):
        KeyRing.create(directory, empty, cheap)


def test_how_an_accent_was_typed_does_not_matter(
    directory: Directory, cheap: Cost
) -> None:
    data_key = KeyRing.create(directory, "cafe\u0301", cheap)
    assert opens(directory, "caf\u00e9", data_key)


def test_a_recovery_code_opens_however_it_is_typed(
    directory: Directory, cheap: Cost
) -> None:
    data_key = KeyRing.create(directory, "right", cheap)
    code = KeyRing(directory, cheap).add_recovery(data_key)
    assert all(len(group) == 4 for group in code.split("-"))
    for typed in (code, code.lower(), code.replace("-", " "), f" {code}\n"):
        assert opens(directory, typed, data_key)
    assert opens(directory, code.replace("0", "o").replace("1", "l"), data_key)


def test_every_single_typing_error_in_a_recovery_code_is_noticed() -> None:
    code = recovery.generate()
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    for at, letter in enumerate(code):
        if letter == "-":
            continue
        for other in alphabet.replace(letter, ""):
            assert recovery.normalized(code[:at] + other + code[at + 1 :]) is None


def test_a_mistyped_recovery_code_is_told_apart(
    directory: Directory, cheap: Cost
) -> None:
    data_key = KeyRing.create(directory, "right", cheap)
    code = KeyRing(directory, cheap).add_recovery(data_key)
    wrong = ("A" if code[0] != "A" else "B") + code[1:]
    with pytest.raises(WrongPassphrase, match="does not open") as caught:
        KeyRing.open(directory, wrong)
    assert "typing error" in caught.value.hint


def test_changing_the_passphrase_touches_only_its_slot(
    directory: Directory, cheap: Cost
) -> None:
    data_key = KeyRing.create(directory, "old", cheap)
    directory.replace("history.jsonl", b"sealed")
    slot = slot_file(directory).name
    before = tree(directory.path)
    KeyRing(directory, cheap).change_passphrase("old", "new")
    after = tree(directory.path)
    assert {name for name in after if after[name] != before.get(name)} == {
        f"keys/{slot}"
    }
    assert opens(directory, "new", data_key)
    assert not opens(directory, "old", data_key)


def test_a_recovery_code_gives_a_new_passphrase(
    directory: Directory, cheap: Cost
) -> None:
    data_key = KeyRing.create(directory, "forgotten", cheap)
    ring = KeyRing(directory, cheap)
    code = ring.add_recovery(data_key)
    ring.change_passphrase(code, "remembered")
    assert opens(directory, "remembered", data_key)
    assert opens(directory, code, data_key)
    assert not opens(directory, "forgotten", data_key)


def test_of_several_passphrases_a_recovery_code_must_name_one(
    directory: Directory, cheap: Cost
) -> None:
    data_key = KeyRing.create(directory, "first", cheap)
    ring = KeyRing(directory, cheap)
    second = ring.add_passphrase(data_key, "second")
    code = ring.add_recovery(data_key)
    with pytest.raises(UsageError, match="which passphrase"):
        ring.change_passphrase(code, "third")
    ring.change_passphrase(code, "third", second)
    assert opens(directory, "first", data_key)
    assert opens(directory, "third", data_key)
    assert not opens(directory, "second", data_key)


def test_the_last_way_in_stays(directory: Directory, cheap: Cost) -> None:
    data_key = KeyRing.create(directory, "right", cheap)
    ring = KeyRing(directory, cheap)
    (slot,) = ring.slots()
    with pytest.raises(UsageError, match="only way"):
        ring.remove(slot.id)
    ring.add_recovery(data_key)
    ring.remove(slot.id)
    assert not opens(directory, "right", data_key)


def test_a_keyring_slot_opens_without_a_passphrase(
    directory: Directory, cheap: Cost
) -> None:
    keyring = DesktopKeyring(MemoryKeyring())
    data_key = KeyRing.create(directory, "right", cheap)
    ring = KeyRing(directory, cheap)
    slot = ring.add_keyring(data_key, keyring)
    secret = ring.keyring_secret(keyring)
    assert secret is not None
    assert opens(directory, secret, data_key)
    assert "right" not in secret
    ring.remove(slot, keyring)
    assert ring.keyring_secret(keyring) is None
    assert not opens(directory, secret, data_key)


@pytest.mark.slow
def test_without_a_desktop_there_is_no_keyring_and_never_a_plain_file(
    directory: Directory, cheap: Cost
) -> None:
    chainer = type("ChainerBackend", (), {"__module__": "keyring.backends.chainer"})()
    plain = type("PlaintextKeyring", (), {"__module__": "keyrings.alt.file"})()
    null = type("Keyring", (), {"__module__": "keyring.backends.null"})()
    real = type("Keyring", (), {"__module__": "keyring.backends.SecretService"})()
    chainer.backends = [plain, null]
    for backend in (plain, null, chainer):
        assert desktop_keyring.trusted(backend) is None
    chainer.backends = [plain, real]
    assert desktop_keyring.trusted(chainer) is real
    assert desktop_keyring.find() is None
    data_key = KeyRing.create(directory, "right", cheap)
    with pytest.raises(NotPermitted, match="keyring"):
        KeyRing(directory, cheap).add_keyring(data_key)
    assert len(KeyRing(directory).slots()) == 1


@pytest.mark.parametrize(
    "planted",
    [
        {"memory_kib": 1 << 30},
        {"memory_kib": 0},
        {"passes": 10**9},
        {"lanes": 10**6},
        {"passes": True},
        {"salt": "!!"},
        {"salt": ""},
        {"name": "md5"},
        {"name": "scrypt", "n": 1 << 40, "r": 8, "p": 1},
        {"name": "scrypt", "n": 1000, "r": 8, "p": 1},
        {"name": "scrypt", "n": 1024, "r": 1 << 20, "p": 1},
    ],
)
def test_planted_parameters_cannot_exhaust_the_machine(
    directory: Directory, cheap: Cost, planted: dict[str, object]
) -> None:
    KeyRing.create(directory, "right", cheap)
    edit_slot(directory, **planted)
    with pytest.raises(WrongPassphrase):
        KeyRing.open(directory, "right")


def test_weakened_parameters_do_not_open(directory: Directory, cheap: Cost) -> None:
    KeyRing.create(directory, "right", Cost(memory_kib=128, passes=2, lanes=1))
    edit_slot(directory, memory_kib=64)
    with pytest.raises(WrongPassphrase):
        KeyRing.open(directory, "right")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff", b'{"v":9}', b"[" * 9999]
)
def test_a_damaged_slot_is_skipped_and_named(
    directory: Directory, cheap: Cost, content: bytes
) -> None:
    data_key = KeyRing.create(directory, "right", cheap)
    with directory.child("keys") as keys:
        keys.replace("00000000000000aa.json", content)
    assert opens(directory, "right", data_key)
    assert KeyRing(directory).damaged() == ["00000000000000aa.json"]


def test_without_a_readable_slot_the_profile_is_damaged(
    directory: Directory, cheap: Cost
) -> None:
    KeyRing.create(directory, "right", cheap)
    slot_file(directory).write_bytes(b"{}")
    with pytest.raises(Damaged, match="no key slot"):
        KeyRing.open(directory, "right")


def test_a_slot_of_another_name_is_not_taken(directory: Directory, cheap: Cost) -> None:
    KeyRing.create(directory, "right", cheap)
    file = slot_file(directory)
    file.rename(file.with_name("00000000000000aa.json"))
    with pytest.raises(Damaged):
        KeyRing.open(directory, "right")


def test_scrypt_takes_over_where_argon2id_is_missing(
    directory: Directory, cheap: Cost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kdf, "argon2_works", lambda: False)
    data_key = KeyRing.create(directory, "right", cheap)
    (slot,) = KeyRing(directory).slots()
    assert slot.parameters["name"] == "scrypt"
    assert opens(directory, "right", data_key)
    assert not opens(directory, "wrong", data_key)
    assert kdf.fresh()["n"] == 1 << 17


def test_an_argon2id_slot_names_what_is_missing(
    directory: Directory, cheap: Cost, monkeypatch: pytest.MonkeyPatch
) -> None:
    KeyRing.create(directory, "right", cheap)
    monkeypatch.setattr(kdf, "argon2_works", lambda: False)
    with pytest.raises(NotPermitted, match="Argon2id"):
        KeyRing.open(directory, "right")


def test_a_slot_that_cannot_be_tried_here_hides_no_other(
    directory: Directory, cheap: Cost, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_key = KeyRing.create(directory, "right", cheap)
    monkeypatch.setattr(kdf, "argon2_works", lambda: False)
    KeyRing(directory, cheap).add_passphrase(data_key, "also right")

    kinds = {slot.parameters["name"] for slot in KeyRing(directory).slots()}
    assert kinds == {"argon2id", "scrypt"}
    assert opens(directory, "also right", data_key)
    with pytest.raises(NotPermitted, match="Argon2id"):
        KeyRing.open(directory, "right")


def test_the_standard_cost_is_the_second_option_of_rfc_9106() -> None:
    parameters = kdf.fresh()
    assert parameters["name"] == "argon2id"
    assert parameters["memory_kib"] == 64 * 1024
    assert (parameters["passes"], parameters["lanes"]) == (3, 4)
    assert len(kdf.derive("x", parameters)) == 32


def test_a_data_key_does_not_show_or_pickle_itself(data_key: DataKey) -> None:
    assert repr(data_key) == f"DataKey({data_key.id})"
    with pytest.raises(TypeError, match="never written"):
        pickle.dumps(data_key)
    assert data_key.subkey("history") != data_key.subkey("files")


def test_an_open_key_forbids_core_dumps(directory: Directory, cheap: Cost) -> None:
    KeyRing.create(directory, "right", cheap)
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0


def test_there_is_a_bound_on_slots(directory: Directory, cheap: Cost) -> None:
    data_key = KeyRing.create(directory, "right", cheap)
    ring = KeyRing(directory, cheap)
    for _ in range(15):
        ring.add_recovery(data_key)
    with pytest.raises(UsageError, match="at most"):
        ring.add_recovery(data_key)


def test_the_keyring_keeps_no_secret_that_opens_nothing(
    directory: Directory, cheap: Cost
) -> None:
    data_key = KeyRing.create(directory, "right", cheap)
    ring, system = KeyRing(directory, cheap), MemoryKeyring()
    for _ in range(15):
        ring.add_recovery(data_key)

    with pytest.raises(UsageError, match="at most"):
        ring.add_keyring(data_key, DesktopKeyring(system))

    assert not system.held
