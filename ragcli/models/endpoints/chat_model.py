"""A chat model of a server that the user names."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from ragcli.config import Settings
from ragcli.config.endpoints import EndpointSettings
from ragcli.errors import ModelFailed, PromptTooLong
from ragcli.models.base import Ended, Reading, Sign, Thought
from ragcli.models.endpoints.endpoint_server import EndpointServer
from ragcli.models.endpoints.listing import Served, about
from ragcli.models.foreign_json import count, mapping, mappings, text
from ragcli.models.prompt_messages import STOPS, Message
from ragcli.models.remote import RemoteChatModel
from ragcli.models.replies.finish_reasons import UNFINISHED, openai_usage, reason_of
from ragcli.models.token_estimate import estimate
from ragcli.models.transport.error_translation import overdue
from ragcli.models.transport.limits import SilenceClock
from ragcli.models.transport.locality import elsewhere
from ragcli.models.transport.refusals import refused_parameter

DEFAULT_WINDOW = 8192
"""Tokens of context where neither the settings nor the server say it."""
SHORT_ANSWER = 256
"""Most tokens of a rewritten query or a title."""
MOST_STOPS = 4
"""Texts at which OpenAI's own servers stop at most."""

_SHORT = {"temperature": 0.0, "max_tokens": SHORT_ANSWER}
_ROLES = {"system": "system", "human": "user", "ai": "assistant"}
_PER_MESSAGE = 8
"""Tokens of a chat template around one message."""


class EndpointModel(RemoteChatModel):
    """A chat model of a server that the user names; satisfies `ChatModel`.

    Args:
        endpoint: The server.
        name: The model, as the server calls it.
        settings: Sampling, limits, longest silence.
    """

    def __init__(
        self, endpoint: EndpointSettings, name: str, settings: Settings
    ) -> None:
        super().__init__(f"{endpoint.name}:{name}", name, settings)
        self._endpoint = endpoint
        self._server = EndpointServer(endpoint, self._silence)
        self._lock = threading.Lock()
        self._about: Served | None = None
        self._refused: set[str] = set()
        self._learned = 0

    @property
    def remote(self) -> str:
        """The other machine that reads every prompt; "" when this one answers."""
        return elsewhere(self._server.url)

    @property
    def served(self) -> Served:
        """What the server says of the model, asked once; raises `ModelUnavailable`."""
        with self._lock:
            if self._about is None:
                self._about = about(self._server, self._name)
            return self._about

    def window(self) -> int:
        """Returns the tokens of context: the settings', else what the server says.

        What it said when it refused a prompt goes before both.

        Raises:
            ModelUnavailable: It has to be asked, and cannot be.
        """
        if self._learned:
            return self._learned
        wanted = self._settings.context_window or self._endpoint.window
        return wanted or self.served.window or DEFAULT_WINDOW

    def _options(self, rendered: Sequence[Message]) -> dict[str, Any]:
        """Returns the fields of a request beside model and messages."""
        settings = self._settings
        options: dict[str, Any] = {"temperature": settings.temperature}
        if limit := self._endpoint.max_tokens or settings.max_tokens:
            prompt = sum(estimate(m.text) + _PER_MESSAGE for m in rendered)
            options["max_tokens"] = max(16, min(limit, self.window() - prompt))
        if settings.seed:
            options["seed"] = settings.seed
        if settings.top_p:
            options["top_p"] = settings.top_p
        options["stop"] = list((*STOPS, *settings.stop)[:MOST_STOPS])
        options["stream_options"] = {"include_usage": True}
        if self._about is not None and self._about.software == "llamacpp":
            options["return_progress"] = True
        return options

    def _reply(
        self, rendered: Sequence[Message], *, is_short: bool
    ) -> Generator[str | Sign, None, None]:
        """Yields one reply; leaves out, once and for good, what the model refuses."""
        options = _SHORT if is_short else self._options(rendered)
        while True:
            asked = self._taken(options)
            has_said = False
            try:
                with closing(self._answer(rendered, asked)) as pieces:
                    for piece in pieces:
                        has_said = True
                        yield piece
            except PromptTooLong as error:
                self._learned = error.window or self._learned
                raise
            except ModelFailed as error:
                named = refused_parameter(error.message, asked)
                if has_said or not named:
                    raise
                self._refused.add(named)
            else:
                return

    def _taken(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the options that the model takes, by the names that it takes."""
        asked = dict(options)
        if "max_tokens" in asked and "max_tokens" in self._refused:
            asked["max_completion_tokens"] = asked["max_tokens"]
        return {k: v for k, v in asked.items() if k not in self._refused}

    def _answer(
        self, rendered: Sequence[Message], options: Mapping[str, Any]
    ) -> Generator[str | Sign, None, None]:
        body = {
            "model": self._name,
            "messages": [{"role": _ROLES[m.role], "content": m.text} for m in rendered],
            "stream": True,
            **options,
        }
        usage = None
        finish = ""
        is_mute = True
        clock: SilenceClock | None = None
        events = self._server.events("/chat/completions", body, self._name)
        with closing(events):
            for event in events:
                clock = clock or SilenceClock(self._silence)
                is_mute = is_mute and not event
                usage = openai_usage(event.get("usage")) or usage
                for choice in mappings(event.get("choices")):
                    finish = text(choice.get("finish_reason")) or finish
                for piece in _pieces(event):
                    yield piece
                    clock.restart()
                if clock.left <= 0:
                    raise overdue(self._server.endpoint(self._name))
        if is_mute:
            # Some servers begin a stream before they look at the prompt, and drop it
            # without a word. Asked without a stream they say why.
            self._server.post(
                "/chat/completions", _whole(body) | {"max_tokens": 1}, self._name
            )
        yield Ended(reason_of(finish) if finish else UNFINISHED, usage)


def _whole(body: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a request for the answer in one piece."""
    left_out = {"stream", "stream_options", "return_progress", "max_completion_tokens"}
    return {key: value for key, value in body.items() if key not in left_out}


def _pieces(event: Mapping[str, Any]) -> Iterator[str | Sign]:
    """Yields what an event holds: how far the prompt is read, thought, text."""
    progress = event.get("prompt_progress")  # llama.cpp says so
    if isinstance(progress, Mapping):
        yield Reading(count(progress.get("processed")), count(progress.get("total")))
    for choice in mappings(event.get("choices")):
        delta = mapping(choice.get("delta") or choice.get("message"))
        thought = text(delta.get("reasoning_content")) or text(delta.get("reasoning"))
        if thought:
            yield Thought(thought)
        if content := _content(delta.get("content")):
            yield content


def _content(content: Any) -> str:
    """Returns the text of a message: itself, or its parts, as Mistral's servers do."""
    parts = "".join(text(part.get("text")) for part in mappings(content))
    return parts or text(content)
