"""What coding agents use: a server of the Model Context Protocol, and a skill file.

`service` does what the tools promise, over `runtime` and `workspace` only; `server`
speaks the protocol, and is the one module that imports its SDK; `skill` is the text
that teaches an agent the command line. Start with `tools`, which says what there is.
"""
