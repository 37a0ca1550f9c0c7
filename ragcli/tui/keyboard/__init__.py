"""Keys: how bindings are declared, what a user may change.

It imports nothing else of `tui`. Start reading at `key_bindings`.
"""
