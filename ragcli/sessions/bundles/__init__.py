"""A profile in one file: exported, verified out of sight, imported at once.

It may import every store. Start reading at `bundle` and `bundle_import`; `archive` is
the only reader and writer of the file.
"""
