"""Widgets of the chat. Each posts messages; none reaches up.

They may import `rendering`, `keyboard` and `sources`. Start reading at `transcript`
and `turn`.
"""
