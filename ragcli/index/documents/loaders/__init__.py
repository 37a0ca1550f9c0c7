"""Reads documents: one loader a format; every part knows where it stands."""

from __future__ import annotations

from ragcli.index.documents.loaders.load import load
from ragcli.index.documents.loaders.parts import Loaded, Part

__all__ = ["Loaded", "Part", "load"]
