"""Reads documents: one loader a format; every part knows where it stands."""

from __future__ import annotations

from ragcli.index.loaders.load import load
from ragcli.index.loaders.parts import Loaded, Part

__all__ = ["Loaded", "Part", "load"]
