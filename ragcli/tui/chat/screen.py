"""The chat: keys and commands, and where they go."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from ragcli.errors import RagcliError
from ragcli.sessions.records.records import Conversation
from ragcli.tui import commands
from ragcli.tui.attachments import mention_start, paths_like
from ragcli.tui.chat.conversation_actions import ConversationActionsMixin
from ragcli.tui.chat.documents import DocumentsMixin
from ragcli.tui.chat.find_in_chat import FindInChatMixin
from ragcli.tui.chat.locking import LockingMixin
from ragcli.tui.chat.turns import TurnsMixin
from ragcli.tui.keyboard import keys
from ragcli.tui.keyboard.bindings import key
from ragcli.tui.screens.help import HelpScreen
from ragcli.tui.widgets.completions import Completion, Completions
from ragcli.tui.widgets.prompt import Prompt
from ragcli.tui.widgets.turn import TurnView
from ragcli.tui.workers.threads import aside


class ChatScreen(
    TurnsMixin, ConversationActionsMixin, FindInChatMixin, DocumentsMixin, LockingMixin
):
    """The one screen of the chat."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("chat.help", "f1", "command('help')", "Show this help", footer="Help"),
        key(
            "chat.sidebar",
            "ctrl+b,f2",
            "command('sidebar')",
            "Go to the conversations and profiles, or hide them",
            footer="Chats",
        ),
        key(
            "chat.sources",
            "ctrl+s,f3",
            "command('sources')",
            "Go to the sources, or hide them",
            footer="Sources",
        ),
        key(
            "chat.find",
            "ctrl+f",
            "command('find')",
            "Find in this conversation",
            footer="Find",
            priority=True,
        ),
        key("chat.search", "ctrl+g", "command('search')", "Find in the whole profile"),
        key("chat.new", "ctrl+n", "command('new')", "Start a conversation"),
        key("chat.switch", "ctrl+t", "command('conversation')", "Switch conversation"),
        key("chat.model", "ctrl+o", "command('model')", "Switch the model"),
        key("chat.again", "ctrl+r", "command('regenerate')", "Ask the last again"),
        key("chat.stop", "escape", "stop", "Stop the answer; leave what is open"),
        key("chat.turns", "ctrl+up", "turns", "Go from the prompt to the last turn"),
        key("chat.page_up", "pageup", "page(-1)", "Scroll up", priority=True),
        key("chat.page_down", "pagedown", "page(1)", "Scroll down", priority=True),
        key("chat.end", "ctrl+end", "end", "Go to the end of the conversation"),
    ]

    changed_keys: Mapping[str, str] = MappingProxyType({})
    """The keys that the user has set, by binding id."""
    _starting: str | None = None
    _offered_for = ""
    """The text that the completions on the screen are for."""

    def start_with(self, conversation: str | None) -> None:
        """Says which conversation to open first: "" for a new one, None the latest."""
        self._starting = conversation

    def on_mount(self) -> None:
        """Draws what is known without reading anything."""
        self.prompt.steer = self._steer
        self.show_state()

    def load(self) -> None:
        """Brings in what the first frame did without."""
        self.do("open", self._begin_with, self._starting)

    async def _begin_with(self, conversation: str | None) -> None:
        await self.mount_deferred()
        for call in self.early:
            self.call_later(call)
        gc.enable()
        gc.freeze()  # what was loaded stays: no need to look through it again and again
        await self.begin_profile(conversation)

    # Commands

    def action_command(self, name: str) -> None:
        """Runs a command by a key."""
        self.run_command(name)

    def run_command(self, name: str, argument: str = "") -> None:
        """Runs a command; what is wrong with it is said."""
        if not self.is_furnished:
            self.early.append(partial(self.run_command, name, argument))
            return
        try:
            getattr(self, f"command_{name}")(argument)
        except RagcliError as error:
            self.say_error(error)

    @on(TurnView.Requested)
    def _turn_key(self, message: TurnView.Requested) -> None:
        self.selected = message.view
        if message.what in {"previous", "next"}:
            self.move(message.view, 1 if message.what == "next" else -1)
        else:
            self.run_command(message.what)

    @on(Prompt.Sent)
    def _sent(self, message: Prompt.Sent) -> None:
        if not self.is_furnished:
            self.early.append(partial(self._sent, message))
            return
        if not commands.is_command(message.text):
            self.ask(message.text)
            return
        try:
            command, argument = commands.parse(message.text)
        except RagcliError as error:
            self.say_error(error)
            self.prompt.put(message.text)
            return
        self.run_command(command.name, argument)

    def command_help(self, _: str = "") -> None:
        """Shows keys for where the user is, and all commands."""
        self.app.push_screen(
            HelpScreen(keys.sections(self.focused, self, self.changed_keys))
        )

    def command_sources(self, _: str = "") -> None:
        """Shows the sources and goes to them; from there, hides them."""
        inside = self.focused is not None and self.sources in self.focused.ancestors
        if self.sources.display and not inside and self.sources.cards:
            marker = self.selected.marker if self.selected else 0
            if not marker or not self.sources.select(marker, focus=True):
                self.sources.cards[0].focus()
            return
        if not self.toggle_pane("sources"):
            self.prompt.focus()
        elif self.sources.cards:
            self.sources.cards[0].focus()

    def command_sidebar(self, _: str = "") -> None:
        """Shows conversations and profiles and goes to them; from there, hides them."""
        inside = self.focused is not None and self.sidebar in self.focused.ancestors
        if (self.sidebar.display and not inside) or self.toggle_pane("sidebar"):
            self.sidebar.query_one("#conversations").focus()
        else:
            self.prompt.focus()

    def command_readonly(self, _: str = "") -> None:
        """Stops or resumes recording."""
        self.read_only = not self.read_only
        self.show_state()
        state = "not recorded from now on" if self.read_only else "recorded again"
        self.say(f"Turns are {state}.")

    def command_quit(self, _: str = "") -> None:
        """Leaves the chat."""
        self.do("", self.leave)

    async def leave(self) -> None:
        """Keeps what there is to keep, then ends the application."""
        self.unwatch_history()
        self.status.say(state="leaving", kind="busy")
        try:
            await self.keep_all()
        except RagcliError as error:
            self.lost = error
        self.abandon_work()  # it would meet a screen that is half gone
        self.app.exit()

    def action_stop(self) -> None:
        """Stops the answer, or closes what lies over the transcript."""
        for pane in (self.sidebar, self.sources):
            if pane.display and pane.has_class("-over"):
                self.fold()
                self.prompt.focus()
                return
        self.stop()

    def action_turns(self) -> None:
        """Goes from the prompt to the last turn."""
        view = self.transcript.last
        if view is not None:
            view.focus()

    def action_page(self, step: int) -> None:
        """Scrolls the transcript from wherever the user is."""
        if step < 0:
            self.transcript.scroll_page_up(animate=False)
        else:
            self.transcript.scroll_page_down(animate=False)

    def action_end(self) -> None:
        """Goes to the end of the conversation, and follows it."""
        if self.transcript.has_newer:
            self.do("page", self.show_end)
        else:
            self.transcript.anchor()

    # Completions

    @on(Prompt.Edited)
    def _complete(self, message: Prompt.Edited) -> None:
        if self.is_furnished:
            self.do("complete", self._offer, message.text)

    async def _offer(self, text: str) -> None:
        items = await self._completions(text)
        self._offered_for = text
        self.query_one(Completions).offer(items)
        self.prompt.completing = bool(items)

    async def _completions(self, text: str) -> Sequence[Completion]:
        if commands.is_command(text) and "\n" not in text:
            word, space, argument = text[1:].partition(" ")
            if not space:
                return [
                    Completion(0, f"/{c.name}", c.help, runs=not c.required)
                    for c in commands.matching(word)
                ]
            return await self._arguments(word, argument)
        start = mention_start(text)
        if start is None:
            return ()
        begun = text[start + 1 :].lstrip('"')
        found = await aside(lambda: list(paths_like(begun)))
        return [Completion(start, _mention(path)) for path in found]

    async def _arguments(self, word: str, argument: str) -> Sequence[Completion]:
        kind = {c.name: c.completes for c in commands.COMMANDS}.get(word, "")
        start = len(word) + 2
        if kind == "path":
            found = await aside(lambda: list(paths_like(argument)))
            # A directory that is named means all of it, not the first file in it.
            whole = [argument] * (argument.endswith("/") and bool(found))
            return [Completion(start, path, runs=True) for path in whole + found]
        named = {
            "profile": self.profiles.store.names,
            "model": self.model_specs,
            "theme": lambda: sorted(self.app.available_themes),
            "conversation": lambda: list(_titles(self._conversations)),
        }.get(kind)
        if named is None:
            return ()
        names = await aside(named)
        begun = [n for n in names if n.lower().startswith(argument.lower())]
        return [Completion(start, n, runs=True) for n in begun[:12] if n != argument]

    def _steer(self, key: str) -> None:
        completions = self.query_one(Completions)
        chosen = completions.chosen
        if self.prompt.before_cursor != self._offered_for:  # typed on in the meantime
            chosen = None
        if key in {"up", "down"}:
            completions.move(1 if key == "down" else -1)
        elif chosen is not None:
            self._take(chosen, send=key == "enter")
        elif key == "enter":
            self.prompt.completing = False
            completions.offer(())
            self.prompt.send()

    def _take(self, chosen: Completion, *, send: bool) -> None:
        typed = self.prompt.before_cursor
        exact = typed[chosen.start :] == chosen.text
        self.prompt.completing = False
        if not exact:
            tail = "" if chosen.text.endswith("/") or chosen.runs else " "
            self.prompt.complete(chosen.start, chosen.text + tail)
        if (
            send
            and chosen.runs
            and (exact or chosen.start == 0 or not chosen.text.endswith("/"))
        ):
            self.query_one(Completions).offer(())
            self.prompt.send()


def _mention(path: str) -> str:
    return f'@"{path}"' if " " in path else f"@{path}"


def _titles(conversations: Sequence[Conversation]) -> Iterator[str]:
    return (conversation.title for conversation in conversations if conversation.title)
