"""Loaders of text that programs read: JSON, delimited tables, settings, source code.

Records become rows and keys become fields, with the path or column that names them. It
imports nothing else of `loaders`. Start at `delimited`, the shortest that makes rows.
"""
