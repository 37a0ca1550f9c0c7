"""Sessions over TLS: an authority that the user names, and no way around it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from ragcli.errors import ConfigError, NotPermitted, StoreUnavailable
from ragcli.sessions.redis.checks import inspection
from ragcli.sessions.redis.server import addresses
from tests.conftest import Ran
from tests.faults.redis.authority import Authority
from tests.redis_servers import RedisServer, free_port
from tests.stores import RedisStores, append, questions

Start = Callable[..., RedisServer]
At = Callable[..., RedisStores]
Run = Callable[..., Ran]


@dataclass
class Encrypted:
    """A server that speaks TLS on one port, and its authority."""

    server: RedisServer
    port: int
    authority: Authority

    def address(self, options: str = "", scheme: str = "rediss") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/0{options and '?' + options}"

    @property
    def trusted(self) -> str:
        return self.address(f"ssl_ca_certs={self.authority.file}")


Serve = Callable[..., Encrypted]


@pytest.fixture
def serve(start_redis: Start, tmp_path: Path) -> Serve:
    """Starts servers with a certificate for an address."""

    def start(host: str = "127.0.0.1", clients: str = "no") -> Encrypted:
        authority = Authority(tmp_path / "authority")
        certificate, key = authority.issue("server", host)
        port = free_port()
        files = {
            "tls-cert-file": certificate,
            "tls-key-file": key,
            "tls-ca-cert-file": authority.file,
        }
        server = start_redis(
            *("--tls-port", str(port), "--tls-auth-clients", clients),
            *(
                part
                for name, file in files.items()
                for part in (f"--{name}", str(file))
            ),
            *("--appendonly", "yes", "--appendfsync", "always"),
        )
        return Encrypted(server, port, authority)

    return start


def test_the_authority_is_named_in_the_address(serve: Serve, stores_at: At) -> None:
    encrypted = serve()
    stores = stores_at(encrypted.trusted)
    append(stores().create("work", {}).log, "over TLS")

    assert questions(stores().open("work").log) == ["over TLS"]
    short = encrypted.address(f"ca_certs={encrypted.authority.file}")
    assert stores_at(short, stores.user)().names() == ["work"]


def test_a_word_on_the_wire_cannot_be_read(
    serve: Serve, stores_at: At, wiretap: Callable[[int], tuple[int, bytearray]]
) -> None:
    encrypted = serve()
    encrypted.port, heard = wiretap(encrypted.port)
    append(stores_at(encrypted.trusted)().create("work", {}).log, "canary")

    assert len(heard) > 1000
    assert b"canary" not in heard
    assert b"EVALSHA" not in heard


def test_an_unknown_authority_is_refused(
    serve: Serve, stores_at: At, tmp_path: Path
) -> None:
    encrypted = serve()
    other = Authority(tmp_path / "other")
    for address in (
        encrypted.address(),
        encrypted.address(f"ssl_ca_certs={other.file}"),
    ):
        with pytest.raises(NotPermitted, match="certificate is not trusted") as caught:
            stores_at(address)().names()
        assert "\n" not in caught.value.message
        assert "ssl_ca_certs" in caught.value.hint


def test_a_certificate_of_another_host_is_refused(serve: Serve, stores_at: At) -> None:
    with pytest.raises(NotPermitted, match=r"not trusted: IP address mismatch"):
        stores_at(serve(host="10.1.2.3").trusted)().names()


def test_a_server_may_ask_for_our_certificate(serve: Serve, stores_at: At) -> None:
    encrypted = serve(clients="yes")
    with pytest.raises((NotPermitted, StoreUnavailable)) as caught:
        stores_at(encrypted.trusted)().names()
    assert "ssl_certfile" in caught.value.hint
    certificate, key = encrypted.authority.issue("client")
    ours = f"&ssl_certfile={certificate}&ssl_keyfile={key}"

    assert stores_at(encrypted.trusted + ours)().names() == []


def test_tls_where_there_is_none_and_none_where_there_is(
    serve: Serve, stores_at: At
) -> None:
    encrypted = serve()
    plain = encrypted.address(scheme="redis")
    with pytest.raises(StoreUnavailable, match="does not answer: ") as caught:
        stores_at(plain)().names()
    assert "rediss://" in caught.value.hint
    encrypted.port = encrypted.server.port
    with pytest.raises(StoreUnavailable, match="does not answer in TLS"):
        stores_at(encrypted.trusted)().names()


@pytest.mark.parametrize("content", [None, "no certificate at all"])
def test_a_file_that_is_none_is_named(
    serve: Serve, stores_at: At, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "mine.pem"
    if content:
        file.write_text(content)
    address = serve().address(f"ssl_ca_certs={file}")

    with pytest.raises(ConfigError, match=r"mine\.pem: (No such|not a certificate)"):
        stores_at(address)().names()


def test_checking_cannot_be_switched_off(serve: Serve, stores_at: At) -> None:
    with pytest.raises(ConfigError, match="no option 'ssl_cert_reqs'"):
        stores_at(serve().address("ssl_cert_reqs=none"))()


def test_the_commands_tell_of_it(
    serve: Serve, run_cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypted = serve()
    monkeypatch.setenv("RAGCLI_STORE", encrypted.trusted)
    assert run_cli("profile", "create", "work").code == 0
    doctor = run_cli("doctor").out
    assert f"rediss://127.0.0.1:{encrypted.port} is safe to use" in doctor
    assert "encrypted with TLS" in doctor
    monkeypatch.setenv("RAGCLI_STORE", encrypted.address())
    ran = run_cli("profile", "list")
    assert (ran.code, ran.out) == (77, "")
    assert len(ran.err.splitlines()) <= 2
    monkeypatch.setenv("RAGCLI_STORE", encrypted.address(scheme="redis"))
    assert run_cli("profile", "list").code == 3


def test_the_clear_is_unsafe_off_this_machine() -> None:
    for address, told in (
        ("redis://10.1.2.3/0", ["sessions and the password cross the network"]),
        ("rediss://10.1.2.3/0", []),
        ("redis://127.0.0.1/0", []),
        ("redis+sentinel://10.1.2.3/sessions?tls=true", []),
    ):
        found = inspection.unprotected_wire(addresses.parse(address))
        assert [finding.what[:43] for finding in found] == told


@pytest.fixture
def wiretap() -> Iterator[Callable[[int], tuple[int, bytearray]]]:
    """Listens in front of a port; returns the port to use and what is heard."""
    listener = socket.create_server(("127.0.0.1", 0))

    def tap(port: int) -> tuple[int, bytearray]:
        heard = bytearray()

        def carry(source: socket.socket, target: socket.socket) -> None:
            with source, target, suppress(OSError):
                while data := source.recv(65536):
                    heard.extend(data)
                    target.sendall(data)

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                server = socket.create_connection(("127.0.0.1", port))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=carry, args=pair, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1], heard

    yield tap
    listener.close()
