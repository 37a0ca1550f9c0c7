"""The chat: a Textual application over one open profile, and a plain one without.

`chat` is the screen with its parts, `widgets` and `rendering` draw, `workers` do what
takes time, `lifecycle` sees that nothing is lost. Start reading at `app` and
`chat.screen`; `ports` says what the chat needs of the rest.
"""
