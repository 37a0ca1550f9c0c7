"""What is written: text, JSON, tables, progress.

`writer` is the only module that writes to standard output and standard error. Start
reading there, then at `answers`.
"""
