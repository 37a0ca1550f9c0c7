"""Switching, renaming, deleting, branching and exporting conversations."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from textual import on

from ragcli.errors import ConversationNotFound, StorageFailed, UsageError
from ragcli.sessions.records.records import Conversation, Turn
from ragcli.text import safe_name
from ragcli.tui.chat.conversations import ConversationsMixin
from ragcli.tui.screens.dialogs import (
    ConfirmDialog,
    PickDialog,
    PickerEntry,
    TextDialog,
)
from ragcli.tui.widgets.sidebar import Sidebar
from ragcli.tui.workers.threads import aside


class ConversationActionsMixin(ConversationsMixin):
    """Does what the sidebar and the commands ask of conversations."""

    @on(Sidebar.ConversationChosen)
    def _chosen(self, message: Sidebar.ConversationChosen) -> None:
        self.do("open", self.open_conversation, message.conversation)

    @on(Sidebar.Requested)
    def _asked_of_sidebar(self, message: Sidebar.Requested) -> None:
        if message.what == "rename":
            self.do("", self._rename, message.conversation, "")
        else:
            self.do("", self._delete, message.conversation)

    def command_new(self, _: str = "") -> None:
        """Starts a conversation."""
        self.do("open", self.open_conversation, "")

    def command_conversation(self, reference: str = "") -> None:
        """Switches to a conversation, by name or from a list."""
        self.do("open", self._pick_conversation, reference)

    async def _pick_conversation(self, reference: str) -> None:
        history = self.profile.history
        if reference:
            await self.open_conversation(await aside(history.resolve, reference))
            return
        conversations = await aside(history.conversations)
        choices = [
            PickerEntry(
                c.id, c.title or "untitled", f"{c.turns} turns · {c.updated[:10]}"
            )
            for c in conversations
        ]
        dialog = PickDialog("Conversations", choices, self.conversation)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen:
            await self.open_conversation(chosen)

    def command_rename(self, title: str = "") -> None:
        """Renames the conversation on the screen."""
        self.do("", self._rename, self._begun(), title)

    async def _rename(self, conversation: str, title: str) -> None:
        known = await aside(self.profile.history.conversation, conversation)
        if not title:
            dialog = TextDialog("Rename the conversation", known.title)
            given = await self.app.push_screen_wait(dialog)
            title = given or ""
        if title and title != known.title:
            await aside(self.profile.history.rename, conversation, title)

    def command_delete(self, _: str = "") -> None:
        """Deletes the conversation on the screen, once confirmed."""
        self.do("", self._delete, self._begun())

    async def _delete(self, conversation: str) -> None:
        known = await aside(self.profile.history.conversation, conversation)
        dialog = ConfirmDialog(
            "Delete this conversation?",
            f"{known.title}\n{known.turns} turns",
            yes="Delete",
            danger=True,
        )
        if await self.app.push_screen_wait(dialog):
            await aside(self.profile.history.delete_conversation, conversation)
            if conversation == self.conversation:
                latest = await aside(self.profile.history.latest)
                await self.open_conversation(latest)

    def command_fork(self, _: str = "") -> None:
        """Branches the conversation off after the selected turn."""
        view, conversation = self.target, self._begun()

        async def fork() -> None:
            at = view.turn.id if view else ""
            made = await aside(self.profile.history.fork, conversation, at=at)
            await self.open_conversation(made)
            self.say("This is a copy of the conversation up to that turn.")

        self.do("", fork)

    def command_export(self, file: str = "") -> None:
        """Writes the conversation to a file; without one, asks for the format."""
        self.do("", self._export, self._begun(), file)

    async def _export(self, conversation: str, file: str) -> None:
        known = await aside(self.profile.history.conversation, conversation)
        if not file:
            dialog = PickDialog("Export as", _FORMATS)
            ending = await self.app.push_screen_wait(dialog)
            if not ending:
                return
            file = _file_name(known.title, ending)
        path = _target(file)
        if path.exists():
            replace = ConfirmDialog(
                "Replace this file?", str(path), yes="Replace", danger=True
            )
            if not await self.app.push_screen_wait(replace):
                return
        turns = await aside(self.profile.history.transcript, conversation)
        text = _exported(path.suffix.lower(), self.profile.name, known, turns)
        await aside(_write, path, text)
        self.say(f"Written to {path}")

    def _begun(self) -> str:
        """Returns the conversation on the screen; raises when there is none yet."""
        if not self.conversation:
            raise ConversationNotFound(
                "this conversation has not begun", "ask something first"
            )
        return self.conversation


_FORMATS = (
    PickerEntry(".md", "Markdown (.md)", "to read and to edit"),
    PickerEntry(".html", "HTML (.html)", "one page, for a browser"),
    PickerEntry(".json", "JSON (.json)", "whole records, ids included"),
)


def _file_name(title: str, ending: str) -> str:
    words = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:60]
    return f"{words or 'conversation'}{ending}"


def _target(file: str) -> Path:
    return Path(file.strip("\"'")).expanduser().absolute()


def _exported(
    ending: str, profile: str, conversation: Conversation, turns: Sequence[Turn]
) -> str:
    """Returns a conversation in the format that a file's ending names."""
    from ragcli.sessions.history import export

    if ending == ".json":
        told = export.to_json(profile, [(conversation, turns)])
        return json.dumps(told, indent=2, default=list) + "\n"
    if ending in {".html", ".htm"}:
        return export.to_html(conversation, turns)
    if ending in {"", ".md", ".markdown", ".txt"}:
        return export.to_markdown(conversation, turns)
    raise UsageError(
        f"{safe_name(ending)} is no format to export to",
        "end the name in .md, .html or .json",
    )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageFailed(
            f"{safe_name(str(path))}: {error.strerror}", "name another file"
        ) from error
