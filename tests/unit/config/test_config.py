"""Settings come from layers, each above the one below, and errors name their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli import config
from ragcli.config import project
from ragcli.config.trusted import Trusted
from ragcli.errors import ConfigError


def resolve(tmp_path: Path, **layers: object) -> config.Resolved:
    user_file = tmp_path / "config.toml"
    project_file = tmp_path / ".ragcli.toml"
    user_file.write_text(str(layers.get("user", "")))
    project_file.write_text(str(layers.get("project", "")))
    found = project.read(project_file, Trusted(tmp_path / "own"))
    return config.resolve(
        flags=dict(layers.get("flags", {})),  # type: ignore[call-overload]
        environ=dict(layers.get("environ", {})),  # type: ignore[call-overload]
        project=found,
        profile=config.Layer("profile work", dict(layers.get("profile", {}))),  # type: ignore[call-overload]
        user_file=user_file,
    )


def origin(resolved: config.Resolved, key: str) -> config.Origin:
    return next(item for item in resolved.origins() if item.key == key)


def test_each_layer_beats_the_one_below_it(tmp_path: Path) -> None:
    layers = {
        "user": "[retrieval]\nk = 2\n",
        "profile": {"retrieval.k": 3},
        "project": "[retrieval]\nk = 4\n",
        "environ": {"RAGCLI_RETRIEVAL_K": "5"},
        "flags": {"retrieval.k": 7},
    }
    expected = [
        (7, "--retrieval.k"),
        (5, "RAGCLI_RETRIEVAL_K"),
        (4, str(tmp_path / ".ragcli.toml")),
        (3, "profile work"),
        (2, str(tmp_path / "config.toml")),
        (6, "default"),
    ]
    for strongest, (value, source) in zip(
        ("flags", "environ", "project", "profile", "user", ""), expected, strict=True
    ):
        found = origin(resolve(tmp_path, **layers), "retrieval.k")

        assert (found.value, found.source) == (value, source)
        layers.pop(strongest, None)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("modle = 'x'", "no setting 'modle'", "did you mean model?"),
        ("future = 'x'", "no setting 'future'", "`ragcli config unset future` removes"),
        ("[retrieval]\nk = 'many'", "expected a whole number", "Passages"),
        ("[retrieval]\nk = true", "expected a whole number", "Passages"),
        ("[retrieval]\nk = inf", "expected a whole number", "Passages"),
        ("[retrieval]\nk = 1.7", "expected a whole number", "Passages"),
        ("temperature = nan", "expected a number", "Sampling"),
        ("[retrieval]\nk = -1", "must not be negative", "Passages"),
        ("memory = 'all'", "not one of recency, summary", "What a model sees"),
        ("ttl = 'soon'", "not a time span", "Idle time"),
        ("require_model = 'maybe'", "expected true or false", "Fail"),
        ("model = [", "not valid TOML", "fix or remove"),
    ],
)
def test_a_bad_file_is_one_clear_error(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(tmp_path, user=text)

    assert "config.toml" in caught.value.message
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_lists_come_from_toml_and_from_the_environment(tmp_path: Path) -> None:
    told = resolve(tmp_path, user="[documents]\nmounts = ['/a', '/b']")
    spelled = resolve(tmp_path, environ={"RAGCLI_DOCUMENTS_MOUNTS": "/a:/b"})

    assert told.settings.mounts == spelled.settings.mounts == ("/a", "/b")


def test_key_bindings_pass_through(tmp_path: Path) -> None:
    resolved = resolve(tmp_path, user="[keys]\nsend = 'ctrl+s'")

    assert resolved.bindings() == {"send": "ctrl+s"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("45s", 45), ("30m", 1800), ("12h", 43200), ("30d", 2592000),
     ("2w", 1209600), ("never", 0), ("", 0)],
)  # fmt: skip
def test_time_spans(text: str, expected: int) -> None:
    assert config.seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("100MB", 100 << 20), ("4k", 4096), ("1GiB", 1 << 30)]
)
def test_sizes(text: str, expected: int) -> None:
    assert config.size(text) == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ttl", "101y"),
        ("ttl", "36501d"),
        ("ttl_absolute", "9" * 400 + "d"),
        ("lock_wait", "9" * 5000),
        ("timeout", "99999999999999999s"),
        ("documents.max_file_size", "9" * 5000 + "G"),
        ("retrieval.k", "9" * 400),
        ("retrieval.k", 10**400),
        ("seed", "9" * 5000),
    ],
)
def test_a_number_that_nothing_can_hold_is_one_short_line(
    key: str, value: object
) -> None:
    with pytest.raises(ConfigError) as caught:
        config.checked(key, value, "config.toml")
    assert len(caught.value.message) < 200


def test_every_setting_has_a_sentence_and_a_variable_of_its_own() -> None:
    variables = {config.variable(key) for key in config.known_keys()}

    assert len(variables) == len(config.known_keys())
    for item in config.Resolved([]).origins():
        assert item.help.endswith(".")


@pytest.mark.parametrize(
    ("key", "source", "named"),
    [
        ("ttl", "--ttl", "--ttl"),
        ("ttl_absolute", "--ttl-absolute", "--ttl-absolute"),
        ("lock_wait", "--wait", "--wait"),
        ("retrieval.mode", "--mode", "--mode"),
        ("retrieval.mode", "RAGCLI_RETRIEVAL_MODE", "RAGCLI_RETRIEVAL_MODE"),
        ("ttl", "config.toml", "config.toml: ttl"),
    ],
)
def test_a_value_that_cannot_be_names_where_it_is_from_once(
    key: str, source: str, named: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{named}: 'banana' is not"):
        config.checked(key, "banana", source)
    if source.startswith("--"):
        assert config.flag(key) == source
