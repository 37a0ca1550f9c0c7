"""Profiles: switching to another without leaving."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from ragcli.errors import PassphraseNeeded, RagcliError, WrongPassphrase
from ragcli.sessions.encryption.passphrase import DIFFER
from ragcli.text import safe_name
from ragcli.tui.chat.desk import Desk
from ragcli.tui.messages import StateChanged
from ragcli.tui.ports import ProfilePort
from ragcli.tui.profiles import new_profiles
from ragcli.tui.profiles.new_profiles import WantedProfile
from ragcli.tui.screens.dialogs import PickDialog, PickerEntry, TextDialog
from ragcli.tui.widgets.bars.status import StatusLine
from ragcli.tui.widgets.panes.sidebar import Sidebar
from ragcli.tui.workers.threads import aside


class Profiles:
    """Finds and opens the profile that the user wants.

    Args:
        desk: Where the user is.
        sidebar: Lists the profiles.
        status: Says what is being opened.
        use: Puts an opened profile in place of the open one; its second argument is
            the conversation to show, None for the latest.
    """

    def __init__(
        self,
        desk: Desk,
        sidebar: Sidebar,
        status: StatusLine,
        use: Callable[[ProfilePort, str | None], Awaitable[None]],
    ) -> None:
        self._desk = desk
        self._sidebar = sidebar
        self._status = status
        self._use = use

    def chosen(self, name: str) -> None:
        """Switches to what was chosen in the sidebar."""
        if name and name != self._desk.profile.name:
            self._desk.do("open", self._switch, name)

    def command_profile(self, name: str = "") -> None:
        """Switches to a profile, by name or from a list, or makes one."""
        self._desk.do("open", self._pick, name)

    async def _pick(self, name: str) -> None:
        here = self._desk.profile.name
        names = await aside(self._desk.profiles.store.names)
        wanted = new_profiles.new_profile(name, names)
        if wanted is not None:
            await self._make(wanted)
            return
        if not name:
            states = await aside(self._desk.profiles.profile_states)
            choices = [PickerEntry(n, safe_name(n), states.get(n, "")) for n in names]
            dialog = PickDialog("Profiles", choices, here)
            chosen = await self._desk.answer_to(dialog)
            name = chosen or ""
        if name and name != here:
            await self._switch(name)

    async def _make(self, wanted: WantedProfile) -> None:
        """Makes a profile and goes there; asks for what nobody has said yet."""
        desk = self._desk
        if not wanted.name:
            given = await desk.answer_to(TextDialog("Name of the new profile"))
            if not given:
                return
            wanted = replace(wanted, name=given)
        secret = None
        if wanted.encrypt:
            secret = await aside(
                desk.profiles.new_passphrase, wanted.name, prompt=None
            ) or await self._typed_twice(wanted.name)
            if not secret:
                return
        name = await aside(new_profiles.make, desk.profiles, wanted, secret)
        await self._switch(name)
        desk.say(f"{name} is made. `ragcli profile use {name}` keeps to it.")

    async def _typed_twice(self, name: str) -> str | None:
        """Returns a new passphrase; None when the user gave up."""
        wrong = ""
        while True:
            title = f"New passphrase of profile {safe_name(name)}"
            dialog = TextDialog(title, password=True, note=wrong)
            first = await self._desk.answer_to(dialog)
            if not first:
                return None
            again = await self._desk.answer_to(TextDialog("Once more", password=True))
            if again is None or first == again:
                return again
            wrong = DIFFER

    async def _switch(self, name: str) -> None:
        try:
            profile = await self._opened(name)
        except RagcliError as error:
            self._desk.say_error(error)
            profile = None
        self._desk.post(StateChanged())
        if profile is None:
            await self.list()
        else:
            await self._use(profile, None)

    async def _opened(self, name: str) -> ProfilePort | None:
        """Opens a profile; of an encrypted one the passphrase is asked for here.

        Returns:
            The profile; None when the user gave up.
        """
        wrong = ""
        while True:
            self._status.say(state=f"opening {name}", kind="busy")
            try:
                return await aside(self._desk.profiles.open, name, create=False)
            except PassphraseNeeded:
                wrong = ""
            except WrongPassphrase as error:
                wrong = error.message
            title = f"Passphrase of profile {safe_name(name)}"
            dialog = TextDialog(title, password=True, note=wrong)
            given = await self._desk.answer_to(dialog)
            self._desk.profiles.unlock(name, given or "")
            if given is None:
                return None

    async def list(self) -> None:
        """Brings the list of profiles up to date."""
        names = await aside(self._desk.profiles.store.names)
        states = await aside(self._desk.profiles.profile_states)
        self._sidebar.list_profiles(names, self._desk.profile.name, states)

    async def fork(self) -> None:
        """Copies the open profile under a free name, and goes on in the copy."""
        store, old = self._desk.profiles.store, self._desk.profile
        names = set(await aside(store.names))
        number = 1
        while (name := f"{old.name[:56]}-fork{number}") in names:
            number += 1
        session = await aside(store.clone, old.name, name, history=True)
        await aside(session.close)
        conversation = self._desk.conversation
        profile = await aside(self._desk.profiles.open, name, create=False)
        await self._use(profile, conversation)
        self._desk.say(f"This is {name}, a copy of {old.name}.")
