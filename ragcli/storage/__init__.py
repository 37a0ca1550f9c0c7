"""The disk: private directories, durable files and locks. Knows no format.

`files` has the descriptors that everything is written through; `locking`, `temporary`
and `limits` are apart; `contracts` says what sessions keep for an index. It imports the
errors, and `packages` for the command that upgrades. Start at `files`.
"""
