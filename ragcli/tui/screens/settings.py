"""The screen of settings: what is in force, from where, and a way to change it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from ragcli.errors import RagcliError
from ragcli.paths import shown
from ragcli.text import safe_line, safe_name
from ragcli.tui.profiles.settings_in_force import SettingEntry
from ragcli.tui.screens.dialogs import PickDialog, PickerEntry, TextDialog

_KEY, _VALUE = 24, 30
"""Columns of a key and of a value."""

_KEYS = "Enter changes it · Del takes the profile's own away · Esc closes"


class SettingsScreen(ModalScreen[None]):
    """All settings with their origins, filtered as the user types.

    Args:
        profile: The name of the open profile, whose own settings are changed.
        entries: Returns the settings in force; awaited.
        change: Changes one by its key, to what was typed or, by None, to what it is
            without the profile; returns what to say. Awaited; raises `RagcliError`.
        begun: What to filter by first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close"),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("delete", "unset", show=False, priority=True),
    ]

    def __init__(
        self,
        profile: str,
        entries: Callable[[], Awaitable[Sequence[SettingEntry]]],
        change: Callable[[str, str | None], Awaitable[str]],
        begun: str = "",
    ) -> None:
        super().__init__()
        self._profile = profile
        self._entries = entries
        self._change = change
        self._begun = begun
        self._all: Sequence[SettingEntry] = ()
        self._listed: list[SettingEntry] = []
        self._said = ("", "")
        """The setting that something was tried with, and how that went."""

    def compose(self) -> ComposeResult:
        """Yields title, filter, list, and what is said of the row that is chosen."""
        with Vertical(classes="dialog page settings"):
            title = f"Settings of {safe_name(self._profile)}"
            yield Static(Content(title), classes="title")
            yield Input(self._begun, placeholder="filter", compact=True)
            yield OptionList(markup=False, compact=True)
            yield Static("", markup=False, classes="about")
            yield Static(_KEYS, markup=False, classes="hint")

    async def on_mount(self) -> None:
        """Fills the list."""
        self.query_one(OptionList).can_focus = False
        await self._load()

    async def _load(self) -> None:
        self._all = await self._entries()
        self._fill()

    def _fill(self) -> None:
        chosen = self._chosen
        words = self.query_one(Input).value.lower().split()
        self._listed = [
            entry
            for entry in self._all
            if all(
                word in f"{entry.key} {entry.value} {entry.source} {entry.help}".lower()
                for word in words
            )
        ]
        lines = self.query_one(OptionList)
        lines.clear_options()
        lines.add_options([Option(_row(entry)) for entry in self._listed])
        if self._listed:
            keys = [entry.key for entry in self._listed]
            known = chosen is not None and chosen.key in keys
            lines.highlighted = keys.index(chosen.key) if chosen and known else 0
        self._tell()

    @property
    def _chosen(self) -> SettingEntry | None:
        at = self.query_one(OptionList).highlighted
        return self._listed[at] if at is not None and at < len(self._listed) else None

    def _tell(self) -> None:
        """Says how a change of the chosen setting went, else what it does."""
        chosen = self._chosen
        key, result = self._said
        line = chosen.help if chosen else "no setting is like that"
        if chosen is not None and chosen.key == key:
            line = result
        self.query_one(".about", Static).update(Content(safe_line(line)))

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self._tell()

    @on(Input.Changed)
    def _filtered(self) -> None:
        self._fill()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if self._chosen is not None:
            self.run_worker(self._edit(self._chosen))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.run_worker(self._edit(self._listed[event.option_index]))

    async def _edit(self, entry: SettingEntry) -> None:
        """Asks for a value until it is one, or the user gives up."""
        wrong = ""
        typed = "" if "(hidden)" in entry.value else entry.value
        while True:
            given = await self.app.push_screen_wait(_asking(entry, typed, wrong))
            if given is None:
                return
            try:
                await self._changed(entry.key, given)
            except RagcliError as error:
                typed, wrong = given, _one_line(error)
            else:
                return

    async def _changed(self, key: str, text: str | None) -> None:
        self._said = (key, await self._change(key, text))
        await self._load()

    def action_unset(self) -> None:
        """Takes the profile's own value away."""
        if self._chosen is not None:
            self.run_worker(self._unset(self._chosen))

    async def _unset(self, entry: SettingEntry) -> None:
        try:
            await self._changed(entry.key, None)
        except RagcliError as error:
            self._said = (entry.key, _one_line(error))
            self._tell()

    def action_move(self, step: int) -> None:
        """Moves through the list while the filter has the keyboard."""
        lines = self.query_one(OptionList)
        last = len(self._listed) - 1
        at = (lines.highlighted or 0) + step
        if abs(step) == 1:
            at %= last + 1 or 1
        lines.highlighted = max(0, min(at, last)) if self._listed else None

    def action_leave(self) -> None:
        """Closes the screen."""
        self.dismiss(None)


def _row(entry: SettingEntry) -> Content:
    """Returns a row; what somebody has set stands out."""
    is_set = entry.source != "default"
    source = shown(entry.source) if entry.source.startswith("/") else entry.source
    return Content.assemble(
        ("● ", "$text-success") if is_set else "  ",
        (_cut(entry.key, _KEY), "bold" if is_set else ""),
        "  ",
        (_cut(entry.value or "-", _VALUE), "$text-accent" if is_set else "$foreground"),
        "  ",
        (safe_line(source), "$foreground 60%"),
    )


def _cut(text: str, width: int) -> str:
    return safe_line(text, width).ljust(width)


def _one_line(error: RagcliError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message


def _asking(entry: SettingEntry, typed: str, wrong: str) -> ModalScreen[str | None]:
    """Returns the dialog that asks for a value."""
    if entry.choices:
        entries = [PickerEntry(choice, choice) for choice in entry.choices]
        return PickDialog(f"{entry.key} · {entry.help}", entries, entry.value)
    return TextDialog(f"{entry.key} · {entry.help}", typed, note=wrong)
