"""What is kept when a profile is left: the answers, the questions, the draft."""

from __future__ import annotations

import threading
from typing import ClassVar

from ragcli.errors import RagcliError
from ragcli.sessions.records.records import Turn
from ragcli.tui.chat.conversations import ConversationsMixin
from ragcli.tui.lifecycle.keeping import joined, keep
from ragcli.tui.messages import NotRecorded
from ragcli.tui.workers.threads import aside


class DraftsMixin(ConversationsMixin):
    """Sees to it that nothing is lost."""

    unrecorded: NotRecorded | None = None
    """An answer that waits for others to release the lock."""
    lost: RagcliError | None = None
    """Why something could not be kept when the chat was left."""
    _one_keeps: ClassVar = threading.Lock()
    """Held while things are kept: what ends the chat may come twice at once."""

    def record(self, message: NotRecorded) -> Turn:
        """Records an answer after all, in the calling thread; twice does no harm.

        Raises:
            Locked: The lock is still held.
        """
        stored = self.profile.history.commit(message.turn, title=message.title)
        self.unrecorded = None
        return stored

    async def keep_all(self) -> None:
        """Stops the answer and sees it recorded, and keeps the draft."""
        await aside(self.keep_now)

    def keep_now(self) -> None:
        """Does the same in the calling thread; once it is done, nothing.

        Raises:
            RagcliError: It could not be stored; the next call tries again.
        """
        with self._one_keeps:
            if self.is_kept:
                return
            self.is_kept = True  # from now on nothing else keeps a draft
            try:
                self._keep()
            except RagcliError:
                self.is_kept = False
                raise

    def _keep(self) -> None:
        if self.unrecorded is not None:
            self.record(self.unrecorded)
        unsent = self.unsent()
        if not self.has_draft:
            unsent = joined(self.profile.history.draft(), unsent)
        keep(self.profile, self.asking, unsent)
