"""Documents: adding them from inside the chat, with a bar that can be stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual import on

from ragcli.errors import DocumentNotFound
from ragcli.text import safe_name
from ragcli.tui.chat.profiles import ProfilesMixin
from ragcli.tui.messages import (
    IngestEnded,
    IngestNoted,
    IngestStarted,
    IngestStepped,
)
from ragcli.tui.screens.dialogs import PickDialog, PickerEntry
from ragcli.tui.widgets.ingest import IngestBar
from ragcli.tui.workers.ingesting import Ingesting
from ragcli.tui.workers.threads import aside


class DocumentsMixin(ProfilesMixin):
    """Reads documents beside the chat."""

    _ingesting: Ingesting | None = None
    _left_out: list[str]

    def command_add(self, path: str = "") -> None:
        """Adds files or folders to the documents, beside the chat."""
        paths = [Path(path.strip("\"'")).expanduser().absolute()]
        if not paths[0].exists():
            raise DocumentNotFound(
                f"{safe_name(str(paths[0]))} is not there", "mend the path"
            )
        self._ingest(paths)

    def command_sync(self, _: str = "") -> None:
        """Brings all documents up to date."""
        self._ingest(None)

    def _ingest(self, paths: Sequence[Path] | None) -> None:
        if self._ingesting is not None:
            self.say("Documents are being read already.", severity="warning")
            return
        self._left_out = []
        self._ingesting = Ingesting(self.profile, paths, self.post_message)
        self._ingesting.start()

    @on(IngestStarted)
    def _ingest_started(self, message: IngestStarted) -> None:
        self.query_one(IngestBar).begin(message.total, message.what)

    def stop(self) -> None:
        """Stops the answer; with none, the reading of documents."""
        if self.asking is None and self._ingesting is not None:
            self._stop_ingest()
        else:
            super().stop()

    @on(IngestBar.Stopped)
    def _stop_ingest(self) -> None:
        if self._ingesting is not None:
            self._ingesting.stop()
            self.query_one(IngestBar).stopping()

    @on(IngestStepped)
    def _ingest_stepped(self, message: IngestStepped) -> None:
        self.query_one(IngestBar).step(message.done, message.name)

    @on(IngestNoted)
    def _ingest_noted(self, message: IngestNoted) -> None:
        self._left_out.append(message.message)

    @on(IngestEnded)
    def _ingest_ended(self, message: IngestEnded) -> None:
        self._ingesting = None
        self.query_one(IngestBar).finish()
        if message.crash is not None:
            raise message.crash
        if message.stopped:
            self.say("Stopped: the documents are as they were.")
        elif message.error is not None:
            self.say_error(message.error)
        else:
            self._tell_report(message.report)
        self.do("learn", self.learn, self.profile)

    def _tell_report(self, report: object) -> None:
        counts = {
            name: getattr(report, name)
            for name in ("added", "changed", "removed", "unchanged")
        }
        said = [f"{count} {name}" for name, count in counts.items() if count]
        self.say("Documents: " + (", ".join(said) or "nothing to add"))
        failed = [f"{f.path}: {f.reason}" for f in getattr(report, "failed", ())]
        if failed or self._left_out:
            reasons = (failed or self._left_out)[:3]
            self.say("Left out: " + "; ".join(reasons), severity="warning")

    def command_docs(self, _: str = "") -> None:
        """Lists the documents; choosing one opens it."""
        self.do("", self._list_documents)

    async def _list_documents(self) -> None:
        documents = await aside(self.profile.library.documents)
        choices = [
            PickerEntry(str(d.path), safe_name(str(d.path)), f"{d.chunks} passages")
            for d in documents
        ]
        dialog = PickDialog(f"Documents of {self.profile.name}", choices)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen:
            self.prompt.put(f"@{chosen} " if " " not in chosen else f'@"{chosen}" ')
            self.prompt.focus()
