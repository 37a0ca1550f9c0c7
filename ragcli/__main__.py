"""`python -m ragcli` is the command `ragcli`."""

from __future__ import annotations

from ragcli.cli.main import entry_point

if __name__ == "__main__":
    entry_point()
