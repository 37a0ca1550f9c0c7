"""A model server that speaks OpenAI's protocol over real HTTP, and fails on command.

Written from the published API (chat completions streamed as server-sent events, models,
embeddings), and from what llama.cpp, vLLM, LM Studio and Ollama say beside it. It has
no model: answers are scripted, or quoted from the passages of the prompt.

In tests:            with FakeOpenAI() as server: … server.url …
By hand:             python -m tests.fakes.openai_server --port 8080 --rate 20
"""

from __future__ import annotations

import argparse
import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.fakes.model_server import (
    ClientHungUpError,
    FakeModelServer,
    ModelHandler,
)
from tests.fakes.ollama_protocol import (
    Message,
    pieces_of,
    vector_of,
)
from tests.patience import STALL

DIMENSION = 32
MODEL = "smol"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request.

    Kinds: `status` (an error of `code` with `body` and `headers`), `html`, `cut` (the
    connection ends in the middle), `stall`, `unfinished` (the stream ends without a
    finish), `error_event`, `malformed`, `empty`, `tools`, `thoughts` (only reasoning),
    `endless`.
    """

    kind: str
    after: int = 0
    """How many pieces of the answer come before."""
    code: int = 500
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = STALL


def failed(code: int, message: str, **headers: str) -> Fault:
    """An error as OpenAI words it."""
    body = {"error": {"message": message, "type": "invalid_request_error"}}
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Fault("status", code=code, body=body, headers=named)


LOADING = failed(503, "Loading model")


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float = field(default_factory=time.monotonic)
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set when the client closed the connection before the answer was complete."""

    @property
    def messages(self) -> list[Message]:
        return list(self.body.get("messages") or [])


class FakeOpenAI(FakeModelServer[Fault]):
    """The server, its script and what it saw.

    Args:
        kind: What it is besides: `llamacpp`, `vllm`, `lmstudio`, `ollama` or "".
        window: Tokens of context, told as such a server tells it, and kept to: a
            longer prompt (a token is a word) is refused.
        rate: Tokens a second; 0 for at once.
        port: 0 for a free one.
    """

    def __init__(
        self, kind: str = "", *, window: int = 0, rate: float = 0.0, port: int = 0
    ) -> None:
        super().__init__(_Handler, port, rate=rate)
        self.kind = kind
        self.window = window
        self.models = [MODEL]
        self.key = ""
        """What every request must carry; "" for none."""
        self.refuses: set[str] = set()
        """Fields of a request that the model does not support."""
        self.reasoning = ""
        """What it says to itself before each answer, apart from the text."""
        self.finish = "stop"
        self.progress: list[tuple[int, int]] = []
        """Tokens processed and in total, told before an answer if asked for."""
        self.slow_lists = 0.0
        """Seconds before the list of models is told."""
        self.dimension = DIMENSION
        self.refuses_mutely = False
        """Whether a stream for a prompt that is too long ends without a word."""
        self.by_token = False
        """Whether embeddings have one vector a token, not one a text."""
        self.most_texts = 0
        """Texts that a request for embeddings may have; 0 for any."""
        self.seen: list[Seen] = []

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.root}/v1"

    @property
    def chats(self) -> list[Seen]:
        return [one for one in self.seen if one.path.endswith("/chat/completions")]

    @property
    def embeddings(self) -> list[Seen]:
        return [one for one in self.seen if one.path.endswith("/embeddings")]


def _event(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "choices": [choice]}


class _Handler(ModelHandler):
    """One connection."""

    fake: ClassVar[FakeOpenAI]
    seen: Seen

    def version_string(self) -> str:
        return "llama.cpp" if self.fake.kind == "llamacpp" else "fake"

    def do_GET(self) -> None:
        if not self._arrived({}):
            return
        try:
            self._wait(self.fake.slow_lists)
        except ClientHungUpError:
            self.seen.hung_up.set()
            self.close_connection = True
            return
        routes = {"/v1/models": self._models()}
        if self.fake.kind == "llamacpp":
            slot = {"n_ctx": self.fake.window}
            routes["/props"] = {"default_generation_settings": slot, "total_slots": 1}
        if self.fake.kind == "lmstudio":
            entry = {"id": MODEL, "type": "llm", "max_context_length": 131072}
            entry |= {"state": "loaded", "loaded_context_length": self.fake.window}
            routes["/api/v0/models"] = {"object": "list", "data": [entry]}
        if self.fake.kind == "ollama":
            loaded = {"name": MODEL, "model": MODEL, "context_length": self.fake.window}
            routes["/api/ps"] = {"models": [loaded]}
        if self.path in routes:
            self._json(routes[self.path])
        else:
            self._send(404, b"404 page not found", "text/plain")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw)
        try:
            if not self._arrived(body):
                return
            if self.path == "/v1/chat/completions":
                self._chat(body)
            elif self.path == "/v1/embeddings":
                self._embed(body)
            else:
                self._error(404, "File Not Found")
        except (ClientHungUpError, ConnectionError):
            self.seen.hung_up.set()
            self.close_connection = True

    def _arrived(self, body: dict[str, Any]) -> bool:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen = Seen(self.command, self.path, headers, body)
        self.fake.seen.append(self.seen)
        wanted = self.fake.key
        if wanted and headers.get("authorization") != f"Bearer {wanted}":
            self._error(401, "Incorrect API key provided")
            return False
        return True

    def _models(self) -> dict[str, Any]:
        entries = []
        for name in self.fake.models:
            entry: dict[str, Any] = {"id": name, "object": "model", "owned_by": "me"}
            if self.fake.kind == "llamacpp":
                entry["owned_by"] = "llamacpp"
                entry["meta"] = {"n_ctx_train": 131072, "size": 93_000_000}
            if self.fake.kind == "vllm":
                entry |= {"owned_by": "vllm", "max_model_len": self.fake.window}
            entries.append(entry)
        return {"object": "list", "data": entries}

    def _refused(self, fault: Fault | None) -> bool:
        """Answers with an error instead, where that is the fault."""
        if fault and fault.kind == "status":
            body = fault.body
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self._send(fault.code, raw, "application/json", fault.headers)
            return True
        if fault and fault.kind == "html":
            page = b"<!DOCTYPE html><html><body>Welcome to nginx!</body></html>"
            self._send(fault.code, page, "text/html")
            return True
        return False

    def _chat(self, body: dict[str, Any]) -> None:
        fault = self.fake.next_fault()
        if self._refused(fault):
            return
        if body["model"] not in self.fake.models and self.fake.kind != "llamacpp":
            self._error(404, f"The model `{body['model']}` does not exist")
            return
        for name in self.fake.refuses & body.keys():
            instead = " Use 'max_completion_tokens' instead."
            self._error(
                400,
                f"Unsupported parameter: '{name}' is not supported with this model."
                + (instead if name == "max_tokens" else ""),
            )
            return
        messages = body.get("messages") or []
        count = sum(len(str(m["content"]).split()) for m in messages)
        too_long = self.fake.window and count > self.fake.window
        if too_long and self.fake.refuses_mutely and body.get("stream"):
            self._stream(iter(()), Fault("unfinished"))
            return
        if too_long:
            self._error(
                400,
                f"request ({count} tokens) exceeds the available context size "
                f"({self.fake.window} tokens)",
            )
            return
        self._stream(self._events(body, count, fault), fault)

    def _events(
        self, body: dict[str, Any], count: int, fault: Fault | None
    ) -> Iterator[dict[str, Any]]:
        kind = fault.kind if fault else ""
        if body.get("return_progress"):
            for done, total in self.fake.progress:
                told = {"total": total, "cache": 0, "processed": done}
                yield {"choices": [], "prompt_progress": told}
        thoughts = self.fake.reasoning or ("So it is." if kind == "thoughts" else "")
        for piece in pieces_of(thoughts):
            yield _event({"reasoning_content": piece})
        pieces: Sequence[str] = self.fake.next_pieces(body["messages"])
        if kind == "tools":
            call = {"index": 0, "id": "t", "function": {"name": "f", "arguments": "{}"}}
            yield _event({"tool_calls": [call]})
            yield _event({}, "tool_calls")
            return
        if kind in {"empty", "thoughts"}:
            pieces = ()
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or 1 << 30
        source = itertools.cycle(pieces) if kind == "endless" else iter(pieces)
        said = 0
        for piece in itertools.islice(source, limit):
            yield _event({"content": piece})
            said += 1
        if kind == "unfinished":
            return
        cut = next(source, None) is not None
        yield _event({}, "length" if cut else self.fake.finish)
        if (body.get("stream_options") or {}).get("include_usage"):
            usage = {
                "prompt_tokens": count,
                "completion_tokens": said,
                "prompt_tokens_details": {"cached_tokens": count // 2},
            }
            yield {"choices": [], "usage": usage}

    def _stream(self, events: Iterator[dict[str, Any]], fault: Fault | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, event in enumerate(events):
            if fault and number == fault.after and self._struck(fault):
                return
            self._chunk(b"data: " + json.dumps(event).encode() + b"\n\n")
            if self.fake.rate:
                self._wait(1 / self.fake.rate)
        if not fault or fault.kind != "unfinished":
            self._chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _struck(self, fault: Fault) -> bool:
        """Does what the fault says in the middle of a stream; True ends the answer."""
        if fault.kind == "stall":
            self._wait(fault.seconds)
        if fault.kind == "cut":
            self.close_connection = True
            return True
        if fault.kind in {"error_event", "malformed"}:
            error = {"error": {"code": 500, "message": "slot is gone"}}
            raw = json.dumps(error).encode() if fault.kind == "error_event" else b'{"a'
            self._chunk(b"data: " + raw + b"\n\n")
            self.wfile.write(b"0\r\n\r\n")
            return True
        return False

    def _embed(self, body: dict[str, Any]) -> None:
        fault = self.fake.next_fault()
        if self._refused(fault):
            return
        if fault and fault.kind == "cut":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        texts = body["input"]
        if not all(isinstance(text, str) for text in texts):
            self._error(400, "invalid tokens")
            return
        if self.fake.most_texts and len(texts) > self.fake.most_texts:
            self._error(413, "input is too large to process")
            return
        if fault and fault.kind == "empty":
            texts = []
        data = [
            {"object": "embedding", "index": at, "embedding": self._vector(text)}
            for at, text in enumerate(texts)
        ]
        self._json({"object": "list", "data": data[::-1], "model": body["model"]})

    def _vector(self, text: str) -> list[Any]:
        vector = vector_of(text, self.fake.dimension)
        return [vector, vector] if self.fake.by_token else vector

    def _json(self, value: dict[str, Any], code: int = 200) -> None:
        self._send(code, json.dumps(value).encode(), "application/json")

    def _error(self, code: int, message: str) -> None:
        kind = "invalid_request_error"
        error = {"code": code, "message": message, "type": kind}
        self._json({"error": error}, code)


def main() -> None:
    """Serves until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="tests.fakes.openai_server", description=__doc__
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--kind", default="llamacpp")
    parser.add_argument("--window", type=int, default=4096)
    parser.add_argument("--rate", type=float, default=0.0, help="tokens a second")
    parser.add_argument("--fault", help="KIND or KIND:AFTER, for every request")
    given = parser.parse_args()
    server = FakeOpenAI(
        given.kind, window=given.window, rate=given.rate, port=given.port
    )
    if given.fault:
        kind, _, after = given.fault.partition(":")
        server.always = Fault(kind, after=int(after or 0))
    server.serve()


if __name__ == "__main__":
    main()
