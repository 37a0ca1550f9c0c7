"""Reports what leaves this machine: where questions, passages and turns are sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING

from ragcli.errors import RagcliError
from ragcli.frozen import frozen

if TYPE_CHECKING:
    from ragcli.config import Settings
    from ragcli.runtime import Runtime


@frozen
class Leaving:
    """A part of the program that may send data to another machine."""

    part: str
    """What it is: `chat model ollama:llama3.2`."""
    address: str = ""
    """The address that it sends to; "" when nothing leaves this machine."""
    what: str = ""
    """What it sends."""

    @property
    def told(self) -> str:
        """One line for people."""
        if not self.address:
            return f"{self.part}: nothing"
        return f"{self.part}: {self.what} go to {self.address}"


def leaving(runtime: Runtime) -> Iterator[Leaving]:
    """Yields what each part sends to other machines, for the chosen profile.

    Nobody is sent anything to find out; Ollama is asked what it would pass on.
    """
    settings = in_force(runtime)
    yield _chat_model(settings)
    yield _embedder(settings)
    yield store_destination(runtime)
    if settings.tracing:
        what = "prompts and answers of generating models"
        yield Leaving("tracing", "LangSmith", what)


def in_force(runtime: Runtime, *, asks: bool = True) -> Settings:
    """Returns the settings of the profile that is meant, or those without one.

    Args:
        runtime: The process.
        asks: Whether a passphrase may be asked for.
    """
    try:
        with (
            nullcontext() if asks else runtime.unattended(),
            runtime.open(create=False) as workspace,
        ):
            return workspace.settings
    except RagcliError:  # another check says why
        return runtime.settings


def _chat_model(settings: Settings) -> Leaving:
    from ragcli.models.select import choose_model

    what = "questions, passages and earlier turns"
    try:
        model = choose_model(settings).model
        return Leaving(f"chat model {model.spec}", model.remote, what)
    except RagcliError:
        return unavailable_model("chat model", settings.model, what, settings)


def _embedder(settings: Settings) -> Leaving:
    from ragcli.models.select import choose_embedder

    what = "questions and all indexed text"
    try:
        embedder = choose_embedder(settings)
        return Leaving(f"embedder {embedder.id}", embedder.remote, what)
    except RagcliError:
        return unavailable_model("embedder", settings.embedder, what, settings)


def unavailable_model(part: str, spec: str, what: str, settings: Settings) -> Leaving:
    """Returns where a model that cannot be had just now would be sent to."""
    from ragcli.models.ollama.ollama_models import server
    from ragcli.models.transport.locality import elsewhere

    provider, _, name = settings.meant(spec).partition(":")
    endpoint = settings.endpoint(provider)
    if endpoint is not None:
        address = elsewhere(endpoint.url)
    elif provider in {"auto", "ollama"}:
        asked = server(settings)
        address = asked.passes_on(name) or elsewhere(asked.address.url)
    else:
        address = f"the servers of {provider}"
    return Leaving(f"{part} {spec} (not to be had now)", address, what)


def store_destination(runtime: Runtime) -> Leaving:
    """Returns what goes to the store, and where that is."""
    store = runtime.store
    what = "conversations, indexes and settings"
    if store.elsewhere:
        return Leaving(f"store {store.shown}", store.elsewhere, what)
    return Leaving(f"store {store.shown}")
