"""The columns beside the conversation: conversations and profiles, and sources.

They may import `rendering`, `keyboard` and `turns`, and no other widgets. Start reading
at `sources`.
"""
