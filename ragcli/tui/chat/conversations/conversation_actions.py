"""Switching, renaming, deleting, branching and exporting conversations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ragcli.text import counted
from ragcli.tui.chat.desk import Desk
from ragcli.tui.commands import begun
from ragcli.tui.screens.dialogs import (
    ConfirmDialog,
    PickDialog,
    PickerEntry,
    TextDialog,
)
from ragcli.tui.turns import conversation_export
from ragcli.tui.widgets.conversation.turn import TurnView
from ragcli.tui.widgets.panes.sidebar import Sidebar
from ragcli.tui.workers.threads import aside


class ConversationActions:
    """Does what the sidebar and the commands ask of conversations.

    Args:
        desk: Where the user is.
        show: Shows a conversation, "" for a new one.
        target: Returns the turn that a command is about.
    """

    def __init__(
        self,
        desk: Desk,
        show: Callable[[str], Awaitable[None]],
        target: Callable[[], TurnView | None] = lambda: None,
    ) -> None:
        self._desk = desk
        self._show = show
        self._target = target

    def chosen(self, conversation: str) -> None:
        """Shows what was chosen in the sidebar."""
        self._desk.do("open", self._open, conversation)

    async def _open(self, conversation: str) -> None:
        await self._show(conversation)

    def requested(self, message: Sidebar.Requested) -> None:
        """Does what a key of the sidebar asks for."""
        if message.what == "rename":
            self._desk.do("", self._rename, message.conversation, "")
        elif message.what == "pin":
            self._desk.do("", self._pin, message.conversation)
        else:
            self._desk.do("", self._delete, message.conversation)

    def command_new(self, _: str = "") -> None:
        """Starts a conversation."""
        self._desk.do("open", self._open, "")

    def command_conversation(self, reference: str = "") -> None:
        """Switches to a conversation, by name or from a list."""
        self._desk.do("open", self._pick_conversation, reference)

    async def _pick_conversation(self, reference: str) -> None:
        history = self._desk.profile.history
        if reference:
            await self._show(await aside(history.resolve, reference))
            return
        conversations = await aside(history.conversations)
        choices = [
            PickerEntry(
                c.id,
                c.title or "untitled",
                f"{counted(c.turns, 'turn')} · {c.updated[:10]}",
            )
            for c in conversations
        ]
        dialog = PickDialog("Conversations", choices, self._desk.conversation)
        chosen = await self._desk.answer_to(dialog)
        if chosen:
            await self._show(chosen)

    def command_rename(self, title: str = "") -> None:
        """Renames the conversation on the screen."""
        self._desk.do("", self._rename, begun(self._desk.conversation), title)

    async def _rename(self, conversation: str, title: str) -> None:
        history = self._desk.profile.history
        known = await aside(history.conversation, conversation)
        if not title:
            dialog = TextDialog("Rename the conversation", known.title)
            chosen = await self._desk.answer_to(dialog)
            title = chosen or ""
        if title and title != known.title:
            await aside(history.rename, conversation, title)

    def command_pin(self, _: str = "") -> None:
        """Keeps the conversation on the screen at the top, or lets it go."""
        self._desk.do("", self._pin, begun(self._desk.conversation))

    async def _pin(self, conversation: str) -> None:
        history = self._desk.profile.history
        known = await aside(history.conversation, conversation)
        await aside(history.pin, conversation, pinned=not known.pinned)

    def command_delete(self, _: str = "") -> None:
        """Deletes the conversation on the screen, once confirmed."""
        self._desk.do("", self._delete, begun(self._desk.conversation))

    async def _delete(self, conversation: str) -> None:
        history = self._desk.profile.history
        known = await aside(history.conversation, conversation)
        dialog = ConfirmDialog(
            "Delete this conversation?",
            f"{known.title}\n{counted(known.turns, 'turn')}",
            yes="Delete",
            danger=True,
        )
        if await self._desk.answer_to(dialog):
            await aside(history.delete_conversation, conversation)
            if conversation == self._desk.conversation:
                await self._show(await aside(history.latest))

    def command_fork(self, _: str = "") -> None:
        """Branches the conversation off after the selected turn."""
        view, conversation = self._target(), begun(self._desk.conversation)

        async def fork() -> None:
            at = view.turn.id if view else ""
            history = self._desk.profile.history
            forked = await aside(history.fork, conversation, at=at)
            await self._show(forked)
            self._desk.say("This is a copy of the conversation up to that turn.")

        self._desk.do("", fork)

    def command_export(self, file: str = "") -> None:
        """Writes the conversation to a file; without one, asks for the format."""
        self._desk.do("", self._export, begun(self._desk.conversation), file)

    async def _export(self, conversation: str, file: str) -> None:
        profile = self._desk.profile
        known = await aside(profile.history.conversation, conversation)
        if not file:
            dialog = PickDialog("Export as", _FORMATS)
            ending = await self._desk.answer_to(dialog)
            if not ending:
                return
            file = conversation_export.file_name(known.title, ending)
        path = conversation_export.target(file)
        if path.exists():
            replace = ConfirmDialog(
                "Replace this file?", str(path), yes="Replace", danger=True
            )
            if not await self._desk.answer_to(replace):
                return
        turns = await aside(profile.history.transcript, conversation)
        text = conversation_export.exported(path, profile.name, known, turns)
        await aside(conversation_export.write, path, text)
        self._desk.say(f"Written to {path}")


_FORMATS = (
    PickerEntry(".md", "Markdown (.md)", "to read and to edit"),
    PickerEntry(".html", "HTML (.html)", "one page, for a browser"),
    PickerEntry(".json", "JSON (.json)", "whole records, ids included"),
)
