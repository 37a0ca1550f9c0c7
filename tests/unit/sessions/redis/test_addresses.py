"""Addresses of Redis are read in all their forms, and no message shows a password."""

from __future__ import annotations

import pytest

from ragcli.errors import ConfigError
from ragcli.sessions.redis.keyspace import keyspace
from ragcli.sessions.redis.server.addresses import parse


def test_the_parts_of_an_address() -> None:
    found = parse("rediss://alice:s%40fe@db.example:7000/3?ca_certs=/etc/ca.pem")

    assert found.hosts == (("db.example", 7000),)
    assert (found.username, found.password, found.database) == ("alice", "s@fe", 3)
    assert found.tls
    assert not found.local
    assert found.options == {"ca_certs": "/etc/ca.pem"}


def test_sentinels_name_a_service() -> None:
    found = parse("redis+sentinel://:pw@one,two:26380/sessions/2")

    assert found.hosts == (("one", 26379), ("two", 26380))
    assert (found.service, found.database, found.password) == ("sessions", 2, "pw")
    assert found.sentinel


def test_a_socket_and_an_ipv6_address() -> None:
    assert parse("unix:///run/redis.sock?db=1").path == "/run/redis.sock"
    assert parse("redis://[::1]:7001").hosts == (("::1", 7001),)
    assert parse("redis://").hosts == (("localhost", 6379),)


@pytest.mark.parametrize(
    "text",
    [
        "http://host",
        "redis://host/zero",
        "redis://host:port",
        "redis://host/0/1",
        "redis+sentinel://host",
        "redis://host?cheese=1",
        "redis:host",
        "unix://run/redis.sock",
        "unix:///",
        "redis://[::1",
        "redis://host:65536",
        "redis://host:" + "9" * 5000,
        "redis://host/" + "9" * 5000,
        "redis://" + "x" * 64,
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not an address"):
        parse(text)


def test_no_message_shows_a_password() -> None:
    found = parse("redis://alice:secret@host:1/2")

    assert "secret" not in found.shown + repr(found)
    for address in ("redis://alice:secret@host:x/2", "redis://alice:secret@[host"):
        with pytest.raises(ConfigError) as caught:
            parse(address)
        assert "secret" not in caught.value.message


@pytest.mark.parametrize("user", ["a/b", "a}", "*", "a b", "x" * 65, "{", "ä"])
def test_a_user_is_never_a_pattern(user: str) -> None:
    with pytest.raises(ConfigError, match="user"):
        keyspace(user)


def test_keys_share_the_tag_of_their_profile() -> None:
    found = keyspace("alice")

    assert found.meta("work") == "ragcli:{alice/work}:meta"
    assert found.profiles == "ragcli:{alice/}:profiles"
