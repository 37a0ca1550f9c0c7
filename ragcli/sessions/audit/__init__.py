"""Who did what, when: a chain of signed lines, without contents.

`chain` is the format that every store keeps, `audit_file` the log on a local disk. It
imports `records` and the protocols of a store. Start reading at `audit_file`, which
says what the log proves.
"""
