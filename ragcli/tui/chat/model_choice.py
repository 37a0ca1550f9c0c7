"""Models and themes: what answers, and how it looks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ragcli.text import labelled
from ragcli.tui.chat.desk import Desk
from ragcli.tui.messages import StateChanged
from ragcli.tui.ports import ProfilePort
from ragcli.tui.preferences import theme
from ragcli.tui.rendering.highlighting import warm_up
from ragcli.tui.screens.dialogs import PickDialog, PickerEntry
from ragcli.tui.widgets.bars.status import StatusLine
from ragcli.tui.workers.threads import aside

_MODELS_KEPT = 20.0
"""Seconds for which a list of models is reused for completion."""


class Models:
    """Shows which model answers, and switches to another.

    Args:
        desk: Where the user is.
        status: Names the model.
    """

    def __init__(self, desk: Desk, status: StatusLine) -> None:
        self._desk = desk
        self._status = status
        self._specs: Sequence[str] = ()
        self._asked_for = float("-inf")

    async def learn(self, profile: ProfilePort) -> None:
        """Finds out which model answers, and loads what answers need."""
        await aside(warm_up)
        choice = await aside(profile.choose_model)
        if profile is self._desk.profile:
            self._status.say(model=await aside(_shown, choice.model))

    def command_model(self, spec: str = "") -> None:
        """Switches to a model, by name or from a list."""
        self._desk.do("model", self._pick, spec)

    async def _pick(self, spec: str) -> None:
        if not spec:
            self._status.say(state="asking for models", kind="busy")
            choices = await aside(self._choices)
            self._desk.post(StateChanged())
            in_force = self._status.status.model.partition(" ")[0]
            dialog = PickDialog("Models", choices, in_force)
            chosen = await self._desk.answer_to(dialog)
            spec = chosen or ""
        if spec:
            profile = self._desk.profile
            await aside(profile.use_model, spec)
            choice = await aside(profile.choose_model)
            shown = await aside(_shown, choice.model)
            self._status.say(model=shown)
            self._desk.say(f"{shown} answers from now on.")

    def _choices(self) -> Sequence[PickerEntry]:
        from ragcli.models.select import available

        models = available(self._desk.profile.settings)
        return [
            PickerEntry(m.spec, m.spec, m.about) for m in models if m.kind == "chat"
        ]

    def specs(self) -> Sequence[str]:
        """Returns the models that can be used; the list is refreshed now and then."""
        now = time.monotonic()
        if now - self._asked_for > _MODELS_KEPT:
            self._asked_for = now
            self._specs = [choice.id for choice in self._choices()]
        return self._specs

    def command_theme(self, name: str = "") -> None:
        """Switches the theme, by name or from a list."""
        self._desk.do("", self._pick_theme, name)

    async def _pick_theme(self, name: str) -> None:
        app = self._desk.screen.app
        if not name:
            choices = [PickerEntry(n, n) for n in sorted(app.available_themes)]
            hint = "Each is shown as you go over it. Enter keeps it, Esc does not."
            dialog = PickDialog(
                "Themes", choices, app.theme, hint=hint, preview=self._show_theme
            )
            dialog.add_class("clear")
            chosen = await self._desk.answer_to(dialog)
            name = chosen or ""
        if name in app.available_themes:
            app.theme = name
            if note := theme.remember(self._desk.profiles, name):
                self._desk.say(note, severity="warning")
        elif name:
            self._desk.say(f"there is no theme {name}", severity="error")

    def _show_theme(self, name: str) -> None:
        """Draws everything in a theme; it is not kept."""
        self._desk.screen.app.theme = name


def _shown(model: Any) -> str:
    """Returns a chat model's name with where it runs; may ask its server."""
    return labelled(model.spec, model.remote)
