"""Lua scripts: what the server does in one step, each idempotent.

It imports nothing of ragcli. Start reading at `script`, which lists the keys of a
profile and the arguments that every script takes.
"""
