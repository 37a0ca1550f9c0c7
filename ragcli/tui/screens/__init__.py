"""Screens that open above the chat: dialogs, help, search.

Each returns a value and knows nothing of the chat screen. Start reading at `dialogs`.
"""
