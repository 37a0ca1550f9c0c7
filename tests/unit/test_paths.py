"""A tilde is a home only where a user is known, and a name everywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ragcli import paths
from ragcli.errors import DocumentNotFound, UsageError
from ragcli.tui.attachments import mentions

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
    asked, found = mentions.attached(f"What is in @{NOBODY}")
    assert (asked, found) == (f"What is in {NOBODY}", (str(tmp_path / NOBODY),))
    with pytest.raises(DocumentNotFound):
        mentions.attached(f"What is in @{NOBODY}/page.md?")
    assert paths.expanded("~/notes") == Path.home() / "notes"


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("{here}/notes/a.md", "notes/a.md"),
        ("{here}/notes/../b.md", "b.md"),
        ("{here}", "."),
        ("{here}-other/a.md", "{here}-other/a.md"),
        ("{here}/../a.md", "{here}/../a.md"),
        ("{here}/..a.md", "..a.md"),
        ("https://example.org/a", "https://example.org/a"),
        ("/", "/"),
    ],
)
def test_a_path_is_shown_from_where_one_is(
    path: str, seen: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.shown(path.format(here=tmp_path)) == seen.format(here=tmp_path)


def test_at_the_root_all_is_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert paths.shown("/usr/share") == "usr/share"
