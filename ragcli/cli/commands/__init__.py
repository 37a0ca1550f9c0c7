"""One module a command or group of commands; each is imported when it is used.

They may import all of `cli` but `main` and `command_tree`. `profiles` holds those of
`ragcli profile`, `installation` what concerns no profile (settings, models, checks),
`agents` what serves coding agents; the others ask and read. Start reading at `ask`.
"""
