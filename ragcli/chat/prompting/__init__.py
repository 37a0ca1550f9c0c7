"""Prompts: what a model reads of passages, of the conversation and of the rules.

`prompts` has the words, `budget` fits them into a window, `rewrite` and `summary` turn
a conversation into something short, `prompt_prefix` keeps what a server has read
already. It may import `chat.events` and what is below `chat`. Start at `prompts`.
"""
