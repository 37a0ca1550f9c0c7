"""Names that the shell completes: read when Tab is pressed, never guessed.

A callback must be quick, silent and harmless: it asks nobody for a passphrase,
reaches no network but a local Ollama, and answers nothing when it cannot.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import typer  # noqa: TC002 - Typer reads the callbacks' annotations

from ragcli.errors import RagcliError

if TYPE_CHECKING:
    from ragcli.runtime import Runtime
    from ragcli.workspace import Workspace

Names = list[tuple[str, str] | str]
"""What Typer takes: names, or names with a sentence."""


def profiles(ctx: typer.Context, incomplete: str) -> Names:
    """Returns the user's profiles."""
    with suppress(RagcliError, OSError):
        return [name for name in _names(_runtime(ctx)) if _fits(name, incomplete)]
    return []


def expired_profiles(ctx: typer.Context, incomplete: str) -> Names:
    """Returns the user's profiles, and those that are set aside."""
    with suppress(RagcliError, OSError):
        runtime = _runtime(ctx)
        names = {*_names(runtime), *runtime.store.set_aside()}
        return [name for name in sorted(names) if _fits(name, incomplete)]
    return []


def conversations(ctx: typer.Context, incomplete: str) -> Names:
    """Returns the profile's conversations: ids, with their titles."""
    with suppress(RagcliError, OSError), _workspace(ctx) as workspace:
        return [
            (conversation.id, conversation.title)
            for conversation in workspace.history.conversations()
            if _fits(conversation.id, incomplete)
        ]
    return []


def documents(ctx: typer.Context, incomplete: str) -> Names:
    """Returns the profile's documents, as paths below the working directory."""
    from ragcli.paths import shown

    with suppress(RagcliError, OSError), _workspace(ctx) as workspace:
        paths = (shown(document.path) for document in workspace.library.documents())
        # A name that begins with a dash would be taken for an option.
        named = (f"./{path}" if path.startswith("-") else path for path in paths)
        return [path for path in named if _fits(path, incomplete)]
    return []


def places(ctx: typer.Context, incomplete: str) -> Names:
    """Returns the profile's documents and the directories that they are in."""
    import os

    paths = documents(ctx, incomplete)
    above = (os.path.dirname(str(path)) for path in paths)
    directories = dict.fromkeys(f"{directory}/" for directory in above if directory)
    return [*(name for name in directories if _fits(name, incomplete)), *paths]


def tags(ctx: typer.Context, incomplete: str) -> Names:
    """Returns the tags of the profile's documents."""
    with suppress(RagcliError, OSError), _workspace(ctx) as workspace:
        listed = (
            document.facts.get("tags") for document in workspace.library.documents()
        )
        names = {str(tag) for tags in listed if isinstance(tags, list) for tag in tags}
        return [tag for tag in sorted(names) if _fits(tag, incomplete)]
    return []


def formats(incomplete: str) -> Names:
    """Returns the formats of documents."""
    from ragcli.index.documents.formats import BY_NAME

    return [name for name in BY_NAME if _fits(name, incomplete)]


def models(ctx: typer.Context, incomplete: str) -> Names:
    """Returns the models that can be asked now."""
    from ragcli.models.select import available
    from ragcli.models.transport.locality import elsewhere

    with suppress(RagcliError, OSError):
        settings = _runtime(ctx).settings
        usable = available(settings, local=True)
        remote = {model.spec: model.about for model in usable if model.remote}
        known = dict.fromkeys(model.spec for model in usable)
        names = ["auto", *(alias for alias, _ in settings.aliases), *known]
        names += [
            f"{endpoint.name}:"
            for endpoint in settings.endpoints
            if elsewhere(endpoint.url)
        ]
        fitting = [name for name in names if _fits(name, incomplete)]
        return [(name, remote[name]) if name in remote else name for name in fitting]
    return []


def settings(incomplete: str) -> Names:
    """Returns the keys of settings, with what they mean."""
    from ragcli.config import Resolved

    return [
        (origin.key, origin.help)
        for origin in Resolved([]).origins()
        if _fits(origin.key, incomplete)
    ]


def assignments(ctx: typer.Context, incomplete: str) -> Names:
    """Returns keys of settings, or the values that the one typed last can take."""
    from ragcli.config import known_keys

    key, equals, value = incomplete.partition("=")
    if equals:
        return [f"{key}={text}" for text in _values(ctx, key, value)]
    typed = ctx.params.get("words") or ()
    if typed and typed[-1] in known_keys():
        return [*_values(ctx, typed[-1], incomplete)]
    return settings(incomplete)


def profiles_and_assignments(ctx: typer.Context, incomplete: str) -> Names:
    """Returns the same, and first of all the profiles that they may be for."""
    first = [] if ctx.params.get("words") else profiles(ctx, incomplete)
    return [*first, *assignments(ctx, incomplete)]


def _values(ctx: typer.Context, key: str, incomplete: str) -> Iterator[str]:
    """Yields what a setting may be, where that can be listed."""
    from ragcli.config import choices_of

    if key == "model":
        names = models(ctx, incomplete)
        yield from (name if isinstance(name, str) else name[0] for name in names)
    yield from (name for name in choices_of(key) if _fits(name, incomplete))


def _names(runtime: Runtime) -> list[str]:
    """Returns the user's profiles; a completion removes nothing."""
    return runtime.store.names(passive=True)


def _fits(name: str, incomplete: str) -> bool:
    """Tells whether a name begins as typed."""
    return name.startswith(incomplete)


def _runtime(ctx: typer.Context) -> Runtime:
    """Returns the runtime of a half-typed command."""
    from ragcli.runtime import Runtime

    return Runtime(profile=_typed_profile(ctx))


def _typed_profile(ctx: typer.Context) -> str | None:
    """Returns the profile typed so far, before or after the command's name."""
    name = ctx.params.get("profile")
    if name is None and ctx.parent is not None:
        return ctx.parent.params.get("profile")
    return name


@contextmanager
def _workspace(ctx: typer.Context) -> Iterator[Workspace]:
    with _runtime(ctx).open(create=False, stateless=True) as workspace:
        yield workspace
