"""The chat line by line, for where there is no screen; nothing here needs Textual.

`line_chat` reads questions and writes answers, `line_commands` does what the slash
commands of `tui.commands` say, `line_desk` is what both share. Start reading at
`line_chat`.
"""
