"""What a user chose in an earlier chat and finds again: the theme, the panes.

Each choice is a small file beside the profiles, and gives way to what the settings say.
It imports `tui.ports` alone. Start reading at `choices`.
"""
