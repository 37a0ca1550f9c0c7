"""A setting leads to the model that answers, or to one line that says why not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ragcli.config import EndpointSettings, Settings
from ragcli.errors import (
    ConfigError,
    ModelNotFound,
    ProviderMissing,
    ServerUnreachable,
)
from ragcli.models.select import ask_servers, available, choose_embedder, choose_model
from ragcli.models.transport.locality import elsewhere
from tests.fakes.ollama import FakeOllama, closed_port
from tests.fakes.ollama_protocol import FakeModel
from tests.fakes.openai_server import FakeOpenAI


@pytest.fixture
def alone(settings: Settings) -> Settings:
    """No server anywhere."""
    return replace(settings, ollama_host=f"127.0.0.1:{closed_port()}")


def test_auto_takes_the_first_model_that_chats(
    ollama: FakeOllama, settings: Settings
) -> None:
    choice = choose_model(settings)

    assert choice.model.spec == "ollama:llama3.2:latest"
    assert choice.reason == f"first chat model of Ollama at {ollama.url}"


def test_auto_skips_what_only_embeds_though_its_name_does_not_say_so(
    ollama: FakeOllama, settings: Settings
) -> None:
    odd = FakeModel("bge-m3:latest", capabilities=("embedding",), family="llama")
    ollama.models = {odd.name: odd} | ollama.models

    assert choose_model(settings).model.spec == "ollama:llama3.2:latest"


CLOUD = FakeModel("gpt-oss:120b-cloud", remote_host="https://ollama.com:443")


@pytest.mark.parametrize(
    "passed_on",
    [
        CLOUD,
        FakeModel("mine:latest", remote_host="https://models.example"),
        FakeModel("glm-4.6:cloud"),  # servers that say no more than the tag
        FakeModel("qwen3-coder:480b-cloud"),
    ],
    ids=lambda model: f"{model.name} {model.remote_host}",
)
def test_auto_passes_over_what_runs_elsewhere(
    ollama: FakeOllama, settings: Settings, passed_on: FakeModel
) -> None:
    ollama.models = {passed_on.name: passed_on} | ollama.models

    assert choose_model(settings).model.spec == "ollama:llama3.2:latest"
    assert choose_model(settings).model.remote == ""

    ollama.models = {passed_on.name: passed_on}
    choice = choose_model(settings)
    assert choice.model.spec == "builtin:extractive"
    assert f"-m ollama:{passed_on.name} would ask https://" in choice.reason
    with pytest.raises(ServerUnreachable, match="no chat model of its own"):
        choose_model(replace(settings, require_model=True))

    named = choose_model(replace(settings, model=f"ollama:{passed_on.name}")).model
    host = passed_on.remote_host or "https://ollama.com"
    assert named.remote == host
    listed = {info.spec: info for info in available(settings) if info.remote}
    assert listed[named.spec].remote_host == host
    assert listed[named.spec].about.startswith(f"remote: {host}")


def test_auto_passes_over_what_only_the_model_itself_tells(
    ollama: FakeOllama, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = FakeModel("mine:latest", remote_host="https://models.example")
    quiet = {k: v for k, v in hidden.listed().items() if not k.startswith("remote")}
    monkeypatch.setattr(
        FakeModel,
        "listed",
        lambda self: quiet if self is hidden else {"name": self.name, "details": {}},
    )
    ollama.models = {hidden.name: hidden} | ollama.models

    assert choose_model(settings).model.spec == "ollama:llama3.2:latest"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1:11434", ""),
        ("http://[::1]:11434", ""),
        ("http://0.0.0.0:11434", ""),
        ("http://LOCALHOST.:11434", ""),
        ("http://box.localhost", ""),
        ("http://user:secret@nas:11434/ollama", "http://nas:11434/ollama"),
        ("http://127.0.0.1.example:11434", "http://127.0.0.1.example:11434"),
        ("nas:11434", "nas:11434"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_what_is_this_machine_is_told_from_what_is_not(
    address: str, expected: str
) -> None:
    assert elsewhere(address) == expected


def test_auto_is_builtin_where_no_server_is(alone: Settings) -> None:
    choice = choose_model(alone)

    assert choice.model.spec == "builtin:extractive"
    assert choice.reason.startswith("no Ollama at http://127.0.0.1:")


def test_auto_is_builtin_where_the_server_has_no_chat_model(
    ollama: FakeOllama, settings: Settings
) -> None:
    ollama.models.clear()

    choice = choose_model(settings)

    assert choice.model.spec == "builtin:extractive"
    assert choice.reason.endswith("has no chat model")


def test_auto_is_builtin_where_something_else_listens(
    not_ollama: str, settings: Settings
) -> None:
    choice = choose_model(replace(settings, ollama_host=not_ollama))

    assert choice.model.spec == "builtin:extractive"
    assert "Ollama at" in choice.reason


@pytest.fixture
def not_ollama() -> Iterator[str]:
    """A web server that is no Ollama."""
    import http.server
    import threading

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_auto_that_must_be_a_model_fails_where_none_is(alone: Settings) -> None:
    with pytest.raises(ServerUnreachable, match="no Ollama at"):
        choose_model(replace(alone, require_model=True))


def test_a_model_that_was_asked_for_is_not_replaced(alone: Settings) -> None:
    with pytest.raises(ServerUnreachable):
        choose_model(replace(alone, model="ollama:llama3.2"))


def test_an_unknown_model_names_the_nearest(settings: Settings) -> None:
    with pytest.raises(ModelNotFound) as met:
        choose_model(replace(settings, model="ollama:qwen3:8"))

    assert "qwen3:8b" in met.value.hint


@pytest.mark.parametrize("spec", ["builtin", "builtin:extractive"])
def test_builtin_asks_no_server(
    ollama: FakeOllama, settings: Settings, spec: str
) -> None:
    choice = choose_model(replace(settings, model=spec))

    assert choice.model.spec == "builtin:extractive"
    assert not ollama.seen


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("llama3.2", "write builtin, ollama:llama3.2, provider:NAME"),
        ("ollama:", "ollama:ollama"),
        (":x", "provider:NAME"),
        ("builtin:gpt", "write builtin"),
        ("opnai:gpt-5", "did you mean openai?"),
        ("olama:llama3.2", "did you mean ollama?"),
    ],
)
def test_what_is_no_model_is_refused_with_what_to_write(
    settings: Settings, spec: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as met:
        choose_model(replace(settings, model=spec))

    assert hint in met.value.hint


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("openai:gpt-5", "'langchain-openai>=1,<2'"),
        ("anthropic:claude-sonnet-4-5", "'langchain-anthropic>=1,<2'"),
        ("google_genai:gemini-2.5-flash", "'langchain-google-genai>=3,<5'"),
        ("mistralai:mistral-large", "'langchain-mistralai>=1,<2'"),
        ("groq:llama-3.3-70b", " langchain-groq"),
    ],
)
def test_a_missing_provider_is_one_line_to_paste(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, spec: str, line: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(ProviderMissing) as model:
        choose_model(replace(settings, model=spec))
    with pytest.raises(ProviderMissing) as embedder:
        choose_embedder(replace(settings, embedder=spec))

    assert model.value.hint == embedder.value.hint
    assert model.value.hint.endswith(line)


def test_available_lists_chat_and_embedding_models(settings: Settings) -> None:
    listed = {(info.spec, info.kind) for info in available(settings)}

    assert listed == {
        ("builtin", "chat"),
        ("builtin", "embedding"),
        ("ollama:nomic-embed-text:latest", "embedding"),
        ("ollama:llama3.2:latest", "chat"),
        ("ollama:qwen3:8b", "chat"),
    }


def test_available_without_a_server_is_what_is_built_in(alone: Settings) -> None:
    assert {info.spec for info in available(alone)} == {"builtin"}


def test_a_server_that_is_something_else_says_so_and_hides_no_other(
    not_ollama: str, settings: Settings
) -> None:
    with FakeOpenAI("vllm", window=3000) as server:
        dead = EndpointSettings("dead", f"http://127.0.0.1:{closed_port()}/v1")
        known = (EndpointSettings("lm", server.url), dead)
        asked = ask_servers(replace(settings, ollama_host=not_ollama, endpoints=known))

    assert [one.name for one in asked] == ["ollama", "lm", "dead"]
    assert "cannot be read" in str(asked[0].error)
    (found,) = asked[1].models
    assert (found.spec, found.window, found.remote) == ("lm:smol", 3000, False)
    assert "nothing listens there" in str(asked[2].error)


def test_an_endpoint_answers_and_embeds_by_its_name_or_an_alias(
    settings: Settings, ollama: FakeOllama
) -> None:
    with FakeOpenAI("vllm", window=3000) as server:
        known = (
            EndpointSettings("lm", server.url),
            EndpointSettings("far", ollama.url, api="ollama"),
        )
        chosen = replace(
            settings,
            endpoints=known,
            aliases=(("fast", "lm:smol"), ("near", "far:nomic-embed-text")),
        )

        model = choose_model(replace(chosen, model="fast")).model
        other = choose_model(replace(chosen, model="far:llama3.2")).model
        embedder = choose_embedder(replace(chosen, embedder="lm:smol"))
        near = choose_embedder(replace(chosen, embedder="near"))

        assert (model.spec, model.window(), model.remote) == ("lm:smol", 3000, "")
        assert (other.spec, other.remote) == ("far:llama3.2", "")
        assert embedder.id == "lm:smol"
        assert near.id == "far:nomic-embed-text"
        assert near.embed(["one"]).shape == embedder.embed(["one"]).shape


def test_an_endpoint_on_another_machine_is_remote(settings: Settings) -> None:
    far = EndpointSettings("far", "http://models.example:8080/v1", window=1000)
    chosen = replace(settings, endpoints=(far,), model="far:big", embedder="far:e")

    assert choose_model(chosen).model.remote == "http://models.example:8080/v1"
    assert choose_embedder(chosen).remote == "http://models.example:8080/v1"


@pytest.mark.parametrize("spec", ["builtin", "builtin:wordllama-256"])
def test_the_builtin_embedder_is_the_default(settings: Settings, spec: str) -> None:
    embedder = choose_embedder(replace(settings, embedder=spec))

    assert embedder.id == "builtin:wordllama-256"


def test_an_embedder_of_ollama(settings: Settings) -> None:
    embedder = choose_embedder(replace(settings, embedder="ollama:nomic-embed-text"))

    assert embedder.id == "ollama:nomic-embed-text"


@pytest.mark.slow
def test_choosing_imports_nothing_heavy(ollama: FakeOllama) -> None:
    import subprocess

    script = (
        "import sys\n"
        "from dataclasses import replace\n"
        "from ragcli.config import Settings\n"
        "from ragcli.models.select import available, choose_embedder\n"
        f"settings = replace(Settings(), ollama_host={ollama.host!r})\n"
        "available(settings)\n"
        "choose_embedder(replace(settings, embedder='ollama:x'))\n"
        "heavy = {'langchain', 'langchain_core', 'langchain_ollama', 'langsmith',\n"
        "         'numpy', 'ollama', 'httpx', 'pydantic'}\n"
        "sys.exit(', '.join(sorted(heavy & sys.modules.keys())) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.returncode == 0
