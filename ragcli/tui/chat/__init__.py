"""The chat screen in parts: each owns what it alone changes, `screen` routes to them.

A part is an object that is given the widgets it draws on and a `desk` (the open
profile, the conversation on the screen, notices, work beside the screen). It knows no
other part: it posts `tui.messages`, or calls what it was given. `questions` brings a
question to its answer, `conversations` shows and changes what was said, `documents`
adds documents and opens sources; `profile_switching` and `model_choice` switch. It may
import everything else in `tui` but `app`. Start reading at
`screen` and `desk`.
"""
