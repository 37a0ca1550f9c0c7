"""The chat as an application: one screen, the user's theme and keys, a clean end."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.screen import Screen

from ragcli.dependency_patches.textual import forgive_input, teach_newlines
from ragcli.errors import ExitCode
from ragcli.text import safe_line, safe_text
from ragcli.tui import clipboard
from ragcli.tui.chat.panes import LOW
from ragcli.tui.chat.screen import ChatScreen
from ragcli.tui.keyboard import key_bindings
from ragcli.tui.keyboard.key_bindings import key
from ragcli.tui.lifecycle.keeping import hung_up
from ragcli.tui.lifecycle.terminal_hangup import when_hung_up
from ragcli.tui.ports import ProfilePort, RuntimePort
from ragcli.tui.preferences import theme
from ragcli.tui.rendering.legible import Legible
from ragcli.tui.turns import turn_text
from ragcli.tui.widgets.bars.find import FindBar
from ragcli.tui.widgets.conversation.transcript import Transcript
from ragcli.tui.widgets.conversation.turn import TurnView
from ragcli.tui.widgets.input.prompt import PromptInput
from ragcli.tui.widgets.panes.sidebar import Sidebar
from ragcli.tui.widgets.panes.sources import SourceCard

OWNERS = (
    ChatScreen, PromptInput, TurnView, SourceCard, Sidebar, FindBar, Transcript,
)  # fmt: skip
"""The widgets that declare keys which users can change."""

STDIN = 0
"""The terminal's descriptor; whoever replaces `sys.stdin` does not change it."""

TYPED = (events.Key, events.Paste)
"""What a user types, or has typed for them."""


class ChatApp(App[None]):
    """Shows the chat over one profile, and switches to others.

    Args:
        profiles: This process.
        profile: The profile to begin with; closed at the end, or the one that the
            user switched to.
        conversation: The conversation to open, "" for a new one, None for the latest.
    """

    TITLE = "ragcli"
    CSS_PATH = "app.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW, "-high")]  # noqa: RUF012 - as Textual
    ENABLE_COMMAND_PALETTE = False
    """Textual's own: the chat has one in its own look."""
    BINDINGS: ClassVar[list[BindingType]] = [
        key(
            "app.suspend",
            "ctrl+z",
            "suspend_process",
            "Go back to the shell; fg returns",
            priority=True,
        ),
        key("app.quit", "ctrl+q", "leave", "Leave", footer="Quit", priority=True),
        key(
            "app.interrupt",
            "ctrl+c",
            "interrupt",
            "Copy the selection, stop the answer, or empty the prompt",
            priority=True,
        ),
        key(
            "app.palette",
            "ctrl+p",
            "commands",
            "Find a command",
            footer="Commands",
            priority=True,
        ),
    ]

    def __init__(
        self,
        profiles: RuntimePort,
        profile: ProfilePort,
        conversation: str | None = None,
    ) -> None:
        super().__init__()
        self.legible = Legible(limited=self.console.color_system == "256")
        """Sees to it that every text can be read."""
        self.ended_by = 0
        """The signal that ended the chat, 0 for none."""
        self._typed_ahead: list[events.Event] | None = []
        self.chat = ChatScreen(profiles, profile)
        self.chat.start_with(conversation)
        self._wanted = profile.settings.theme
        self._bindings_wanted = profile.resolved.bindings()
        self.profiles = profiles
        self._problems = self._apply_theme() + self._apply_keys()
        if profiles.project_notice:
            self._problems.append(safe_line(profiles.project_notice))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Returns what each line goes through before it is drawn."""
        return [*super().get_line_filters(), self.legible]

    def get_default_screen(self) -> Screen[None]:
        """Returns the chat, which spares the blank screen that would lie under it."""
        return self.chat

    def on_mount(self) -> None:
        """Starts to listen for signals."""
        self.app_resume_signal.subscribe(self, lambda _: self.call_later(self._redraw))
        self._catch_signals()

    def _redraw(self) -> None:
        """Draws every widget: a terminal that was left shows nothing of the chat."""
        for screen in self.screen_stack:
            for widget in screen.walk_children(with_self=True):
                widget.refresh()
        self.refresh(layout=True)

    async def on_event(self, event: events.Event) -> None:
        """Keeps what is typed before the prompt is ready; tells the chat of keys."""
        if isinstance(event, (events.Key, events.MouseDown)):
            self.chat.is_by_mouse = isinstance(event, events.MouseDown)
        if self._typed_ahead is not None and isinstance(event, TYPED):
            self._typed_ahead.append(event)
            return
        if (
            isinstance(event, events.Key)
            and not event.is_forwarded
            and self.screen is self.chat
        ):
            self.chat.before_key(event)
        await super().on_event(event)

    async def on_ready(self) -> None:
        """Draws the first frame, then mounts the rest."""
        self.chat.call_after_refresh(self.chat.load)
        typed, self._typed_ahead = self._typed_ahead, None
        for event in typed or ():
            await self.on_event(event)
        for problem in self._problems:
            self.notify(problem, severity="warning", markup=False, timeout=15)

    def _apply_theme(self) -> list[str]:
        chosen = theme.remembered(self.profiles) or self._wanted
        if chosen not in self.available_themes:
            return [theme.unknown(chosen, self.available_themes)]
        self.theme = chosen
        return []

    def _apply_keys(self) -> list[str]:
        usable, wrong = key_bindings.checked(
            self._bindings_wanted, key_bindings.declared(ChatApp, *OWNERS)
        )
        self.set_keymap(usable)
        self.chat.changed_keys = usable
        return wrong

    # The end

    def _catch_signals(self) -> None:
        """Has a polite kill end the chat as `quit` does; a closed terminal, at once."""
        import asyncio

        if self.is_headless or not hasattr(signal, "SIGHUP"):
            return
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._killed)
        # Not through the loop: it may be stuck in a write to the lost terminal.
        signal.signal(signal.SIGHUP, lambda *_: self._lost())
        when_hung_up(STDIN, self._lost)

    def copy_to_clipboard(self, text: str) -> None:
        """Copies text, made safe to paste into a shell."""
        safe = safe_text(text)
        super().copy_to_clipboard(safe)
        clipboard.system.put(safe)

    def _killed(self) -> None:
        self.ended_by = signal.SIGTERM
        self.chat.run_command("quit")

    def _lost(self) -> None:
        self.ended_by = signal.SIGHUP
        hung_up(self.chat.drafts.keep_now, 128 + signal.SIGHUP)

    def action_leave(self) -> None:
        """Ends the chat; the answer so far and the draft are kept."""
        self.chat.run_command("quit")

    def action_commands(self) -> None:
        """Lists all commands, and runs the one that is chosen."""
        if self.screen is self.chat:
            self.chat.run_command("commands")

    def action_interrupt(self) -> None:
        """Copies the selection; else stops the answer; else empties the prompt."""
        selected = self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
        elif self.chat.answering.asking is not None:
            self.chat.stop()
        elif self.chat.prompt.text and self.screen is self.chat:
            self.chat.prompt.put("")
        else:
            self.notify("Press Ctrl+Q to leave.", markup=False)


def run_chat(
    profiles: RuntimePort,
    *,
    conversation: str = "",
    new: bool = False,
    inline: bool = False,
) -> int:
    """Opens the profile in force and shows the chat until the user leaves.

    Args:
        profiles: This process; `runtime.Runtime`.
        conversation: Which one to open: its id, a beginning of it, or its title.
        new: Start a conversation.
        inline: Draw under the shell's prompt instead of on the whole screen; what was
            asked and answered stays there as text.

    Returns:
        The exit code: 0; 128 and the number of the signal that ended it; 70 when it
        crashed, its traceback shown.

    Raises:
        RagcliError: The profile or the conversation cannot be opened.
    """
    profile = profiles.open(expires=True)
    first: str | None = "" if new else None
    try:
        if conversation:
            first = profile.history.resolve(conversation)
        teach_newlines()
        forgive_input()
        profiles.prompt = None  # the terminal is the chat's from now on
        app = ChatApp(profiles, profile, first)
        app.run(inline=inline)
        if inline and app.ended_by != signal.SIGHUP:
            turn_text.leave(app.chat.said, sys.stdout)
        profile = app.chat.desk.profile
        if app.chat.drafts.lost is not None:
            raise app.chat.drafts.lost
        app.chat.drafts.keep_now()
    finally:
        gc.enable()  # had the chat ended before its first frame
        profile.close()
    if app.ended_by:
        return 128 + app.ended_by
    return ExitCode.BUG if app.return_code else ExitCode.ANSWERED
