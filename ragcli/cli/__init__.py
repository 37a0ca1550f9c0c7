"""The command line: a thin front end over `runtime`.

`commands` holds one module a command, `input` what is typed, `output` all that is
written. Start reading at `main` (the way in) and `command_tree` (which commands there
are).
"""
