"""Keeps a profile's documents fresh for as long as it runs: `ragcli docs watch`."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Never

from ragcli import packages
from ragcli.cli.input.options import Invocation
from ragcli.cli.output.progress import QuietProgress
from ragcli.cli.output.writer import Output
from ragcli.errors import Locked, ModelUnavailable, ProviderMissing
from ragcli.text import counted

if TYPE_CHECKING:
    from ragcli.index.ingest.watching import WatchedPlaces
    from ragcli.index.report import IngestReport

_LOOK_EVERY = 30.0
"""Seconds after which a sync looks at what the system does not tell of: directories
that come back, rules above them, network drives, what others added."""

_PLAIN = re.compile(r"[\w./=%$-]+")
"""What systemd reads as one word without quotes."""

_TRY_AGAIN = 5.0
"""Seconds after which a sync is tried again that somebody else held up."""


def check_installed() -> None:
    """Raises `ProviderMissing` where the package that watches is not installed."""
    if find_spec("watchfiles") is None:
        raise ProviderMissing(
            "the package for watching is not installed", packages.of_extra("watch")
        )


def keep_fresh(
    call: Invocation, told: Callable[[IngestReport], object], *, allow_private: bool
) -> Never:
    """Syncs whenever documents change, until a signal ends it.

    Servers of pages are asked once, at the beginning.

    Args:
        call: The command.
        told: Called with each report that tells of a change.
        allow_private: Whether pages may be on servers that are not public.
    """
    from ragcli.index.ingest.watching import Watcher

    home = call.runtime.home
    ignored = [os.path.abspath(directory) for directory in (home.data, home.cache)]
    syncs = _Syncs(call, told)
    syncs.run(allow_private=allow_private)
    while True:
        places = syncs.places
        with Watcher(places, ignored) as watcher:
            call.output.note(f"watching {_said(places)}")
            while watcher.is_current and syncs.places == places:
                syncs.run()  # also at first: the watch began after the last one
                for failure in watcher.failures:
                    call.output.warn(
                        f"{failure}; looking every {_LOOK_EVERY:.0f} seconds instead"
                    )
                watcher.failures.clear()
                watcher.wait(_LOOK_EVERY)


class _Syncs:
    """One sync after another, each of which opens the profile anew.

    So it is not in use between them, and the settings are those in force.
    """

    def __init__(
        self, call: Invocation, told: Callable[[IngestReport], object]
    ) -> None:
        from ragcli.index.ingest.watching import WatchedPlaces

        self._call = call
        self._told = told
        self._progress = _ToldOnce(call.output)
        self._generation: str | None = None
        self.places = WatchedPlaces()
        """What the last one looked at."""

    def run(self, *, allow_private: bool | None = None) -> None:
        """Syncs, and tries again for as long as others hold it up.

        Args:
            allow_private: As for `Library.sync`; None asks no servers.
        """
        has_reported = False
        while True:
            try:
                self._run(allow_private=allow_private)
            except ProviderMissing:
                raise
            except (Locked, ModelUnavailable) as error:
                if not has_reported:
                    self._call.output.note(f"{error.message}; trying again")
                has_reported = True
                time.sleep(_TRY_AGAIN)
            else:
                return

    def _run(self, *, allow_private: bool | None) -> None:
        call = self._call
        with call.open(expires=True) as workspace, self._progress as progress:
            report = workspace.library.sync(
                progress,
                wait=call.wait,
                allow_private=bool(allow_private),
                asks_servers=allow_private is not None,
            )
            if report.generation != self._generation:
                self.places = workspace.library.places()
                self._generation = report.generation
        if report.tells_of_change:
            self._told(report)


class _ToldOnce(QuietProgress):
    """Says what is amiss once, until it was not amiss for a round.

    Args:
        output: Where it is said.
    """

    def __init__(self, output: Output) -> None:
        super().__init__(output)
        self._before: set[str] = set()
        self._now: set[str] = set()

    def note(self, message: str) -> None:
        """Warns, unless the last round did."""
        if message not in self._before | self._now:
            super().note(message)
        self._now.add(message)

    def finish(self) -> None:
        """Ends a round."""
        self._before, self._now = self._now, set()


def _said(places: WatchedPlaces) -> str:
    """Returns `2 folders and 1 file`."""
    numbers = {"folder": len(places.directories), "file": len(places.files)}
    parts = [counted(number, what) for what, number in numbers.items() if number]
    return " and ".join(parts) or "nothing yet; add documents: ragcli docs add PATH"


def systemd_unit(profile: str, home: str) -> str:
    """Returns a unit of systemd, for a user, that watches a profile's documents.

    Args:
        profile: Its name.
        home: What `RAGCLI_HOME` is to be, "" to leave it unset.
    """
    command = [sys.executable, "-m", "ragcli", "docs", "watch", "--profile", profile]
    typed = " ".join(_quoted(part).replace("$", "$$") for part in command)
    lines = [
        "[Unit]",
        f"Description=ragcli: the documents of profile {_quoted(profile)}",
        "",
        "[Service]",
        f"ExecStart={typed}",
        "Restart=on-failure",
        "RestartSec=30",
        "Nice=10",
    ]
    if home:
        lines.append("Environment=" + _quoted(f"RAGCLI_HOME={home}"))
    if os.environ.get("RAGCLI_STORE"):  # may hold a password: not to be written down
        lines.append("PassEnvironment=RAGCLI_STORE")
    return "\n".join([*lines, "", "[Install]", "WantedBy=default.target"])


def _quoted(text: str) -> str:
    """Returns a word as systemd reads it."""
    for special, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("%", "%%")):
        text = text.replace(special, escaped)
    return text if _PLAIN.fullmatch(text) else f'"{text}"'
