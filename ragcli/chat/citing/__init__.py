"""Citations: reads `[1]` in an answer, and checks it against the passage it names.

`marker_parser` finds markers while the answer streams, `citations` checks each, and
`support` decides whether a passage says what is claimed. It may import what is below
`chat`. Start at `citations`.
"""
