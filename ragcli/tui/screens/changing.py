"""Switching, renaming, deleting, branching and exporting conversations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from textual import on

from ragcli.errors import ConversationNotFound, StorageFailed
from ragcli.sessions.records import Conversation, Turn
from ragcli.tui.screens.conversations import ConversationsMixin
from ragcli.tui.screens.dialogs import Choice, ConfirmDialog, PickDialog, TextDialog
from ragcli.tui.threads import aside
from ragcli.tui.widgets.sidebar import Sidebar


class ChangingMixin(ConversationsMixin):
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
            Choice(c.id, c.title or "untitled", f"{c.turns} turns · {c.updated[:10]}")
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
        """Writes the conversation to a Markdown, HTML or JSON file."""
        self.do("", self._export, self._begun(), file)

    async def _export(self, conversation: str, file: str) -> None:
        known = await aside(self.profile.history.conversation, conversation)
        path = _target(file or _file_name(known.title))
        if path.exists():
            dialog = ConfirmDialog(
                "Replace this file?", str(path), yes="Replace", danger=True
            )
            if not await self.app.push_screen_wait(dialog):
                return
        turns = await aside(self.profile.history.transcript, conversation)
        await aside(_write, path, known, turns)
        self.say(f"Written to {path}")

    def _begun(self) -> str:
        """Returns the conversation on the screen; raises when there is none yet."""
        if not self.conversation:
            raise ConversationNotFound(
                "this conversation has not begun", "ask something first"
            )
        return self.conversation


def _file_name(title: str) -> str:
    words = re.sub(r"[^\w.-]+", "-", title).strip("-.")[:60]
    return f"{words or 'conversation'}.md"


def _target(file: str) -> Path:
    return Path(file).expanduser().absolute()


def _write(path: Path, conversation: Conversation, turns: Sequence[Turn]) -> None:
    from ragcli.sessions import export

    text = (
        export.to_html(conversation, turns)
        if path.suffix in {".html", ".htm"}
        else export.to_markdown(conversation, turns)
    )
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageFailed(f"{path}: {error.strerror}", "name another file") from error
