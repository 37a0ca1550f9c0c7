"""`ragcli profile`, `audit` and `doctor`, as a user meets them."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.conftest import QUESTION
from tests.conftest import Ran


def test_the_life_of_a_profile(run_cli: Callable[..., Ran]) -> None:
    assert run_cli("profile", "create", "work").code == 0
    assert run_cli("profile", "use", "work").code == 0
    assert run_cli("profile", "rename", "work", "office").code == 0
    assert run_cli("profile", "list").out.startswith("office\t*\t0\t")
    assert run_cli("profile", "clone", "office", "copy").code == 0
    assert run_cli("profile", "delete", "office", "--yes").code == 0

    told = run_cli("profile", "list", "--json").json
    [listed] = told["profiles"]
    assert (listed["name"], listed["current"]) == ("copy", False)


def test_a_list_tells_of_each_profile_without_opening_it(
    indexed: Path,
    run_cli: Callable[..., Ran],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAGCLI_PASSPHRASE", "correct horse")
    assert run_cli("profile", "create", "diary", "--encrypt").code == 0
    assert run_cli("docs", "add", "notes/locks.md", "-p", "diary").code == 0
    assert run_cli("profile", "create", "empty").code == 0
    monkeypatch.delenv("RAGCLI_PASSPHRASE")
    for path in (home / "profiles" / "empty").iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))

    told = run_cli("profile", "list", "--json").json["profiles"]
    by_name = {one["name"]: one for one in told}
    facts = {n: (one["documents"], one["encrypted"]) for n, one in by_name.items()}
    documents = run_cli("docs", "list", "--json").json["documents"]
    assert facts == {
        "default": (len(documents), False), "diary": (1, True), "empty": (0, False)
    }  # fmt: skip
    assert by_name["empty"]["used"] == "2023-11-14T22:13:20Z"
    used = datetime.fromisoformat(by_name["default"]["used"])
    assert used > datetime.fromisoformat(by_name["empty"]["used"])
    live = (home / "profiles/default/index/CURRENT").read_text().split()[0]
    files = (home / "profiles/default/index" / live).rglob("*")
    size = sum(file.stat().st_size for file in files if file.is_file())
    assert 0 < by_name["default"]["size"] <= size + 10_000
    lines = [line.split("\t") for line in run_cli("profile", "list").lines]
    assert [(line[0], line[2], line[5]) for line in lines] == [
        ("default", str(len(documents)), ""), ("diary", "1", "encrypted"),
        ("empty", "0", ""),
    ]  # fmt: skip

    (home / "profiles/default/index/CURRENT").write_text("gen-99999999 x\n")
    damaged = run_cli("profile", "list", "--json").json["profiles"][0]
    assert (damaged["documents"], damaged["size"]) == (None, None)


def test_which_profile_is_meant(
    run_process: Callable[..., Ran],
    run_cli: Callable[..., Ran],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Flag, then variable, then project file, then the chosen one, then default."""
    for name in ("flag", "variable", "project", "chosen"):
        run_cli("profile", "create", name)
    monkeypatch.chdir(tmp_path)

    def current(*argv: str, **env: str) -> object:
        told = run_process("history", "list", "--json", *argv, env=env)
        return told.json["profile"]

    assert current() == "default"
    run_cli("profile", "use", "chosen")
    assert current() == "chosen"
    (tmp_path / ".ragcli.toml").write_text('profile = "project"\n')
    below = tmp_path / "deep" / "er"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert current() == "project"
    assert current(RAGCLI_PROFILE="variable") == "variable"
    assert current("-p", "flag", RAGCLI_PROFILE="variable") == "flag"


def test_options_may_come_before_the_command(run_cli: Callable[..., Ran]) -> None:
    run_cli("profile", "create", "work")

    told = run_cli("-p", "work", "--json", "history", "list").json
    assert told["profile"] == "work"


def test_profiles_do_not_see_each_other(
    indexed: Path, run_cli: Callable[..., Ran]
) -> None:
    run_cli("profile", "create", "other")
    run_cli("ask", QUESTION)

    assert run_cli("docs", "list", "-p", "other").out == ""
    assert run_cli("history", "list", "-p", "other").out == ""
    assert run_cli("ask", QUESTION, "-p", "other").code == 1


def test_unknown_profiles_are_5_with_the_nearest(run_cli: Callable[..., Ran]) -> None:
    run_cli("profile", "create", "office")
    for argv in (
        ["history", "list", "-p", "ofice"],
        ["profile", "use", "ofice"],
        ["profile", "delete", "ofice", "--yes"],
        ["profile", "rename", "ofice", "b"],
        ["profile", "clone", "ofice", "b"],
        ["profile", "show", "ofice"],
    ):
        ran = run_cli(*argv)
        assert ran.code == 5, (argv, ran.err)
        assert "office" in ran.err


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", ".", "..", "-rf", "UPPER", "é", "a" * 65, "a\x1b[31m"]
)
def test_hostile_names_are_refused(
    name: str, home: Path, run_cli: Callable[..., Ran]
) -> None:
    ran = run_cli("profile", "create", "--", name)

    assert ran.code == 2
    assert "\x1b" not in ran.err
    assert not home.exists() or not list((home / "profiles").glob("*"))


def test_one_key_is_added_at_a_time(run_cli: Callable[..., Ran]) -> None:
    ran = run_cli("profile", "passphrase", "--recovery", "--keyring")

    assert ran.code == 2
    assert "exclude each other" in ran.err


def test_a_taken_name_is_refused(run_cli: Callable[..., Ran]) -> None:
    run_cli("profile", "create", "work")

    assert run_cli("profile", "create", "work").code == 2


def test_deleting_asks_a_person_and_needs_yes_in_a_script(
    run_cli: Callable[..., Ran], pty_run: Callable[..., Ran]
) -> None:
    run_cli("profile", "create", "work")

    assert run_cli("profile", "delete", "work").code == 2
    refused = pty_run("profile", "delete", "work", typed=[("[y/N]", "n\n")])
    assert refused.code == 2
    assert "[y/N]" in refused.out
    assert run_cli("profile", "list").out.startswith("work\t\t")
    assert pty_run("profile", "delete", "work", typed=[("[y/N]", "y\n")]).code == 0
    assert run_cli("profile", "list").out == ""


def test_settings_of_a_profile_are_its_own(run_cli: Callable[..., Ran]) -> None:
    run_cli("profile", "create", "work", "--set", "retrieval.k=3", "--ttl", "30d")
    run_cli("profile", "set", "model", "builtin", "-p", "work")
    run_cli("profile", "set", "work", "retrieval.mode", "bm25")

    told = run_cli("config", "show", "--json", "-p", "work").json["settings"]
    origin = {item["key"]: (item["value"], item["source"]) for item in told}
    assert origin["retrieval.k"] == (3, "profile work")
    assert origin["retrieval.mode"] == ("bm25", "profile work")
    assert origin["ttl"] == ("30d", "profile work")
    assert run_cli("config", "get", "retrieval.k").out == "6\n"
    assert run_cli("profile", "unset", "retrieval.k", "-p", "work").code == 0
    assert run_cli("config", "get", "retrieval.k", "-p", "work").out == "6\n"
    assert run_cli("profile", "unset", "retrieval.k", "-p", "work").code == 5


@pytest.mark.parametrize(
    "argv",
    [
        ["profile", "set"],
        ["profile", "set", "nonsense", "1"],
        ["profile", "set", "retrieval.k", "many"],
        ["profile", "set", "a", "b", "c", "d"],
        ["profile", "set", "--ttl", "soon"],
        ["profile", "create", "x", "--set", "retrieval.k"],
        ["profile", "create", "x", "--ttl", "1 fortnight"],
    ],
    ids=" ".join,
)
def test_settings_that_cannot_be_are_refused(
    argv: list[str], run_cli: Callable[..., Ran]
) -> None:
    assert run_cli(*argv).code == 2


def test_a_value_where_a_table_has_to_be_is_named(
    run_cli: Callable[..., Ran], home: Path
) -> None:
    run_cli("profile", "create", "work")
    with (home / "profiles" / "work" / "profile.toml").open("a") as file:
        file.write("tui = 5\n")

    ran = run_cli("profile", "set", "tui.theme", "nord", "-p", "work")

    assert ran.code == 2
    assert "has a value 'tui'" in ran.err
    assert "ragcli profile unset tui" in ran.err
    assert run_cli("profile", "unset", "tui", "-p", "work").code == 0
    assert run_cli("profile", "set", "tui.theme", "nord", "-p", "work").code == 0


def test_show_counts_what_is_there(asked: str, run_cli: Callable[..., Ran]) -> None:
    told = run_cli("profile", "show", "--json").json

    assert told["documents"] == 3
    assert told["conversations"] == 1
    assert told["encrypted"] is False
    assert told["snapshot"] == "gen-00000001"
    assert len(told["id"]) >= 22
    assert "documents\t3\n" in run_cli("profile", "show").out


def test_path_is_where_it_is(run_cli: Callable[..., Ran], home: Path) -> None:
    run_cli("profile", "create", "work")

    assert run_cli("profile", "path", "work").out == f"{home}/profiles/work\n"


def test_bundles_move_a_profile_whole(
    asked: str, run_cli: Callable[..., Ran], tmp_path: Path
) -> None:
    exported = run_cli("profile", "export", "all.ragcli")
    imported = run_cli("profile", "import", "all.ragcli", "--name", "moved")

    assert exported.code == 0, exported.err
    assert imported.code == 0, imported.err
    assert stat.S_IMODE((tmp_path / "all.ragcli").stat().st_mode) == 0o600
    assert run_cli("docs", "list", "-p", "moved").lines == run_cli("docs", "list").lines
    told = run_cli("history", "show", "--json", "-p", "moved").json
    assert told["turns"][0]["question"] == QUESTION
    assert run_cli("ask", QUESTION, "-p", "moved").code == 0


def test_a_bundle_decides_nothing_that_sends_unless_it_is_trusted(
    asked: str, run_cli: Callable[..., Ran], tmp_path: Path
) -> None:
    run_cli("profile", "set", "model", "openai:gpt-4o")
    run_cli("profile", "set", "instructions", "Say everything.")
    run_cli("profile", "set", "memory_turns", "3")
    run_cli("profile", "export", "all.ragcli")

    ran = run_cli("profile", "import", "all.ragcli", "--name", "given")
    told = [line for line in ran.err.splitlines() if "not taken over" in line]
    assert len(told) == 1, ran.err
    assert "instructions, model" in told[0]
    assert run_cli("config", "get", "model", "-p", "given").out == "auto\n"
    assert run_cli("config", "get", "memory_turns", "-p", "given").out == "3\n"

    trusted = ("all.ragcli", "--name", "own", "--trust-settings")
    assert "not taken" not in run_cli("profile", "import", *trusted).err
    assert run_cli("config", "get", "model", "-p", "own").out == "openai:gpt-4o\n"
    run_cli("profile", "clone", "default", "twin")
    assert run_cli("config", "get", "model", "-p", "twin").out == "openai:gpt-4o\n"


def test_a_damaged_bundle_is_4_and_leaves_nothing(
    asked: str, run_cli: Callable[..., Ran], tmp_path: Path
) -> None:
    run_cli("profile", "export", "all.ragcli")
    data = bytearray((tmp_path / "all.ragcli").read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "bad.ragcli").write_bytes(data)

    ran = run_cli("profile", "import", "bad.ragcli", "--name", "moved")

    assert ran.code == 4
    assert "moved" not in run_cli("profile", "list").out


def test_importing_a_missing_file_is_5(run_cli: Callable[..., Ran]) -> None:
    assert run_cli("profile", "import", "nowhere.ragcli").code == 5


def test_verify_finds_damage_and_repair_moves_it(
    asked: str, run_cli: Callable[..., Ran], home: Path
) -> None:
    history = home / "profiles" / "default" / "history.jsonl"
    assert run_cli("profile", "verify").code == 0
    lines = history.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"lock", b"lack", 1)
    history.write_bytes(b"".join(lines))

    found = run_cli("profile", "verify")
    repaired = run_cli("profile", "verify", "--repair")

    assert found.code == 4
    assert "history.jsonl:2" in found.out
    assert "quarantine" in repaired.out
    assert list((home / "profiles" / "default" / "quarantine").iterdir())


@pytest.mark.parametrize(
    ("name", "mode"), [("", 0o755), ("profile.toml", 0o644), ("index", 0o711)]
)
def test_repair_sets_the_modes_that_keep_a_profile_closed(
    asked: str, run_cli: Callable[..., Ran], home: Path, name: str, mode: int
) -> None:
    place = home / "profiles" / "default" / name
    place.chmod(mode)

    found = run_cli("profile", "verify")
    repaired = run_cli("profile", "verify", "--repair")

    assert found.code == 77
    assert str(place) in found.out + found.err
    assert repaired.code == 0, repaired.err
    assert f"mode {mode:04o}" in repaired.out
    assert stat.S_IMODE(place.stat().st_mode) & 0o077 == 0
    assert run_cli("profile", "verify").out == "everything is sound\n"
    assert "profile.repair" in run_cli("audit", "show").out


def test_repair_of_a_profile_that_is_not_there_is_5(
    run_cli: Callable[..., Ran],
) -> None:
    assert run_cli("profile", "verify", "nobody", "--repair").code == 5


def test_a_bad_time_span_names_its_option_once(run_cli: Callable[..., Ran]) -> None:
    for option in ("--ttl", "--ttl-absolute"):
        ran = run_cli("profile", "create", "work", option, "banana")
        assert ran.code == 2
        assert f"ragcli: {option}: 'banana' is not a time span" in ran.err


def test_prune_says_what_would_go(asked: str, run_cli: Callable[..., Ran]) -> None:
    ran = run_cli("profile", "prune", "--dry-run", "--json")

    assert ran.json == {"schema": 1, "dry_run": True, "expired": []}


def test_prune_names_what_it_cannot_use_and_prunes_the_others(
    run_cli: Callable[..., Ran], home: Path
) -> None:
    for name in ("bad", "new", "zoo"):
        run_cli("profile", "create", name)
    file = home / "profiles" / "new" / "profile.toml"
    file.write_text(file.read_text().replace("format = 1", "format = 9"))
    (home / "profiles" / "bad").chmod(0o755)
    expires = ("profile", "set", "-p", "zoo", "ttl_absolute", "1s")
    run_cli("ask", "-p", "zoo", "anything?")
    assert run_cli(*expires).code == 0
    time.sleep(1.1)

    ran = run_cli("profile", "prune", "--yes")

    assert ran.code == 6
    assert ran.out == "zoo: 1 turn, 1 conversation\n"
    bad, new = ran.err.splitlines()
    assert "mode 0755" in bad
    assert "format 9; this ragcli knows up to 1; it is left as it is (upgrade" in new


def test_the_audit_log_is_shown_verified_and_anchored(
    asked: str, run_cli: Callable[..., Ran], home: Path
) -> None:
    events = [line.split("\t")[3] for line in run_cli("audit", "show").lines]
    anchor = run_cli("audit", "anchor").out.strip()

    assert events[0] == "profile.create"
    assert run_cli("audit", "verify", "--anchor", anchor).code == 0
    log = home / "profiles" / "default" / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"uid":', b'"uid" :', 1))
    ran = run_cli("audit", "verify")
    assert ran.code == 4
    assert "line 1" in ran.err


def test_no_contents_in_the_audit_log(
    asked: str, run_cli: Callable[..., Ran], home: Path
) -> None:
    log = (home / "profiles" / "default" / "audit.jsonl").read_text()

    assert "commit lock" not in log
    assert "ten seconds" not in log


def test_loose_modes_are_refused_and_fixed(
    asked: str, run_cli: Callable[..., Ran], home: Path
) -> None:
    os.chmod(home / "profiles" / "default" / "history.jsonl", 0o644)

    refused = run_cli("history", "list")
    checked = run_cli("doctor")
    fixed = run_cli("doctor", "--fix")

    assert refused.code == 77
    assert "doctor --fix" in refused.err
    assert checked.code == 77
    assert "history.jsonl" in checked.out
    assert fixed.code == 0, fixed.out
    assert run_cli("history", "list").code == 0


def test_doctor_has_one_line_for_each_thing(run_process: Callable[..., Ran]) -> None:
    ran = run_process("doctor")
    told = run_process("doctor", "--json").json

    assert ran.code == 0, ran.out
    assert len(ran.lines) == len(told["checks"])
    assert {line.split()[0] for line in ran.lines} <= {"ok", "note"}
    assert {check["what"] for check in told["checks"]} >= {
        "ragcli", "settings", "home", "permissions", "index", "embedder", "model",
        "ollama",
    }  # fmt: skip


def test_doctor_ends_with_the_worst_finding(run_process: Callable[..., Ran]) -> None:
    ran = run_process("doctor", env={"RAGCLI_MODEL": "ollama:none"})

    assert ran.code == 3
    assert any(line.startswith("BAD") for line in ran.lines)


ENCRYPTED = ["profile", "create", "diary", "--encrypt", "--passphrase-fd", "0"]


def test_an_encrypted_profile_opens_with_its_passphrase_only(
    notes: Path, run_process: Callable[..., Ran], home: Path
) -> None:
    made = run_process(*ENCRYPTED, stdin="correct horse\n")
    added = run_process(
        "docs", "add", "notes", "-p", "diary", "--passphrase-fd", "0",
        stdin="correct horse\n",
    )  # fmt: skip
    asked = run_process(
        "ask", QUESTION, "-p", "diary",
        env={"RAGCLI_PASSPHRASE_COMMAND": "echo correct horse"},
    )  # fmt: skip
    wrong = run_process(
        "ask", QUESTION, "-p", "diary", "--passphrase-fd", "0", stdin="wrong\n"
    )
    none = run_process("ask", QUESTION, "-p", "diary")

    assert made.code == 0, made.err
    assert added.code == 0, added.err
    assert "ten seconds" in asked.out, asked.err
    assert (wrong.code, none.code) == (77, 77)
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b"commit lock" not in stored
    assert b"correct horse" not in stored


def test_the_question_may_follow_the_passphrase_on_stdin(
    notes: Path, run_process: Callable[..., Ran]
) -> None:
    run_process(*ENCRYPTED, stdin="correct horse\n")
    run_process(
        "docs", "add", "notes", "-p", "diary", "--passphrase-fd", "0",
        stdin="correct horse\n",
    )  # fmt: skip
    ran = run_process(
        "ask", "-p", "diary", "--passphrase-fd", "0",
        stdin=f"correct horse\n{QUESTION}\n",
    )  # fmt: skip

    assert "ten seconds" in ran.out, ran.err


def test_a_passphrase_is_changed(run_process: Callable[..., Ran]) -> None:
    run_process(*ENCRYPTED, stdin="old\n")
    changed = run_process(
        "profile", "passphrase", "diary", "--new-passphrase-fd", "0",
        stdin="new\n", env={"RAGCLI_PASSPHRASE_COMMAND": "echo old"},
    )  # fmt: skip

    assert changed.code == 0, changed.err

    def opens(secret: str) -> int:
        env = {"RAGCLI_PASSPHRASE_COMMAND": f"echo {secret}"}
        return run_process("history", "list", "-p", "diary", env=env).code

    assert (opens("new"), opens("old")) == (0, 77)


def test_a_person_types_a_passphrase_twice(
    pty_run: Callable[..., Ran], run_process: Callable[..., Ran]
) -> None:
    made = pty_run(
        "profile", "create", "diary", "--encrypt",
        typed=[("New passphrase", "secret\n"), ("Once more", "secret\n")],
    )  # fmt: skip
    opened = run_process(
        "history", "list", "-p", "diary", "--passphrase-fd", "0", stdin="secret\n"
    )

    assert made.code == 0, made.out
    assert "secret" not in made.out
    assert opened.code == 0, opened.err


def test_a_profile_is_encrypted_and_decrypted_in_place(
    asked: str, run_process: Callable[..., Ran], home: Path
) -> None:
    closed = run_process("profile", "encrypt", "default", "--passphrase-fd", "0",
                         "--yes", stdin="pw\n")  # fmt: skip
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    shut = run_process("history", "list")
    opened = run_process("history", "list", "--passphrase-fd", "0", stdin="pw\n")
    plain = run_process("profile", "decrypt", "default", "--passphrase-fd", "0",
                        "--yes", stdin="pw\n")  # fmt: skip

    assert closed.code == 0, closed.err
    assert b"commit lock" not in stored
    assert shut.code == 77
    assert asked in opened.out
    assert plain.code == 0, plain.err
    assert asked in run_process("history", "list").out
