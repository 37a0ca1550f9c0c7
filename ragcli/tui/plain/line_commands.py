"""The slash commands of the chat line by line: those of the table that need no screen.

Each is a method `command_<name>` that takes the text after the command's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from ragcli.chat.events import AskRequest
from ragcli.errors import (
    PassphraseNeeded,
    RagcliError,
    UsageError,
)
from ragcli.index.document_filter import recorded
from ragcli.sessions.history import versions
from ragcli.sessions.records.record_types import Turn
from ragcli.text import counted, labelled, safe_line, safe_name, safe_text
from ragcli.tui import commands
from ragcli.tui.attachments.mentions import filter_of
from ragcli.tui.plain.line_desk import LineDesk
from ragcli.tui.profiles import document_changes, new_profiles, settings_in_force
from ragcli.tui.profiles.settings_in_force import SettingEntry
from ragcli.tui.turns import conversation_export, turn_text, turn_versions

if TYPE_CHECKING:
    from ragcli.index.report import IngestReport

_AROUND = 40
"""Characters shown before what was found."""

_TENTHS = 10
"""Steps of a download that are told."""


class LineCommands:
    """Does what slash commands say.

    Args:
        desk: The open profile, and the streams.
        ask: Answers a question in the conversation that goes on.
    """

    def __init__(self, desk: LineDesk, ask: Callable[[AskRequest], None]) -> None:
        self._desk = desk
        self._ask = ask

    def run(self, line: str) -> None:
        """Does what a line says that begins with a slash.

        Raises:
            UsageError: There is no such command, or it needs the screen.
            RagcliError: It cannot be done.
        """
        command, argument = commands.parse(line)
        if not command.plain:
            raise UsageError(
                f"/{command.name} works on the screen only", "/help lists the others"
            )
        method: Callable[[str], None] = getattr(self, f"command_{command.name}")
        method(argument)

    def command_help(self, _: str = "") -> None:
        """Lists the commands."""
        rows = [(commands.usage(c), c.help) for c in commands.COMMANDS if c.plain]
        rows += [
            ("@PATH", "in a question: a document for this question"),
            ("\\", "at the end of a line: go on with the next"),
        ]
        self._table(rows)

    def command_quit(self, _: str = "") -> None:
        """Leaves the chat."""
        self._desk.is_left = True

    # Conversations

    def command_new(self, _: str = "") -> None:
        """Starts a conversation."""
        self._desk.conversation = ""

    def command_conversation(self, reference: str = "") -> None:
        """Goes on with a conversation; without one, lists them."""
        history = self._desk.profile.history
        if reference:
            self._desk.conversation = history.resolve(reference)
            title = history.conversation(self._desk.conversation).title
            self._desk.say(f"goes on: {safe_line(title) or 'untitled'}")
            return
        here = self._desk.conversation
        self._table(
            [
                (
                    f"{'●' if c.id == here else ' '} {safe_line(c.title, 60)}",
                    f"{counted(c.turns, 'turn')} · {c.updated[:10]}",
                )
                for c in history.conversations()
            ],
            "no conversations yet",
        )

    def command_rename(self, title: str = "") -> None:
        """Renames the conversation."""
        if not title:
            raise UsageError("/rename needs TITLE here", "write /rename TITLE")
        self._desk.profile.history.rename(
            commands.begun(self._desk.conversation), title
        )

    def command_pin(self, _: str = "") -> None:
        """Keeps the conversation at the top, or lets it go."""
        history = self._desk.profile.history
        conversation = commands.begun(self._desk.conversation)
        pinned = not history.conversation(conversation).pinned
        history.pin(conversation, pinned=pinned)
        self._desk.say("kept at the top" if pinned else "not kept at the top")

    def command_delete(self, _: str = "") -> None:
        """Deletes the conversation, once confirmed."""
        history = self._desk.profile.history
        conversation = commands.begun(self._desk.conversation)
        known = history.conversation(conversation)
        question = f"Delete {safe_line(known.title)!r}, {counted(known.turns, 'turn')}?"
        if self._desk.confirmed(question, "ragcli history delete ID --yes"):
            history.delete_conversation(conversation)
            self._desk.conversation = ""
            self._desk.say("deleted; the next question starts a conversation")

    def command_forget(self, _: str = "") -> None:
        """Deletes the last turn, once confirmed."""
        turn = self._last()
        count = len(turn.versions)
        several = f" with its {count} versions" if count > 1 else ""
        question = f"Delete the turn {safe_line(turn.question, 60)!r}{several}?"
        if self._desk.confirmed(question, "ragcli history delete --turn TURN --yes"):
            self._desk.profile.history.delete_turn(turn.id)
            self._desk.say("deleted")

    def command_fork(self, _: str = "") -> None:
        """Branches the conversation off after the last turn."""
        history = self._desk.profile.history
        self._desk.conversation = history.fork(commands.begun(self._desk.conversation))
        self._desk.say("This is a copy of the conversation.")

    def command_export(self, file: str = "") -> None:
        """Writes the conversation to a file: Markdown, HTML or JSON by its ending."""
        profile = self._desk.profile
        conversation = commands.begun(self._desk.conversation)
        known = profile.history.conversation(conversation)
        file = file or conversation_export.file_name(known.title, ".md")
        path = conversation_export.target(file)
        if path.exists() and not self._desk.confirmed(
            f"Replace {path}?", "name another file"
        ):
            return
        turns = profile.history.transcript(conversation)
        text = conversation_export.exported(path, profile.name, known, turns)
        conversation_export.write(path, text)
        self._desk.say(f"Written to {path}")

    def command_find(self, text: str = "") -> None:
        """Finds words in this conversation."""
        turns = self._desk.profile.history.transcript(
            commands.begun(self._desk.conversation)
        )
        low = self._needed("find", text).lower()
        self._found(
            [t for t in turns if low in f"{t.question}\n{t.answer}".lower()], text
        )

    def command_search(self, text: str = "") -> None:
        """Finds words in all conversations."""
        history = self._desk.profile.history
        self._found(history.search(self._needed("search", text)), text)

    def _found(self, turns: Sequence[Turn], text: str) -> None:
        pattern = re.compile(re.escape(text), re.IGNORECASE)
        for turn in turns:
            self._desk.say(safe_line(turn.question, 120))
            match = pattern.search(turn.answer)
            start = max(0, match.start() - _AROUND) if match else 0
            begun = "…" if start else ""
            self._desk.say(f"  {safe_line(begun + turn.answer[start:], 160)}")
        self._desk.say(counted(len(turns), "turn"))

    # Asking again

    def command_regenerate(self, _: str = "") -> None:
        """Asks the last question again; the new answer replaces the old."""
        turn = self._last()
        came = self._desk.asked.get(turn.id)
        self._ask(
            AskRequest(
                turn.question,
                replaces=turn.id,
                where=recorded(turn.where),
                attach_paths=came.attach_paths if came else (),
            )
        )

    def command_version(self, number: str = "") -> None:
        """Has another version of the last answer count, and shows it."""
        turn = self._last()
        at = turn_versions.wanted(turn, number)
        turn = self._desk.profile.history.show_version(turn.versions[at - 1])
        self._desk.say(versions.line(turn))
        self._desk.write(f"{safe_text(turn.answer)}\n")
        for line in turn_text.source_lines(turn):
            self._desk.write(f"{line}\n")

    def command_continue(self, _: str = "") -> None:
        """Goes on with an interrupted answer."""
        turn = self._last()
        if turn.status not in {"interrupted", "failed"}:
            raise UsageError("this answer is complete", "/regenerate asks it again")
        where = recorded(turn.where)
        self._ask(AskRequest(turn.question, continues=turn.id, where=where))

    def command_readonly(self, _: str = "") -> None:
        """Stops or resumes recording turns."""
        self._desk.read_only = not self._desk.read_only
        only = self._desk.read_only
        state = "not recorded from now on" if only else "recorded again"
        self._desk.say(f"Turns are {state}.")

    # Models, profiles, settings

    def command_model(self, spec: str = "") -> None:
        """Switches to a model; without one, lists them."""
        profile = self._desk.profile
        if not spec:
            from ragcli.models.select import available

            models = [m for m in available(profile.settings) if m.kind == "chat"]
            self._table([(m.spec, m.about) for m in models])
            return
        profile.use_model(spec)
        model = profile.choose_model().model
        self._desk.say(f"{labelled(model.spec, model.remote)} answers from now on")

    def command_pull(self, name: str = "") -> None:
        """Has Ollama download a model; Ctrl+C stops it."""
        from ragcli.models.ollama.ollama_models import server

        name = name.removeprefix("ollama:")
        shown = ""
        with closing(server(self._desk.profile.settings).pull(name)) as steps:
            for step in steps:
                tenth = step.completed * _TENTHS // step.total if step.total else 0
                share = f" {tenth * 100 // _TENTHS} %" if step.total else ""
                if f"{step.status}{share}" != shown:
                    shown = f"{step.status}{share}"
                    self._desk.say(shown)
        self._desk.say(f"/model ollama:{name} answers with it")

    def command_profile(self, argument: str = "") -> None:
        """Switches to a profile, or makes one; without a name, lists them."""
        profiles = self._desk.profiles
        names = profiles.store.names()
        wanted = new_profiles.new_profile(argument, names)
        if wanted:
            argument = self._made(wanted)
        if argument:
            self._desk.use(profiles.open(argument, create=False))
            return
        states = profiles.profile_states()
        here = self._desk.profile.name
        self._table(
            [
                (f"{'●' if n == here else ' '} {safe_name(n)}", states.get(n, ""))
                for n in names
            ]
        )

    def _made(self, wanted: new_profiles.WantedProfile) -> str:
        from ragcli.sessions.encryption.passphrase import typed_twice

        if not wanted.name:
            raise UsageError("/profile new needs NAME", "write /profile new NAME")
        secret = None
        if wanted.encrypt:
            prompt = typed_twice if self._desk.is_terminal else None
            secret = self._desk.profiles.new_passphrase(wanted.name, prompt=prompt)
            if not secret:
                raise PassphraseNeeded(
                    f"no passphrase for profile {wanted.name!r}",
                    "type it on a terminal, or set RAGCLI_PASSPHRASE_COMMAND",
                )
        name = new_profiles.make(self._desk.profiles, wanted, secret)
        self._desk.say(f"profile {name} made; `ragcli profile use {name}` keeps to it")
        return name

    def command_settings(self, argument: str = "") -> None:
        """Lists settings with their origins, shows one, or changes one."""
        profile = self._desk.profile
        wanted = settings_in_force.wanted(argument)
        if wanted.unset or wanted.text is not None:
            line = settings_in_force.change(profile, wanted.key, wanted.text)
            self._desk.say(line)
        elif wanted.key:
            entry = settings_in_force.entry(profile, wanted.key)
            self._settings([entry])
            self._desk.say(entry.help)
        else:
            self._settings(settings_in_force.entries(profile))

    def _settings(self, entries: Sequence[SettingEntry]) -> None:
        self._table([(entry.key, entry.value, entry.source) for entry in entries])

    # Documents

    def command_add(self, path: str = "") -> None:
        """Adds files, folders or a page on the web."""
        source = document_changes.to_add(path)
        library, steps = self._desk.profile.library, _Noting(self._desk)
        known = document_changes.known(library)
        self._reported(library.add([source], steps), steps, known)

    def command_sync(self, _: str = "") -> None:
        """Brings all documents up to date."""
        library, steps = self._desk.profile.library, _Noting(self._desk)
        known = document_changes.known(library)
        self._reported(library.sync(steps), steps, known)

    def _reported(
        self, report: IngestReport, steps: _Noting, known: Collection[str]
    ) -> None:
        self._desk.say(document_changes.told_of(report))
        if line := document_changes.left_out(report, steps.noted):
            self._desk.say(line)
        if report.added:
            self._suggest(known)

    def _suggest(self, known: Collection[str]) -> None:
        """Says what may be asked of new documents, and what found nothing before."""
        profile = self._desk.profile
        with suppress(RagcliError):  # nobody asked for them
            for question in profile.suggested_questions(known):
                self._desk.say(f"you may ask: {safe_line(question)}")
        if self._desk.conversation:
            turns = profile.history.transcript(self._desk.conversation, limit=1)
            if turns and turns[-1].status == "nothing_found":
                asked = safe_line(turns[-1].question, 120)
                self._desk.say(f"/regenerate asks again: {asked}")

    def command_remove(self, path: str = "") -> None:
        """Removes a document from the index; its file stays."""
        source = document_changes.to_remove(path)
        report = self._desk.profile.library.remove([source])
        count = counted(report.removed, "document")
        self._desk.say(f"{count} removed; the files stay on disk.")

    def command_docs(self, _: str = "") -> None:
        """Lists the documents."""
        documents = self._desk.profile.library.documents()
        for document in documents:
            path = document_changes.from_here([str(document.path)])[0]
            self._desk.say(f"{safe_name(path)}  {counted(document.chunks, 'passage')}")
        if not documents:
            self._desk.say("no documents; /add PATH adds some")

    def command_in(self, argument: str = "") -> None:
        """Has the next questions search only some documents; without one, all."""
        self._desk.where = where = filter_of(argument)
        scope = f"only {argument}" if where else "all documents"
        self._desk.say(f"searched from now on: {scope}")

    # What they share

    def _last(self) -> Turn:
        history = self._desk.profile.history
        turns = history.transcript(commands.begun(self._desk.conversation), limit=1)
        if not turns:
            raise UsageError("there is no answer yet", "ask something first")
        return turns[-1]

    @staticmethod
    def _needed(name: str, text: str) -> str:
        if not text:
            raise UsageError(f"/{name} needs TEXT here", f"write /{name} TEXT")
        return text

    def _table(self, rows: Sequence[Sequence[str]], otherwise: str = "") -> None:
        """Says rows with their columns aligned."""
        for line in _aligned(rows):
            self._desk.say(line)
        if not rows and otherwise:
            self._desk.say(otherwise)


class _Noting:
    """An `index.protocols.Progress` that keeps notices for the end.

    Args:
        desk: Says what takes time, where somebody looks.
    """

    def __init__(self, desk: LineDesk) -> None:
        self._desk = desk
        self.noted: list[str] = []

    def start(self, total: int, what: str) -> None:
        """Says what begins."""
        if self._desk.is_terminal and total:
            self._desk.say(f"{safe_line(what)}: {total:,} …")

    def step(self, name: str, count: int = 1) -> None:
        """Passes over a file that is done."""

    def note(self, message: str) -> None:
        """Keeps what a user should read."""
        self.noted.append(message)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns[:-1]]
    for row in rows:
        cells = [safe_name(cell) for cell in row]
        padded = [c.ljust(w) for c, w in zip(cells, widths, strict=False)]
        yield "  ".join([*padded, cells[-1]]).rstrip()
