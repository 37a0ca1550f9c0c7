"""The models that can answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ragcli.cli.input.options import Invocation, examples
from ragcli.cli.output.formatting import size


@examples("ragcli models list", "ragcli models list --json | jq -r '.models[].spec'")
def list_(call: Invocation) -> None:
    """List the models that can be asked now."""
    from ragcli.models.select import available

    found = available(call.runtime.settings)
    if call.as_json:
        call.output.document({"models": [asdict(model) for model in found]})
        return
    rows = [
        (model.spec, model.kind, size(model.size) if model.size else "", model.about)
        for model in found
    ]
    call.output.table(("model", "kind", "size", "note"), rows)
    if not any(model.spec.startswith("ollama:") for model in found):
        call.output.note("no Ollama models here; answers are quoted, not written")


@examples("ragcli models pull llama3.2", "ragcli models pull ollama:qwen3:4b")
def pull(
    call: Invocation, name: Annotated[str, typer.Argument(metavar="NAME")]
) -> None:
    """Have Ollama download a model."""
    from ragcli.models.ollama.models import server

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
