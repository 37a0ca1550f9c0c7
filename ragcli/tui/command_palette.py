"""The chat's commands in the command palette."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from ragcli.tui.commands import COMMANDS, ChatCommand

if TYPE_CHECKING:
    from ragcli.tui.chat.screen import ChatScreen


class ChatCommands(Provider):
    """Offers every slash command; one that needs text is put into the prompt."""

    async def discover(self) -> Hits:
        """Yields all commands before anything is typed."""
        for command in COMMANDS:
            yield DiscoveryHit(
                command.help, self._callback(command), help=_typed(command)
            )

    async def search(self, query: str) -> Hits:
        """Yields the commands that match what is typed."""
        matcher = self.matcher(query)
        for command in COMMANDS:
            text = f"{command.help} /{command.name}"
            if (score := matcher.match(text)) > 0:
                yield Hit(
                    score,
                    matcher.highlight(text),
                    self._callback(command),
                    help=_typed(command),
                )

    def _callback(self, command: ChatCommand) -> partial[None]:
        chat = cast("ChatScreen", vars(self.app)["chat"])
        if command.required:
            return partial(chat.prompt.put, f"/{command.name} ")
        return partial(chat.run_command, command.name)


def _typed(command: ChatCommand) -> str:
    return f"/{command.name} {command.argument}".rstrip()
