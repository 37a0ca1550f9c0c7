"""How long a test waits for what must come."""

from __future__ import annotations

PATIENCE = 60.0
"""Seconds. Only what never comes takes them: a busy machine is no failure."""

STALL = 600.0
"""Seconds for which a fake is silent: longer than anybody waits for it."""
