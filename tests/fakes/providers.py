"""One server that speaks as the providers' own do, over real HTTP, as far as asked.

Chat (streamed) and embeddings of OpenAI's, Anthropic's, Mistral's and Gemini's APIs,
from their published descriptions. It has no model: the answer is scripted, and a
vector is made of the words of a text.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self

from tests.fakes.ollama_protocol import vector_of

DIMENSION = 32


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    path: str
    body: dict[str, Any]


class FakeProviders:
    """The server, its answer and what it saw.

    Args:
        answer: What every chat is answered with.
    """

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.seen: list[Seen] = []
        handler = type("Handler", (_Handler,), {"fake": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def requests(self, part: str) -> list[Seen]:
        return [seen for seen in self.seen if part in seen.path]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    fake: ClassVar[FakeProviders]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Stays quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)))
        path = self.path.partition("?")[0]
        self.fake.seen.append(Seen(path, body))
        if path.endswith("/chat/completions"):
            self._stream(_openai_chat(self.fake.answer))
        elif path.endswith("/messages"):
            self._stream(_anthropic_chat(self.fake.answer), named=True)
        elif path.endswith(":streamGenerateContent"):
            self._stream(_gemini_chat(self.fake.answer))
        elif path.endswith("/embeddings"):
            self._json(_openai_embeddings(body))
        elif path.endswith(":batchEmbedContents"):
            self._json(_gemini_embeddings(body))
        else:
            self._send(404, b"{}", "application/json")

    def _stream(self, events: list[dict[str, Any]], *, named: bool = False) -> None:
        lines = []
        for event in events:
            name = f"event: {event['type']}\n" if named else ""
            lines.append(f"{name}data: {json.dumps(event)}\n\n")
        self._send(200, "".join(lines).encode(), "text/event-stream")

    def _json(self, value: dict[str, Any]) -> None:
        self._send(200, json.dumps(value).encode(), "application/json")

    def _send(self, code: int, body: bytes, content_type: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _openai_chat(answer: str) -> list[dict[str, Any]]:
    base = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    said = {"role": "assistant", "content": answer}
    return [
        base | {"choices": [{"index": 0, "delta": said, "finish_reason": None}]},
        base | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    ]


def _anthropic_chat(answer: str) -> list[dict[str, Any]]:
    message: dict[str, Any] = {
        "id": "m1", "type": "message", "role": "assistant", "content": [],
        "model": "m", "stop_reason": None, "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0,
         "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0,
         "delta": {"type": "text_delta", "text": answer}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "usage": {"output_tokens": 5},
         "delta": {"stop_reason": "end_turn", "stop_sequence": None}},
        {"type": "message_stop"},
    ]  # fmt: skip


def _gemini_chat(answer: str) -> list[dict[str, Any]]:
    content = {"role": "model", "parts": [{"text": answer}]}
    candidate = {"index": 0, "content": content, "finishReason": "STOP"}
    return [{"candidates": [candidate], "modelVersion": "m"}]


def _openai_embeddings(body: dict[str, Any]) -> dict[str, Any]:
    vectors = [
        {"object": "embedding", "index": at, "embedding": _vector(text)}
        for at, text in enumerate(body["input"])
    ]
    usage = {"prompt_tokens": 1, "total_tokens": 1, "completion_tokens": 0}
    return {"object": "list", "model": "m", "data": vectors, "usage": usage}


def _gemini_embeddings(body: dict[str, Any]) -> dict[str, Any]:
    texts = [
        "".join(part["text"] for part in request["content"]["parts"])
        for request in body["requests"]
    ]
    return {"embeddings": [{"values": _vector(text)} for text in texts]}


def _vector(text: Any) -> list[float]:
    return vector_of(str(text), DIMENSION)
