"""The chat screen in parts: each owns what it alone changes, `screen` routes to them.

A part is an object that is given the widgets it draws on and a `desk` (the open
profile, the conversation on the screen, notices, work beside the screen). It knows no
other part: it posts `tui.messages`, or calls what it was given. `answering` answers,
`drafts` keeps what is unsent, `documents` reads documents, `conversation_view` shows a
conversation, `conversation_actions`, `turn_actions` and `source_actions` act on what is
shown, `find_in_chat` searches, `profiles` and `models` switch. It may import everything
else in `tui` but `app` and `palette`. Start reading at `screen` and `desk`.
"""
