"""Settings: listing them with their origins, and changing the profile's own."""

from __future__ import annotations

from collections.abc import Sequence

from ragcli.tui.chat.desk import Desk
from ragcli.tui.messages import DocumentsChanged
from ragcli.tui.profiles import settings_in_force
from ragcli.tui.profiles.settings_in_force import SettingEntry
from ragcli.tui.workers.threads import aside

_THEME = "tui.theme"


class SettingsChanging:
    """Shows the settings in force, and changes those of the open profile.

    Args:
        desk: Where the user is.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def keys(self) -> list[str]:
        """Returns the keys that there are; blocks."""
        return [entry.key for entry in settings_in_force.entries(self._desk.profile)]

    def command_settings(self, argument: str = "") -> None:
        """Shows settings; with a value, changes one."""
        wanted = settings_in_force.wanted(argument)
        if wanted.unset or wanted.text is not None:
            self._desk.do("", self._set, wanted.key, wanted.text)
        else:
            self._desk.do("", self._show, wanted.key)

    async def _show(self, key: str) -> None:
        from ragcli.tui.screens.settings import SettingsScreen

        name = self._desk.profile.name
        screen = SettingsScreen(name, self._entries, self._change, key)
        await self._desk.answer_to(screen)

    async def _entries(self) -> Sequence[SettingEntry]:
        return await aside(settings_in_force.entries, self._desk.profile)

    async def _set(self, key: str, text: str | None) -> None:
        self._desk.say(await self._change(key, text))

    async def _change(self, key: str, text: str | None) -> str:
        """Changes a setting; returns what is in force now."""
        profile = self._desk.profile
        line = await aside(settings_in_force.change, profile, key, text)
        if key == _THEME:
            self._dress(profile.settings.theme)
        self._desk.post(DocumentsChanged(profile))  # another model may answer
        return line

    def _dress(self, theme: str) -> None:
        app = self._desk.screen.app
        if theme in app.available_themes:
            app.theme = theme
