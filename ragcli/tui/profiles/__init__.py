"""What the chat changes of a profile: which there are, its settings, its documents.

Each module reads what was typed behind a command, does it, and says in a line what was
done; the chat and the plain chat share them. They import `tui.ports` and no widget.
Start reading at `settings_in_force`.
"""
