"""The chat: what it is made of, and which part a key, command or message concerns."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from ragcli.errors import RagcliError
from ragcli.sessions.records.record_types import Turn
from ragcli.tui import commands
from ragcli.tui.chat.conversations.conversation_actions import ConversationActions
from ragcli.tui.chat.conversations.conversation_view import ConversationView
from ragcli.tui.chat.conversations.find_in_chat import FindInChat
from ragcli.tui.chat.conversations.turn_actions import TurnActions
from ragcli.tui.chat.conversations.version_actions import VersionActions
from ragcli.tui.chat.desk import Desk
from ragcli.tui.chat.documents.adding import Documents
from ragcli.tui.chat.documents.source_actions import SourceActions
from ragcli.tui.chat.documents.suggesting import Suggesting
from ragcli.tui.chat.model_choice import Models
from ragcli.tui.chat.model_pulling import ModelPulling
from ragcli.tui.chat.panes import Panes
from ragcli.tui.chat.profile_switching import Profiles
from ragcli.tui.chat.questions.answering import Answering
from ragcli.tui.chat.questions.completing import Completing
from ragcli.tui.chat.questions.drafts import Drafts
from ragcli.tui.chat.questions.external_editor import ExternalEditor
from ragcli.tui.chat.questions.question_recall import QuestionRecall
from ragcli.tui.chat.questions.unrecorded_answers import Locking
from ragcli.tui.chat.selection import Selection
from ragcli.tui.chat.settings_changing import SettingsChanging
from ragcli.tui.keyboard import key_bindings
from ragcli.tui.keyboard.key_bindings import key
from ragcli.tui.keyboard.multiplexers import taken_keys
from ragcli.tui.messages import (
    ConversationLoaded,
    ConversationOpened,
    DocumentsChanged,
    HistoryFailed,
    HistoryMoved,
    IngestEnded,
    IngestNoted,
    IngestStarted,
    IngestStepped,
    NotRecorded,
    QuestionAsked,
    StateChanged,
    TurnWanted,
)
from ragcli.tui.ports import ProfilePort, RuntimePort
from ragcli.tui.preferences.choices import PaneChoices
from ragcli.tui.screens.help import HelpScreen
from ragcli.tui.screens.palette import CommandsDialog
from ragcli.tui.widgets.bars.find import FindBar
from ragcli.tui.widgets.bars.ingest import IngestBar, PullBar
from ragcli.tui.widgets.bars.key_bar import KeyBar
from ragcli.tui.widgets.bars.status import StatusLine
from ragcli.tui.widgets.conversation.answer import AnswerView
from ragcli.tui.widgets.conversation.transcript import Transcript
from ragcli.tui.widgets.conversation.turn import TurnView
from ragcli.tui.widgets.input.completions import Completions
from ragcli.tui.widgets.input.prompt import PromptInput, plain_lines
from ragcli.tui.widgets.input.suggestions import MOST, Suggestions
from ragcli.tui.widgets.panes.sidebar import ChoiceList, Sidebar
from ragcli.tui.widgets.panes.sources import SourceCard, SourcesPane
from ragcli.tui.workers.answer_worker import (
    AnswerEnded,
    AnswerEvent,
    AnswerGrew,
    AnswerWorker,
)
from ragcli.tui.workers.pulling import PullEnded, PullStepped
from ragcli.tui.workers.threads import aside

_WRITTEN_IN = (Input, TextArea)
"""Widgets in which letters are text."""

_WHERE: tuple[tuple[type[Widget], str], ...] = (
    (TurnView, "answer"),
    (SourceCard, "source"),
    (ChoiceList, "list"),
)
"""Widgets in which letters are commands, and their names."""

DEFERRED_STYLES = Path(__file__).parents[1] / "deferred.tcss"
"""The styles of all that is mounted after the first frame."""


class ChatScreen(Screen[None]):
    """The one screen of the chat: composes its parts and routes messages to them.

    Args:
        profiles: This process.
        profile: The open profile.
    """

    AUTO_FOCUS: ClassVar[str | None] = "PromptInput"
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
        key("chat.again", "f5", "command('regenerate')", "Ask the last again"),
        *(
            key(
                f"chat.suggestion_{number}",
                f"f{number + 5}",
                f"suggestion({number - 1})",
                f"Put the {number}. suggested question into the prompt",
                priority=True,
            )
            for number in range(1, MOST + 1)
        ),
        key(
            "chat.recall",
            "ctrl+r",
            "command('recall')",
            "Find a question asked before",
            footer="Recall",
            priority=True,
        ),
        key(
            "chat.editor",
            "f4",
            "command('editor')",
            "Write the prompt in your editor, as Ctrl+X Ctrl+E does",
        ),
        key("chat.stop", "escape", "stop", "Stop the answer; leave what is open"),
        key("chat.turns", "ctrl+up", "turns", "Go from the prompt to the last turn"),
        key("chat.page_up", "pageup", "page(-1)", "Scroll up", priority=True),
        key("chat.page_down", "pagedown", "page(1)", "Scroll down", priority=True),
        key("chat.end", "ctrl+end", "end", "Go to the end of the conversation"),
    ]

    changed_keys: Mapping[str, str] = MappingProxyType({})
    """The keys that the user has set, by binding id."""
    is_by_mouse = False
    """Whether the last thing the user did was a click."""
    _starting: str | None = None

    def __init__(self, profiles: RuntimePort, profile: ProfilePort) -> None:
        super().__init__()
        self.said: list[Turn] = []
        """The turns of this chat, oldest first."""
        self.is_furnished = False
        """Whether `mount_deferred` is done."""
        self.taken_keys = taken_keys(os.environ)
        """Keys that the terminal keeps to itself."""
        self._early: list[Callable[[], None]] = []
        """What the user has asked for before that."""
        self._make_widgets()
        self.desk = Desk(self, profiles, profile)
        self._make_parts()

    def _make_widgets(self) -> None:
        self.transcript = Transcript(id="transcript")
        self.prompt = PromptInput(id="prompt")
        self.status = StatusLine(id="status")
        self.sources = SourcesPane(id="sources")
        self.sidebar = Sidebar(id="sidebar")
        self._ingest_bar = IngestBar(id="ingest")
        self._pull_bar = PullBar(id="pull")
        self._suggestions = Suggestions(id="suggestions")
        self._find_bar = FindBar(id="find")
        self._completions = Completions(id="completions")
        self._waiting = Static(id="queue", markup=False)
        self.key_bar = KeyBar(self.taken_keys, self._escape_means)

    def _make_parts(self) -> None:
        desk, transcript, prompt = self.desk, self.transcript, self.prompt
        status, sidebar, sources = self.status, self.sidebar, self.sources
        self.panes = Panes(self, sidebar, sources, PaneChoices(desk.profiles))
        self.selection = selection = Selection(transcript, sources)
        self.answering = answering = Answering(
            desk, transcript, selection, status, prompt, self._waiting
        )
        self.conversations = ConversationView(
            desk, transcript, selection, sidebar, status, answering
        )
        answering.show_end = self.conversations.show_end
        self.actions = ConversationActions(
            desk, self.conversations.open, lambda: selection.target
        )
        self.turns = TurnActions(
            desk, transcript, selection, prompt, answering.submit, answering.edit
        )
        self.versions = VersionActions(desk, selection, self.conversations.show_version)
        self.source_actions = SourceActions(
            desk, sources, self.turns.again, self.turns.copy
        )
        self.finding = FindInChat(desk, transcript, self._find_bar)
        self.documents = Documents(desk, self._ingest_bar, status, prompt)
        self.models = Models(desk, status)
        self.suggesting = Suggesting(
            desk, self._suggestions, transcript, prompt, self._suggestion_keys
        )
        self.pulling = ModelPulling(desk, self._pull_bar, prompt)
        self.settings = SettingsChanging(desk)
        self.profiles = Profiles(desk, sidebar, status, self.use_profile)
        self.drafts = Drafts(
            desk, prompt, lambda: answering.asking, lambda: answering.queue
        )
        self.locking = Locking(
            desk, self.drafts, transcript, status, self.profiles.fork
        )
        names = {
            "profile": desk.profiles.store.names,
            "model": self.models.specs,
            "document": self.documents.names,
            "setting": self.settings.keys,
            "theme": lambda: sorted(self.app.available_themes),
            "conversation": self._titles,
        }
        self.recall = QuestionRecall(desk, prompt)
        self.editor = ExternalEditor(desk, prompt)
        self.completing = Completing(desk, prompt, self._completions, names)
        prompt.steer = self.completing.steer
        self._commanded = (
            self, self.actions, self.turns, self.finding, self.documents,
            self.models, self.profiles, self.answering, self.recall, self.editor,
            self.pulling, self.settings, self.versions,
        )  # fmt: skip

    def _titles(self) -> list[str]:
        listed = self.conversations.conversations
        return [conversation.title for conversation in listed if conversation.title]

    # The first frame, and the rest

    def compose(self) -> ComposeResult:
        """Yields what the first frame shows; `mount_deferred` adds the rest.

        Every widget costs a share of the time to first paint, so the lists, bars and
        footer, which are empty or hidden then, come right after it.
        """
        with Horizontal(id="panes"):
            yield self.sidebar
            yield self.transcript
            yield self.sources
        with Vertical(id="entry"):
            yield self.prompt
        yield self.status
        yield Vertical(id="foot")

    async def mount_deferred(self) -> None:
        """Mounts what the first frame can do without, and loads how it looks."""
        self.app.stylesheet.read(DEFERRED_STYLES)
        with self.app.batch_update():
            await self.sidebar.mount_deferred()
            await self.sources.mount_deferred()
            await self.query_one("#entry").mount(
                self._ingest_bar,
                self._pull_bar,
                self._find_bar,
                self._suggestions,
                self._completions,
                self._waiting,
                before=0,
            )
            await self.query_one("#foot").mount(self.key_bar)
            for rack in self.query("ToastRack"):  # none where notices are off
                self.move_child(rack, before=self.query_one("#entry"))
        self.is_furnished = True

    def start_with(self, conversation: str | None) -> None:
        """Says which conversation to open first: "" for a new one, None the latest."""
        self._starting = conversation

    def on_mount(self) -> None:
        """Draws what is known without reading anything."""
        self.answering.show_state()

    def on_resize(self) -> None:
        """Folds the panes that the width has no room for."""
        self.panes.fold()

    def load(self) -> None:
        """Loads what the first frame left out."""
        self.desk.do("open", self._begin_with, self._starting)

    async def _begin_with(self, conversation: str | None) -> None:
        await self.mount_deferred()
        for call in self._early:
            self.call_later(call)
        gc.enable()
        gc.freeze()  # what was loaded stays: no need to look through it again and again
        await self._begin_profile(conversation)

    # A profile begins and ends

    async def use_profile(
        self, profile: ProfilePort, conversation: str | None = None
    ) -> None:
        """Puts `profile` in place of the open one; its answer and draft are kept.

        Args:
            profile: An open one.
            conversation: The one to show; None for the latest.
        """
        self.status.say(state="switching", kind="busy")
        await self.drafts.keep_all()
        self.conversations.unwatch()
        old, self.desk.profile = self.desk.profile, profile
        self.answering.forget()
        self.drafts.forget()
        self.conversations.forget()
        self.suggesting.forget()
        self.status.say(model="", documents=-1, context=(0, 0), rate=0.0)
        await self._begin_profile(conversation)
        await aside(old.close)

    async def _begin_profile(self, conversation: str | None) -> None:
        if conversation is None:
            conversation = await aside(self.desk.profile.history.latest)
        await self.conversations.open(conversation)
        await self.drafts.read()
        self.conversations.watch()
        await self.profiles.list()
        self.desk.do("learn", self._learn, self.desk.profile)

    async def _learn(self, profile: ProfilePort) -> None:
        """Counts the documents, finds the model, and brings the welcome up to date."""
        await self.documents.count(profile)
        await self.models.learn(profile)
        is_new = not self.transcript.turns and not self.answering.asking
        if profile is self.desk.profile and is_new:
            await self.conversations.welcome()

    async def leave(self) -> None:
        """Keeps answer and draft, then ends the application."""
        self.conversations.unwatch()
        self.status.say(state="leaving", kind="busy")
        try:
            await self.drafts.keep_all()
            if self.answering.asking is not None:
                self._keep_said(self.answering.asking)
        except RagcliError as error:
            self.drafts.lost = error
        self.desk.abandon_work()  # it would meet a screen that is half gone
        self.app.exit()

    # Commands

    def action_command(self, name: str) -> None:
        """Runs a command by a key."""
        self.run_command(name)

    def run_command(self, name: str, argument: str = "") -> None:
        """Runs a command; shows what is wrong with it."""
        if not self.is_furnished:
            self._early.append(partial(self.run_command, name, argument))
            return
        try:
            self.command(name)(argument)
        except RagcliError as error:
            self.desk.say_error(error)

    def command(self, name: str) -> Callable[[str], None]:
        """Returns what a command of the table does: a method of one of the parts."""
        method = f"command_{name}"
        part = next(part for part in self._commanded if hasattr(part, method))
        run: Callable[[str], None] = getattr(part, method)
        return run

    def ask(self, text: str) -> None:
        """Asks a question, as sending it from the prompt does."""
        self.answering.ask(text)

    def command_help(self, _: str = "") -> None:
        """Shows keys for where the user is, and all commands."""
        changed, taken = self.changed_keys, self.taken_keys
        self.app.push_screen(
            HelpScreen(
                key_bindings.sections(self.focused, self, changed, taken),
                key_bindings.command_keys(self, changed, taken),
            )
        )

    def command_commands(self, _: str = "") -> None:
        """Lists all commands, and runs the one that is chosen."""
        self.desk.do("", self._choose_command)

    async def _choose_command(self) -> None:
        keys = key_bindings.command_keys(self, self.changed_keys, self.taken_keys)
        name = await self.desk.answer_to(CommandsDialog(keys))
        chosen = next(
            (command for command in commands.COMMANDS if command.name == name), None
        )
        if chosen is None:
            return
        if chosen.required:
            self.prompt.put(f"/{chosen.name} ")
        else:
            self.run_command(chosen.name)

    def command_sources(self, _: str = "") -> None:
        """Shows the sources and goes to them; from there, hides them."""
        cards = self.sources.cards
        if self.sources.display and not self._is_inside(self.sources) and cards:
            view = self.selection.view
            marker = view.marker if view else 0
            if not marker or not self.sources.select(marker, focus=True):
                cards[0].focus()
            return
        if not self.panes.toggle("sources"):
            self.prompt.focus()
        elif cards:
            cards[0].focus()

    def command_sidebar(self, _: str = "") -> None:
        """Shows conversations and profiles and goes to them; from there, hides them."""
        shown = self.sidebar.display and not self._is_inside(self.sidebar)
        if shown or self.panes.toggle("sidebar"):
            self.sidebar.conversations.focus()
        else:
            self.prompt.focus()

    def _is_inside(self, pane: Sidebar | SourcesPane) -> bool:
        return self.focused is not None and pane in self.focused.ancestors

    def command_readonly(self, _: str = "") -> None:
        """Stops or resumes recording."""
        self.desk.read_only = not self.desk.read_only
        self.answering.show_state()
        only = self.desk.read_only
        state = "not recorded from now on" if only else "recorded again"
        self.desk.say(f"Turns are {state}.")

    def command_quit(self, _: str = "") -> None:
        """Leaves the chat."""
        self.desk.do("", self.leave)

    # Keys

    def action_stop(self) -> None:
        """Stops the answer, or closes what lies over the transcript."""
        if self.panes.close_over():
            self.prompt.focus()
        else:
            self.stop()

    def stop(self) -> None:
        """Stops the answer; with none, the reading of documents or a download."""
        if self.answering.asking is None and self.documents.is_reading:
            self.documents.stop()
        elif self.answering.asking is None and self.pulling.is_pulling:
            self.pulling.stop()
        else:
            self.answering.stop()

    def _suggestion_keys(self) -> list[str]:
        names = ["chat.again"]
        names += [f"chat.suggestion_{number}" for number in range(1, MOST + 1)]
        known = key_bindings.declared(ChatScreen)
        keys = [self.changed_keys.get(name, known[name].key) for name in names]
        return [key_bindings.shown_keys(chord.partition(",")[0]) for chord in keys]

    def action_suggestion(self, at: int) -> None:
        """Puts a suggested question into the prompt."""
        self.suggesting.take(at)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leaves the keys of suggestions to others where there are none."""
        if action == "suggestion" and parameters:
            return self.suggesting.has(int(str(parameters[0])))
        return super().check_action(action, parameters)

    @on(Suggestions.Chosen)
    def _suggestion_chosen(self, message: Suggestions.Chosen) -> None:
        if message.at < 0:
            self.run_command("regenerate")
        else:
            self.suggesting.take(message.at)

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
            self.desk.do("page", self.conversations.show_end)
        else:
            self.transcript.anchor()

    def _escape_means(self) -> str:
        reads = self.documents.is_reading or self.pulling.is_pulling
        if self.answering.asking is not None or reads:
            return "Stop"
        return "" if self.focused is self.prompt else "Write"

    @on(StatusLine.StateTold)
    def _state_told(self) -> None:
        self.key_bar.refresh()

    # Where the user writes

    def before_key(self, event: events.Key) -> None:
        """Goes to the prompt before a key comes that means nothing where the user is.

        Before, for what is typed after it may come in one go, and would have reached
        the widget with the focus, as commands, by the time that this key was refused.
        """
        focused = self.focused
        if (
            event.is_printable
            and not isinstance(focused, _WRITTEN_IN)
            and event.key not in self.active_bindings
            and not (
                isinstance(focused, TurnView) and focused.numbered(event.character)
            )
        ):
            self.set_focus(self.prompt)

    def on_paste(self, event: events.Paste) -> None:
        """Gives the prompt what is pasted elsewhere."""
        if not isinstance(self.focused, _WRITTEN_IN):
            event.stop()
            self.set_focus(self.prompt)
            text = self.prompt.pastes.mark(plain_lines(event.text))
            self.prompt.replace(plain_lines(text), *self.prompt.selection)

    def on_descendant_focus(self) -> None:
        """Shows what letters do; after a click, typing goes to the prompt."""
        focused = self.focused
        if self.is_by_mouse and not isinstance(focused, _WRITTEN_IN):
            self.prompt.focus()
            return
        name = next((label for kind, label in _WHERE if isinstance(focused, kind)), "")
        self.status.say(where=f"{name}: letters act, Esc to write" if name else "")

    # What the prompt says

    @on(PromptInput.Sent)
    def _sent(self, message: PromptInput.Sent) -> None:
        if not self.is_furnished:
            self._early.append(partial(self._sent, message))
            return
        if not commands.is_command(message.text):
            self.answering.ask(message.text)
            return
        try:
            command, argument = commands.parse(message.text)
        except RagcliError as error:
            self.desk.say_error(error)
            self.prompt.put(message.text)
            return
        self.run_command(command.name, argument)

    @on(PromptInput.EditorWanted)
    def _editor_wanted(self) -> None:
        self.run_command("editor")

    @on(PromptInput.Edited)
    def _edited(self, message: PromptInput.Edited) -> None:
        self.drafts.edited()
        self.completing.edited(message.text)

    # What goes on in threads

    @on(StateChanged)
    def _state_changed(self) -> None:
        self.answering.show_state()

    @on(AnswerGrew)
    def _grew(self, message: AnswerGrew) -> None:
        self.answering.grew(message)

    @on(AnswerEvent)
    async def _answer_event(self, message: AnswerEvent) -> None:
        await self.answering.event(message)

    @on(AnswerEnded)
    async def _answer_ended(self, message: AnswerEnded) -> None:
        self._keep_said(message.asking)
        await self.answering.ended(message)
        self.desk.do("count", self.documents.count, message.asking.profile)

    def _keep_said(self, asking: AnswerWorker) -> None:
        """Keeps the turn of an answer, in the place of the one that it replaces."""
        failed = asking.failed.turn if asking.failed else None
        turn = asking.turn or failed
        if turn is not None:
            gone = {turn.id, asking.request.replaces}
            self.said = [*(kept for kept in self.said if kept.id not in gone), turn]

    @on(NotRecorded)
    def _not_recorded(self, message: NotRecorded) -> None:
        self.locking.not_recorded(message)

    @on(HistoryMoved)
    async def _history_moved(self, message: HistoryMoved) -> None:
        await self.conversations.moved(message)

    @on(HistoryFailed)
    def _history_failed(self, message: HistoryFailed) -> None:
        self.conversations.failed(message)

    @on(IngestStarted)
    def _ingest_started(self, message: IngestStarted) -> None:
        self.documents.started(message)

    @on(IngestStepped)
    def _ingest_stepped(self, message: IngestStepped) -> None:
        self.documents.stepped(message)

    @on(IngestNoted)
    def _ingest_noted(self, message: IngestNoted) -> None:
        self.documents.noted(message)

    @on(IngestEnded)
    def _ingest_ended(self, message: IngestEnded) -> None:
        self.documents.ended(message)

    @on(IngestBar.Stopped)
    def _ingest_stopped(self) -> None:
        self.documents.stop()

    @on(QuestionAsked)
    def _asked(self) -> None:
        self.suggesting.forget()

    @on(PullStepped)
    def _pull_stepped(self, message: PullStepped) -> None:
        self.pulling.stepped(message)

    @on(PullEnded)
    def _pull_ended(self, message: PullEnded) -> None:
        self.pulling.ended(message)

    @on(PullBar.Stopped)
    def _pull_stopped(self) -> None:
        self.pulling.stop()

    @on(DocumentsChanged)
    def _documents_changed(self, message: DocumentsChanged) -> None:
        self.desk.do("learn", self._learn, message.profile)
        if message.known is not None:
            self.suggesting.documents_came(message.profile, message.known)

    # What widgets ask for

    @on(Transcript.OlderWanted)
    def _older(self, message: Transcript.OlderWanted) -> None:
        self.conversations.load_older(message.before)

    @on(Transcript.NewerWanted)
    def _newer(self, message: Transcript.NewerWanted) -> None:
        self.conversations.load_newer(message.after)

    @on(Transcript.FocusLost)
    def _focus_lost(self) -> None:
        if self.focused is None:
            self.prompt.focus()

    @on(ConversationOpened)
    def _conversation_opened(self) -> None:
        self.suggesting.forget()
        self.answering.show_state()
        self.prompt.focus()

    @on(ConversationLoaded)
    def _conversation_loaded(self, message: ConversationLoaded) -> None:
        self.recall.remember(list(message.questions))

    @on(TurnWanted)
    def _turn_wanted(self, message: TurnWanted) -> None:
        reveal = self.conversations.reveal
        self.desk.do("reveal", reveal, message.turn, message.pattern)

    @on(TurnView.Selected)
    async def _turn_selected(self, message: TurnView.Selected) -> None:
        if message.marker:
            self.panes.reveal_sources()
        await self.selection.show(message.view, message.marker)

    @on(TurnView.Requested)
    def _turn_key(self, message: TurnView.Requested) -> None:
        self.selection.take(message.view)
        if message.what in {"previous", "next"}:
            self.turns.move(message.view, 1 if message.what == "next" else -1)
        elif message.what in {"older", "newer"}:
            self.versions.browse(message.view, 1 if message.what == "newer" else -1)
        else:
            self.run_command(message.what)

    @on(AnswerView.CodeClicked)
    def _code_clicked(self, message: AnswerView.CodeClicked) -> None:
        self.turns.copy(message.code, "The code")

    @on(AnswerView.LinkClicked)
    def _link_clicked(self, message: AnswerView.LinkClicked) -> None:
        self.turns.open_link(message.href)

    @on(SourceCard.Selected)
    def _source_selected(self, message: SourceCard.Selected) -> None:
        self.selection.choose_source(message.card.source.marker)

    @on(SourceCard.Requested)
    def _source_key(self, message: SourceCard.Requested) -> None:
        self.source_actions.requested(message)

    @on(Sidebar.ConversationChosen)
    def _conversation_chosen(self, message: Sidebar.ConversationChosen) -> None:
        self.actions.chosen(message.conversation)

    @on(Sidebar.ProfileChosen)
    def _profile_chosen(self, message: Sidebar.ProfileChosen) -> None:
        self.profiles.chosen(message.profile)

    @on(Sidebar.Requested)
    def _asked_of_sidebar(self, message: Sidebar.Requested) -> None:
        self.actions.requested(message)

    @on(FindBar.Looked)
    def _looked(self, message: FindBar.Looked) -> None:
        self.finding.looked(message.text)

    @on(FindBar.Stepped)
    def _stepped(self, message: FindBar.Stepped) -> None:
        self.finding.stepped(message.step)

    @on(FindBar.Closed)
    def _find_closed(self) -> None:
        self.finding.closed()
        self.prompt.focus()
