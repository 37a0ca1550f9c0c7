"""The chat: a Textual application over one open profile, and a plain one without.

`chat` is the screen with its parts, `widgets` and `rendering` draw, `workers` do what
takes time, `lifecycle` sees that nothing is lost. What both chats do without a widget
is in `attachments`, `profiles`, `turns` and `preferences`. Start reading at `app` and
`chat.screen`; `ports` says what the chat needs of the rest.
"""
