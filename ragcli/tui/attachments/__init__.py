"""Documents that a question brings along: paths named with `@`, and long pastes.

It knows the text of a prompt and no widget; both chats use it. It imports nothing else
of `tui`. Start reading at `mentions`.
"""
