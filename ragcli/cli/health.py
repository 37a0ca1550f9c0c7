"""The checks of `ragcli doctor`: each looks at one thing and never raises."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ragcli import __version__, packages
from ragcli.cli import project_files
from ragcli.cli.output.formatting import size
from ragcli.errors import ExitCode, ProfileNotFound, RagcliError
from ragcli.frozen import frozen
from ragcli.sessions import stores
from ragcli.text import counted, labelled

if TYPE_CHECKING:
    from ragcli.runtime import Runtime

GOOD = "ok"
NOTE = "note"
BAD = "bad"

_LEAVES = "what leaves this machine"

_WRITABLE = "point RAGCLI_HOME somewhere writable"
_SCARCE = 200 << 20
"""Free bytes below which a disk is called full."""

EXTRAS = {
    "keyring": ("keyring", "passphrases in the desktop's keyring"),
    "web": ("trafilatura", "pages on the web"),
    "watch": ("watchfiles", "documents that are kept fresh"),
    "mcp": ("mcp", "tools for coding agents"),
    "ocr": ("rapidocr", "text of scanned pages"),
} | stores.EXTRAS
"""Extra → a module it brings, and what that is for."""


@frozen
class Check:
    """One line of the report."""

    state: str
    """`GOOD`, `NOTE` or `BAD`."""

    what: str
    """What was looked at."""

    found: str
    """What was found."""

    hint: str = ""
    """What to do, where something is to be done."""

    code: ExitCode = ExitCode.ANSWERED
    """The exit code that a command would end with because of it."""

    def document(self) -> dict[str, Any]:
        """Returns it as JSON values."""
        return asdict(self) | {"code": int(self.code)}


def checks(runtime: Runtime, *, fix: bool) -> Iterator[Check]:
    """Yields every check, the fundamental ones first.

    Args:
        runtime: The process's settings and store.
        fix: Set wrong modes right.
    """
    yield _program()
    yield from _guarded("settings", lambda: _settings(runtime))
    yield from _guarded("home", lambda: _home(runtime))
    yield from _guarded("permissions", lambda: _permissions(runtime, fix=fix))
    yield from _guarded("leftovers", lambda: _leftovers(runtime, fix=fix))
    yield from _guarded("store", lambda: _store(runtime))
    yield from _guarded("profile", lambda: _profile(runtime))
    yield from _guarded("index", _index)
    yield from _guarded("embedder", lambda: _embedder(runtime))
    yield from _guarded("model", lambda: _model(runtime))
    yield from _guarded("endpoint", lambda: _endpoints(runtime))
    yield from _guarded(_LEAVES, lambda: _leaving(runtime))
    yield from map(_extra, EXTRAS)
    yield _terminal()


def _guarded(what: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """Yields what `look` finds; an error of ours, or of the disk, is a finding, too."""
    try:
        yield from look()
    except RagcliError as error:
        yield Check(BAD, what, error.message, error.hint, error.code)
    except OSError as error:
        path = os.fsdecode(error.filename or "")
        reason = f"{path}: {error.strerror}" if path else str(error.strerror)
        yield Check(BAD, what, reason, _WRITABLE, ExitCode.STORAGE)


def _program() -> Check:
    python = ".".join(map(str, sys.version_info[:3]))
    return Check(GOOD, "ragcli", f"{__version__} on Python {python}, {sys.platform}")


def _settings(runtime: Runtime) -> Iterator[Check]:
    origins = runtime.resolved.origins()
    changed = sum(origin.source != "default" for origin in origins)
    yield Check(
        GOOD, "settings", f"{counted(changed, 'setting')} of your own, all valid"
    )
    if runtime.project:
        state = NOTE if runtime.project_notice else GOOD
        where = os.fspath(runtime.project.path)
        hint = runtime.project_notice.removeprefix(where).lstrip(": ")
        yield Check(state, "project file", project_files.line(runtime.project), hint)


def _home(runtime: Runtime) -> Iterator[Check]:
    from ragcli.storage.locking.network_filesystems import check_local

    directory = runtime.home.data
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        state = f"{directory} is read-only"
        yield Check(BAD, "home", state, _WRITABLE, ExitCode.STORAGE)
        return
    check_local(existing, allow=runtime.settings.allow_network_fs)
    total, _, free = shutil.disk_usage(existing)
    if not total or not existing.is_dir():
        state = f"{directory}: no directory can be made there"
        yield Check(BAD, "home", state, _WRITABLE, ExitCode.STORAGE)
    elif free < _SCARCE:
        state = f"{directory}: only {size(free)} free"
        yield Check(BAD, "home", state, "free some space", ExitCode.STORAGE)
    else:
        yield Check(GOOD, "home", f"{directory}, {size(free)} free")


def _permissions(runtime: Runtime, *, fix: bool) -> Iterator[Check]:
    from ragcli.sessions.findings import DAMAGE
    from ragcli.sessions.local import permissions

    look = permissions.fix if fix else permissions.check
    findings = look(runtime.home)
    for finding in findings:
        bad = finding.severity == DAMAGE
        yield Check(
            BAD if bad else NOTE,
            "permissions",
            f"{finding.where}: {finding.what}" + ("" if bad else " (mended)"),
            finding.hint,
            finding.code if bad else ExitCode.ANSWERED,
        )
    if not findings:
        yield Check(GOOD, "permissions", "nobody else can reach your files")


def _leftovers(runtime: Runtime, *, fix: bool) -> Iterator[Check]:
    """Yields what killed processes left, which may be readable."""
    from ragcli.sessions.local.lifecycle.directories import Directories

    directories = Directories(runtime.home, runtime.settings)
    paths = directories.left()
    if fix:
        directories.sweep()
        directories.sweep_indexes()
    for path in paths:
        hint = "the profile's next use or sync removes it, or `ragcli doctor --fix`"
        what = f"{path}: left by a process that was killed"
        if path.exists():
            yield Check(NOTE, "leftovers", f"{what}; it may be readable", hint)
        else:
            yield Check(NOTE, "leftovers", f"{what} (removed)")
    if not paths:
        yield Check(GOOD, "leftovers", "nothing was left by a process that was killed")


def _set_aside(runtime: Runtime) -> Iterator[Check]:
    """Yields the profiles that expired and are not destroyed yet."""
    for name in runtime.store.set_aside():
        state = f"profile {name} has expired; it is destroyed after its time of grace"
        hint = f"ragcli profile restore {name} brings it back"
        yield Check(NOTE, "set aside", state, hint)


def _profile(runtime: Runtime) -> Iterator[Check]:
    store = runtime.store
    names = store.names()
    yield Check(GOOD, "store", f"{counted(len(names), 'profile')} {store.where}")
    name = runtime.profile_name()
    try:
        with runtime.open(create=False) as workspace:
            documents = counted(workspace.library.count(), "document")
            head = workspace.history.head()
            kind = "encrypted, " if workspace.session.encrypted else ""
            yield Check(
                GOOD, "profile", f"{name}: {kind}{documents}, history at {head}"
            )
            if not workspace.settings.audit:
                yield Check(NOTE, "audit", "off", "ragcli config set audit true")
    except ProfileNotFound as error:
        if name != "default":
            raise
        yield Check(NOTE, "profile", "default: not made yet", error.hint)


def _store(runtime: Runtime) -> Iterator[Check]:
    """Yields what is unsafe about the place of the sessions, if it can tell."""
    from ragcli.sessions.findings import DAMAGE, SOUND

    states = {DAMAGE: BAD, SOUND: GOOD}
    store = runtime.store
    for finding in store.inspect():
        code = finding.code if finding.severity == DAMAGE else ExitCode.ANSWERED
        state = states.get(finding.severity, NOTE)
        yield Check(state, store.kind, finding.what, finding.hint, code)


def _index() -> Iterator[Check]:
    """Loads the two index libraries, which are compiled code."""
    versions = []
    for module, package in (("faiss", "faiss-cpu"), ("tantivy", "tantivy")):
        try:
            import_module(module)
        except ImportError as error:
            hint = f"install it anew: {packages.reinstallation(package)}"
            yield Check(BAD, "index", str(error), hint, ExitCode.UNAVAILABLE)
            return
        versions.append(f"{package} {metadata.version(package)}")
    yield Check(GOOD, "index", ", ".join(versions))


def _embedder(runtime: Runtime) -> Iterator[Check]:
    from ragcli.models.select import choose_embedder

    embedder = choose_embedder(runtime.settings)
    embedder.embed(["a test of the embedder"])
    yield Check(GOOD, "embedder", f"{embedder.id}, {embedder.dimension} dimensions")


def _model(runtime: Runtime) -> Iterator[Check]:
    from ragcli.models.ollama.ollama_models import server
    from ragcli.models.select import choose_model

    choice = choose_model(runtime.settings)
    model = labelled(choice.model.spec, choice.model.remote)
    yield Check(GOOD, "model", f"{model} ({choice.reason})")
    ollama = server(runtime.settings)
    if ollama.is_up():
        state = f"{ollama.version() or 'up'} at {ollama.address.url}"
        yield Check(GOOD, "ollama", state)
    else:
        hint = "built-in answers need none; start it with `ollama serve`"
        yield Check(NOTE, "ollama", f"not at {ollama.address.url}", hint)


def _endpoints(runtime: Runtime) -> Iterator[Check]:
    """Yields what each server of the user's own says when it is asked for its models.

    One that is off is no fault of ours, unless its model is the one in force: then
    the check of the model says so.
    """
    from ragcli.cli.leaving import in_force
    from ragcli.models.select import ask_servers

    settings = in_force(runtime)
    if not settings.endpoints:
        return
    for asked in ask_servers(settings):
        if settings.endpoint(asked.name) is None:
            continue
        what = f"endpoint {asked.name}"
        if asked.error is not None:
            yield Check(NOTE, what, asked.error.message, asked.error.hint)
            continue
        models = counted(len(asked.models), "model")
        windows = {model.window for model in asked.models if model.window}
        window = f", window {windows.pop():,}" if len(windows) == 1 else ""
        where = ", remote" if any(model.remote for model in asked.models) else ""
        yield Check(GOOD, what, f"{models} at {asked.address}{window}{where}")


def _leaving(runtime: Runtime) -> Iterator[Check]:
    from ragcli.cli.leaving import leaving

    for part in leaving(runtime):
        yield Check(NOTE if part.address else GOOD, _LEAVES, part.told)


def _extra(name: str) -> Check:
    module, purpose = EXTRAS[name]
    if find_spec(module):
        return Check(GOOD, f"extra {name}", purpose)
    hint = packages.of_extra(name)
    return Check(NOTE, f"extra {name}", f"not installed ({purpose})", hint)


def _terminal() -> Check:
    encoding = (getattr(sys.stdout, "encoding", None) or "none").lower()
    if encoding.replace("-", "") != "utf8":
        return Check(NOTE, "terminal", f"encoding {encoding}", "set LANG=C.UTF-8")
    return Check(GOOD, "terminal", f"{os.environ.get('TERM', 'none')}, UTF-8")
