"""Each part of the chat works in an application that has none of the others."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Static

from ragcli.chat.events import AskRequest
from ragcli.errors import Locked, ModelFailed
from ragcli.tui.chat.conversations.conversation_actions import ConversationActions
from ragcli.tui.chat.conversations.conversation_view import ConversationView
from ragcli.tui.chat.conversations.find_in_chat import FindInChat
from ragcli.tui.chat.conversations.turn_actions import TurnActions
from ragcli.tui.chat.documents.adding import Documents
from ragcli.tui.chat.profile_switching import Profiles
from ragcli.tui.chat.questions.answering import Answering
from ragcli.tui.chat.questions.completing import Completing
from ragcli.tui.chat.questions.drafts import Drafts
from ragcli.tui.chat.questions.unrecorded_answers import Locking
from ragcli.tui.chat.selection import Selection
from ragcli.tui.messages import (
    DocumentsChanged,
    HistoryMoved,
    IngestEnded,
    IngestNoted,
    IngestStarted,
    IngestStepped,
    NotRecorded,
    TurnWanted,
)
from ragcli.tui.screens.dialogs import ConfirmDialog, LockDialog
from ragcli.tui.widgets.bars.find import FindBar
from ragcli.tui.widgets.bars.ingest import IngestBar
from ragcli.tui.widgets.bars.status import StatusLine
from ragcli.tui.widgets.conversation.transcript import Transcript
from ragcli.tui.widgets.conversation.turn import TurnView
from ragcli.tui.widgets.input.completions import Completions
from ragcli.tui.widgets.input.prompt import PromptInput
from ragcli.tui.widgets.panes.sidebar import Sidebar
from ragcli.tui.widgets.panes.sources import SourcesPane
from ragcli.tui.workers.answer_worker import AnswerEnded, AnswerEvent, AnswerGrew
from tests.tui.backend import ANSWER, Gate, failing
from tests.tui.chat.host import PartHost, backend_in

QUESTION = "How long does a commit wait?"


class AnsweringHost(PartHost):
    """What answers, with a transcript and a prompt."""

    def __init__(self, path: Path, turns: int = 0) -> None:
        self.transcript, self.sources = Transcript(), SourcesPane()
        self.prompt, self.status = PromptInput(), StatusLine()
        self.waiting = Static()
        super().__init__(
            backend_in(path, turns), self.transcript, self.sources, self.prompt,
            self.status, self.waiting,
        )  # fmt: skip

    async def on_mount(self) -> None:
        await self.sources.mount_deferred()
        self.selection = Selection(self.transcript, self.sources)
        self.at = self.desk
        self.answering = Answering(
            self.at, self.transcript, self.selection, self.status, self.prompt,
            self.waiting,
        )  # fmt: skip
        self.routes = {
            AnswerGrew: self.answering.grew,
            AnswerEvent: self.answering.event,
            AnswerEnded: self.answering.ended,
        }


async def test_what_answers_asks_and_shows_one_answer_after_the_other(
    tmp_path: Path,
) -> None:
    host = AnsweringHost(tmp_path)
    async with host.run_test(size=(80, 40)):
        host.answering.ask("first?")
        host.answering.ask("second?")
        assert list(host.answering.queue) == ["second?"]
        await host.until(lambda: len(host.backend.first.history.turns) == 2)
        await host.until(lambda: host.answering.asking is None)
        shown = [view.turn.answer for view in host.transcript.turns]
        markers = [card.source.marker for card in host.sources.cards]

    first, second = host.backend.first.requests
    assert (first.new, second.new) == (True, False)
    assert shown == [ANSWER.strip()] * 2
    assert markers == [1, 2, 3]


async def test_what_answers_gives_a_refused_question_back(tmp_path: Path) -> None:
    host = AnsweringHost(tmp_path)
    host.backend.first.script = failing(ModelFailed("the stream broke", "again"))
    async with host.run_test(size=(80, 40)):
        host.answering.ask(QUESTION)
        await host.until(lambda: host.answering.asking is None)
        await host.until(lambda: host.prompt.text)

    assert host.prompt.text == QUESTION
    assert "the stream broke" in host.notices()


async def test_what_keeps_drafts_keeps_them_and_reads_them(tmp_path: Path) -> None:
    backend, prompt = backend_in(tmp_path), PromptInput()
    backend.first.history.kept = "kept"
    host = PartHost(backend, prompt)
    async with host.run_test() as pilot:
        drafts = Drafts(host.desk, prompt, waiting=lambda: ["queued"])
        await drafts.read()
        await pilot.pause()
        assert prompt.text == "kept"
        prompt.put("kept and more")
        drafts.edited()
        await host.until(lambda: backend.first.history.kept == "queued\nkept and more")
        prompt.put("last words")
        drafts.edited()
        await drafts.keep_all()

    assert backend.first.history.kept == "queued\nlast words"


async def test_what_acts_on_documents_reads_them_and_tells(tmp_path: Path) -> None:
    bar, status, prompt = IngestBar(), StatusLine(), PromptInput()
    host = PartHost(backend_in(tmp_path), bar, status, prompt)
    async with host.run_test():
        documents = Documents(host.desk, bar, status, prompt)
        host.routes = {
            IngestStarted: documents.started,
            IngestStepped: documents.stepped,
            IngestNoted: documents.noted,
            IngestEnded: documents.ended,
        }
        documents.command_add(str(tmp_path))
        reading = documents.is_reading
        await host.until(lambda: host.posted_of(DocumentsChanged))
        await documents.count(host.backend.first)

    assert reading
    assert not documents.is_reading
    assert host.posted_of(DocumentsChanged)[0].known is not None
    assert status.status.documents == 3
    assert documents.left_out == ["notes.bin: binary"]
    assert "1 added" in host.notices()


async def test_what_acts_on_conversations_asks_before_it_deletes(
    tmp_path: Path,
) -> None:
    host = PartHost(backend_in(tmp_path, 2))
    shown: list[str] = []

    async def show(conversation: str) -> None:
        shown.append(conversation)

    async with host.run_test() as pilot:
        desk = host.desk
        desk.conversation = host.backend.first.history.latest()
        actions = ConversationActions(desk, show)
        actions.command_rename("Another name")
        titles = host.backend.first.history.titles
        await host.until(lambda: "Another name" in titles.values())
        actions.command_delete()
        await host.until(lambda: isinstance(host.screen, ConfirmDialog))
        await pilot.press("y")
        await host.until(lambda: shown)

    assert shown == [""]
    assert not host.backend.first.history.turns


class NoAnswer:
    """Nothing is being answered."""

    live: TurnView | None = None

    async def show_live(self) -> None:
        """Nothing."""

    def is_ours(self, turn: object) -> bool:
        return False

    def edit(self, turn: object) -> None:
        """Nothing."""


async def test_what_shows_a_conversation_keeps_up_with_the_history(
    tmp_path: Path,
) -> None:
    transcript, sources = Transcript(), SourcesPane()
    sidebar, status = Sidebar(), StatusLine()
    host = PartHost(backend_in(tmp_path, 3), transcript, sources, sidebar, status)
    async with host.run_test(size=(80, 40)):
        await sources.mount_deferred()
        await sidebar.mount_deferred()
        view = ConversationView(
            host.desk, transcript, Selection(transcript, sources), sidebar, status,
            NoAnswer(),
        )  # fmt: skip
        host.routes = {HistoryMoved: view.moved}
        await view.open(host.backend.first.history.latest())
        view.watch()
        await host.until(lambda: view.conversations)
        gone = host.backend.first.history.turns[1].id
        host.backend.first.history.delete_turn(gone)
        await host.until(lambda: len(transcript.turns) == 2)
        assert transcript.view(gone) is None
        view.unwatch()


async def test_what_searches_says_which_turn_is_wanted(tmp_path: Path) -> None:
    transcript, bar = Transcript(), FindBar()
    host = PartHost(backend_in(tmp_path, 4), transcript, bar)
    async with host.run_test():
        desk = host.desk
        desk.conversation = host.backend.first.history.latest()
        finding = FindInChat(desk, transcript, bar)
        finding.command_find("question 2:")
        finding.looked("question 2:")
        await host.until(lambda: host.posted_of(TurnWanted))

    assert host.posted_of(TurnWanted)[0].turn.question.startswith("Question 2:")


async def test_what_acts_on_turns_copies_and_asks_again(tmp_path: Path) -> None:
    transcript, sources, prompt = Transcript(), SourcesPane(), PromptInput()
    host = PartHost(backend_in(tmp_path, 1), transcript, sources, prompt)
    asked: list[AskRequest] = []
    edited: list[object] = []
    async with host.run_test(size=(80, 40)):
        turn = host.backend.first.history.turns[0]
        await transcript.show([turn], older=False)
        actions = TurnActions(
            host.desk, transcript, Selection(transcript, sources), prompt,
            lambda request, _view: asked.append(request), edited.append,
        )  # fmt: skip
        actions.command_copy()
        actions.command_regenerate()
        actions.command_edit()

    assert host.clipboard == ANSWER
    assert asked[0].replaces == turn.id
    assert edited == [turn]
    assert prompt.text == QUESTION


async def test_what_asks_about_a_lock_records_once_it_is_free(tmp_path: Path) -> None:
    transcript, status, prompt = Transcript(), StatusLine(), PromptInput()
    host = PartHost(backend_in(tmp_path, 1), transcript, status, prompt)
    history = host.backend.first.history
    held = Locked("work is locked by alice", "wait for it")
    turn = history.turns.pop()
    async with host.run_test() as pilot:
        desk = host.desk

        async def fork() -> None:
            """Is not chosen."""

        locking = Locking(desk, Drafts(desk, prompt), transcript, status, fork)
        locking.not_recorded(NotRecorded(turn, held, "A title"))
        await host.until(lambda: isinstance(host.screen, LockDialog))
        await pilot.press("w")
        await host.until(lambda: history.turns)

    assert history.turns[0].question == turn.question
    assert "is recorded" in host.notices()


async def test_what_switches_profiles_asks_for_the_passphrase(tmp_path: Path) -> None:
    sidebar, status = Sidebar(), StatusLine()
    host = PartHost(backend_in(tmp_path), sidebar, status)
    host.backend.passphrases["home"] = "sesame"
    used = []

    async def use(profile: object, _conversation: str | None) -> None:
        used.append(profile)

    async with host.run_test() as pilot:
        await sidebar.mount_deferred()
        profiles = Profiles(host.desk, sidebar, status, use)
        profiles.chosen("home")
        await host.until(lambda: host.screen.query("Input"))
        await pilot.press(*"sesame", "enter")
        await host.until(lambda: used)

    assert used == [host.backend.profiles["home"]]


async def test_what_completes_offers_commands_and_names(tmp_path: Path) -> None:
    prompt, offers = PromptInput(), Completions()
    host = PartHost(backend_in(tmp_path), offers, prompt)
    async with host.run_test():
        names = {"profile": lambda: ["home", "work"]}
        completing = Completing(host.desk, prompt, offers, names)
        prompt.steer = completing.steer
        prompt.put("/profile h")
        completing.edited("/profile h")
        await host.until(lambda: prompt.completing)
        completing.steer("accept")

    assert prompt.text == "/profile home"


async def test_stopping_ends_the_answer_and_keeps_what_was_said(tmp_path: Path) -> None:
    host = AnsweringHost(tmp_path)
    host.backend.first.script = gate = Gate("A commit ", "never")
    async with host.run_test(size=(80, 40)):
        host.answering.ask(QUESTION)
        gate.let(1)
        await host.until(
            lambda: host.answering.live and host.answering.live.answer.source
        )
        host.answering.stop()
        await host.until(lambda: host.answering.asking is None)

    turn = host.backend.first.history.turns[-1]
    assert (turn.status, turn.answer) == ("interrupted", "A commit")
