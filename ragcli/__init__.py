"""ragcli: talk to your own documents from the terminal."""

from __future__ import annotations

__version__ = "0.1.0"
