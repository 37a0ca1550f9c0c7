"""What stands above the chat for a moment: dialogs, help, search.

Each returns a value and knows nothing of the chat screen. Start reading at `dialogs`.
"""
