"""Screens: the chat, and the dialogs above it."""
