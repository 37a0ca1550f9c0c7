"""Widgets of the chat. Each posts messages; none reaches up.

`conversation` is what was asked and answered, `input` what stands around the prompt,
`panes` the columns at the sides, `bars` the lines above and below. They may import
`rendering`, `keyboard`, `attachments` and `turns`. Start reading at
`conversation.transcript`.
"""
