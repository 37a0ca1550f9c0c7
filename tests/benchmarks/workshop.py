"""Where a benchmark works: a temporary home, corpora and indexes made once."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.benchmarks import corpus
from tests.benchmarks.measure import (
    MEBI,
    PYTHON,
    RAGCLI,
    RUNS,
    Figure,
    Run,
    in_turn,
    run,
)


@dataclass(frozen=True, slots=True)
class Point:
    """What one answer cost at one size."""

    size: int
    seconds: float
    mebibytes: float


@dataclass(frozen=True, slots=True)
class Capped:
    """What became of a corpus that was indexed with little memory."""

    profile: str
    """Where it was indexed."""
    size: int
    """Bytes of the corpus."""
    allowed: int
    """Bytes of memory beyond what a handful of documents takes."""
    run: Run
    """What it cost."""
    kept: float
    """Share of its documents that are indexed."""


@dataclass
class Workshop:
    """One run of the benchmarks.

    Args:
        root: A directory of its own.
        quick: Whether sizes are cut so that all parts end within three minutes.
        processor_time: Whether processor time is compared instead of the clock's.
    """

    root: Path
    quick: bool
    processor_time: bool = False
    curves: dict[str, list[Point]] = field(default_factory=dict)
    """What grows (`documents`, `history`) → the points of its curve."""

    @property
    def runs(self) -> int:
        """Counted runs of each command."""
        return 3 if self.quick else RUNS

    @property
    def large(self) -> int:
        """Chunks of the largest index."""
        return 30_000 if self.quick else 1_000_000

    @property
    def medium(self) -> int:
        """Chunks of the index that is compared with the LangChain script."""
        return 10_000 if self.quick else 100_000

    @property
    def small(self) -> int:
        """Chunks of the index that growth is measured from."""
        return 3000 if self.quick else 10_000

    @cached_property
    def environ(self) -> dict[str, str]:
        """The environment of every ragcli command here."""
        home = self.root / "home"
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return {
            "RAGCLI_HOME": str(home),
            "OLLAMA_HOST": "127.0.0.1:9",
            "RAGCLI_MODEL": "builtin",
        }

    def seconds(self, measured: Run) -> float:
        """Returns what a run took, by the clock that was chosen."""
        return measured.processor if self.processor_time else measured.wall

    def ragcli(
        self,
        *arguments: str,
        stdin: bytes = b"",
        codes: Sequence[int] = (0,),
        environ: Mapping[str, str] | None = None,
        until_first_byte: bool = False,
    ) -> Run:
        """Runs one ragcli command."""
        return run(
            [*RAGCLI, *arguments],
            stdin=stdin,
            environ={**self.environ, **(environ or {})},
            codes=codes,
            until_first_byte=until_first_byte,
        )

    def module(self, name: str, *arguments: str, stdin: bytes = b"") -> Run:
        """Runs a module of this package on this workshop's home."""
        command = [PYTHON, "-m", f"tests.benchmarks.{name}", *arguments]
        return run(command, stdin=stdin, environ=self.environ)

    def script(self, *arguments: str, until_first_byte: bool = False) -> Run:
        """Runs the LangChain script."""
        command = [PYTHON, "-m", "tests.benchmarks.langchain_script", *arguments]
        return run(command, until_first_byte=until_first_byte)

    def compared(
        self,
        name: str,
        against: str,
        base: Callable[[], Run],
        ours: Callable[[], Run],
        target: float,
    ) -> Figure:
        """Runs two commands in turn and returns the figure of their times."""
        first, second = in_turn(base, ours, self.runs)
        return self.time(name, against, first, second, target)

    def time(
        self, name: str, against: str, base: Run, ours: Run, target: float
    ) -> Figure:
        """Returns the figure of two times."""
        return Figure(
            name, against, self.seconds(base), self.seconds(ours), "s", target
        )

    def texts(self, chunks: int, suffix: str = ".md") -> Path:
        """Returns a directory of files that hold about so many chunks."""
        place = self.root / f"texts-{chunks}{suffix}"
        return place if place.exists() else corpus.write(place, chunks, suffix=suffix)

    @cached_property
    def capped(self) -> Capped:
        """The largest corpus, indexed with a tenth of its size for memory.

        Made once: it is the largest profile of all parts as well.
        """
        few = [self._indexed_few(number) for number in range(RUNS)]
        texts, name = self.texts(self.large), "capped"
        size = sum(path.stat().st_size for path in texts.iterdir())
        allowed = max(size // 10, 64 * MEBI)
        self.ragcli("profile", "create", name)
        command = shlex.join([*RAGCLI, "docs", "add", "-p", name, "-q", str(texts)])
        own = max(run.allocated for run in few) + allowed
        # The index is mapped while it is made; what is mapped is no memory of its own.
        all_of_it = max(run.virtual for run in few) + allowed + size
        limits = f"ulimit -d {own // 1024}; ulimit -v {all_of_it // 1024}"
        ended = run(
            ["bash", "-c", f"{limits}; {command}"],
            environ=self.environ,
            codes=range(-64, 256),
        )
        listed = self.ragcli("docs", "list", "-p", name, "--json")
        documents = json.loads(listed.stdout)["documents"]
        kept = len(documents) / len(list(texts.iterdir()))
        return Capped(name, size, allowed, ended, kept)

    def _indexed_few(self, number: int) -> Run:
        """Indexes a handful of documents into a profile of their own."""
        name = f"few-{number}"
        self.ragcli("profile", "create", name)
        return self.ragcli("docs", "add", "-p", name, "-q", str(self.texts(100)))

    def profile(self, chunks: int) -> str:
        """Returns the name of a profile with so many chunks."""
        if chunks == self.large and self.capped.kept == 1:
            return self.capped.profile
        name = f"chunks-{chunks}"
        if not (self.root / "home" / "profiles" / name).exists():
            self.ragcli("profile", "create", name)
            self.ragcli("docs", "add", "-p", name, "--quiet", str(self.texts(chunks)))
        return name

    def store(self, chunks: int) -> str:
        """Returns the LangChain script's index of so many chunks."""
        place = self.root / f"store-{chunks}"
        if not place.exists():
            self.script("ingest", str(self.texts(chunks)), str(place))
        return str(place)

    def close(self) -> None:
        """Removes everything."""
        shutil.rmtree(self.root, ignore_errors=True)


def memory(name: str, against: str, base: Run, ours: Run, target: float) -> Figure:
    """Returns the figure of what two processes had of memory of their own."""
    return Figure(
        name, against, base.anonymous / MEBI, ours.anonymous / MEBI, "MiB", target
    )
