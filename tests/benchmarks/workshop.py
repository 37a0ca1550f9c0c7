"""Where a benchmark works: a temporary home, corpora and indexes made once."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.benchmarks import corpus
from tests.benchmarks.measure import PYTHON, RAGCLI, RUNS, Run, run

SCRIPT = Path(__file__).with_name("langchain_script.py")


@dataclass
class Workshop:
    """One run of the benchmarks.

    Args:
        root: A directory of its own.
        quick: Whether sizes are cut so that all parts end within three minutes.
    """

    root: Path
    quick: bool

    @property
    def runs(self) -> int:
        """Counted runs of each command."""
        return RUNS

    @property
    def large(self) -> int:
        """Chunks of the largest index."""
        return 100_000 if self.quick else 1_000_000

    @property
    def medium(self) -> int:
        """Chunks of the index that is compared with the LangChain script."""
        return 10_000 if self.quick else 100_000

    @property
    def small(self) -> int:
        """Chunks of the index that growth is measured from."""
        return 10_000

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

    def ragcli(
        self, *arguments: str, stdin: bytes = b"", codes: Sequence[int] = (0,)
    ) -> Run:
        """Runs one ragcli command."""
        return run(
            [*RAGCLI, *arguments], stdin=stdin, environ=self.environ, codes=codes
        )

    def script(self, *arguments: str) -> Run:
        """Runs the LangChain script."""
        return run([PYTHON, "-m", "tests.benchmarks.langchain_script", *arguments])

    def texts(self, chunks: int) -> Path:
        """Returns a directory of files that hold about so many chunks."""
        place = self.root / f"texts-{chunks}"
        return place if place.exists() else corpus.write(place, chunks)

    def profile(self, chunks: int) -> str:
        """Returns the name of a profile with so many chunks."""
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
