"""Recorded turns as they are shown: their sources, versions, plain text, exports.

What is here makes values and text of the records of a session, and draws nothing. It
imports nothing else of `tui`. Start reading at `source_entries`.
"""
