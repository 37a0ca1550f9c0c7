"""Trust in project files, as the command line shows and changes it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragcli.config import project
from ragcli.errors import NotFound, NotPermitted, UsageError

if TYPE_CHECKING:
    from ragcli.config import Project
    from ragcli.runtime import Runtime


def document(project_file: Project | None) -> dict[str, Any] | None:
    """Returns what is known of a project file as JSON values."""
    if project_file is None:
        return None
    return {
        "path": os.fspath(project_file.path),
        "trust": project_file.trust,
        "trusted": project_file.trust == project.TRUSTED,
        "profile": project_file.profile,
        "refused": list(project_file.refused),
        "problems": list(project_file.problems),
    }


def line(project_file: Project) -> str:
    """Returns one line on a project file: where it is, and whether it is trusted."""
    return f"{project_file.path}: {project_file.trust}"


def named(typed: str | None) -> Path:
    """Returns the project file that is meant: as typed, or the nearest one.

    Raises:
        NotFound: There is none.
        UsageError: A file of another name: nothing is read from such a one.
    """
    if typed is None:
        nearest = project.find()
        if nearest is None:
            raise NotFound(f"there is no {project.PROJECT_FILE} here or above")
        return nearest
    file = Path(typed)
    if file.name != project.PROJECT_FILE:
        file /= project.PROJECT_FILE
        if not Path(typed).is_dir():
            raise UsageError(
                f"{typed}: a project file is called {project.PROJECT_FILE}",
                "name the file, or its directory",
            )
    return Path(os.path.realpath(file.parent), file.name)


def trust(runtime: Runtime, path: Path) -> Project:
    """Records that a project file is trusted as it is; returns it as it counts now.

    Raises:
        NotFound: There is none.
        NotPermitted: Others could have written or could replace it, or it cannot be
            read as what it is: nothing of it would be used.
    """
    if not os.path.lexists(path):
        raise NotFound(f"there is no file {path}")
    project_file = project.read(path, runtime.trusted)
    if not project_file.sha256:
        raise NotPermitted(project_file.notice, "nothing of it is used, trusted or not")
    runtime.trusted.add(path, project_file.sha256)
    return project.read(path, runtime.trusted)


def gained(project_file: Project) -> Iterator[str]:
    """Yields one line for each setting that is taken only because of the trust."""
    for key, value in project_file.values.items():
        if key not in project.HARMLESS:
            yield f"  {key} = {value}"
