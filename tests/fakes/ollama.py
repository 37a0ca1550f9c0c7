"""A model server that speaks Ollama's protocol over real HTTP, and fails on command.

Written from the published API description (github.com/ollama/ollama, docs/api.md):
version, tags, ps, show, chat, embed and pull, streamed as NDJSON where it streams.
It has no model: answers are scripted, or quoted from the passages of the prompt.

In tests:            with FakeOllama() as server: … server.url …
By hand:             python -m tests.fakes.ollama --port 11434 --rate 20
"""

from __future__ import annotations

import argparse
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.fakes.model_server import (
    ClientHungUpError,
    FakeModelServer,
    ModelHandler,
)
from tests.fakes.ollama_protocol import (
    DEFAULT_MODELS,
    STAMP,
    FakeModel,
    Message,
    chat_lines,
    counts,
    pull_lines,
    quote_first_passage,
    vector_of,
)
from tests.patience import STALL


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request."""

    kind: str
    """`status`, `error_line`, `cut`, `stall`, `malformed`, `unfinished` or `html`."""
    after: int = 0
    """How many pieces of the answer come before."""
    code: int = 500
    message: str = "llama runner process has terminated"
    seconds: float = STALL
    """How long a stall lasts, unless the client hangs up first."""


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    body: dict[str, Any]
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set when the client closed the connection before the answer was complete."""

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.body.get("options") or {})

    @property
    def messages(self) -> list[Message]:
        return list(self.body.get("messages") or [])


class FakeOllama(FakeModelServer[Fault]):
    """The server, its models, its script and what it saw.

    Args:
        models: Installed models, in the order of `/api/tags`.
        answer: Gives the text of an answer where `replies` is empty.
        rate: Tokens a second; 0 for at once.
        port: 0 for a free one.
    """

    def __init__(
        self,
        models: Sequence[FakeModel] = DEFAULT_MODELS,
        *,
        answer: Callable[[Sequence[Message]], str] = quote_first_passage,
        rate: float = 0.0,
        port: int = 0,
    ) -> None:
        super().__init__(_Handler, port, rate=rate)
        self.models = {model.name: model for model in models}
        self.answer = answer
        self.done_reason = "stop"
        """What the last line of an answer gives as the reason of its end."""
        self.thoughts: deque[str] = deque()
        """What a model that thinks says to itself before its next answers, if it is
        not told to leave that."""
        self.loaded: dict[str, Any] = {}
        """Model → `keep_alive` of the last request that used it; 0 unloads it."""
        self.seen: list[Seen] = []

    @property
    def host(self) -> str:
        """As `OLLAMA_HOST` has it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def requests(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path == path]

    @property
    def chats(self) -> list[Seen]:
        """Requests for an answer; those that only load a model are left out."""
        return [seen for seen in self.requests("/api/chat") if seen.messages]

    def model(self, name: str) -> FakeModel | None:
        """Finds a model; a name without a tag means `:latest`."""
        return self.models.get(name) or self.models.get(f"{name}:latest")


class _Handler(ModelHandler):
    """One connection."""

    fake: ClassVar[FakeOllama]
    server_version = "FakeOllama/1"
    seen: Seen

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.seen = Seen("GET", self.path, {})
        self.fake.seen.append(self.seen)
        listed = [model.listed() for model in self.fake.models.values()]
        if self.path == "/api/version":
            self._json({"version": "0.9.0"})
        elif self.path == "/api/tags":
            self._json({"models": listed})
        elif self.path == "/api/ps":
            running = {"expires_at": STAMP, "size_vram": 0, "context_length": 4096}
            loaded = [m for m in listed if m["name"] in self.fake.loaded]
            self._json({"models": [entry | running for entry in loaded]})
        elif self.path == "/":
            self._send(200, b"Ollama is running", "text/plain")
        else:
            self._send(404, b"404 page not found", "text/plain")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        routes = {
            "/api/show": self._show,
            "/api/chat": self._chat,
            "/api/embed": self._embed,
            "/api/pull": self._pull,
        }
        try:
            body = json.loads(raw)
        except ValueError:
            self._json({"error": "invalid JSON"}, 400)
            return
        self.seen = Seen("POST", self.path, body)
        self.fake.seen.append(self.seen)
        if self.path not in routes:
            self._send(404, b"404 page not found", "text/plain")
            return
        try:
            routes[self.path](body)
        except (ClientHungUpError, ConnectionError):
            self.seen.hung_up.set()
            self.close_connection = True

    def _installed(self, body: dict[str, Any]) -> FakeModel | None:
        name = str(body.get("model") or body.get("name") or "")
        model = self.fake.model(name)
        if model is None:
            self._json({"error": f"model '{name}' not found"}, 404)
        return model

    def _show(self, body: dict[str, Any]) -> None:
        if model := self._installed(body):
            self._json(model.shown())

    def _chat(self, body: dict[str, Any]) -> None:
        model = self._installed(body)
        if model is None:
            return
        if "completion" not in model.capabilities:
            self._json({"error": f'"{model.name}" does not support chat'}, 400)
            return
        if body.get("think") and "thinking" not in model.capabilities:
            self._json({"error": f'"{model.name}" does not support thinking'}, 400)
            return
        self._use(model, body)
        base = {"model": body["model"], "created_at": STAMP, **model.remote()}
        messages = body.get("messages") or []
        if not messages:
            empty = {"role": "assistant", "content": ""}
            reason = "load" if model.name in self.fake.loaded else "unload"
            self._json(base | {"message": empty, "done_reason": reason, "done": True})
            return
        fault = self.fake.next_fault()
        if fault and self._refused(fault):
            return
        pieces = self.fake.next_pieces(messages)
        totals = counts(messages, pieces) | {"done_reason": self.fake.done_reason}
        thinks = "thinking" in model.capabilities and body.get("think") is not False
        thought = self.fake.thoughts.popleft() if thinks and self.fake.thoughts else ""
        if body.get("stream", True) is False:
            text = {"role": "assistant", "content": "".join(pieces)}
            text |= {"thinking": thought} if thought else {}
            self._json(base | {"message": text} | totals)
            return
        self._stream(chat_lines(base, pieces, totals, thought), fault)

    def _use(self, model: FakeModel, body: dict[str, Any]) -> None:
        """Keeps a model loaded for as long as the request says, or unloads it."""
        keep = body.get("keep_alive", "5m")
        if keep in {0, "0", "0s"}:
            self.fake.loaded.pop(model.name, None)
        else:
            self.fake.loaded[model.name] = keep

    def _embed(self, body: dict[str, Any]) -> None:
        model = self._installed(body)
        if model is None:
            return
        fault = self.fake.next_fault()
        if fault and self._refused(fault):
            return
        if fault and fault.kind == "stall":
            self._wait(fault.seconds)
        if fault and fault.kind == "malformed":
            self._send(200, b'{"embeddings": [[0.1,', "application/json")
            return
        texts = body.get("input") or []
        texts = [texts] if isinstance(texts, str) else texts
        vectors = [vector_of(text, model.dimension) for text in texts]
        self._json(
            {
                "model": body["model"],
                "embeddings": vectors,
                "total_duration": 14_143_917,
                "load_duration": 1_019_500,
                "prompt_eval_count": sum(len(text.split()) for text in texts),
            }
        )

    def _pull(self, body: dict[str, Any]) -> None:
        name = str(body.get("model") or body.get("name") or "")
        fault = self.fake.next_fault()
        if fault and self._refused(fault):
            return
        if name.startswith("nosuch"):
            error = {"error": "pull model manifest: file does not exist"}
            self._stream(iter([{"status": "pulling manifest"}, error]), None)
            return
        full = name if ":" in name else f"{name}:latest"
        if body.get("stream", True) is False:
            self.fake.models[full] = FakeModel(full)
            self._json({"status": "success"})
            return
        self._stream(self._pulled(full), fault)

    def _pulled(self, full: str) -> Iterator[dict[str, Any]]:
        """Yields the steps of a pull; the model is there before success is told."""
        for line in pull_lines():
            if line["status"] == "success":
                self.fake.models[full] = FakeModel(full)
            yield line

    def _refused(self, fault: Fault) -> bool:
        """Answers with an error instead of a stream, where that is the fault."""
        if fault.kind == "status":
            self._json({"error": fault.message}, fault.code)
            return True
        if fault.kind == "html":
            page = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
            self._send(502, page, "text/html")
            return True
        return False

    def _stream(self, lines: Iterator[dict[str, Any]], fault: Fault | None) -> None:
        """Sends NDJSON in chunks, one a line, until `fault` strikes."""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, line in enumerate(lines):
            if fault and number == fault.after and self._struck(fault):
                return
            self._chunk(json.dumps(line).encode() + b"\n")
            if self.fake.rate and not line.get("done"):
                self._wait(1 / self.fake.rate)
        self.wfile.write(b"0\r\n\r\n")

    def _struck(self, fault: Fault) -> bool:
        """Does what the fault says in the middle of a stream; True ends the answer."""
        if fault.kind == "stall":
            self._wait(fault.seconds)
            return False
        if fault.kind == "cut":
            self.close_connection = True
            return True
        last = {
            "error_line": json.dumps({"error": fault.message}).encode() + b"\n",
            "malformed": b'{"model": "x", "message": {"role": "assis\n',
            "unfinished": b"",
        }[fault.kind]
        if last:
            self._chunk(last)
        self.wfile.write(b"0\r\n\r\n")
        return True

    def _json(self, value: dict[str, Any], code: int = 200) -> None:
        self._send(code, json.dumps(value).encode(), "application/json; charset=utf-8")


def closed_port() -> int:
    """Returns a loopback port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Serves until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="tests.fakes.ollama", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0.0, help="tokens a second")
    parser.add_argument("--reply", help="answer every chat with this text")
    parser.add_argument("--fault", help="KIND or KIND:AFTER, for every request")
    given = parser.parse_args()
    server = FakeOllama(rate=given.rate, port=given.port)
    if given.reply is not None:
        server.answer = lambda _: given.reply
    if given.fault:
        kind, _, after = given.fault.partition(":")
        server.always = Fault(kind, after=int(after or 0))
    server.serve()


if __name__ == "__main__":
    main()
