"""The models that can answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ragcli.chat.presentation.envelope import error_document
from ragcli.cli.input.options import Invocation, examples
from ragcli.cli.leaving import in_force
from ragcli.cli.output.formatting import size


@examples("ragcli models list", "ragcli models list --json | jq -r '.models[].spec'")
def list_(call: Invocation) -> None:
    """List the models that can be asked now, of every server that is known."""
    from ragcli.models.select import ask_servers, built_in

    settings = in_force(call.runtime, asks=False)
    servers = ask_servers(settings)
    models = [*built_in(), *(model for server in servers for model in server.models)]
    failed = [(one, one.error) for one in servers if one.error and one.expected]
    if call.as_json:
        errors = [
            {"server": one.name, "address": one.address, **error_document(error)}
            for one, error in failed
        ]
        documents = [asdict(model) for model in models]
        aliases = dict(settings.aliases)
        call.output.document(
            {"models": documents, "failed": errors, "aliases": aliases}
        )
        return
    rows = [
        (
            model.spec,
            model.kind,
            size(model.size) if model.size else "",
            f"{model.window:,}" if model.window else "",
            model.about,
        )
        for model in models
    ]
    call.output.table(("model", "kind", "size", "window", "note"), rows)
    for alias, spec in settings.aliases:
        call.output.note(f"{alias} stands for {spec}")
    for _, error in failed:
        call.output.warn(f"{error.message}; {error.hint}")
    if not any(model.spec.startswith("ollama:") for model in models):
        call.output.note("no Ollama models here; answers are quoted, not written")


@examples("ragcli models pull llama3.2", "ragcli models pull ollama:qwen3:4b")
def pull(
    call: Invocation, name: Annotated[str, typer.Argument(metavar="NAME")]
) -> None:
    """Have Ollama download a model."""
    from ragcli.models.ollama.ollama_models import server

    wanted = name.removeprefix("ollama:")
    with call.progress() as progress:
        done, layer = 0, ""
        for step in server(call.runtime.settings).pull(wanted):
            if step.status != layer:
                done, layer = 0, step.status
                progress.start(step.total, step.status)
            progress.step(step.status, step.completed - done)
            done = step.completed
    if call.as_json:
        call.output.document({"model": f"ollama:{wanted}"})
    else:
        call.output.line(f"ollama:{wanted}")


COMMANDS = {"list": list_, "pull": pull}
