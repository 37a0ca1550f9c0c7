"""Conversations and profiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from types import MappingProxyType
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from ragcli.sessions.records.record_types import Conversation
from ragcli.text import safe_line, safe_name
from ragcli.tui.keyboard.key_bindings import key

_LISTED = 200
"""Conversations that are listed; `/conversation` finds all of them."""


_PADDING = 2
"""Columns beside the text of a row."""

_LEAST = 15
"""Columns that a title has at least, before anything stands beside it."""

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _ListedConversation:
    """A conversation as it is listed."""

    conversation: Conversation
    group: str
    """Under which heading: `Pinned`, `Today`, `Yesterday`, `This week`, `November
    2026`, `Asked in the shell`."""
    moment: str
    """When it went on: `14:05`, `Mon`, `3 Nov`."""
    here: bool

    def shown(self, room: int) -> Content:
        """Returns its title on up to two lines, and right of it its turns and moment.

        A narrow row, and one whose title would be cut, has the moment only, a very
        narrow one the title.
        """
        title = safe_line(self.conversation.title or "untitled")
        turns = self.conversation.turns
        whole = f"{turns} {'turn' if turns == 1 else 'turns'} · {self.moment}"
        details = [text for text in (whole, self.moment) if room - len(text) >= _LEAST]
        layouts = [(text, self._broken_beside(title, text, room)) for text in details]
        layouts = layouts or [("", self._broken_beside(title, "", room))]
        uncut = (layout for layout in layouts if not layout[1][-1].endswith("…"))
        detail, (*above, last) = next(uncut, layouts[-1])
        width = room - len(detail) - 3
        bold = "bold" if self.here else ""
        lines = [_line(text, here=self.here) for text in above]
        below = Content.styled(f"  {last}", bold)
        lines.append(below if above else _line(last, here=self.here))
        gap = " " * (width + 3 - lines[-1].cell_length)
        tail = Content.styled(f"{gap}{detail}", "$foreground 60%")
        return Content("\n").join(lines) + tail

    @staticmethod
    def _broken_beside(title: str, detail: str, room: int) -> list[str]:
        return _broken(title, max(1, room - len(detail) - 3), max(1, room - 2))


def _broken(title: str, last: int, room: int) -> list[str]:
    """Returns a title as one line or two, the second cut.

    Args:
        title: On one line.
        last: Columns of the last line.
        room: Columns of the line above it.
    """
    if cell_len(title) <= last:
        return [title]
    if cell_len(title) <= room:
        return [title, ""]
    cut = len(set_cell_size(title, room))
    if title[cut] != " ":
        cut = title.rfind(" ", 0, cut) if " " in title[:cut] else cut
    rest = title[cut:].strip()
    if cell_len(rest) > last:
        rest = set_cell_size(rest, last - 1).rstrip() + "…"
    return [title[:cut].rstrip(), rest]


def _day(moment: str, today: date) -> tuple[str, str]:
    """Returns the heading for a time, and how the time is told below it."""
    try:
        local = datetime.fromisoformat(moment).astimezone()
    except ValueError:
        return "Earlier", ""
    day = local.date()
    if day >= today - timedelta(days=1):
        return "Today" if day >= today else "Yesterday", f"{local:%H:%M}"
    if day > today - _WEEK:
        return "This week", f"{local:%a}"
    return f"{local:%B %Y}", f"{local.day} {local:%b}"


_APART = ("Pinned", "", "Asked in the shell")
"""Headings of what does not stand below its day, by rank."""


def _rank(conversation: Conversation) -> int:
    """Returns whether a conversation stands above all days, below one or after them."""
    if conversation.pinned:
        return 0
    return 2 if conversation.is_one_shot else 1


class ChoiceList(OptionList):
    """A list that a click chooses from without taking the keyboard."""

    FOCUS_ON_CLICK = False  # whoever clicks goes on to write, and letters would act
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Open")]


class Sidebar(Vertical):
    """The conversations and profiles to switch to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key(
            "sidebar.rename",
            "r",
            "request('rename')",
            "Rename the conversation",
            footer="Rename",
        ),
        key(
            "sidebar.pin",
            "p",
            "request('pin')",
            "Keep the conversation at the top, or let it go",
            footer="Pin",
        ),
        key(
            "sidebar.delete",
            "d,delete",
            "request('delete')",
            "Delete the conversation",
            footer="Delete",
        ),
    ]

    @dataclass
    class ConversationChosen(Message):
        """The user wants to see this conversation; "" for a new one."""

        conversation: str

    @dataclass
    class ProfileChosen(Message):
        """The user wants to switch to this profile."""

        profile: str

    @dataclass
    class Requested(Message):
        """The user wants to `rename`, `pin` or `delete` a conversation."""

        what: str
        conversation: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual
        super().__init__(id=id)
        self.conversations = ChoiceList(id="conversations", markup=False, compact=True)
        self.profiles = ChoiceList(id="profiles", markup=False, compact=True)
        self._titled = [
            (
                Static("Conversations", markup=False, classes="title"),
                self.conversations,
            ),
            (Static("Profiles", markup=False, classes="title"), self.profiles),
        ]
        self._conversations: Sequence[Conversation] = ()
        self._current = ""

    async def mount_deferred(self) -> None:
        """Mounts the two lists under their titles."""
        for title, lines in self._titled:
            await self.mount(title, lines)

    def list_conversations(
        self, conversations: Sequence[Conversation], current: str
    ) -> None:
        """Shows the newest conversations, the current one marked."""
        if (conversations, current) == (self._conversations, self._current):
            return
        self._conversations, self._current = conversations, current
        self._draw_conversations()

    def on_descendant_focus(self) -> None:
        """Lights the title of the list that has the keyboard."""
        for title, lines in self._titled:
            title.set_class(lines.has_focus, "-focused")

    def on_descendant_blur(self) -> None:
        """Puts the light out again."""
        self.on_descendant_focus()

    def on_resize(self) -> None:
        """Cuts the rows to the new width."""
        self._draw_conversations()

    def _draw_conversations(self) -> None:
        if not self.conversations.is_attached:
            return
        options = []
        if not self._current:
            options.append(Option(_line("New conversation", here=True), "new"))
        lines = self.conversations
        # Whether the bar is there is known only once the rows are.
        bar = lines.styles.scrollbar_size_vertical
        room = lines.outer_size.width - lines.gutter.width - bar - _PADDING
        for title, rows in groupby(self._rows(), key=lambda row: row.group):
            heading = Content.styled(title, "$foreground 60%")
            options.append(Option(heading, disabled=True))
            options += [Option(row.shown(room), row.conversation.id) for row in rows]
        self._fill(self.conversations, options)

    def _rows(self) -> Iterator[_ListedConversation]:
        today = datetime.now().astimezone().date()
        listed = [*self._conversations[:_LISTED]]
        listed += [each for each in self._conversations[_LISTED:] if each.pinned]
        for conversation in sorted(listed, key=_rank):
            group, moment = _day(conversation.updated, today)
            group = _APART[_rank(conversation)] or group
            here = conversation.id == self._current
            yield _ListedConversation(conversation, group, moment, here)

    def list_profiles(
        self,
        names: Sequence[str],
        current: str,
        profile_states: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Shows the profiles, the open one marked.

        Args:
            names: All of them.
            current: The open one.
            profile_states: What to say beside some of the others: `locked`, `in use`.
        """
        options = [
            Option(
                _line(
                    safe_name(name),
                    here=name == current,
                    mark="" if name == current else profile_states.get(name, ""),
                ),
                name,
            )
            for name in names
        ]
        self._fill(self.profiles, options)

    def _fill(self, lines: OptionList, options: list[Option]) -> None:
        """Replaces a list; the highlighted entry stays highlighted."""
        at = lines.highlighted_option.id if lines.highlighted_option else None
        lines.clear_options()
        lines.add_options(options)
        ids = [option.id for option in options]
        if at in ids:
            lines.highlighted = ids.index(at)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Lets keys act on conversations only where these are gone through."""
        del parameters
        return None if action == "request" and self.profiles.has_focus else True

    def action_request(self, what: str) -> None:
        """Posts `Requested` for the highlighted conversation."""
        option = self.conversations.highlighted_option
        if option and option.id and option.id != "new":
            self.post_message(self.Requested(what, option.id))

    @on(OptionList.OptionSelected, "#conversations")
    def _conversation(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        chosen = event.option_id or ""
        self.post_message(self.ConversationChosen("" if chosen == "new" else chosen))

    @on(OptionList.OptionSelected, "#profiles")
    def _profile(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.ProfileChosen(event.option_id or ""))


def _line(text: str, *, here: bool, mark: str = "") -> Content:
    line = safe_line(text)
    if here:
        return Content.assemble(("● ", "$text-success"), (line, "bold"))
    suffix = f" ({mark})" if mark else ""
    return Content.assemble(f"  {line}", (suffix, "$text-warning"))
