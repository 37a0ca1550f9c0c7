"""What is installed for ragcli: `python -m tests.benchmarks.dependencies [--extras]`.

Prints a table in Markdown, the largest first: each distribution that the package
needs, itself or by another, with the size of its files, what importing it costs,
which of our modules or which distribution asks for it, and which of four commands
load it. Import times are of a fresh process each, with all that is imported by that.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from importlib import metadata
from pathlib import Path

from tests.benchmarks import corpus
from tests.benchmarks.measure import PYTHON, ROOT, environment

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra\s*==")
_IMPORT = re.compile(r"^\s*(?:from|import)\s+([A-Za-z_][\w.]*)", re.MULTILINE)

COMMANDS = {
    "ask": ("ask", "--docs", "{docs}", "--stateless", "What is a lamp?"),
    "docs": ("docs", "add", "{docs}"),
    "list": ("profile", "list"),
    "models": ("models", "list"),
}
"""What loads a distribution is told of these."""


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(*, extras: bool) -> dict[str, set[str]]:
    """Returns each distribution that is needed here → who asks for it."""
    found: dict[str, set[str]] = defaultdict(set)
    pending = ["ragcli"]
    seen = set(pending)
    while pending:
        asking = pending.pop()
        try:
            wanted = metadata.requires(asking) or []
        except metadata.PackageNotFoundError:
            continue
        for line in wanted:
            if _EXTRA.search(line) and not (extras and asking == "ragcli"):
                continue
            match = _NAME.match(line)
            name = _canonical(match[0]) if match else ""
            try:
                metadata.distribution(name)
            except (metadata.PackageNotFoundError, ValueError):
                continue  # for another platform or version
            if name == "ragcli" or (asking == "ragcli" and "dev" in line.split('"')):
                continue
            found[name].add(asking)
            if name not in seen:
                seen.add(name)
                pending.append(name)
    return found


def size(name: str) -> int:
    """Returns the bytes of a distribution's files, bytecode left out."""
    files = metadata.files(name) or []
    return sum(file.size or 0 for file in files)


def modules(name: str) -> list[str]:
    """Returns the top-level modules of a distribution."""
    owners = metadata.packages_distributions()
    return sorted(m for m, who in owners.items() if name in map(_canonical, who))


def import_time(names: list[str]) -> float | None:
    """Returns milliseconds that a fresh process takes to import a distribution."""
    public = [n for n in names if not n.startswith("_") and n.isidentifier()]
    if not public:
        return None
    code = (
        "import time, importlib; a = time.perf_counter()\n"
        f"importlib.import_module({public[0]!r})\n"
        "print((time.perf_counter() - a) * 1000)"
    )
    times = []
    for _ in range(2):  # the first one compiles
        done = subprocess.run(
            [PYTHON, "-W", "ignore", "-c", code],
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
        if done.returncode:
            return None
        times.append(float(done.stdout.splitlines()[-1]))
    return min(times)


def loaded_by() -> dict[str, set[str]]:
    """Returns top-level module → the commands of `COMMANDS` that load it."""
    found: dict[str, set[str]] = defaultdict(set)
    with tempfile.TemporaryDirectory() as place:
        docs = corpus.write(Path(place, "docs"), 20)
        environ = {"RAGCLI_HOME": f"{place}/home", "OLLAMA_HOST": "127.0.0.1:9"}
        for name, words in COMMANDS.items():
            argv = [word.format(docs=docs) for word in words]
            code = (
                "import sys\nfrom ragcli.cli.main import main\n"
                f"main({argv!r})\nprint('loaded:', *sys.modules, file=sys.stderr)"
            )
            done = subprocess.run(
                [PYTHON, "-c", code],
                capture_output=True,
                text=True,
                env=environment(environ),
                cwd=ROOT,
                check=False,
            )
            for module in done.stderr.partition("loaded: ")[2].split():
                found[module.partition(".")[0]].add(name)
    return found


def imported_by_us() -> dict[str, str]:
    """Returns top-level module → the package of ours that names it first."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "ragcli").rglob("*.py")):
        for module in _IMPORT.findall(path.read_text(encoding="utf-8")):
            where = path.relative_to(ROOT / "ragcli").parts[0].removesuffix(".py")
            found.setdefault(module.partition(".")[0], where)
    return found


def main() -> None:
    """Prints the table."""
    wanted = needed(extras="--extras" in sys.argv)
    commands, ours = loaded_by(), imported_by_us()
    rows = []
    for name, askers in wanted.items():
        tops = modules(name)
        users = sorted({ours[top] for top in tops if top in ours})
        by = ", ".join(f"`{user}`" for user in users) or ", ".join(sorted(askers)[:3])
        loading = sorted(set().union(*(commands.get(top, set()) for top in tops)))
        taken = import_time(tops)
        rows.append((size(name), name, taken, by, " ".join(loading)))
    total = sum(row[0] for row in rows)
    print(f"{len(rows)} distributions, {total / 1e6:.0f} MB without bytecode\n")
    print("| distribution | MB | import, ms | used by | loaded by |")
    print("|---|--:|--:|---|---|")
    for held, name, taken, by, shown in sorted(rows, reverse=True):
        spent = "" if taken is None else f"{taken:.0f}"
        print(f"| {name} | {held / 1e6:.1f} | {spent} | {by} | {shown} |")


if __name__ == "__main__":
    main()
