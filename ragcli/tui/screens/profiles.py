"""Profiles, models, documents and themes: switching without leaving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual import on

from ragcli.errors import DocumentNotFound, PassphraseNeeded, RagcliError
from ragcli.text import safe_name
from ragcli.tui.ingesting import Ingesting
from ragcli.tui.messages import (
    IngestEnded,
    IngestNoted,
    IngestStarted,
    IngestStepped,
)
from ragcli.tui.ports import Profile
from ragcli.tui.rendering.code import warm_up
from ragcli.tui.screens.conversations import ConversationsMixin
from ragcli.tui.screens.dialogs import Choice, PickDialog
from ragcli.tui.threads import aside
from ragcli.tui.widgets.ingest import IngestBar
from ragcli.tui.widgets.sidebar import Sidebar


class ProfilesMixin(ConversationsMixin):
    """Switches what the chat works with."""

    _ingesting: Ingesting | None = None
    _left_out: list[str]

    # Profiles

    @on(Sidebar.ProfileChosen)
    def _profile_chosen(self, message: Sidebar.ProfileChosen) -> None:
        if message.profile and message.profile != self.profile.name:
            self.do("open", self._switch_profile, message.profile)

    def command_profile(self, name: str = "") -> None:
        """Switches to a profile, by name or from a list."""
        self.do("open", self._pick_profile, name)

    async def _pick_profile(self, name: str) -> None:
        if not name:
            names = await aside(self.profiles.store.names)
            dialog = PickDialog(
                "Profiles", [Choice(n, n) for n in names], self.profile.name
            )
            chosen = await self.app.push_screen_wait(dialog)
            name = chosen or ""
        if name and name != self.profile.name:
            await self._switch_profile(name)

    async def _switch_profile(self, name: str) -> None:
        try:
            profile = await self._opened(name)
        except RagcliError:
            await self.list_profiles()
            raise
        await self.use_profile(profile)

    async def _opened(self, name: str) -> Profile:
        """Opens a profile; an encrypted one asks for its passphrase on the terminal."""
        try:
            return await aside(self.profiles.open, name, create=False)
        except PassphraseNeeded:
            with self.app.suspend():
                return self.profiles.open(name, create=False)

    async def use_profile(self, profile: Profile) -> None:
        """Puts `profile` in place of the open one; its answer and draft are kept."""
        self.status.say(state="switching", kind="busy")
        await self.keep_all()
        self.unwatch_history()
        old, self.profile = self.profile, profile
        self.asking, self.live, self.conversation = None, None, ""
        self.queue.clear()
        self.prompt.put("")
        self.draft, self.is_kept = "", False
        self._conversations = ()
        self.status.say(model="", documents=-1, context=(0, 0), rate=0.0)
        await self.begin_profile()
        await aside(old.close)

    async def begin_profile(self, conversation: str | None = None) -> None:
        """Shows the open profile: its conversation, its draft, its place in the list.

        Args:
            conversation: The one to show; None for the latest.
        """
        if conversation is None:
            conversation = await aside(self.profile.history.latest)
        await self.open_conversation(conversation)
        draft = await aside(self.profile.history.draft)
        if draft and not self.prompt.text:
            self.prompt.put(draft)
        self.watch_history()
        await self.list_profiles()
        self.do("learn", self._learn, self.profile)

    async def list_profiles(self) -> None:
        """Brings the list of profiles up to date."""
        names = await aside(self.profiles.store.names)
        self.sidebar.list_profiles(names, self.profile.name)

    async def _learn(self, profile: Profile) -> None:
        """Counts the documents, finds the model, and loads what answers need."""
        await aside(warm_up)
        count = await aside(profile.library.count)
        if profile is self.profile:
            self.status.say(documents=count)
        choice = await aside(profile.choose_model)
        if profile is self.profile:
            self.status.say(model=choice.model.spec)
            if not self.transcript.turns and not self.asking:
                await self._welcome()

    async def fork_profile(self) -> None:
        """Copies the open profile under a free name, and goes on in the copy."""
        store, old = self.profiles.store, self.profile
        names = set(await aside(store.names))
        number = 1
        while (name := f"{old.name[:56]}-fork{number}") in names:
            number += 1
        session = await aside(store.clone, old.name, name, history=True)
        await aside(session.close)
        conversation = self.conversation
        profile = await aside(self.profiles.open, name, create=False)
        await self.use_profile(profile)
        await self.open_conversation(conversation)
        self.say(f"This is {name}, a copy of {old.name}.")

    # Models and themes

    def command_model(self, spec: str = "") -> None:
        """Switches to a model, by name or from a list."""
        self.do("model", self._pick_model, spec)

    async def _pick_model(self, spec: str) -> None:
        if not spec:
            self.status.say(state="asking for models", kind="busy")
            choices = await aside(self._models)
            self.show_state()
            dialog = PickDialog("Models", choices, self.status.status.model)
            chosen = await self.app.push_screen_wait(dialog)
            spec = chosen or ""
        if spec:
            await aside(self.profile.use_model, spec)
            choice = await aside(self.profile.choose_model)
            self.status.say(model=choice.model.spec)
            self.say(f"{choice.model.spec} answers from now on.")

    def _models(self) -> Sequence[Choice]:
        from ragcli.models.select import available

        models = available(self.profile.settings)
        return [Choice(m.spec, m.spec, m.note) for m in models if m.kind == "chat"]

    def command_theme(self, name: str = "") -> None:
        """Switches the theme, by name or from a list."""
        self.do("", self._pick_theme, name)

    async def _pick_theme(self, name: str) -> None:
        if not name:
            choices = [Choice(n, n) for n in sorted(self.app.available_themes)]
            dialog = PickDialog("Themes", choices, self.app.theme)
            chosen = await self.app.push_screen_wait(dialog)
            name = chosen or ""
        if name in self.app.available_themes:
            self.app.theme = name
        elif name:
            self.say(f"there is no theme {name}", severity="error")

    # Documents

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
        if message.error is not None:
            self.say_error(message.error)
        else:
            self._tell_report(message.report)
        self.do("learn", self._learn, self.profile)

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
            Choice(str(d.path), safe_name(str(d.path)), f"{d.chunks} passages")
            for d in documents
        ]
        dialog = PickDialog(f"Documents of {self.profile.name}", choices)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen:
            self.prompt.put(f"@{chosen} " if " " not in chosen else f'@"{chosen}" ')
            self.prompt.focus()
