"""The engine's events as JSON: one document an answer, or one an event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ragcli.chat.events import (
    Event,
    Finished,
    Notice,
    Retrieved,
    Stage,
    Thinking,
    Token,
)
from ragcli.chat.presentation.envelope import error_document
from ragcli.chat.presentation.passages import passage_document
from ragcli.chat.presentation.turns import remote_document, turn_document
from ragcli.chat.prompting.prompts import ROLES
from ragcli.models.base import only_quotes
from ragcli.models.prompt_messages import messages

if TYPE_CHECKING:
    from ragcli.errors import RagcliError
    from ragcli.models.base import Prompt


def whole_answer(
    profile: str, events: Iterable[Event], *, show_prompt: bool = False
) -> dict[str, Any]:
    """Returns the JSON of one answer once it has ended: the `ask --json` document.

    Args:
        profile: The name of the profile that was asked.
        events: What `Engine.ask` yields; read to the end.
        show_prompt: Whether all that the model was given is part of it.

    Raises:
        RagcliError: Whatever `Engine.ask` raises.
    """
    notices: list[str] = []
    document: dict[str, Any] = {}
    prompt: dict[str, Any] = {}
    for event in events:
        match event:
            case Notice(message):
                notices.append(message)
            case Retrieved() if show_prompt:
                prompt = prompt_document(event.prompt, event.model)
            case Finished():
                document = answer_document(profile, event)
    return document | {"notices": notices} | prompt


def answer_document(profile: str, finished: Finished) -> dict[str, Any]:
    """Returns the JSON of one answered question."""
    return {
        "profile": profile,
        **turn_document(finished.turn, finished.stale),
        "retrieved": finished.retrieved,
        "used": finished.used,
        "removed": finished.removed,
    }


def event_document(
    profile: str, event: Event, *, show_prompt: bool = False
) -> dict[str, Any] | None:
    """Returns the JSON of one event; None for one that tells a front end nothing.

    Args:
        profile: The name of the profile that was asked.
        event: What `Engine.ask` yielded.
        show_prompt: Whether `retrieved` holds all that the model is given.
    """
    document: dict[str, Any] | None = None
    match event:
        case Stage() if event.total:  # only what a server says of its progress
            document = {"event": "stage", **asdict(event)}
        case Thinking(text):
            document = {"event": "thinking", "text": text}
        case Token(text):
            document = {"event": "token", "text": text}
        case Notice(message, kind):
            document = {"event": "notice", "kind": kind, "message": message}
        case Finished():
            document = {"event": "finished", **answer_document(profile, event)}
        case Retrieved():
            shown = prompt_document(event.prompt, event.model) if show_prompt else {}
            document = _retrieved(event) | shown
    return document  # `Failed` is told by the error that is raised next


def error_event(error: RagcliError) -> dict[str, Any]:
    """Returns the JSON of the error that ended an answer, as the last event."""
    return {"event": "error", **error_document(error)}


def prompt_document(prompt: Prompt, model: str) -> dict[str, Any]:
    """Returns a prompt as JSON values: its parts, and the messages that are sent."""
    sent = [] if only_quotes(model) else messages(prompt)
    read = [{"role": ROLES[item.role], "content": item.text} for item in sent]
    return {"prompt": asdict(prompt), "messages": read}


def _retrieved(event: Retrieved) -> dict[str, Any]:
    return {
        "event": "retrieved",
        "query": event.query,
        "model": event.model,
        **remote_document(event.remote),
        "used": event.used,
        "passages": [passage_document(passage) for passage in event.passages],
    }
