"""A profile in one file: exported, verified out of sight, imported at once.

Any store writes and takes one (`protocols`); the history in it is a log of the local
store. Start reading at `bundle` and `bundle_import`; `archive` is the only reader and
writer of the file.
"""
