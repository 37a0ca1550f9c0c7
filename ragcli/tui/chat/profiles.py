"""Profiles, models and themes: switching without leaving."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from textual import on

from ragcli.errors import PassphraseNeeded, RagcliError, WrongPassphrase
from ragcli.text import labelled, safe_name
from ragcli.tui.chat.answering import AnsweringMixin
from ragcli.tui.lifecycle.keeping import joined
from ragcli.tui.ports import ProfilePort
from ragcli.tui.rendering.code import warm_up
from ragcli.tui.screens.dialogs import PickDialog, PickerEntry, TextDialog
from ragcli.tui.widgets.sidebar import Sidebar
from ragcli.tui.workers.threads import aside

_MODELS_KEPT = 20.0
"""Seconds for which a list of models completes what is typed."""


class ProfilesMixin(AnsweringMixin):
    """Switches what the chat works with."""

    _specs: Sequence[str] = ()
    _asked_for_models = float("-inf")

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
            profile_states = await aside(self.profiles.profile_states)
            choices = [
                PickerEntry(n, safe_name(n), profile_states.get(n, "")) for n in names
            ]
            dialog = PickDialog("Profiles", choices, self.profile.name)
            chosen = await self.app.push_screen_wait(dialog)
            name = chosen or ""
        if name and name != self.profile.name:
            await self._switch_profile(name)

    async def _switch_profile(self, name: str) -> None:
        try:
            profile = await self._opened(name)
        except RagcliError as error:
            self.say_error(error)
            profile = None
        self.show_state()
        if profile is None:
            await self.list_profiles()
        else:
            await self.use_profile(profile)

    async def _opened(self, name: str) -> ProfilePort | None:
        """Opens a profile; of an encrypted one the passphrase is asked for here.

        Returns:
            The profile; None when the user gave up.
        """
        wrong = ""
        while True:
            self.status.say(state=f"opening {name}", kind="busy")
            try:
                return await aside(self.profiles.open, name, create=False)
            except PassphraseNeeded:
                wrong = ""
            except WrongPassphrase as error:
                wrong = error.message
            title = f"Passphrase of profile {safe_name(name)}"
            dialog = TextDialog(title, password=True, note=wrong)
            given = await self.app.push_screen_wait(dialog)
            self.profiles.unlock(name, given or "")
            if given is None:
                return None

    async def use_profile(self, profile: ProfilePort) -> None:
        """Puts `profile` in place of the open one; its answer and draft are kept."""
        self.status.say(state="switching", kind="busy")
        await self.keep_all()
        self.unwatch_history()
        old, self.profile = self.profile, profile
        self.asking, self.live, self.conversation = None, None, ""
        self.queue.clear()
        self.prompt.put("")
        self.draft, self.has_draft, self.is_kept = "", False, False
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
        if draft:
            self.prompt.put(joined(draft, self.prompt.text))
        self.has_draft = True
        self.watch_history()
        await self.list_profiles()
        self.do("learn", self.learn, self.profile)

    async def list_profiles(self) -> None:
        """Brings the list of profiles up to date."""
        names = await aside(self.profiles.store.names)
        profile_states = await aside(self.profiles.profile_states)
        self.sidebar.list_profiles(names, self.profile.name, profile_states)

    async def learn(self, profile: ProfilePort) -> None:
        """Counts the documents, finds the model, and loads what answers need."""
        await aside(warm_up)
        await self.count_documents(profile)
        choice = await aside(profile.choose_model)
        if profile is self.profile:
            self.status.say(model=await aside(_shown, choice.model))
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
            open_now = self.status.status.model.partition(" ")[0]
            dialog = PickDialog("Models", choices, open_now)
            chosen = await self.app.push_screen_wait(dialog)
            spec = chosen or ""
        if spec:
            await aside(self.profile.use_model, spec)
            choice = await aside(self.profile.choose_model)
            shown = await aside(_shown, choice.model)
            self.status.say(model=shown)
            self.say(f"{shown} answers from now on.")

    def _models(self) -> Sequence[PickerEntry]:
        from ragcli.models.select import available

        models = available(self.profile.settings)
        return [
            PickerEntry(m.spec, m.spec, m.about) for m in models if m.kind == "chat"
        ]

    def model_specs(self) -> Sequence[str]:
        """Returns the models that can be had; the server is asked now and then."""
        now = time.monotonic()
        if now - self._asked_for_models > _MODELS_KEPT:
            self._asked_for_models = now
            self._specs = [choice.id for choice in self._models()]
        return self._specs

    def command_theme(self, name: str = "") -> None:
        """Switches the theme, by name or from a list."""
        self.do("", self._pick_theme, name)

    async def _pick_theme(self, name: str) -> None:
        if not name:
            choices = [PickerEntry(n, n) for n in sorted(self.app.available_themes)]
            dialog = PickDialog("Themes", choices, self.app.theme)
            chosen = await self.app.push_screen_wait(dialog)
            name = chosen or ""
        if name in self.app.available_themes:
            self.app.theme = name
        elif name:
            self.say(f"there is no theme {name}", severity="error")


def _shown(model: Any) -> str:
    """Returns a chat model's name with where it runs; may ask its server."""
    return labelled(model.spec, model.remote)
