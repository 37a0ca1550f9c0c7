"""Widgets of the chat. Each posts messages; none reaches up."""
