"""ragcli: talk to your own documents from the terminal.

Each package imports only what stands below it; CONTRIBUTING draws the layers. Start
reading at `cli.main` (the way in), `runtime` (one process) and `workspace` (one open
profile).
"""

from __future__ import annotations

__version__ = "0.1.0"
