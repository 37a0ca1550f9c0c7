"""Where a question is written, and what is offered for it in the lines above.

It may import `keyboard` and `attachments`, and no other widgets. Start reading at
`prompt`.
"""
