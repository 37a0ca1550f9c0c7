"""A profile's history on the local disk: one file of lines.

`local_log` appends and reads, `rewriting` replaces the file for redaction, deletion,
expiry and repair, `recent_ids` knows what the end of it holds. It may import
`sessions.records` and what is below `sessions`. Start at `local_log`.
"""
