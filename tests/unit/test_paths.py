"""A tilde is a home only where a user is known, and a name everywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli import paths
from ragcli.errors import DocumentNotFound, UsageError
from ragcli.tui import attachments

NOBODY = "~there-is-no-such-user"


def test_a_home_of_no_user_is_told_not_made() -> None:
    with pytest.raises(UsageError, match="RAGCLI_HOME") as caught:
        paths.home({"RAGCLI_HOME": f"{NOBODY}/ragcli"})
    assert NOBODY in caught.value.message


def test_a_tilde_of_no_user_is_a_name_like_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / NOBODY).write_text("a file")
    asked, found = attachments.attached(f"What is in @{NOBODY}")
    assert (asked, found) == (f"What is in {NOBODY}", (str(tmp_path / NOBODY),))
    with pytest.raises(DocumentNotFound):
        attachments.attached(f"What is in @{NOBODY}/page.md?")
    assert paths.expanded("~/notes") == Path.home() / "notes"
