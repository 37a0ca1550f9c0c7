"""Documents: adding them from inside the chat, with a bar that can be stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ragcli.chat.presentation import editors
from ragcli.paths import shown
from ragcli.text import counted, safe_name
from ragcli.tui.chat.desk import Desk
from ragcli.tui.messages import (
    DocumentsChanged,
    IngestEnded,
    IngestNoted,
    IngestStarted,
    IngestStepped,
)
from ragcli.tui.ports import ProfilePort
from ragcli.tui.profiles import document_changes
from ragcli.tui.screens.dialogs import ConfirmDialog, PickerEntry
from ragcli.tui.screens.documents import DocumentsDialog
from ragcli.tui.widgets.bars.ingest import IngestBar
from ragcli.tui.widgets.bars.status import StatusLine
from ragcli.tui.widgets.input.prompt import PromptInput
from ragcli.tui.workers.ingesting import Ingesting
from ragcli.tui.workers.threads import aside


class Documents:
    """Reads documents beside the chat, lists and counts them.

    Args:
        desk: Where the user is.
        bar: Shows how far it is.
        status: Says how many there are.
        prompt: Takes the document that was chosen from the list.
    """

    def __init__(
        self, desk: Desk, bar: IngestBar, status: StatusLine, prompt: PromptInput
    ) -> None:
        self._desk = desk
        self._bar = bar
        self._status = status
        self._prompt = prompt
        self._ingesting: Ingesting | None = None
        self.left_out: list[str] = []
        """Files that were not taken in, each with the reason."""

    @property
    def is_reading(self) -> bool:
        """Whether documents are being read."""
        return self._ingesting is not None

    def command_add(self, path: str = "") -> None:
        """Adds files, folders or a page on the web, beside the chat."""
        self._ingest([document_changes.to_add(path)])

    def names(self) -> list[str]:
        """Returns the documents as they may be typed from here; blocks."""
        documents = self._desk.profile.library.documents()
        return document_changes.from_here([str(d.path) for d in documents])

    def command_remove(self, argument: str) -> None:
        """Removes a document from the index; its file stays."""
        self._desk.do("", self._remove, argument)

    async def _remove(self, argument: str) -> None:
        await self._take_out(document_changes.to_remove(argument))

    async def _take_out(self, named: Path | str) -> None:
        profile = self._desk.profile
        report = await aside(profile.library.remove, [named])
        count = counted(report.removed, "document")
        self._desk.say(f"{count} removed; the files stay on disk.")
        self._desk.post(DocumentsChanged(profile))

    def command_sync(self, _: str = "") -> None:
        """Brings all documents up to date."""
        self._ingest(None)

    def _ingest(self, paths: Sequence[Path | str] | None) -> None:
        if self._ingesting is not None:
            self._desk.say("Documents are being read already.", severity="warning")
            return
        self.left_out = []
        self._ingesting = Ingesting(self._desk.profile, paths, self._desk.post)
        self._ingesting.start()

    def started(self, message: IngestStarted) -> None:
        """Shows the bar."""
        self._bar.begin(message.total, message.what)

    def stop(self) -> None:
        """Stops reading after the current file."""
        if self._ingesting is not None:
            self._ingesting.stop()
            self._bar.stopping()

    def stepped(self, message: IngestStepped) -> None:
        """Moves the bar on."""
        self._bar.step(message.done, message.name)

    def noted(self, message: IngestNoted) -> None:
        """Keeps a notice about a file for the end."""
        self.left_out.append(message.message)

    def ended(self, message: IngestEnded) -> None:
        """Shows the outcome."""
        self._ingesting = None
        self._bar.finish()
        if message.crash is not None:
            raise message.crash
        if message.stopped:
            self._desk.say("Stopped: the documents are as they were.")
        elif message.error is not None:
            self._desk.say_error(message.error)
        else:
            self._tell_report(message.report)
        added = bool(getattr(message.report, "added", 0))
        known = message.known if added else None
        self._desk.post(DocumentsChanged(self._desk.profile, known))

    def _tell_report(self, report: object) -> None:
        self._desk.say(document_changes.told_of(report))
        if line := document_changes.left_out(report, self.left_out):
            self._desk.say(line, severity="warning")

    async def count(self, profile: ProfilePort) -> None:
        """Brings the number of documents up to date; others may have added some."""
        count = await aside(profile.library.count)
        if profile is self._desk.profile:
            self._status.say(documents=count)

    def command_docs(self, _: str = "") -> None:
        """Lists the documents, to mention one, to open it or to take it out."""
        self._desk.do("", self._list)

    async def _list(self) -> None:
        chosen, dialog = "", await self._documents_dialog()
        while action := await self._desk.answer_to(dialog):
            chosen = action
            if dialog.wanted == "open":
                setting = self._desk.profile.settings.open_command
                words = editors.command(chosen, None, chosen=setting)
                self._desk.lend_terminal(words)
            elif dialog.wanted == "remove":
                question = "Take this document out? Its file stays."
                sure = ConfirmDialog(question, shown(chosen), yes="Take out")
                if await self._desk.answer_to(sure):
                    await self._take_out(chosen)
            else:
                self._mention(shown(chosen))
                return
            dialog = await self._documents_dialog(chosen)

    async def _documents_dialog(self, current: str = "") -> DocumentsDialog:
        profile = self._desk.profile
        documents = await aside(profile.library.documents)
        choices = [
            PickerEntry(path, safe_name(shown(path)), "", counted(passages, "passage"))
            for path, passages in ((str(d.path), d.chunks) for d in documents)
        ]
        title = f"{counted(len(choices), 'document')} of {profile.name}"
        return DocumentsDialog(title, choices, current)

    def _mention(self, path: str) -> None:
        self._prompt.put(f'@"{path}" ' if " " in path else f"@{path} ")
        self._prompt.focus()
